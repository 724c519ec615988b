import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listHttpBounds, listStoreBounds } from '../../../src/api/bounds.ts';
import type { HttpMetrics } from '../../../src/api/metrics.ts';
import { expectedBytes, MEMORY_CEILING_BYTES } from '../../../src/node/bounds.ts';
import { DEFAULT_CAPACITIES } from '../../../src/shm/layout.ts';

const NOTHING: HttpMetrics = {
  ...{ open: 0, streams: 0, streamsOpened: 0, gaps: 0, endedSlow: 0 },
  ...{ refused: {}, requests: new Map(), rpcErrors: new Map() },
};
const STORE = { saved: 0, failed: 0, alarm: null, savedMs: null, bytes: 0, loaded: null };

describe('limits of the API and of the store', () => {
  const text = readFileSync(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
  const bounds = [
    ...listHttpBounds().map((bound) => ({ bound, count: bound.count(NOTHING) })),
    ...listStoreBounds().map((bound) => ({
      bound,
      count: bound.count({ ...STORE, refused: 0, totals: {} }),
    })),
  ];
  for (const { bound, count } of bounds) {
    it(`${bound.item}: a number, a rule, a counter, and all of it in the documentation`, () => {
      const { item, limit, onFull, counter } = bound;
      expect(limit).toBeGreaterThan(0);
      expect(count, 'nothing has happened yet').toBe(0);
      const row = text.split('\n').find((line) => line.startsWith(`| ${item} |`));
      expect(row, item).toBeDefined();
      for (const part of [limit.toLocaleString('en-US'), onFull, counter]) {
        expect(row, item).toContain(part);
      }
    });
  }

  it('are counted where they say', () => {
    const http: HttpMetrics = {
      ...NOTHING,
      refused: { tooMany: 1, tooManyOfAddress: 2, broken: 3, tooSlow: 4 },
      requests: new Map([
        ['/ 413', 5],
        ['/v1/nodes 400', 6],
        ['/v1/values 400', 1],
        ['/ 200', 100],
      ]),
      rpcErrors: new Map([[-32_600, 8]]),
      endedSlow: 9,
      gaps: 10,
    };
    expect(listHttpBounds().map(({ count }) => count(http))).toEqual([
      1, 2, 3, 4, 5, 8, 7, 0, 9, 10,
    ]);
    expect(listStoreBounds()[0]!.count({ ...STORE, failed: 3, refused: 0, totals: {} })).toBe(3);
  });

  it('leave room for a node on mainnet below the ceiling', () => {
    // All of its readers stuck at once.
    const api = bounds.reduce((sum, { bound }) => sum + bound.bytes, 0);
    expect(expectedBytes(DEFAULT_CAPACITIES, 5) + api).toBeLessThan(MEMORY_CEILING_BYTES);
  });
});
