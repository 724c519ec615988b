import { describe, expect, it } from 'vitest';
import { AssertionError } from '../../../src/util/assert.ts';
import { IntRing } from '../../../src/util/ring.ts';
import { seededRng } from '../../../src/util/rng.ts';

describe('a ring of integers', () => {
  it('gives back what it was given, in order, as a plain list does', () => {
    const rng = seededRng(1);
    for (let capacity = 1; capacity <= 5; capacity++) {
      const ring = new IntRing(capacity);
      const list: number[] = [];
      for (let step = 0; step < 200; step++) {
        if (rng.below(2) === 0 && !ring.isFull) {
          ring.push(step);
          list.push(step);
        } else if (ring.size > 0) {
          expect(ring.first, `capacity ${capacity}, step ${step}`).toBe(list[0]);
          expect(ring.shift(), `capacity ${capacity}, step ${step}`).toBe(list.shift());
        }
        expect([ring.size, ring.isFull]).toEqual([list.length, list.length === capacity]);
      }
    }
  });

  it('has a capacity, and an end', () => {
    const ring = new IntRing(1);
    expect(() => ring.shift()).toThrow(AssertionError);
    expect(() => ring.first).toThrow(AssertionError);
    ring.push(7);
    expect(() => ring.push(8)).toThrow(AssertionError);
    expect(ring.shift()).toBe(7);
  });
});
