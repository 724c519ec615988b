import { randomBytes, randomFillSync } from 'node:crypto';

/** A source of randomness that tests can seed. Not for secrets: keys come from the OS directly. */
export interface Rng {
  /** Uniform in [0, 2^32). */
  u32(): number;
  /** Uniform integer in [0, bound); bound is at least 1 and at most 2^32. */
  below(bound: number): number;
  /** Uniform double in [0, 1) with 53 bits. */
  unit(): number;
  /** Fills a span with random bytes. */
  fill(bytes: Uint8Array, at?: number, end?: number): void;
  /**
   * Fills a span with bytes that nobody who has seen earlier ones can guess (ping tokens prove an
   * address). Straight from the OS in production, repeatable when seeded.
   */
  secret(bytes: Uint8Array, at?: number, end?: number): void;
}

/** xoshiro128** (Blackman and Vigna, 2018): fast, 128 bits of state, no bigint. */
class Xoshiro128 implements Rng {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  constructor(seed: readonly [number, number, number, number]) {
    [this.#a, this.#b, this.#c, this.#d] = seed;
    if ((this.#a | this.#b | this.#c | this.#d) === 0) this.#a = 1; // the one forbidden state
  }

  u32(): number {
    const x = Math.imul(this.#b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = (this.#d << 11) | (this.#d >>> 21);
    return result;
  }

  below(bound: number): number {
    // The bias of at most bound / 2^53 is far below anything this protocol could notice.
    return Math.floor(this.unit() * bound);
  }

  unit(): number {
    return ((this.u32() >>> 5) * 67108864 + (this.u32() >>> 6)) / 9007199254740992;
  }

  fill(bytes: Uint8Array, at = 0, end = bytes.length): void {
    for (let i = at; i < end; i += 4) {
      const word = this.u32();
      for (let k = 0; k < 4 && i + k < end; k++) bytes[i + k] = word >>> (8 * k);
    }
  }

  secret(bytes: Uint8Array, at = 0, end = bytes.length): void {
    this.fill(bytes, at, end);
  }
}

/** In production the state of xoshiro can be worked out from its output, so secrets bypass it. */
class OsXoshiro128 extends Xoshiro128 {
  override secret(bytes: Uint8Array, at = 0, end = bytes.length): void {
    randomFillSync(bytes, at, end - at);
  }
}

/** A generator that repeats itself for the same seed; splitmix32 spreads the seed over the state. */
export function seededRng(seed: number): Rng {
  let x = seed | 0;
  const next = (): number => {
    x = (x + 0x9e3779b9) | 0;
    let z = x ^ (x >>> 16);
    z = Math.imul(z, 0x21f0aaad);
    z ^= z >>> 15;
    z = Math.imul(z, 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  return new Xoshiro128([next(), next(), next(), next()]);
}

/** A generator seeded with 128 bits from the operating system. */
export function osRng(): Rng {
  const bytes = randomBytes(16);
  return new OsXoshiro128([
    bytes.readUInt32LE(0),
    bytes.readUInt32LE(4),
    bytes.readUInt32LE(8),
    bytes.readUInt32LE(12),
  ]);
}
