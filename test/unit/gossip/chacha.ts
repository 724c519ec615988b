import type { Draw } from '../../../src/gossip/sample.ts';

const MASK = 2n ** 64n - 1n;

/** ChaCha with a 32-byte seed as key, counter from 0 and no nonce, as the reference draws from it. */
export class ChaChaDraw implements Draw {
  readonly #key: Uint32Array;
  readonly #rounds: number;
  readonly #block = new Uint32Array(16);
  #counter = 0;
  #word = 16;

  constructor(seedByte: number, rounds: number) {
    this.#key = new Uint32Array(new Uint8Array(32).fill(seedByte).buffer);
    this.#rounds = rounds;
  }

  u64(): bigint {
    return BigInt(this.#u32()) | (BigInt(this.#u32()) << 32n);
  }

  /** Widening multiplication with rejection, over u64. */
  below(bound: number): number {
    const n = BigInt(bound);
    const zeros = BigInt(64 - n.toString(2).length);
    const zone = ((n << zeros) - 1n) & MASK;
    for (;;) {
      const product = this.u64() * n;
      if ((product & MASK) <= zone) return Number(product >> 64n);
    }
  }

  #u32(): number {
    if (this.#word === 16) this.#refill();
    return this.#block[this.#word++]!;
  }

  #refill(): void {
    const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
    const start = Uint32Array.from([...constants, ...this.#key, this.#counter++, 0, 0, 0]);
    const s = Uint32Array.from(start);
    const quarter = (a: number, b: number, c: number, d: number): void => {
      const turn = (to: number, from: number, by: number, bits: number): void => {
        s[to] = s[to]! + s[from]!;
        const x = s[by]! ^ s[to]!;
        s[by] = (x << bits) | (x >>> (32 - bits));
      };
      turn(a, b, d, 16);
      turn(c, d, b, 12);
      turn(a, b, d, 8);
      turn(c, d, b, 7);
    };
    for (let round = 0; round < this.#rounds; round += 2) {
      for (let i = 0; i < 4; i++) quarter(i, 4 + i, 8 + i, 12 + i);
      for (let i = 0; i < 4; i++)
        quarter(i, 4 + ((i + 1) % 4), 8 + ((i + 2) % 4), 12 + ((i + 3) % 4));
    }
    for (let i = 0; i < 16; i++) this.#block[i] = s[i]! + start[i]!;
    this.#word = 0;
  }
}
