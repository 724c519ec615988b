import { describe, expect, it } from 'vitest';
import { estimateNodes } from '../../../src/api/coverage.ts';
import { type Draw, weighUnknown } from '../../../src/api/unknown-number.ts';
import type { CoverageSample } from '../../../src/node/coverage-samples.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { many } from '../../nightly.ts';

describe('the number of the unknown', () => {
  const draw = (drawn: number, strangers: number, known: number): Draw => ({
    drawn,
    strangers,
    known,
  });

  it('is weighed as the sum says, when it is summed up by hand', () => {
    // 20 drawn, 1 stranger, 40 known then and 50 now: U weighs (10 + U) / (50 + U)^20 / (1 + U).
    const weight = (u: number): number => (10 + u) / (50 + u) ** 20 / (1 + u);
    const weights = Array.from({ length: 3_000 }, (_, u) => weight(u));
    const total = weights.reduce((sum, one) => sum + one, 0);
    const { median, low, high } = weighUnknown([draw(20, 1, 40)], 50, 0.95);
    const upTo = (u: number): number => weights.slice(0, u + 1).reduce((sum, w) => sum + w, 0);
    expect(upTo(median) / total).toBeGreaterThanOrEqual(0.5);
    expect(upTo(median - 1) / total).toBeLessThan(0.5);
    const inside = (upTo(high) - upTo(low - 1)) / total;
    expect(inside).toBeGreaterThanOrEqual(0.95);
    expect(inside - weight(high) / total, 'one less would be too few').toBeLessThan(0.95);
  });

  const cases = [
    { name: 'none of many', draws: [draw(2_000, 0, 50)], low: 0, high: 0 },
    { name: 'none of some', draws: [draw(100, 0, 50)], low: 0, high: 1 },
    { name: 'none of few', draws: [draw(10, 0, 50)], low: 0, high: 8 },
    { name: 'draws from when few were known', draws: [draw(500, 450, 5)], low: 0, high: 10 },
  ];
  for (const { name, draws, low, high } of cases) {
    it(`is near: ${name}`, () => {
      const found = weighUnknown(draws, 50, 0.95);
      expect([found.low, found.high]).toEqual([low, high]);
    });
  }

  it('is hardly bounded by one node that we knew', () => {
    expect(weighUnknown([draw(1, 0, 50)], 50, 0.95).high).toBeGreaterThan(150);
  });
});

describe('how many nodes there are', () => {
  const sample = (captured: number, recaptured: number, known: number): CoverageSample => ({
    captured,
    recaptured,
    known,
  });
  const times = (count: number, one: CoverageSample): CoverageSample[] =>
    Array.from({ length: count }, () => one);

  it('cannot be told from nothing, nor when nobody drawn was known', () => {
    expect(estimateNodes([], 0)).toBeUndefined();
    expect(estimateNodes([sample(7, 0, 3)], 3)).toBeUndefined();
  });

  it('is what is known, divided by the share of those drawn that were known', () => {
    const estimate = estimateNodes(times(100, sample(10, 8, 800)), 800)!;
    expect(estimate.confidence).toBe(0.95);
    expect(estimate.nodes / 1_000).toBeCloseTo(1, 1);
    expect(estimate.low).toBeGreaterThan(940);
    expect(estimate.high).toBeLessThan(1_060);
  });

  it('is at least what is known, and little more when all drawn were known', () => {
    const estimate = estimateNodes(times(100, sample(10, 10, 500)), 503);
    expect(estimate).toMatchObject({ nodes: 503, low: 503 });
    expect(estimate?.high).toBeGreaterThanOrEqual(503);
    expect(estimate?.high).toBeLessThan(510);
  });

  it('is told with less certainty by samples that are all or nothing', () => {
    const even = estimateNodes(times(100, sample(10, 5, 500)), 500)!;
    const halves = [...times(50, sample(10, 10, 500)), ...times(50, sample(10, 0, 500))];
    const uneven = estimateNodes(halves, 500)!;
    for (const { nodes } of [even, uneven]) expect(nodes / 1_000).toBeCloseTo(1, 1);
    const width = (one: typeof even): number => one.high - one.low;
    expect(width(uneven)).toBeGreaterThan(1.8 * width(even));
  });

  it('lies in the interval as often as it claims, while a list of 5,000 fills', () => {
    const runs = many(200, 400);
    let hits = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const rng = seededRng(seed);
      const truth = 500 + rng.below(4_500);
      const known = new Uint8Array(truth);
      const samples: CoverageSample[] = [];
      let count = 0;
      for (let round = 0; round < 40; round++) {
        for (let learnt = 0; learnt < truth / 15; learnt++) {
          const one = rng.below(truth);
          if (known[one] === 0) count++;
          known[one] = 1;
        }
        const before = count;
        let recaptured = 0;
        const drawn = new Set<number>();
        for (let i = 0; i < truth; i++) if (rng.unit() < 1 / 64 && rng.unit() < 0.8) drawn.add(i);
        for (const one of drawn) {
          if (known[one] === 1) recaptured++;
          else count++;
          known[one] = 1;
        }
        if (drawn.size > 0) samples.push({ captured: drawn.size, recaptured, known: before });
      }
      const estimate = estimateNodes(samples, count);
      if (estimate && estimate.low <= truth && truth <= estimate.high) hits++;
    }
    // 95 % of 400 are 380, of 200 190; so few would be one chance in 500.
    expect(hits).toBeGreaterThanOrEqual(many(181, 368));
  });
});
