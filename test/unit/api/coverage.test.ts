import { describe, expect, it } from 'vitest';
import { betaBelow, shareLimits } from '../../../src/api/binomial.ts';
import { estimateNodes } from '../../../src/api/coverage.ts';
import type { CoverageSample } from '../../../src/node/coverage-samples.ts';
import { seededRng } from '../../../src/util/rng.ts';

describe('limits of a share', () => {
  // Tables of Clopper and Pearson; Hanley's rule of three for none of n.
  const cases = [
    { hits: 0, trials: 10, low: 0, high: 0.3085 },
    { hits: 10, trials: 10, low: 0.6915, high: 1 },
    { hits: 5, trials: 10, low: 0.1871, high: 0.8129 },
    { hits: 1, trials: 20, low: 0.0013, high: 0.2487 },
    { hits: 50, trials: 100, low: 0.3983, high: 0.6017 },
    { hits: 990, trials: 1_000, low: 0.9817, high: 0.9952 },
  ];
  for (const { hits, trials, low, high } of cases) {
    it(`${hits} of ${trials}`, () => {
      const limits = shareLimits(hits, trials, 0.95);
      expect(limits.low).toBeCloseTo(low, 4);
      expect(limits.high).toBeCloseTo(high, 4);
    });
  }

  it('the beta distribution is that of known values', () => {
    expect(betaBelow(0.5, 2, 2)).toBeCloseTo(0.5, 10);
    expect(betaBelow(0.25, 1, 1)).toBeCloseTo(0.25, 10);
    expect(betaBelow(0.3, 2, 5)).toBeCloseTo(0.579825, 6);
    expect([betaBelow(-1, 2, 2), betaBelow(2, 2, 2)]).toEqual([0, 1]);
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
    expect(estimateNodes([])).toBeUndefined();
    expect(estimateNodes([sample(7, 0, 3)])).toBeUndefined();
  });

  it('is what is known, divided by the share of those drawn that were known', () => {
    const estimate = estimateNodes(times(100, sample(10, 8, 800)));
    expect(estimate).toMatchObject({ nodes: 1_000, confidence: 0.95 });
    expect(estimate?.low).toBeGreaterThan(960);
    expect(estimate?.high).toBeLessThan(1_040);
  });

  it('is at least what is known, and little more when all drawn were known', () => {
    const estimate = estimateNodes(times(100, sample(10, 10, 500)), 503);
    expect(estimate).toMatchObject({ nodes: 503, low: 503 });
    expect(estimate?.high).toBeGreaterThanOrEqual(503);
    expect(estimate?.high).toBeLessThan(510);
  });

  it('is told with less certainty by samples that are all or nothing', () => {
    const even = estimateNodes(times(100, sample(10, 5, 500)));
    const uneven = estimateNodes([
      ...times(50, sample(10, 10, 500)),
      ...times(50, sample(10, 0, 500)),
    ]);
    expect([even?.nodes, uneven?.nodes]).toEqual([1_000, 1_000]);
    const width = (one: typeof even): number => one!.high - one!.low;
    expect(width(uneven)).toBeGreaterThan(2.5 * width(even));
  });

  it('lies in the interval as often as it claims, while a list of 5,000 fills', () => {
    const runs = 400;
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
    // 95 % of 400 are 380; fewer than 368 would be one chance in 500.
    expect(hits).toBeGreaterThanOrEqual(368);
  });
});
