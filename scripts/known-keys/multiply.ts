/** Limbs of an element, and the bits of each: 43, 42, 43, … */
export const LIMBS = 6;

/** Bits of limb `i`, and by how many column `i` of a product lies below the next. */
export function limbBits(i: number): number {
  return i % 2 === 0 ? 43 : 42;
}

/** Where the weight of each limb starts: 2^(42.5 i), rounded up. */
export const WEIGHTS = Array.from({ length: LIMBS + 1 }, (_, i) => Math.ceil(42.5 * i));

/**
 * What a multiplication is made of, on whole numbers kept in doubles. Whoever implements this decides what a
 * number is: a name in C, or the interval that it lies in. So the code that runs and the proof that every
 * number is exact come from the same program.
 */
export interface LaneMachine<V> {
  /** Limb `i` of a factor. */
  limb(factor: 'a' | 'b', i: number): V;
  add(a: V, b: V): V;
  sub(a: V, b: V): V;
  /** a·by + b */
  scaled(a: V, by: number, b: V): V;
  /** A number so large that whatever is added to it is rounded to a multiple of 2^bits. */
  large(bits: number): V;
  /** sum + a·b, where `sum` is such a number: one fused operation, so rounded once. */
  high(a: V, b: V, sum: V): V;
  /** What that left out, a·b − (after − before): another one, exact. */
  low(a: V, b: V, before: V, after: V): V;
  /** What was added to the large number: a multiple of 2^bits. */
  above(sum: V, bits: number): V;
  /** The multiple of 2^bits that is nearest to a. */
  nearest(a: V, bits: number): V;
  /** by·a / 2^bits + b, where a is such a multiple. */
  carried(a: V, bits: number, by: number, b: V): V;
  /** Writes to memory, which keeps the compiler from moving later work in front. */
  store(array: string, i: number, value: V): void;
  load(array: string, i: number): V;
}

/** Columns of a product before those beyond the sixth wrap around. */
const COLUMNS = 2 * LIMBS - 1;

/**
 * Two lanes of a product. A product of two limbs is too long for a double, so it is split: one fused operation
 * adds it to the column's high sum, rounded to multiples of the next column's weight, another one gives exactly what
 * that left out, for the low sum. Columns beyond the sixth come back nineteenfold, as 2^255 = 19, and one
 * carry of all limbs at once reduces.
 *
 * @returns the limbs of the result
 */
export function multiply<V>(m: LaneMachine<V>, isSquare: boolean): V[] {
  const termsOf = isSquare ? squareTerms(m) : productTerms(m);
  let carry: V | undefined;
  for (let k = 0; k < COLUMNS; k++) {
    let sum = m.large(limbBits(k));
    let rest: V | undefined;
    for (const [a, b] of termsOf(k)) {
      const after = m.high(a, b, sum);
      const low = m.low(a, b, sum, after);
      rest = rest === undefined ? low : m.add(rest, low);
      sum = after;
    }
    m.store('column', k, carry === undefined ? rest! : m.carried(carry, limbBits(k - 1), 1, rest!));
    carry = m.above(sum, limbBits(k));
  }
  const limbs = Array.from({ length: LIMBS }, (_, i) => {
    const column = m.load('column', i);
    if (i + LIMBS === COLUMNS) return m.carried(carry!, limbBits(COLUMNS - 1), 19, column);
    return m.scaled(m.load('column', i + LIMBS), 19, column);
  });
  const over = limbs.map((limb, i) => m.nearest(limb, limbBits(i)));
  return limbs.map((limb, i) => {
    const rest = m.sub(limb, over[i]!);
    if (i === 0) return m.carried(over[LIMBS - 1]!, limbBits(LIMBS - 1), 19, rest);
    return m.carried(over[i - 1]!, limbBits(i - 1), 1, rest);
  });
}

/** Factors of the products that make up a column. */
type TermsOf<V> = (column: number) => [V, V][];

/** Index pairs of a column. */
function pairs(column: number): [number, number][] {
  const all: [number, number][] = [];
  for (let i = 0; i < LIMBS; i++) {
    const j = column - i;
    if (j >= 0 && j < LIMBS) all.push([i, j]);
  }
  return all;
}

const isOdd = (i: number): boolean => i % 2 === 1;

/** Weights are rounded up, so two odd limbs make half of what their column counts: one of them is doubled. */
function productTerms<V>(m: LaneMachine<V>): TermsOf<V> {
  const a = Array.from({ length: LIMBS }, (_, i) => m.limb('a', i));
  for (let i = 1; i < LIMBS; i += 2) {
    const b = m.limb('b', i);
    m.store('twice', i, m.add(b, b));
  }
  return (column) =>
    pairs(column).map(([i, j]) => [
      a[i]!,
      isOdd(i) && isOdd(j) ? m.load('twice', j) : m.limb('b', j),
    ]);
}

/** Of a square, what occurs twice is computed once, of a doubled limb. */
function squareTerms<V>(m: LaneMachine<V>): TermsOf<V> {
  const a = Array.from({ length: LIMBS }, (_, i) => m.limb('a', i));
  for (const [i, limb] of a.entries()) m.store('twice', i, m.add(limb, limb));
  return (column) =>
    pairs(column)
      .filter(([i, j]) => i <= j)
      .map(([i, j]) => [
        i === j ? a[i]! : m.load('twice', i),
        isOdd(i) && isOdd(j) ? m.load('twice', j) : a[j]!,
      ]);
}
