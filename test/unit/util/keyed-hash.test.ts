import { describe, expect, it } from 'vitest';
import { readU32, writeU32 } from '../../../src/util/bytes.ts';
import { KeyedHash } from '../../../src/util/keyed-hash.ts';
import { seededRng } from '../../../src/util/rng.ts';

/** The reference's text, byte by byte, for any number of rounds. */
function halfSipHash(key: Uint8Array, input: Uint8Array, c: number, d: number): number {
  const k0 = readU32(key, 0);
  const k1 = readU32(key, 4);
  const v = Uint32Array.of(k0, k1, 0x6c796765 ^ k0, 0x74656462 ^ k1);
  const turn = (x: number, by: number): number => ((x << by) | (x >>> (32 - by))) >>> 0;
  const half = (a: number, b: number, by: number): void => {
    v[a] = v[a]! + v[b]!;
    v[b] = turn(v[b]!, by) ^ v[a]!;
  };
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i++) {
      half(0, 1, 5);
      v[0] = turn(v[0]!, 16);
      half(2, 3, 8);
      half(0, 3, 7);
      half(2, 1, 13);
      v[2] = turn(v[2]!, 16);
    }
  };
  const whole = input.length - (input.length % 4);
  const last = new Uint8Array(4);
  last.set(input.subarray(whole));
  last[3] = input.length;
  const padded = new Uint8Array([...input.subarray(0, whole), ...last]);
  for (let at = 0; at < padded.length; at += 4) {
    const word = readU32(padded, at);
    v[3]! ^= word;
    rounds(c);
    v[0]! ^= word;
  }
  v[2]! ^= 0xff;
  rounds(d);
  return (v[1]! ^ v[3]!) >>> 0;
}

describe('keyed hash', () => {
  const sequence = Uint8Array.from({ length: 64 }, (_, i) => i);

  it('is measured against text that gives the published values of HalfSipHash-2-4', () => {
    const key = sequence.subarray(0, 8);
    const published = [0x5b9f35a9, 0xb85a4727, 0x03a662fa, 0x04e7fe8a, 0x89466e2a];
    const is = published.map((_, n) => halfSipHash(key, sequence.subarray(0, n), 2, 4));
    expect(is).toEqual(published);
  });

  it('is HalfSipHash-1-3 of the words, then of the two more', () => {
    const rng = seededRng(4);
    const key = new Uint8Array(8);
    const input = new Uint8Array(48);
    for (let i = 0; i < 200; i++) {
      rng.fill(key);
      rng.fill(input);
      const hash = new KeyedHash(readU32(key, 0), readU32(key, 4));
      const count = i % 11;
      const a = rng.u32();
      const b = rng.u32();
      const all = new Uint8Array(4 * count + 8);
      all.set(input.subarray(4, 4 + 4 * count));
      writeU32(all, 4 * count, a);
      writeU32(all, 4 * count + 4, b);
      expect(hash.words(input, 4, count, a, b), `${count} words`).toBe(halfSipHash(key, all, 1, 3));
    }
  });

  it('spreads addresses that differ in one bit over all cells', () => {
    const hash = KeyedHash.random(seededRng(9));
    const cells = new Array<number>(256).fill(0);
    for (let ip = 0; ip < 64; ip++) {
      for (let port = 0; port < 400; port++) cells[hash.pair(ip << 24, port) & 255]! += 1;
    }
    expect(Math.min(...cells)).toBeGreaterThan(50);
    expect(Math.max(...cells)).toBeLessThan(160);
  });

  it('differs from instance to instance', () => {
    const rng = seededRng(2);
    const key = new Uint8Array(32).fill(7);
    const hashes = Array.from({ length: 8 }, () => KeyedHash.random(rng).pubkey(key, 0));
    expect(new Set(hashes).size).toBe(8);
  });
});
