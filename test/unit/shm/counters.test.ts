import { describe, expect, it } from 'vitest';
import {
  Counter,
  counterBlock,
  counterTotal,
  otherCounts,
  outcomeCounts,
} from '../../../src/shm/counters.ts';
import { SMALL_CAPACITIES, THREAD_COUNT } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { OUTCOME_COUNT, Outcome } from '../../../src/util/outcome.ts';

describe('counters', () => {
  const make = () => createRegions(SMALL_CAPACITIES, false).counters;

  it('adds up what the threads counted', () => {
    const counters = make();
    for (let thread = 0; thread < THREAD_COUNT; thread++) {
      counterBlock(counters, thread)[-Outcome.VALUE_INSERTED]! += thread;
      counterBlock(counters, thread)[Counter.DATAGRAMS_RECEIVED]! += 2;
    }
    expect(outcomeCounts(counters)).toEqual({ VALUE_INSERTED: 120 });
    expect(otherCounts(counters)).toMatchObject({ DATAGRAMS_RECEIVED: 32, DATAGRAMS_SENT: 0 });
    expect(counterTotal(counters, -Outcome.VALUE_INSERTED)).toBe(120);
  });

  it('has a place of its own for every outcome and every other counter', () => {
    const counters = make();
    const block = counterBlock(counters, 3);
    for (const code of Object.values(Outcome)) block[code === 0 ? 0 : -code]! += 1;
    for (const place of Object.values(Counter)) block[place]! += 5;
    const outcomes = outcomeCounts(counters);
    expect(Object.keys(outcomes)).toHaveLength(OUTCOME_COUNT);
    expect(new Set(Object.values(outcomes))).toEqual(new Set([1]));
    expect(new Set(Object.values(otherCounts(counters)))).toEqual(new Set([5]));
  });

  for (const thread of [-1, THREAD_COUNT]) {
    it(`refuses the thread ${thread}`, () => {
      expect(() => counterBlock(make(), thread)).toThrow(AssertionError);
    });
  }
});
