import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  checkMemory,
  expectedBytes,
  listBounds,
  MEMORY_CEILING_BYTES,
} from '../../../src/node/bounds.ts';
import { MAX_POOL_THREADS } from '../../../src/node/pools.ts';
import { DEFAULT_CAPACITIES, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import type { SpyError } from '../../../src/util/assert.ts';
import { TestNode } from './harness.ts';

describe('every limit', () => {
  const { parts } = new TestNode();
  for (const bound of listBounds(DEFAULT_CAPACITIES)) {
    it(`${bound.item}: is a number, has a rule for what is beyond it, and is counted`, () => {
      expect(bound.limit).toBeGreaterThan(0);
      expect(bound.bytes).toBeGreaterThanOrEqual(0);
      expect(bound.onFull.length).toBeGreaterThan(5);
      expect(bound.counter.length).toBeGreaterThan(5);
      expect(bound.count(parts), 'nothing has happened yet').toBe(0);
    });
  }

  it('stands in the documentation as it is', () => {
    const text = readFileSync(new URL('../../../docs/reliability.md', import.meta.url), 'utf8');
    for (const { item, limit, onFull, counter } of listBounds(DEFAULT_CAPACITIES)) {
      const number = Math.round(limit).toLocaleString('en-US');
      const row = text.split('\n').find((line) => line.startsWith(`| ${item} |`));
      expect(row, item).toBeDefined();
      for (const part of [number, onFull, counter]) expect(row, item).toContain(part);
    }
  });
});

describe('the memory ceiling', () => {
  it('holds for what a node on mainnet needs, and for every number of threads that fits', () => {
    expect(expectedBytes(DEFAULT_CAPACITIES, 5)).toBeLessThan(0.75 * MEMORY_CEILING_BYTES);
    expect(() => checkMemory(DEFAULT_CAPACITIES, 5)).not.toThrow();
    expect(() => checkMemory(SMALL_CAPACITIES, MAX_POOL_THREADS + 4)).not.toThrow();
  });

  it('keeps a node that could outgrow it from starting', () => {
    const huge = { ...DEFAULT_CAPACITIES, tableRows: 1_048_576 };
    expect(() => checkMemory(huge, 5)).toThrow(
      expect.objectContaining({ code: 'MEMORY_CEILING' }) as SpyError,
    );
    const batches = { ...DEFAULT_CAPACITIES, batches: 8_192 };
    expect(() => checkMemory(batches, 1)).toThrow(/ceiling is 1024 MiB/);
  });
});
