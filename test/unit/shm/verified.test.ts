import { describe, expect, it } from 'vitest';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { VerifiedSet } from '../../../src/shm/verified.ts';
import { seededRng } from '../../../src/util/rng.ts';

const PLACES = 64;

function make(places = PLACES): VerifiedSet {
  const regions = createRegions({ ...SMALL_CAPACITIES, verifiedPlaces: places }, false);
  const set = new VerifiedSet(regions.verified);
  set.seed(0xdeadbeef);
  return set;
}

const rng = seededRng(4);
function hashes(count: number): Uint8Array {
  const bytes = new Uint8Array(count * 32);
  rng.fill(bytes);
  return bytes;
}

describe('verified set', () => {
  it('knows what was added and nothing else', () => {
    const set = make();
    const all = hashes(20);
    for (let i = 0; i < 10; i++) set.add(all, i * 32);
    for (let i = 0; i < 20; i++) expect(set.has(all, i * 32), `hash ${i}`).toBe(i < 10);
    expect(set.count).toBe(10);
  });

  it('looks at the first 16 bytes, each of them', () => {
    const set = make();
    const hash = hashes(1);
    set.add(hash, 0);
    for (let i = 0; i < 32; i++) {
      const other = hash.slice();
      other[i]! ^= 0x10;
      expect(set.has(other, 0), `byte ${i}`).toBe(i >= 16);
    }
  });

  it('counts a value once however often it is added', () => {
    const set = make();
    const hash = hashes(1);
    for (let i = 0; i < 100; i++) set.add(hash, 0);
    expect(set.count).toBe(1);
    expect(set.has(hash, 0)).toBe(true);
  });

  it('forgets the older generation when the newer is half full', () => {
    const set = make();
    const half = PLACES / 2;
    const all = hashes(3 * half);
    const known = () => Array.from({ length: 3 * half }, (_, i) => set.has(all, i * 32));
    for (let i = 0; i < half; i++) set.add(all, i * 32);
    expect(set.count, 'rotated').toBe(0);
    expect(known().filter(Boolean).length).toBe(half);
    for (let i = half; i < 2 * half - 1; i++) set.add(all, i * 32);
    expect(known().filter(Boolean).length).toBe(2 * half - 1);
    set.add(all, (2 * half - 1) * 32);
    expect(known().indexOf(true), 'the first generation is gone').toBe(half);
    for (let i = 2 * half; i < 3 * half; i++) set.add(all, i * 32);
    expect(known().filter(Boolean).length).toBe(half);
    expect(known().lastIndexOf(true)).toBe(3 * half - 1);
  });

  it('refuses, and counts, what crowds one place instead of searching for ever', () => {
    const set = make(4096);
    const crowd = hashes(40);
    for (let i = 1; i < 40; i++) crowd.copyWithin(i * 32, 0, 8); // same home, different tags
    for (let i = 0; i < 40; i++) set.add(crowd, i * 32);
    expect(set.refused).toBe(8);
    expect(set.count).toBe(32);
    expect(set.has(crowd, 39 * 32), 'a refused one is verified again').toBe(false);
  });

  it('never knows the hash that marks an empty place', () => {
    const set = make();
    const zero = new Uint8Array(32);
    set.add(zero, 0);
    expect(set.has(zero, 0)).toBe(false);
  });

  it('is seen by whoever attaches', () => {
    const regions = createRegions({ ...SMALL_CAPACITIES, verifiedPlaces: PLACES }, true);
    const writer = new VerifiedSet(regions.verified);
    writer.seed(77);
    const reader = new VerifiedSet(regions.verified);
    const hash = hashes(1);
    writer.add(hash, 0);
    expect(reader.has(hash, 0)).toBe(true);
  });
});
