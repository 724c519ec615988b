import { describe, expect, it } from 'vitest';
import { Stakes } from '../../../src/crds/peers.ts';
import { PrunePlan, selectPrunes } from '../../../src/gossip/prune.ts';
import { ReceivedCache } from '../../../src/gossip/received-cache.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf } from './small-table.ts';

describe('selection of prunes', () => {
  // The worked example: relayers (score, stake) A(4,6) B(13,1) C(2,5) D(8,3) E(8,7), self and origin 9.
  const scores = [4, 13, 2, 8, 8];
  const stakes = [6, 1, 5, 3, 7];
  const cases = [
    { name: 'half of the stake, 2 kept', share: 0.5, kept: 2, minStake: 9, origin: '', is: 'DAC' },
    { name: 'all of the stake, none kept', share: 1, kept: 0, minStake: 9, origin: '', is: 'AC' },
    { name: 'as used', share: 0.15, kept: 2, minStake: 9, origin: '', is: 'DAC' },
    { name: 'no stake', share: 0.15, kept: 2, minStake: 0, origin: '', is: 'DAC' },
    { name: 'more than all relayers have', share: 1, kept: 2, minStake: 100, origin: '', is: '' },
    { name: 'exactly what three have', share: 1, kept: 2, minStake: 11, origin: '', is: 'AC' },
    {
      name: 'a share of a fraction counts as less',
      share: 0.85,
      kept: 2,
      minStake: 10,
      origin: '',
      is: 'DAC',
    },
    { name: 'the origin relays its own', share: 0.15, kept: 2, minStake: 9, origin: 'D', is: 'AC' },
  ];
  for (const { name, share, kept, minStake, origin, is } of cases) {
    it(name, () => {
      const order: number[] = [];
      const isOrigin = (i: number): boolean => 'ABCDE'[i] === origin;
      const count = selectPrunes(5, scores, stakes, isOrigin, minStake, order, share, kept);
      expect(
        order
          .slice(0, count)
          .map((i) => 'ABCDE'[i])
          .join(''),
      ).toBe(is);
    });
  }

  it('few relayers are all kept', () => {
    const order: number[] = [];
    for (const count of [0, 1, 2]) {
      expect(
        selectPrunes(count, [0, 0], [0, 0], () => false, 0, order),
        `${count}`,
      ).toBe(0);
    }
  });
});

/** Relayer to origins of each message of a plan. */
function messages(plan: PrunePlan): [number, number[]][] {
  const all: [number, number[]][] = [];
  while (plan.next()) {
    const origins = Array.from({ length: plan.originCount }, (_, i) =>
      readU32(plan.origins, 32 * i),
    );
    all.push([readU32(plan.relayer, 0), origins]);
  }
  return all;
}

describe('prune messages', () => {
  const stakes = new Stakes([]);

  it('one for each relayer, 32 origins at most, each origin once', () => {
    const cache = new ReceivedCache(seededRng(1));
    const plan = new PrunePlan(cache);
    for (const round of [1, 2]) {
      plan.start();
      for (let origin = 100; origin < 170; origin++) {
        for (let i = 0; i < 20; i++) {
          cache.record(keyOf(origin), 0, keyOf(1), 0, 0);
          cache.record(keyOf(origin), 0, keyOf(2), 0, 1);
          cache.record(keyOf(origin), 0, keyOf(3), 0, 2);
          if (origin < 103) cache.record(keyOf(origin), 0, keyOf(4), 0, 2);
        }
        plan.judge(keyOf(origin), 0, 0, stakes);
      }
      expect(plan.size).toBe(73);
      const all = messages(plan);
      expect(all.map(([relayer, origins]) => [relayer, origins.length])).toEqual([
        [3, 32],
        [3, 32],
        [3, 6],
        [4, 3],
      ]);
      const of3 = all.filter(([relayer]) => relayer === 3).flatMap(([, origins]) => origins);
      expect(new Set(of3).size, `round ${round}`).toBe(70);
      expect(plan.next()).toBe(false);
    }
    plan.start();
    plan.judge(keyOf(100), 0, 0, stakes);
    expect(messages(plan)).toEqual([]);
  });

  it('are decided by the smaller of our stake and the origin', () => {
    const staked = new Stakes([
      [keyOf(100), 1000],
      [keyOf(1), 10],
      [keyOf(2), 10],
      [keyOf(3), 130],
      [keyOf(4), 500],
    ]);
    const cases = [
      { ours: 1000, pruned: [4] }, // 150 needed: 10 + 10 + 130
      { ours: 1008, pruned: [4] },
      { ours: 100, pruned: [3, 4] }, // 15 needed: 10 + 10
      { ours: 0, pruned: [3, 4] },
    ];
    for (const { ours, pruned } of cases) {
      const cache = new ReceivedCache(seededRng(1));
      const plan = new PrunePlan(cache);
      plan.start();
      for (const [relayer, score] of [
        [1, 40],
        [2, 30],
        [3, 20],
        [4, 10],
      ] as const) {
        for (let i = 0; i < score; i++) cache.record(keyOf(100), 0, keyOf(relayer), 0, 0);
      }
      plan.judge(keyOf(100), 0, ours, staked);
      expect(
        messages(plan).map(([relayer]) => relayer),
        `our stake ${ours}`,
      ).toEqual(pruned);
    }
  });

  it('never go to the origin itself, however late it relays its own', () => {
    const cache = new ReceivedCache(seededRng(1));
    const plan = new PrunePlan(cache);
    plan.start();
    for (const [relayer, score] of [
      [100, 1],
      [1, 40],
      [2, 30],
      [3, 20],
    ] as const) {
      for (let i = 0; i < score; i++) cache.record(keyOf(100), 0, keyOf(relayer), 0, 0);
    }
    plan.judge(keyOf(100), 0, 0, stakes);
    expect(messages(plan)).toEqual([[3, [100]]]);
  });

  it('are dropped beyond what one batch may collect', () => {
    const cache = new ReceivedCache(seededRng(1));
    const plan = new PrunePlan(cache);
    plan.start();
    for (let origin = 100; origin < 140; origin++) {
      for (let i = 0; i < 20; i++) cache.record(keyOf(origin), 0, keyOf(300 + i), 0, 0);
      for (let i = 20; i < 142; i++) cache.record(keyOf(origin), 0, keyOf(300 + i), 0, 1);
      plan.judge(keyOf(origin), 0, 0, stakes);
    }
    expect([plan.size, plan.dropped]).toEqual([4096, 40 * 140 - 4096]);
    const sum = messages(plan).reduce((total, [, origins]) => total + origins.length, 0);
    expect(sum).toBe(4096);
  });
});
