import { describe, expect, it } from 'vitest';
import { theilSen } from '../../../scripts/soak/slope.ts';
import { seededRng } from '../../../src/util/rng.ts';

const hours = Array.from({ length: 400 }, (_, i) => i / 400);

describe('the slope of what was sampled', () => {
  it('of a line is that of the line', () => {
    const { slope, low, high } = theilSen(
      hours,
      hours.map((x) => 7 + 3 * x),
    );
    for (const value of [slope, low, high]) expect(value).toBeCloseTo(3, 9);
  });

  it('is not moved by a quarter of wild samples', () => {
    const rng = seededRng(1);
    const ys = hours.map((x) => (rng.unit() < 0.25 ? 500 * rng.unit() : 100 + 2 * x));
    expect(theilSen(hours, ys).slope).toBeCloseTo(2, 0);
  });

  it('lies within its interval for noise, which is about nothing', () => {
    let inside = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const rng = seededRng(seed);
      const { low, slope, high } = theilSen(
        hours.slice(0, 100),
        hours.slice(0, 100).map(() => 50 + rng.unit()),
      );
      expect(low).toBeLessThanOrEqual(slope);
      expect(slope).toBeLessThanOrEqual(high);
      if (low <= 0 && high >= 0) inside++;
    }
    expect(inside).toBeGreaterThanOrEqual(34);
  });

  it('of one sample, or of none, is no number', () => {
    expect(theilSen([], []).slope).toBeNaN();
    expect(theilSen([1], [1]).slope).toBeNaN();
  });
});
