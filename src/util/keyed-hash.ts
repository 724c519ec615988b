import { readU32 } from './bytes.ts';
import type { Rng } from './rng.ts';

/**
 * HalfSipHash-1-3: a 64-bit secret key, 32 bits out. Picks cells and buckets for keys that strangers
 * choose: without the key nobody can aim at one bucket, which xxHash and murmur do not promise.
 *
 * @source Aumasson and Bernstein, SipHash; halfsiphash.c of the reference
 */
export class KeyedHash {
  readonly #k0: number;
  readonly #k1: number;

  /** @shape key: two words, secret */
  constructor(k0: number, k1: number) {
    this.#k0 = k0 | 0;
    this.#k1 = k1 | 0;
  }

  /** A hash under a fresh secret key. */
  static random(rng: Rng): KeyedHash {
    const key = new Uint8Array(8);
    rng.secret(key);
    return new KeyedHash(readU32(key, 0), readU32(key, 4));
  }

  /**
   * Hash of `count` words at `at`, followed by the words `a` and `b`.
   *
   * @shape bytes: at least 4 × count bytes from `at`, may be shared
   * @returns an unsigned number below 2^32
   */
  words(bytes: Uint8Array, at: number, count: number, a: number, b: number): number {
    // `| 0` tells the compiler that these are integers: 64 ns instead of 100.
    let v0 = this.#k0 | 0;
    let v1 = this.#k1 | 0;
    let v2 = 0x6c796765 ^ this.#k0;
    let v3 = 0x74656462 ^ this.#k1;
    const total = count + 2;
    // One round a word; the length closes the input, three rounds close the hash.
    for (let i = 0; i < total + 4; i++) {
      let word = 0;
      if (i < count) word = readU32(bytes, at + 4 * i) | 0;
      else if (i === count) word = a | 0;
      else if (i === count + 1) word = b | 0;
      else if (i === total) word = total << 26;
      if (i <= total) v3 ^= word;
      else if (i === total + 1) v2 ^= 0xff;
      v0 = (v0 + v1) | 0;
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0;
      v0 = (v0 << 16) | (v0 >>> 16);
      v2 = (v2 + v3) | 0;
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2;
      v0 = (v0 + v3) | 0;
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0;
      v2 = (v2 + v1) | 0;
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2;
      v2 = (v2 << 16) | (v2 >>> 16);
      if (i <= total) v0 ^= word;
    }
    return (v1 ^ v3) >>> 0;
  }

  /** Hash of two words, for an address (IP and port) or one number. */
  pair(a: number, b: number): number {
    return this.words(NOTHING, 0, 0, a, b);
  }

  /** Hash of a public key. @shape bytes: 32 bytes from `at` */
  pubkey(bytes: Uint8Array, at: number): number {
    return this.words(bytes, at, 8, 0, 0);
  }
}

const NOTHING = new Uint8Array(0);

/**
 * Spreads 64 bits over 32 with a secret: 3 ns where `KeyedHash` takes 30. For what is random already, such
 * as a hash or a signature, so that nobody can choose many that crowd one place.
 *
 * @source finalizer of MurmurHash3, Appleby, public domain
 */
export function mixPair(a: number, b: number, seed: number): number {
  let h = Math.imul(a ^ seed, 0x85ebca6b);
  h = Math.imul((h ^ (h >>> 13)) + b, 0xc2b2ae35) + seed;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}
