import { describe, expect, it } from 'vitest';
import { EMPTY, HashIndex } from '../../../src/gossip/hash-index.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { expectAtMost, expectSame } from '../../in-loops.ts';

/** Looks a slot up as those do who use the index. @returns steps from home, -1 when it is not found */
function steps(index: HashIndex, hash: number, slot: number): number {
  let count = 0;
  for (let p = index.start(hash); index.slots[p] !== EMPTY; p = (p + 1) & index.mask) {
    if (index.slots[p] === slot) return index.hashes[p] === hash >>> 0 ? count : -2;
    count++;
  }
  return -1;
}

describe('hash index', () => {
  it('has twice as many places as entries, a power of two', () => {
    const sizes = [1, 2, 3, 4, 5].map((capacity) => new HashIndex(capacity).slots.length);
    expect(sizes).toEqual([2, 4, 8, 8, 16]);
  });

  it('begins at the low bits of a hash, also of one that looks negative', () => {
    const index = new HashIndex(8);
    expect([5, 16 + 5, 0xffffffff, -1].map((hash) => index.start(hash))).toEqual([5, 5, 15, 15]);
  });

  it('finds what is in it after any removals, round the end too', () => {
    const rng = seededRng(4);
    const index = new HashIndex(16);
    const entries = new Map<number, number>();
    for (let step = 0; step < 2_000; step++) {
      const slot = rng.below(16);
      const known = entries.get(slot);
      if (known === undefined) {
        const hash = rng.below(2) === 0 ? 28 + rng.below(8) : rng.u32();
        index.add(hash, slot);
        entries.set(slot, hash);
      } else {
        index.remove(known, slot);
        entries.delete(slot);
      }
      for (const [one, hash] of entries) expectAtMost(0, steps(index, hash, one));
      const used = index.slots.filter((one) => one !== EMPTY).length;
      expectSame(used, entries.size);
    }
  });

  it('puts what can into the place that came free', () => {
    const index = new HashIndex(4);
    index.add(1, 10);
    index.add(1 + 8, 11);
    index.add(2, 12);
    index.add(1 + 16, 13);
    index.remove(1, 10);
    expect([steps(index, 9, 11), steps(index, 2, 12), steps(index, 17, 13)]).toEqual([0, 0, 2]);
  });

  it('says when it has lost an entry, and forgets all at once', () => {
    const index = new HashIndex(4);
    index.add(1, 10);
    expect(() => index.remove(1, 99)).toThrow(AssertionError);
    index.clear();
    expect(steps(index, 1, 10)).toBe(-1);
    expect(() => index.remove(1, 10)).toThrow(AssertionError);
  });
});
