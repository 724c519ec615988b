/** Exact limits for shares: what a share can be, when so many of so many were seen. */

const TINY = 1e-300;
const PRECISE = 1e-12;
const MOST_TERMS = 500;

/** Coefficients of Lanczos' approximation to the gamma function, g = 7. @source Numerical Recipes, 6.1 */
const LANCZOS = [
  0.99999999999980993, 676.5203681218851, -1259.1392167224028, 771.32342877765313,
  -176.61502916214059, 12.507343278686905, -0.13857109526572012, 9.9843695780195716e-6,
  1.5056327351493116e-7,
] as const;

function logGamma(x: number): number {
  const z = x - 1;
  let sum: number = LANCZOS[0];
  for (let i = 1; i < LANCZOS.length; i++) sum += LANCZOS[i]! / (z + i);
  const t = z + 7.5;
  return 0.5 * Math.log(2 * Math.PI) + (z + 0.5) * Math.log(t) - t + Math.log(sum);
}

/** The continued fraction of the incomplete beta function. @source Numerical Recipes, 6.4, Lentz's method */
function betaFraction(x: number, a: number, b: number): number {
  const away = (value: number): number => (Math.abs(value) < TINY ? TINY : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MOST_TERMS; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / away(1 + even * d);
    c = away(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away(1 + odd * d);
    c = away(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < PRECISE) break;
  }
  return fraction;
}

/** Share of the beta distribution below x. @units 0 < x < 1; a, b > 0 */
export function betaBelow(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  const front = Math.exp(
    logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) + b * Math.log(1 - x),
  );
  if (x < (a + 1) / (a + b + 2)) return (front * betaFraction(x, a, b)) / a;
  return 1 - (front * betaFraction(1 - x, b, a)) / b;
}

/** The x below which so much of the beta distribution lies. */
function betaQuantile(share: number, a: number, b: number): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 100; i++) {
    const middle = (low + high) / 2;
    if (betaBelow(middle, a, b) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/**
 * Limits between which a share lies with at least this confidence, when `hits` of `trials` were seen;
 * both may be fractions, for trials that count for less than one.
 *
 * @source Clopper and Pearson, 1934
 */
export function shareLimits(
  hits: number,
  trials: number,
  confidence: number,
): { low: number; high: number } {
  const beyond = (1 - confidence) / 2;
  return {
    low: hits <= 0 ? 0 : betaQuantile(beyond, hits, trials - hits + 1),
    high: hits >= trials ? 1 : betaQuantile(1 - beyond, hits + 1, trials - hits),
  };
}
