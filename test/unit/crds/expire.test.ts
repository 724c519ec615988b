import { describe, expect, it } from 'vitest';
import { forgetHashes, purgeTimedOut, Timeouts, trim } from '../../../src/crds/expire.ts';
import { HashQueue } from '../../../src/crds/hash-queue.ts';
import { findViolation } from '../../../src/crds/invariants.ts';
import { NO_STAKES, Stakes } from '../../../src/crds/peers.ts';
import type { CrdsTable } from '../../../src/crds/table.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { key, makeRegions, makeTable, rowOf, type TestValue, upsert, value } from './harness.ts';

const SELF = key(999);
const HOURS_48 = 172_800_000;

describe('timeouts', () => {
  const staked = new Stakes([
    [key(1), 1],
    [key(2), 0],
  ]);
  const cases: { name: string; stakes: Stakes; of: Uint8Array; ext?: number; ms: number }[] = [
    { name: 'ourselves', stakes: staked, of: SELF, ms: Number.POSITIVE_INFINITY },
    { name: 'a staked node', stakes: staked, of: key(1), ms: HOURS_48 },
    { name: 'a node with an entry of zero', stakes: staked, of: key(2), ms: 15_000 },
    { name: 'an unstaked node', stakes: staked, of: key(3), ms: 15_000 },
    { name: 'anybody without stakes', stakes: NO_STAKES, of: key(3), ms: HOURS_48 },
    { name: 'anybody, all zero', stakes: new Stakes([[key(1), 0]]), of: key(3), ms: HOURS_48 },
    { name: 'a staked node, set by us', stakes: staked, of: key(1), ext: 60_000, ms: 60_000 },
    { name: 'never under 15 s', stakes: staked, of: key(1), ext: 1_000, ms: 15_000 },
  ];
  for (const { name, stakes, of, ext, ms } of cases) {
    it(`of ${name}: ${ms}`, () => expect(new Timeouts(SELF, stakes, ext).of(of, 0)).toBe(ms));
  }

  it('need a whole key of ours', () => {
    expect(() => new Timeouts(new Uint8Array(0), NO_STAKES)).toThrow(AssertionError);
  });
});

describe('what times out', () => {
  const stakes = new Stakes([[key(7), 1]]);
  const contact = (wallclock: number) => value({ kind: Kind.CONTACT_INFO, wallclock });
  const vote = (wallclock: number, index = 0) => value({ index, wallclock });
  const T = 15_000;
  const cases: {
    name: string;
    values: [TestValue, receivedMs: number][];
    nowMs: number;
    left: number;
  }[] = [
    { name: 'not before its time', values: [[vote(1_000), 1_000]], nowMs: 1_000 + T - 1, left: 1 },
    { name: 'at its time', values: [[vote(1_000), 1_000]], nowMs: 1_000 + T, left: 0 },
    {
      name: 'by its wallclock, if that is older than our receipt',
      values: [[vote(1_000), 9_000]],
      nowMs: 1_000 + T,
      left: 0,
    },
    {
      name: 'by our receipt, if the wallclock lies in the future',
      values: [[vote(999_999_999_999_999), 1_000]],
      nowMs: 1_000 + T,
      left: 0,
    },
    {
      name: 'nothing behind a live contact info',
      values: [
        [contact(9_000), 9_000],
        [vote(1, 0), 1],
        [vote(2, 1), 2],
      ],
      nowMs: 9_000 + T - 1,
      left: 3,
    },
    {
      name: 'only what is old, behind a dead contact info',
      values: [
        [contact(1_000), 1_000],
        [vote(500, 0), 500],
        [vote(2_000, 1), 2_000],
      ],
      nowMs: 1_000 + T,
      left: 1,
    },
  ];
  for (const { name, values, nowMs, left } of cases) {
    it(name, () => {
      const table = makeTable();
      table.setStakes(stakes);
      for (const [v, receivedMs] of values) upsert(table, v, receivedMs);
      const before = table.purged.size;
      expect(purgeTimedOut(table, new Timeouts(SELF, stakes), nowMs)).toBe(values.length - left);
      expect(table.size).toBe(left);
      expect(table.purged.size - before).toBe(values.length - left);
      expect(findViolation(table, { decode: false })).toBeUndefined();
    });
  }

  it('never ours, and the staked after 48 h', () => {
    const table = makeTable();
    table.setStakes(stakes);
    const timeouts = new Timeouts(key(999), stakes);
    upsert(table, value({ origin: 999, wallclock: 0 }), 0);
    upsert(table, value({ origin: 7, wallclock: 0 }), 0);
    upsert(table, value({ origin: 8, wallclock: 0 }), 0);
    expect(purgeTimedOut(table, timeouts, HOURS_48 - 1)).toBe(1);
    expect(purgeTimedOut(table, timeouts, HOURS_48)).toBe(1);
    expect(purgeTimedOut(table, timeouts, 1e15)).toBe(0);
    expect(rowOf(table, value({ origin: 999 }))).toBeGreaterThanOrEqual(0);
  });

  it('nobody who just got stake', () => {
    const table = makeTable();
    table.setStakes(stakes);
    upsert(table, value({ origin: 8, wallclock: 0 }), 0);
    const more = new Stakes([
      [key(7), 1],
      [key(8), 1],
    ]);
    table.setStakes(more);
    expect(purgeTimedOut(table, new Timeouts(SELF, more), 60_000)).toBe(0);
  });
});

describe('hash queue', () => {
  const hash = (i: number) => new Uint8Array(32).fill(i);
  const first = (queue: HashQueue) => queue.hashes[queue.hashOffset(0)];

  it('drops from the front what is older than a time', () => {
    const queue = new HashQueue(makeRegions().purged);
    for (let i = 1; i <= 5; i++) queue.push(hash(i), 0, i * 100);
    expect(queue.expire(300)).toBe(2);
    expect([queue.size, first(queue), queue.timeMs(0)]).toEqual([3, 3, 300]);
    expect(queue.expire(300), 'not what is exactly as old').toBe(0);
    expect(queue.expire(1e15)).toBe(3);
    expect(queue.size).toBe(0);
  });

  it('lets the oldest go when it is full, and counts them', () => {
    const queue = new HashQueue(makeRegions({ purgedHashes: 8 }).purged);
    for (let i = 1; i <= 20; i++) queue.push(hash(i), 0, i);
    expect([queue.size, queue.overflowed, first(queue)]).toEqual([8, 12, 13]);
    expect([queue.first, queue.hashes[queue.offsetOf(queue.first)]]).toEqual([12, 13]);
    const all = Array.from({ length: 8 }, (_, i) => queue.hashes[queue.hashOffset(i)]);
    expect(all).toEqual([13, 14, 15, 16, 17, 18, 19, 20]);
  });

  it('forgets purged hashes after 60 s and failed ones after 20 s', () => {
    const table = makeTable();
    table.purged.push(hash(1), 0, 100_000);
    table.failed.push(hash(2), 0, 100_000);
    const sizes = (nowMs: number) => {
      forgetHashes(table, nowMs);
      return [table.purged.size, table.failed.size];
    };
    expect(sizes(120_000)).toEqual([1, 1]);
    expect(sizes(120_001)).toEqual([1, 0]);
    expect(sizes(160_000)).toEqual([1, 0]);
    expect(sizes(160_001)).toEqual([0, 0]);
  });
});

describe('trim', () => {
  /** A table of identities 1 to `count` with two values each. */
  function crowd(count: number, stakes = NO_STAKES): CrdsTable {
    const table = makeTable();
    table.setStakes(stakes);
    for (let origin = count; origin >= 1; origin--) {
      upsert(table, value({ origin, index: 0 }));
      upsert(table, value({ origin, index: 1 }));
    }
    return table;
  }
  const left = (table: CrdsTable, count: number) =>
    Array.from({ length: count }, (_, i) => i + 1).filter(
      (origin) => table.peers.find(key(origin), 0) >= 0,
    );

  it('begins above a tenth too many', () => {
    const rng = seededRng(1);
    expect(trim(crowd(110), [], rng, 1, 100)).toBe(0);
    expect(trim(crowd(111), [], rng, 1, 100)).toBe(22);
  });

  it('takes those of least stake, equals in the order of their keys', () => {
    const stakes = new Stakes(
      Array.from({ length: 15 }, (_, i) => [key(i + 1), i < 3 ? 100 : i < 6 ? 7 : 50]),
    );
    const table = crowd(15, stakes);
    expect(trim(table, [], seededRng(1), 1, 10)).toBe(10);
    expect(left(table, 15)).toEqual([1, 2, 3, 9, 10, 11, 12, 13, 14, 15]);
    expect(table.purged.size).toBe(10);
    expect(findViolation(table, { decode: false })).toBeUndefined();
  });

  it('spares whom it is told to, and then takes fewer', () => {
    const stakes = new Stakes(Array.from({ length: 15 }, (_, i) => [key(i + 1), i + 1]));
    const table = crowd(15, stakes);
    expect(trim(table, [key(2), key(4), key(500)], seededRng(1), 1, 10)).toBe(6);
    expect(left(table, 15)).toEqual([2, 4, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('takes any without stakes, but as many, and never the spared', () => {
    const taken = new Set<number>();
    for (let seed = 0; seed < 40; seed++) {
      const table = crowd(15);
      expect(trim(table, [key(2), key(4)], seededRng(seed), 1, 10)).toBe(10);
      const stayed = new Set(left(table, 15));
      for (let origin = 1; origin <= 15; origin++) if (!stayed.has(origin)) taken.add(origin);
    }
    expect([...taken].sort((a, b) => a - b)).toEqual([1, 3, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);
  });

  it('leaves a table of the spared alone', () => {
    const table = crowd(15);
    const keep = Array.from({ length: 15 }, (_, i) => key(i + 1));
    expect(trim(table, keep, seededRng(1), 1, 10)).toBe(0);
  });
});
