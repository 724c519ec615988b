/** How fast something grows, told from noise: the Theil–Sen estimator. */

/** A slope and between which it lies with 95 % confidence, per unit of x. */
export interface Slope {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

/** Two sided 95 % of the normal distribution. */
const Z_95 = 1.96;

/** More points than these are thinned out: their pairs would not fit. */
const MAX_POINTS = 2_000;

/**
 * The median of the slopes between all pairs of points, which a third of wild points does not move, with
 * Sen's interval for it.
 *
 * @shape xs and ys: as many, xs increasing
 * @source Sen, P. K. (1968), Estimates of the regression coefficient based on Kendall's tau
 */
export function theilSen(xs: readonly number[], ys: readonly number[]): Slope {
  const step = Math.ceil(xs.length / MAX_POINTS);
  const points = xs.map((x, i) => ({ x, y: ys[i]! })).filter((_, i) => i % step === 0);
  const n = points.length;
  const slopes: number[] = [];
  for (let i = 0; i < n; i++) {
    for (let k = i + 1; k < n; k++) {
      const dx = points[k]!.x - points[i]!.x;
      if (dx > 0) slopes.push((points[k]!.y - points[i]!.y) / dx);
    }
  }
  if (slopes.length === 0) return { slope: Number.NaN, low: Number.NaN, high: Number.NaN };
  slopes.sort((a, b) => a - b);
  const spread = Z_95 * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const place = (at: number): number =>
    slopes[Math.max(0, Math.min(slopes.length - 1, Math.round(at)))]!;
  return {
    slope: place((slopes.length - 1) / 2),
    low: place((slopes.length - spread) / 2),
    high: place((slopes.length + spread) / 2),
  };
}
