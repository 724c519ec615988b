import { describe, expect, it } from 'vitest';
import { createRelayers, ReceivedCache } from '../../../src/gossip/received-cache.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf } from './small-table.ts';

const LATE = Number.POSITIVE_INFINITY;

function deliver(cache: ReceivedCache, origin: number, relayer: number, copies: number, times = 1) {
  for (let i = 0; i < times; i++) cache.record(keyOf(origin), 0, keyOf(relayer), 0, copies);
}

/** Relayer to score of an origin that is to be judged; undefined when it is not. */
function due(cache: ReceivedCache, origin: number): Record<number, number> | undefined {
  const out = createRelayers();
  if (!cache.takeDue(keyOf(origin), 0, out)) return undefined;
  const scores: Record<number, number> = {};
  for (let i = 0; i < out.count; i++) scores[readU32(out.keys, 32 * i)] = out.score[i]!;
  return scores;
}

describe('received cache', () => {
  it('judges an origin after 20 values, and then anew', () => {
    const cache = new ReceivedCache(seededRng(1));
    expect(due(cache, 1)).toBeUndefined();
    deliver(cache, 1, 5, 0, 19);
    deliver(cache, 1, 6, 1, 19);
    expect(due(cache, 1)).toBeUndefined();
    deliver(cache, 1, 5, 0);
    expect(due(cache, 1)).toEqual({ 5: 20, 6: 19 });
    expect(due(cache, 1)).toBeUndefined();
    deliver(cache, 1, 6, 0, 20);
    expect(due(cache, 1)).toEqual({ 6: 20 });
  });

  it('says of each delivery whether its origin is to be judged', () => {
    const cache = new ReceivedCache(seededRng(1));
    const [origin, all] = [keyOf(1), createRelayers()];
    const isDue = (relayer: number, copies: number) =>
      cache.record(origin, 0, keyOf(relayer), 0, copies);
    for (let i = 0; i < 19; i++) expect(isDue(5, 0)).toBe(false);
    expect([isDue(6, 1), isDue(5, 0), isDue(5, LATE), isDue(7, 1)]).toEqual([
      false,
      true,
      true,
      true,
    ]);
    for (let relayer = 100; relayer < 160; relayer++) expect(isDue(relayer, LATE)).toBe(true);
    expect([cache.takeDue(origin, 0, all), all.count, isDue(5, 0)]).toEqual([true, 50, false]);
  });

  const copies = [
    { copies: 0, score: 1 },
    { copies: 1, score: 1 },
    { copies: 2, score: 0 },
    { copies: 255, score: 0 },
    { copies: LATE, score: 0 },
  ];
  for (const { copies: before, score } of copies) {
    it(`a copy with ${before} before it scores ${score}`, () => {
      const cache = new ReceivedCache(seededRng(1));
      deliver(cache, 1, 5, 0, 20);
      deliver(cache, 1, 6, before);
      expect(due(cache, 1)).toEqual({ 5: before === 0 ? 20 : 20, 6: score });
    });
  }

  it('late copies never lower a score', () => {
    const cache = new ReceivedCache(seededRng(1));
    deliver(cache, 1, 5, 0, 20);
    deliver(cache, 1, 5, LATE, 100);
    expect(due(cache, 1)).toEqual({ 5: 20 });
  });

  it('takes 50 relayers that are only late, and timely ones beyond them', () => {
    const cache = new ReceivedCache(seededRng(1));
    for (let relayer = 100; relayer < 300; relayer++) deliver(cache, 1, relayer, LATE);
    for (let relayer = 10; relayer < 30; relayer++) deliver(cache, 1, relayer, 0);
    const scores = due(cache, 1)!;
    expect(Object.keys(scores)).toHaveLength(70);
    expect(Object.values(scores).filter((score) => score === 1)).toHaveLength(20);
  });

  it('is bounded in relayers of one origin, timely or not', () => {
    const cache = new ReceivedCache(seededRng(1));
    for (let relayer = 0; relayer < 1000; relayer++) deliver(cache, 1, relayer, 1);
    deliver(cache, 1, 1, 0, 20);
    expect(Object.keys(due(cache, 1)!)).toHaveLength(256);
  });

  it('lets the longest unheard origin go when origins or scores run out', () => {
    const cache = new ReceivedCache(seededRng(1), { origins: 3, blocks: 3 });
    for (const origin of [1, 2, 3]) deliver(cache, origin, 50, 0, 20);
    deliver(cache, 1, 51, LATE); // heard again: 2 is the oldest now
    expect([cache.size, cache.evicted]).toEqual([3, 0]);
    deliver(cache, 4, 50, 0, 20);
    expect([cache.size, cache.evicted]).toEqual([3, 1]);
    for (let relayer = 52; relayer < 58; relayer++) deliver(cache, 4, relayer, LATE);
    expect([cache.size, cache.evicted]).toEqual([3, 1]);
    deliver(cache, 4, 58, LATE); // its block is full and none is left: 3 gives its own
    expect([cache.size, cache.evicted]).toEqual([2, 2]);
    expect([1, 2, 3, 4].map((origin) => due(cache, origin))).toEqual([
      { 50: 20, 51: 0 },
      undefined,
      undefined,
      { 50: 20, 52: 0, 53: 0, 54: 0, 55: 0, 56: 0, 57: 0, 58: 0 },
    ]);
  });

  it('need not know who of the last quarter was heard last', () => {
    const cache = new ReceivedCache(seededRng(1), { origins: 8 });
    for (let origin = 0; origin < 8; origin++) deliver(cache, origin, 50, 0, 20);
    deliver(cache, 0, 50, 1); // the longest unheard until now
    deliver(cache, 7, 50, 1); // of the last quarter, with 0: stays before it
    deliver(cache, 1, 50, 1); // the longest unheard by now
    const isThere = (origin: number): boolean => due(cache, origin) !== undefined;
    for (let origin = 8; origin < 14; origin++) deliver(cache, origin, 50, 0, 20);
    expect(cache.evicted).toBe(6);
    expect([7, 0, 1].map(isThere)).toEqual([false, true, true]);
  });

  it('tells relayers apart whose keys begin alike', () => {
    const cache = new ReceivedCache(seededRng(1));
    const origin = new Uint8Array(32).fill(1);
    const [one, other] = [new Uint8Array(32).fill(2), new Uint8Array(32).fill(2)];
    other[31] = 3;
    for (let i = 0; i < 20; i++) cache.record(origin, 0, i < 5 ? one : other, 0, 0);
    const out = createRelayers();
    expect(cache.takeDue(origin, 0, out)).toBe(true);
    expect([...out.score.subarray(0, out.count)]).toEqual([15, 5]);
  });

  it('has all its blocks again after relayers were judged', () => {
    const cache = new ReceivedCache(seededRng(1), { origins: 3, blocks: 3 });
    for (let round = 0; round < 3; round++) {
      for (let relayer = 0; relayer < 21; relayer++) deliver(cache, 1, relayer, 0, 1);
      expect(Object.keys(due(cache, 1) ?? {})).toHaveLength(21);
    }
    expect(cache.evicted).toBe(0);
  });

  it('an origin that has taken all scores does not evict itself', () => {
    const cache = new ReceivedCache(seededRng(1), { origins: 3, blocks: 1 });
    for (let relayer = 0; relayer < 9; relayer++) deliver(cache, 1, relayer, 0, 3);
    expect(cache.evicted).toBe(0);
    expect(due(cache, 1)).toEqual({ 0: 3, 1: 3, 2: 3, 3: 3, 4: 3, 5: 3, 6: 3 });
  });
});
