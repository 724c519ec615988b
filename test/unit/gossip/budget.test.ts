import { describe, expect, it } from 'vitest';
import {
  OutBudget,
  PongBudget,
  SCAN_CAPACITY,
  ScanBudget,
  scanCost,
  TokenCells,
  WindowCells,
} from '../../../src/gossip/budget.ts';
import { KeyedHash } from '../../../src/util/keyed-hash.ts';
import { seededRng } from '../../../src/util/rng.ts';

const hash = (): KeyedHash => KeyedHash.random(seededRng(1));

describe('price of a scan', () => {
  const cases = [
    { entries: 0, keys: 0, cost: 8 },
    { entries: 0, keys: 3, cost: 8 },
    { entries: 1, keys: 8, cost: 8 },
    { entries: 100, keys: 3, cost: 800 },
    { entries: 100, keys: 130, cost: 13_000 },
  ];
  for (const { entries, keys, cost } of cases) {
    it(`${entries} entries, ${keys} keys`, () => expect(scanCost(entries, keys)).toBe(cost));
  }
});

describe('scan budget', () => {
  it('131,072 entries at once, then 32,768 a second, each address for itself', () => {
    const budget = new ScanBudget(hash());
    const take = (ip: number, cost: number, nowMs: number): boolean =>
      budget.take(ip, cost, 1, nowMs);
    expect(take(1, scanCost(131_072, 3), 0)).toBe(true);
    expect(take(1, 1, 0)).toBe(false);
    expect(take(2, SCAN_CAPACITY, 0)).toBe(true);
    expect(take(1, scanCost(32_768, 8), 999)).toBe(false);
    expect(take(1, scanCost(32_768, 8), 1000)).toBe(true);
    expect(take(1, 1, 1000)).toBe(false);
    expect(take(1, SCAN_CAPACITY + 1, 1e9)).toBe(false);
    expect(take(1, SCAN_CAPACITY, 1e9)).toBe(true);
  });

  it('of all callers without stake is twice that of one, and those with stake are not held up', () => {
    const budget = new ScanBudget(hash());
    const served = (stake: number, nowMs: number, first: number): number => {
      let count = 0;
      for (let ip = first; ip < first + 16; ip++) {
        if (budget.take(ip, SCAN_CAPACITY, stake, nowMs)) count++;
      }
      return count;
    };
    expect(served(0, 0, 1)).toBe(2);
    expect(served(1, 0, 100)).toBe(16);
    expect(served(0, 1_999, 200)).toBe(0);
    expect(served(0, 2_000, 300)).toBe(1);
  });

  it('keeps fractions of a millisecond, and a clock that steps back gives nothing', () => {
    const cells = new TokenCells(1, 1000, 1);
    expect(cells.take(0, 1, 10)).toBe(true);
    expect(cells.take(0, 1, 10.5)).toBe(false);
    expect(cells.take(0, 1, 5)).toBe(false);
    expect(cells.take(0, 1, 5.5)).toBe(true);
  });
});

describe('byte budget of pull responses', () => {
  it('of a spy: 2,048 bytes in 100 ms, at most 10,240', () => {
    const budget = new OutBudget();
    expect(budget.refill(1000, 0)).toBe(Math.floor(2048 / 161));
    expect(budget.refill(1099, 0)).toBe(12);
    expect(budget.take(1232)).toBe(true);
    expect(budget.take(1232)).toBe(false);
    expect(budget.bytes).toBe(816);
    for (let i = 1; i <= 10; i++) budget.refill(1000 + 100 * i, 0);
    expect(budget.bytes).toBe(10_240);
    expect(budget.refill(2100, 0)).toBe(63);
  });

  it('is lent to a task and comes back, never beyond what may be saved up', () => {
    const budget = new OutBudget();
    budget.refill(0, 0);
    expect([budget.takeAll(), budget.bytes]).toEqual([2_048, 0]);
    budget.giveBack(500, 0);
    expect(budget.bytes).toBe(500);
    for (let i = 1; i <= 10; i++) budget.refill(100 * i, 0);
    budget.giveBack(2_048, 0);
    expect(budget.bytes).toBe(10_240);
  });

  it('is there to the last byte, and again after 100 ms to the moment', () => {
    const budget = new OutBudget();
    budget.refill(0, 0);
    expect([budget.take(2_049), budget.take(2_048), budget.bytes]).toEqual([false, true, 0]);
    budget.refill(99, 0);
    expect(budget.bytes).toBe(0);
    budget.refill(100, 0);
    expect(budget.bytes).toBe(2_048);
  });

  it('grows with the staked nodes', () => {
    const budget = new OutBudget();
    budget.refill(0, 700);
    expect(budget.bytes).toBe(716_800);
  });
});

describe('windows', () => {
  it('never let more than the limit through in any span', () => {
    const limit = 16;
    const windows = new WindowCells(8, limit, 20_000);
    const rng = seededRng(3);
    const passed: number[] = [];
    let nowMs = 0;
    for (let i = 0; i < 5000; i++) {
      nowMs += rng.below(10) === 0 ? rng.below(30_000) : rng.below(300);
      if (!windows.allows(5, nowMs)) continue;
      windows.note(5, nowMs);
      passed.push(nowMs);
    }
    for (let i = limit; i < passed.length; i++) {
      expect(passed[i]! - passed[i - limit]!, `event ${i}`).toBeGreaterThanOrEqual(20_000);
    }
    expect(passed.length).toBeGreaterThan(limit * 10);
    expect(windows.allows(4, nowMs)).toBe(true);
  });

  it('let one more through as soon as the span is over', () => {
    const windows = new WindowCells(1, 2, 1_000);
    windows.note(0, 10);
    windows.note(0, 20);
    expect([1_009, 1_010].map((nowMs) => windows.allows(0, nowMs))).toEqual([false, true]);
    windows.note(0, 1_010);
    expect([1_019, 1_020].map((nowMs) => windows.allows(0, nowMs))).toEqual([false, true]);
  });

  it('are a power of two many', () => {
    expect(() => new WindowCells(3, 1, 1)).toThrow(/power of two/);
    expect(() => new TokenCells(0, 1, 1)).toThrow(/power of two/);
    expect(() => new WindowCells(0, 1, 1)).toThrow(/power of two/);
    expect(() => new TokenCells(6, 1, 1)).toThrow(/power of two/);
  });
});

describe('pong budget', () => {
  it('by address, and over all', () => {
    const budget = new PongBudget(hash());
    let one = 0;
    for (let i = 0; i < 1000; i++) if (budget.take(7, 0)) one++;
    expect(one).toBe(256);
    let all = one;
    for (let ip = 100; ip < 10_100; ip++) if (budget.take(ip, 0)) all++;
    expect(all).toBe(4000);
    expect(budget.take(7, 1000)).toBe(true);
  });
});
