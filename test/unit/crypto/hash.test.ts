import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  loadXxhash,
  sha256,
  sha256Hex,
  sha256Into,
  XXHASH_SCRATCH_BYTES,
} from '../../../src/crypto/hash.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';

describe('sha256', () => {
  // FIPS 180-4 examples, and the empty message.
  const cases = [
    { text: '', hex: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855' },
    { text: 'abc', hex: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad' },
    {
      text: 'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
      hex: '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
    },
  ];

  it.each(cases)('of "$text"', ({ text, hex }) => {
    const bytes = new TextEncoder().encode(text);
    expect(sha256Hex(bytes)).toBe(hex);
    expect(toHex(sha256(bytes))).toBe(hex);
  });

  it('of spans of shared memory into shared memory, touching 32 bytes only', () => {
    const rng = seededRng(1);
    const bytes = new Uint8Array(new SharedArrayBuffer(2048));
    rng.fill(bytes);
    for (let round = 0; round < 200; round++) {
      const at = rng.below(1000);
      const end = at + rng.below(1000);
      const out = new Uint8Array(new SharedArrayBuffer(64)).fill(0xee);
      sha256Into(bytes, at, end, out, 11);
      const wanted = createHash('sha256').update(bytes.slice(at, end)).digest('hex');
      expect(toHex(out, 11, 43), `round ${round}`).toBe(wanted);
      expect(sha256Hex(bytes, at, end), `round ${round}`).toBe(wanted);
      expect(out.filter((byte, i) => byte !== 0xee && (i < 11 || i >= 43))).toHaveLength(0);
    }
  });

  it('refuses spans outside their bytes as a bug of the caller', () => {
    const bytes = new Uint8Array(40);
    expect(() => sha256Into(bytes, 0, 41, bytes, 0)).toThrow(/outside/);
    expect(() => sha256Into(bytes, 2, 1, bytes, 0)).toThrow(/outside/);
    expect(() => sha256Into(bytes, 0, 40, bytes, 9)).toThrow(/no room/);
  });
});

describe('xxhash', () => {
  // From the reference implementation's own sanity checks.
  const cases = [
    { text: '', h32: 0x02cc5d05, h64: 'ef46db3751d8e999' },
    { text: 'abc', h32: 0x32d153ff, h64: '44bc2cf5ad770999' },
    { text: 'Nobody inspects the spammish repetition', h32: 0xe2293b2f, h64: 'fbcea83c8a378bf1' },
  ];

  it.each(cases)('of "$text" by every entrance', async ({ text, h32, h64 }) => {
    const xxhash = await loadXxhash();
    const bytes = new TextEncoder().encode(text);
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length + 7));
    shared.set(bytes, 3);
    expect(xxhash.h32(bytes, 0)).toBe(h32);
    expect(xxhash.h32(shared.subarray(3, 3 + bytes.length), 0)).toBe(h32);
    expect(xxhash.h32Span(shared, 3, 3 + bytes.length, 0)).toBe(h32);
    xxhash.scratch.set(bytes);
    expect(xxhash.h32Scratch(bytes.length, 0)).toBe(h32);
    const out = new Uint32Array(2);
    xxhash.h64Into(shared, 3, 3 + bytes.length, 0, 0, out);
    const halves = [out[1]!, out[0]!].map((half) => half.toString(16).padStart(8, '0'));
    expect(halves.join('')).toBe(h64);
  });

  it('gives other numbers under other seeds, the same under the same', async () => {
    const xxhash = await loadXxhash();
    const bytes = new Uint8Array(36).fill(7);
    const seeds = [0, 1, 0x7fffffff, 0x80000000, 0xffffffff];
    const results = seeds.map((seed) => xxhash.h32(bytes, seed));
    expect(new Set(results).size).toBe(seeds.length);
    expect(seeds.map((seed) => xxhash.h32Span(bytes, 0, 36, seed))).toEqual(results);
    expect(results.every((result) => result >= 0 && result < 2 ** 32)).toBe(true);
    const wide = [
      [0, 0],
      [1, 0],
      [0, 1],
      [0xffffffff, 0xffffffff],
    ].map(([low, high]) => {
      const out = new Uint32Array(2);
      xxhash.h64Into(bytes, 0, 36, low!, high!, out);
      return out.join();
    });
    expect(new Set(wide).size).toBe(wide.length);
  });

  it('is loaded once', async () => {
    expect(loadXxhash()).toBe(loadXxhash());
    expect(await loadXxhash()).toBe(await loadXxhash());
  });

  it('refuses spans longer than its scratch', async () => {
    const xxhash = await loadXxhash();
    const bytes = new Uint8Array(100);
    expect(xxhash.h32Span(bytes, 0, XXHASH_SCRATCH_BYTES, 0)).toBeTypeOf('number');
    expect(() => xxhash.h32Span(bytes, 0, XXHASH_SCRATCH_BYTES + 1, 0)).toThrow(/scratch/);
    expect(() => xxhash.h32Scratch(XXHASH_SCRATCH_BYTES + 1, 0)).toThrow(/scratch/);
  });
});
