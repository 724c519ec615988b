import { toBase58 } from '../util/base58.ts';
import { readU16, readU32, readU64Big, toHex } from '../util/bytes.ts';
import type { BitVec } from './decoded.ts';
import { HASH_BYTES, SIGNATURE_BYTES } from './limits.ts';

/**
 * Walks over bytes that skimming found to be well formed and turns fields into what JSON can hold.
 * It checks nothing: there is one set of rules, and this is not where it lives.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  /** The next byte. */
  at: number;

  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.at = at;
  }

  u8(): number {
    return this.#bytes[this.at++]!;
  }

  u16(): number {
    this.at += 2;
    return readU16(this.#bytes, this.at - 2);
  }

  u32(): number {
    this.at += 4;
    return readU32(this.#bytes, this.at - 4);
  }

  u64(): bigint {
    this.at += 8;
    return readU64Big(this.#bytes, this.at - 8);
  }

  /** A count or length as u64: what was accepted fits into a packet. */
  count(): number {
    return Number(this.u64());
  }

  /** A variable-length integer of up to 64 bits. */
  varint(): bigint {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = this.u8();
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  }

  /** A variable-length integer of up to 16 bits, which is also how short vectors give their length. */
  varint16(): number {
    return Number(this.varint());
  }

  hex(length: number): string {
    this.at += length;
    return toHex(this.#bytes, this.at - length, this.at);
  }

  /** A public key, or another 32 bytes that are written like one. */
  key(): string {
    this.at += HASH_BYTES;
    return toBase58(this.#bytes, this.at - HASH_BYTES, this.at);
  }

  signature(): string {
    this.at += SIGNATURE_BYTES;
    return toBase58(this.#bytes, this.at - SIGNATURE_BYTES, this.at);
  }

  /** What `read` makes of each of `count` elements. */
  list<T>(count: number, read: (reader: Reader, index: number) => T): T[] {
    return Array.from({ length: count }, (_, index) => read(this, index));
  }

  /** What `read` makes of an optional field, or null. */
  option<T>(read: (reader: Reader) => T): T | null {
    return this.u8() === 1 ? read(this) : null;
  }

  bitVec(blockBytes: number): BitVec {
    const blocks = this.option(() => this.hex(this.count() * blockBytes));
    return { bits: this.count(), blocks };
  }
}
