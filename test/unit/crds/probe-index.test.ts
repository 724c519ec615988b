import { describe, expect, it } from 'vitest';
import { MAX_PROBES, ProbeIndex } from '../../../src/crds/probe-index.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { expectSame } from '../../in-loops.ts';

const rowsWith = (index: ProbeIndex, tag: number): number[] => {
  const rows: number[] = [];
  for (let place = index.first(tag); place >= 0; place = index.next(tag, place)) {
    rows.push(index.rowAt(place));
  }
  return rows;
};

/** @returns whether there was a place */
function insert(index: ProbeIndex, tag: number, row: number): boolean {
  const place = index.free(tag);
  if (place < 0) return false;
  index.insert(place, tag, row);
  return true;
}

describe('probe index', () => {
  const seeds = [1, 2, 3, 4];
  for (const seed of seeds) {
    it(`finds after every insertion and removal what is in it, seed ${seed}`, () => {
      const rng = seededRng(seed);
      const index = new ProbeIndex(new Int32Array(2 * 256));
      const model = new Map<number, number>(); // row → tag
      for (let step = 0; step < 3_000; step++) {
        const row = rng.below(128);
        const known = model.get(row);
        if (known === undefined) {
          // Few different tags: long runs, equal tags, runs that come round the end.
          const tag = (rng.below(4) === 0 ? rng.u32() : rng.below(40) - 20) | 0;
          if (insert(index, tag, row)) model.set(row, tag);
        } else {
          expectSame(index.remove(known, row), true, `row ${row}`);
          expectSame(index.remove(known, row), false, 'twice');
          model.delete(row);
        }
        if (step % 50 !== 0) continue;
        expectSame(index.countUsed(), model.size);
        for (const [r, tag] of model) expect(rowsWith(index, tag), `tag ${tag}`).toContain(r);
        for (const tag of [99, -99]) expect(rowsWith(index, tag)).toEqual([]);
      }
    });
  }

  it('refuses what lies too far from its home, and finds all that it took', () => {
    const index = new ProbeIndex(new Int32Array(2 * 1024));
    const taken = Array.from({ length: 100 }, (_, row) => insert(index, 7, row));
    expect(taken.filter(Boolean)).toHaveLength(MAX_PROBES);
    expect(rowsWith(index, 7)).toEqual(Array.from({ length: MAX_PROBES }, (_, row) => row));
    expect(index.distance(7, MAX_PROBES - 1)).toBe(MAX_PROBES - 1);
    expect(index.distance(7, 99)).toBe(-1);
    index.remove(7, 10);
    expect(insert(index, 7, 99)).toBe(true);
    expect(index.free(7)).toBe(-1);
  });

  it('tells the distance of an entry in the first place too', () => {
    const index = new ProbeIndex(new Int32Array(2 * 16));
    for (const row of [4, 5, 6]) insert(index, 0, row);
    expect([4, 5, 6, 7].map((row) => index.distance(0, row))).toEqual([0, 1, 2, -1]);
  });

  it('keeps random keys close to home at half load', () => {
    const index = new ProbeIndex(new Int32Array(2 * 16_384));
    const rng = seededRng(9);
    let longest = 0;
    for (let row = 0; row < 8_192; row++) {
      const tag = rng.u32() | 0;
      expectSame(insert(index, tag, row), true);
      longest = Math.max(longest, index.distance(tag, row));
    }
    expect(longest).toBeLessThan(MAX_PROBES / 2);
  });
});
