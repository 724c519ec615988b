/**
 * Signatures that cost next to nothing: whoever has the key can make them, and nothing else than what
 * was signed under that key passes. They stand in for Ed25519 where its cost is all there would be.
 */
import type { Xxhash } from '../../src/crypto/hash.ts';
import type { Identity } from '../../src/crypto/identity.ts';
import { type Verifier, type VerifyBatch, verifyRows } from '../../src/crypto/verifier.ts';
import { toBase58 } from '../../src/util/base58.ts';
import { readU32, writeU32 } from '../../src/util/bytes.ts';
import type { Rng } from '../../src/util/rng.ts';

const WORDS = 16;

/** Two words that depend on every bit of the key and of what is signed. */
class Tag {
  low = 0;
  high = 0;
  readonly #xxhash: Xxhash;

  constructor(xxhash: Xxhash) {
    this.#xxhash = xxhash;
  }

  make(keys: Uint8Array, keyAt: number, bytes: Uint8Array, at: number, end: number): void {
    let seed = 0x9e3779b9;
    for (let i = 0; i < 8; i++) seed = mix(seed ^ readU32(keys, keyAt + 4 * i));
    const message = bytes.subarray(at, end);
    this.low = this.#xxhash.h32(message, seed) >>> 0;
    this.high = this.#xxhash.h32(message, mix(seed) ^ this.low) >>> 0;
  }

  word(i: number): number {
    return (mix(this.low + i) ^ this.high) >>> 0;
  }
}

function mix(x: number): number {
  let z = Math.imul(x ^ (x >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}

/** An identity whose key is drawn and whose signatures `StandInVerifier` accepts. */
export class StandInIdentity implements Identity {
  readonly publicKey = new Uint8Array(32);
  readonly address: string;
  readonly #tag: Tag;

  constructor(rng: Rng, xxhash: Xxhash) {
    rng.fill(this.publicKey);
    this.address = toBase58(this.publicKey);
    this.#tag = new Tag(xxhash);
  }

  sign(bytes: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): void {
    this.#tag.make(this.publicKey, 0, bytes, at, end);
    for (let i = 0; i < WORDS; i++) writeU32(out, outAt + 4 * i, this.#tag.word(i));
  }
}

/** Accepts what a `StandInIdentity` signed. It takes the place, and the name, of the fastest real one. */
export class StandInVerifier implements Verifier {
  readonly name = 'sodium';
  readonly #tag: Tag;

  constructor(xxhash: Xxhash) {
    this.#tag = new Tag(xxhash);
  }

  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean {
    const tag = this.#tag;
    tag.make(keyBytes, keyAt, messageBytes, messageAt, messageEnd);
    for (let i = 0; i < WORDS; i++) {
      if (readU32(signatureBytes, signatureAt + 4 * i) !== tag.word(i)) return false;
    }
    return true;
  }

  verifyBatch(batch: VerifyBatch): void {
    verifyRows(this, batch);
  }
}
