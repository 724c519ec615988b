/** How many are unknown, from draws of which some were: the weights of all numbers that it can be. */

/** Numbers up to this are weighed one by one; above, ranges of numbers, each this much longer. */
const ONE_BY_ONE = 64;
const GROWTH = 1.04;

/** No network has so many nodes. */
const MOST_UNKNOWN = 1_000_000;

/** A range of numbers, both ends included. */
interface Range {
  readonly first: number;
  readonly last: number;
}

const RANGES: readonly Range[] = makeRanges();

function makeRanges(): Range[] {
  const ranges: Range[] = [];
  for (let first = 0; first < MOST_UNKNOWN; ) {
    const next = first < ONE_BY_ONE ? first + 1 : Math.ceil(first * GROWTH);
    ranges.push({ first, last: next - 1 });
    first = next;
  }
  return ranges;
}

/** What was drawn at a time when so many were known. */
export interface Draw {
  /** How many were known then. */
  readonly known: number;
  /** Drawn strangers and drawn altogether; fractions where draws count for less than one. */
  readonly strangers: number;
  readonly drawn: number;
}

/** What the draws say of the number of the unknown. */
export interface UnknownNumber {
  /** As likely more as fewer. */
  readonly median: number;
  /** Together these have the share of the weight that was asked for, in the shortest interval. */
  readonly low: number;
  readonly high: number;
}

/**
 * The number U of those that are unknown now, of N = known + U: each of the drawn was a stranger with the
 * probability 1 − k/N, where k were known at the time. U weighs 1/(1 + U) before anything is drawn: each
 * doubling is as likely as the next, and that none is missing is likely, too.
 *
 * @param confidence share of the weight that the interval has at least
 * @source Jeffreys 1961, 3.1 and 4.8: number of tramcars; Hyndman 1996, highest density regions
 */
export function weighUnknown(
  draws: readonly Draw[],
  known: number,
  confidence: number,
): UnknownNumber {
  const density = RANGES.map(({ first, last }) => logWeight(draws, known, (first + last) / 2));
  const top = density.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
  const weights = RANGES.map(
    ({ first, last }, i) => Math.exp(density[i]! - top) * (last - first + 1),
  );
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  let from = density.indexOf(top);
  let to = from;
  let inside = weights[from]!;
  while (inside < confidence * total) {
    const below = density[from - 1] ?? Number.NEGATIVE_INFINITY;
    const above = density[to + 1] ?? Number.NEGATIVE_INFINITY;
    if (below === above && below === Number.NEGATIVE_INFINITY) break;
    inside += below >= above ? weights[--from]! : weights[++to]!;
  }
  return { median: medianOf(weights, total), low: RANGES[from]!.first, high: RANGES[to]!.last };
}

/** Of U unknown, up to a constant. Σ strangers · ln(N − k) − drawn · ln N, and the weight before. */
function logWeight(draws: readonly Draw[], known: number, unknown: number): number {
  const nodes = known + unknown;
  let drawn = 0;
  let sum = -Math.log(1 + unknown);
  for (const draw of draws) {
    drawn += draw.drawn;
    // Half a node where there can have been no stranger: a number may be off by one for a moment.
    if (draw.strangers > 0) sum += draw.strangers * Math.log(Math.max(0.5, nodes - draw.known));
  }
  return sum - drawn * Math.log(Math.max(1, nodes));
}

function medianOf(weights: readonly number[], total: number): number {
  let below = 0;
  for (const [i, weight] of weights.entries()) {
    if (below + weight >= total / 2) {
      const { first, last } = RANGES[i]!;
      return Math.floor(first + ((total / 2 - below) / weight) * (last - first + 1));
    }
    below += weight;
  }
  return MOST_UNKNOWN;
}
