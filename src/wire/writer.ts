import { SpyError } from '../util/assert.ts';
import { fromBase58 } from '../util/base58.ts';
import { fromHex, writeU16, writeU32, writeU64Big } from '../util/bytes.ts';
import { parseIp } from '../util/ipv4.ts';
import type { BitVec, Integer64 } from './decoded.ts';

/** The counterpart of `Reader`: turns fields of decoded objects back into bytes. Not for the hot path. */
export class Writer {
  #bytes = new Uint8Array(2048);
  #at = 0;

  /** A copy of what was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  u8(value: number): void {
    this.#bytes[this.#room(1)] = inRange(value, 0xff);
  }

  u16(value: number): void {
    writeU16(this.#bytes, this.#room(2), inRange(value, 0xffff));
  }

  u32(value: number): void {
    writeU32(this.#bytes, this.#room(4), inRange(value, 0xffff_ffff));
  }

  u64(value: Integer64): void {
    writeU64Big(this.#bytes, this.#room(8), toU64(value));
  }

  i64(value: Integer64): void {
    const wide = toBigInt(value);
    if (wide !== BigInt.asIntN(64, wide)) throw notEncodable(String(value));
    writeU64Big(this.#bytes, this.#room(8), BigInt.asUintN(64, wide));
  }

  /** A variable-length integer in the one form that is accepted, the shortest. */
  varint(value: Integer64): void {
    let rest = toU64(value);
    for (; rest >= 0x80n; rest >>= 7n) this.u8(Number(rest & 0x7fn) | 0x80);
    this.u8(Number(rest));
  }

  raw(bytes: Uint8Array): void {
    const at = this.#room(bytes.length);
    this.#bytes.set(bytes, at);
  }

  hex(text: string): void {
    this.raw(orThrow(fromHex(text), text));
  }

  /** Hex behind its length as u64. */
  sizedHex(text: string): void {
    this.u64(text.length / 2);
    this.hex(text);
  }

  /** A public key or another 32 bytes in base58. */
  key(text: string): void {
    this.raw(orThrow(fromBase58(text), text));
  }

  signature(text: string): void {
    this.raw(orThrow(fromBase58(text, 64), text));
  }

  /** An address behind the tag of its family. */
  ipv4(text: string): void {
    const ip = parseIp(text);
    if (ip < 0) throw notEncodable(text);
    this.u32(0);
    for (let shift = 24; shift >= 0; shift -= 8) this.u8((ip >>> shift) & 0xff);
  }

  /** One byte that says whether something follows, then that. */
  option<T>(value: T | null, write: (value: T) => void): void {
    this.u8(value === null ? 0 : 1);
    if (value !== null) write(value);
  }

  bitVec(vector: BitVec, blockBytes: number): void {
    this.option(vector.blocks, (blocks) => {
      this.u64(blocks.length / 2 / blockBytes);
      this.hex(blocks);
    });
    this.u64(vector.bits);
  }

  /** @returns where the next `size` bytes belong */
  #room(size: number): number {
    const at = this.#at;
    this.#at += size;
    if (this.#at > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#at);
      larger.set(this.#bytes);
      this.#bytes = larger;
    }
    return at;
  }
}

function inRange(value: number, max: number): number {
  if (!Number.isInteger(value) || value < 0 || value > max) throw notEncodable(String(value));
  return value;
}

function toU64(value: Integer64): bigint {
  const wide = toBigInt(value);
  if (wide !== BigInt.asUintN(64, wide)) throw notEncodable(String(value));
  return wide;
}

function toBigInt(value: Integer64): bigint {
  try {
    return BigInt(value);
  } catch (cause) {
    throw notEncodable(String(value), cause);
  }
}

function orThrow(bytes: Uint8Array | undefined, text: string): Uint8Array {
  if (!bytes) throw notEncodable(text);
  return bytes;
}

const notEncodable = (text: string, cause?: unknown): SpyError =>
  new SpyError('NOT_ENCODABLE', `'${text}' cannot be written as the field it stands for`, {
    cause,
  });
