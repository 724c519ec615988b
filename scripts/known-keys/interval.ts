import { type LaneMachine, LIMBS, limbBits, multiply, prepare } from './multiply.ts';

/** What a number may be, both ends included. */
export interface Interval {
  readonly low: bigint;
  readonly high: bigint;
}

/** An element: an interval for each limb. */
export type Bounds = readonly Interval[];

const MAX_32 = 2n ** 31n - 1n;
const MIN_32 = -(2n ** 31n);

/** Rounding adds 2^62 before it shifts, so columns must stay below that. */
const MAX_64 = 2n ** 62n;

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

/** a / 2^bits, rounded to the nearest, halves upward. */
const rounded = (a: bigint, bits: number): bigint => (a + (1n << BigInt(bits - 1))) >> BigInt(bits);

/** What is left after rounding, whatever the number was: −2^(bits − 1) to 2^(bits − 1) − 1. */
function remainder(a: Interval, bits: number): Interval {
  const half = 1n << BigInt(bits - 1);
  if (a.low >= -half && a.high < half) return a;
  return { low: -half, high: half - 1n };
}

/** Bounds that an operation exceeded, and the largest magnitudes there were. */
export class Ledger {
  readonly faults: string[] = [];
  largest32 = 0n;
  largest64 = 0n;

  /** @returns the same interval, noted */
  check32(value: Interval, where: string): Interval {
    if (value.low < MIN_32 || value.high > MAX_32) {
      this.faults.push(`${where}: ${magnitude(value)} does not fit 32 bits`);
    }
    if (magnitude(value) > this.largest32) this.largest32 = magnitude(value);
    return value;
  }

  /** @returns the same interval, noted */
  check64(value: Interval, where: string): Interval {
    if (magnitude(value) >= MAX_64) this.faults.push(`${where}: ${magnitude(value)} reaches 2^62`);
    if (magnitude(value) > this.largest64) this.largest64 = magnitude(value);
    return value;
  }
}

/** A column's interval with where it came from, so that what a carry leaves behind is known exactly. */
interface Number64 extends Interval {
  /** Set on the shifted result of rounding: the number that was rounded, and by how many bits. */
  readonly shifted?: { readonly of: Interval; readonly bits: number };
}

/** The multiplication program, run on intervals. */
class IntervalMachine implements LaneMachine<Number64> {
  readonly #factors: { a: Bounds; b: Bounds };
  readonly #ledger: Ledger;
  readonly #where: string;
  readonly #memory = new Map<string, Number64>();

  constructor(a: Bounds, b: Bounds, ledger: Ledger, where: string) {
    this.#factors = { a, b };
    this.#ledger = ledger;
    this.#where = where;
  }

  limb(factor: 'a' | 'b', i: number): Interval {
    return this.#factors[factor][i]!;
  }

  add32(a: Interval, b: Interval): Interval {
    return this.#ledger.check32(plus(a, b), this.#where);
  }

  scale32(a: Interval, by: number): Interval {
    return this.#ledger.check32(times(a, exactly(BigInt(by))), this.#where);
  }

  product(a: Interval, b: Interval): Interval {
    return this.#ledger.check64(times(a, b), this.#where);
  }

  add64(a: Interval, b: Interval): Interval {
    return this.#ledger.check64(plus(a, b), this.#where);
  }

  /** A column less what was carried out of it is the remainder: less than the difference of intervals says. */
  sub64(a: Interval, b: Number64): Interval {
    if (b.shifted && b.shifted.of === a) return remainder(a, b.shifted.bits);
    return this.#ledger.check64(minus(a, b), this.#where);
  }

  shift64(a: Number64, bits: number): Number64 {
    const scaled = this.#ledger.check64(times(a, exactly(1n << BigInt(bits))), this.#where);
    return a.shifted?.bits === bits ? { ...scaled, shifted: a.shifted } : scaled;
  }

  round64(a: Interval, bits: number): Number64 {
    // The offset of 2^62 makes it positive, half a unit more must not overflow.
    this.#ledger.check64(plus(a, exactly(1n << BigInt(bits - 1))), this.#where);
    return { low: rounded(a.low, bits), high: rounded(a.high, bits), shifted: { of: a, bits } };
  }

  store(array: string, i: number, value: Number64): void {
    this.#memory.set(`${array} ${i}`, value);
  }

  load(array: string, i: number): Number64 {
    const value = this.#memory.get(`${array} ${i}`);
    if (!value) throw new Error(`${array}[${i}] is read before it is written`);
    return value;
  }
}

/** Operations on elements, as field.h has them, on bounds. */
export class FieldBounds {
  readonly ledger: Ledger;

  constructor(ledger = new Ledger()) {
    this.ledger = ledger;
  }

  multiply(a: Bounds, b: Bounds, where: string): Bounds {
    return this.#run(new IntervalMachine(a, b, this.ledger, where), false, where);
  }

  square(a: Bounds, where: string): Bounds {
    return this.#run(new IntervalMachine(a, a, this.ledger, where), true, where);
  }

  add(a: Bounds, b: Bounds, where: string): Bounds {
    return a.map((limb, i) => this.ledger.check32(plus(limb, b[i]!), where));
  }

  subtract(a: Bounds, b: Bounds, where: string): Bounds {
    return a.map((limb, i) => this.ledger.check32(minus(limb, b[i]!), where));
  }

  carry(a: Bounds, where: string): Bounds {
    const over: Interval[] = [];
    const rest: Interval[] = [];
    for (const [i, limb] of a.entries()) {
      const bits = limbBits(i);
      this.ledger.check32(plus(limb, exactly(1n << BigInt(bits - 1))), where);
      over.push({ low: rounded(limb.low, bits), high: rounded(limb.high, bits) });
      rest.push(remainder(limb, bits));
    }
    return rest.map((limb, i) => {
      const from = i === 0 ? times(over[LIMBS - 1]!, exactly(19n)) : over[i - 1]!;
      return this.ledger.check32(plus(limb, from), where);
    });
  }

  #run(machine: IntervalMachine, isSquare: boolean, where: string): Bounds {
    prepare(machine, isSquare);
    return multiply(machine, isSquare).map((limb) => this.ledger.check32(limb, where));
  }
}
