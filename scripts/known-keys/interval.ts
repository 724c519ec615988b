import { type LaneMachine, multiply } from './multiply.ts';

/** What a number may be, both ends included. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

/** An element: an interval for each limb. */
export type Bounds = readonly Interval[];

/** Whole numbers of at most this magnitude are exact in a double. */
const MAX_WHOLE = 2n ** 53n;

/** What a large number may be away from 1.5·2^(52 + bits) and still round to multiples of 2^bits. */
const reach = (bits: number): bigint => 1n << BigInt(51 + bits);

/** Everything of at most this magnitude. */
export function within(magnitude: bigint): Interval {
  return { low: -magnitude, high: magnitude };
}

/** Exactly this. */
export function exactly(value: bigint): Interval {
  return { low: value, high: value };
}

/** The larger magnitude of both ends. */
export function magnitude({ low, high }: Interval): bigint {
  return -low > high ? -low : high;
}

/** Whether all of `inner` lies in `outer`. */
export function contains(outer: Bounds, inner: Bounds): boolean {
  return outer.every(({ low, high }, i) => low <= inner[i]!.low && inner[i]!.high <= high);
}

/** The smallest bounds that hold both. */
export function union(a: Bounds, b: Bounds): Bounds {
  return a.map(({ low, high }, i) => ({
    low: low < b[i]!.low ? low : b[i]!.low,
    high: high > b[i]!.high ? high : b[i]!.high,
  }));
}

const plus = (a: Interval, b: Interval): Interval => ({
  low: a.low + b.low,
  high: a.high + b.high,
});
const minus = (a: Interval, b: Interval): Interval => ({
  low: a.low - b.high,
  high: a.high - b.low,
});

function times(a: Interval, b: Interval): Interval {
  const ends = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high];
  return {
    low: ends.reduce((x, y) => (x < y ? x : y)),
    high: ends.reduce((x, y) => (x > y ? x : y)),
  };
}

/** The multiples of 2^bits that numbers of an interval can round to, whichever way halves go. */
function nearestOf({ low, high }: Interval, bits: number): Interval {
  const unit = 1n << BigInt(bits);
  const half = unit / 2n;
  return { low: floor(low + half - 1n, unit) * unit, high: floor(high + half, unit) * unit };
}

/** What is left after rounding, whatever the number was. */
function remainder(a: Interval, bits: number): Interval {
  const half = 1n << BigInt(bits - 1);
  if (a.low >= -half && a.high <= half) return union([a], [exactly(0n)])[0]!;
  return within(half);
}

const floor = (a: bigint, unit: bigint): bigint => (a - (((a % unit) + unit) % unit)) / unit;

/** Bounds that an operation exceeded, and the largest magnitudes there were. */
export class Ledger {
  readonly faults: string[] = [];
  /** Of numbers that must be exact. */
  largest = 0n;
  /** Of sums above a large number, as a share of what it has room for, in parts of a million. */
  largestSum = 0n;

  /** @returns the same interval, noted */
  check(value: Interval, where: string): Interval {
    if (magnitude(value) > MAX_WHOLE) {
      this.faults.push(`${where}: ${magnitude(value)} is not exact in a double`);
    }
    if (magnitude(value) > this.largest) this.largest = magnitude(value);
    return value;
  }

  /** @returns the same interval, noted */
  checkSum(value: Interval, bits: number, where: string): Interval {
    const share = (magnitude(value) * 1_000_000n) / reach(bits);
    if (magnitude(value) >= reach(bits)) {
      this.faults.push(`${where}: a sum of ${magnitude(value)} leaves the large number's reach`);
    }
    if (share > this.largestSum) this.largestSum = share;
    return value;
  }
}

/** An interval with where it came from, so that what rounding leaves behind is known exactly. */
interface Whole extends Interval {
  /** Set on what was added to a large number: by which bits it rounds. */
  readonly large?: number;
  /** Set on multiples of 2^bits. */
  readonly multipleOf?: number;
  /** Set on the nearest multiple: of what. */
  readonly nearestTo?: Interval;
}

/** The multiplication program, run on intervals. */
class IntervalMachine implements LaneMachine<Whole> {
  readonly #factors: { a: Bounds; b: Bounds };
  readonly #ledger: Ledger;
  readonly #where: string;
  readonly #memory = new Map<string, Whole>();

  constructor(a: Bounds, b: Bounds, ledger: Ledger, where: string) {
    this.#factors = { a, b };
    this.#ledger = ledger;
    this.#where = where;
  }

  limb(factor: 'a' | 'b', i: number): Whole {
    return this.#factors[factor][i]!;
  }

  add(a: Whole, b: Whole): Whole {
    return this.#exact(plus(a, b));
  }

  /** A number less its nearest multiple is the remainder: less than the difference of intervals says. */
  sub(a: Whole, b: Whole): Whole {
    if (b.nearestTo === a && b.multipleOf !== undefined) return remainder(a, b.multipleOf);
    return this.#exact(minus(a, b));
  }

  scaled(a: Whole, by: number, b: Whole): Whole {
    return this.#exact(plus(times(a, exactly(BigInt(by))), b));
  }

  large(bits: number): Whole {
    return { ...exactly(0n), large: bits };
  }

  high(a: Whole, b: Whole, sum: Whole): Whole {
    const bits = sum.large;
    if (bits === undefined) throw new Error(`${this.#where}: sums begin with a large number`);
    const unrounded = this.#ledger.checkSum(plus(sum, times(a, b)), bits, this.#where);
    return { ...nearestOf(unrounded, bits), large: bits };
  }

  /** Both sums are multiples of 2^bits within reach, so their difference is exact; so is what is left of a·b. */
  low(_a: Whole, _b: Whole, before: Whole, after: Whole): Whole {
    if (before.large === undefined || before.large !== after.large) {
      throw new Error(`${this.#where}: what was left out is of one sum`);
    }
    return this.#exact(within(1n << BigInt(before.large - 1)));
  }

  above(sum: Whole, bits: number): Whole {
    if (sum.large !== bits) throw new Error(`${this.#where}: not a sum above 2^${bits}`);
    return { low: sum.low, high: sum.high, multipleOf: bits };
  }

  nearest(a: Whole, bits: number): Whole {
    this.#ledger.checkSum(a, bits, this.#where);
    return { ...nearestOf(a, bits), multipleOf: bits, nearestTo: a };
  }

  carried(a: Whole, bits: number, by: number, b: Whole): Whole {
    if (a.multipleOf !== bits) throw new Error(`${this.#where}: not a multiple of 2^${bits}`);
    const unit = 1n << BigInt(bits);
    const count = { low: a.low / unit, high: a.high / unit };
    return this.#exact(plus(times(count, exactly(BigInt(by))), b));
  }

  store(array: string, i: number, value: Whole): void {
    this.#memory.set(`${array} ${i}`, value);
  }

  load(array: string, i: number): Whole {
    const value = this.#memory.get(`${array} ${i}`);
    if (!value) throw new Error(`${array}[${i}] is read before it is written`);
    return value;
  }

  #exact(value: Interval): Interval {
    return this.#ledger.check(value, this.#where);
  }
}

/** Operations on elements, as field.h has them, on bounds. */
export class FieldBounds {
  readonly ledger: Ledger;

  constructor(ledger = new Ledger()) {
    this.ledger = ledger;
  }

  multiply(a: Bounds, b: Bounds, where: string): Bounds {
    return multiply(new IntervalMachine(a, b, this.ledger, where), false);
  }

  square(a: Bounds, where: string): Bounds {
    return multiply(new IntervalMachine(a, a, this.ledger, where), true);
  }

  add(a: Bounds, b: Bounds, where: string): Bounds {
    return a.map((limb, i) => this.ledger.check(plus(limb, b[i]!), where));
  }

  subtract(a: Bounds, b: Bounds, where: string): Bounds {
    return a.map((limb, i) => this.ledger.check(minus(limb, b[i]!), where));
  }
}
