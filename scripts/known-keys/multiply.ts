/** Limbs of an element, and the bits of each: 26, 25, 26, … */
export const LIMBS = 10;

/** Bits of limb `i`. */
export function limbBits(i: number): number {
  return i % 2 === 0 ? 26 : 25;
}

/** Where the weight of each limb starts: 2^(25.5 i), rounded up. */
export const WEIGHTS = Array.from({ length: LIMBS + 1 }, (_, i) => Math.ceil(25.5 * i));

/**
 * What a multiplication is made of, on numbers of 32 bits (limbs) and of 64 (columns of products). Whoever
 * implements this decides what a number is: a name in C, or the interval that it lies in. So the code that
 * runs and the proof that nothing overflows come from the same program.
 */
export interface LaneMachine<V> {
  /** Limb `i` of a factor. */
  limb(factor: 'a' | 'b', i: number): V;
  add32(a: V, b: V): V;
  /** 32 bits times a constant. */
  scale32(a: V, by: number): V;
  /** 32 times 32 bits, 64 wide. */
  product(a: V, b: V): V;
  add64(a: V, b: V): V;
  sub64(a: V, b: V): V;
  shift64(a: V, bits: number): V;
  /** a / 2^bits rounded to the nearest integer, halves upward; 64 bits. */
  round64(a: V, bits: number): V;
  /** Writes to memory, which keeps the compiler from moving later work in front. */
  store(array: string, i: number, value: V): void;
  load(array: string, i: number): V;
}

/** A factor seen as two polynomials of five limbs in 2^51, even limbs and odd ones, and their sum. */
const HALVES = ['even', 'odd', 'both'] as const;
type Half = (typeof HALVES)[number];

/** In a square the larger index alone is multiplied by 19, so it is 3 or 4. */
const FIRST_TO_WRAP_IN_SQUARE = 3;

/**
 * What both halves of a vector need first: sums of even and odd limbs, and nineteen times what wraps
 * around, as 2^255 = 19.
 */
export function prepare<V>(m: LaneMachine<V>, isSquare: boolean): void {
  const factor = isSquare ? 'a' : 'b';
  for (let i = 0; i < 5; i++) {
    const parts: Record<Half, V> = { ...halvesOf(m, factor, i), both: undefined as V };
    parts.both = m.add32(parts.even, parts.odd);
    if (isSquare) m.store('both_a', i, parts.both);
    else {
      m.store('both_b', i, parts.both);
      const a = halvesOf(m, 'a', i);
      m.store('both_a', i, m.add32(a.even, a.odd));
    }
    const wraps = isSquare ? i >= FIRST_TO_WRAP_IN_SQUARE : i >= 1;
    if (wraps) for (const half of HALVES) m.store(`${half}_19`, i, m.scale32(parts[half], 19));
    if (isSquare && i < 4) {
      for (const half of HALVES) m.store(`${half}_2`, i, m.scale32(parts[half], 2));
    }
  }
}

function halvesOf<V>(m: LaneMachine<V>, factor: 'a' | 'b', i: number): { even: V; odd: V } {
  return { even: m.limb(factor, 2 * i), odd: m.limb(factor, 2 * i + 1) };
}

/**
 * One half of the lanes: three products of five by five limbs, put together as Karatsuba's, then carried.
 * @returns the limbs of the result, 64 wide
 */
export function multiply<V>(m: LaneMachine<V>, isSquare: boolean): V[] {
  const columns = isSquare ? squareColumns<V> : productColumns<V>;
  for (const half of ['even', 'odd'] as const) {
    for (const [i, column] of columns(m, half).entries()) m.store(`column_${half}`, i, column);
  }
  const both = columns(m, 'both');
  const even: V[] = [];
  const odd: V[] = [];
  const h: V[] = [];
  // Limb 2k + 1 counts 2^(51k + 26): (even + odd)(even + odd) - even even - odd odd, column by column.
  for (let k = 0; k < 5; k++) {
    even.push(m.load('column_even', k));
    odd.push(m.load('column_odd', k));
    h[2 * k + 1] = m.sub64(both[k]!, m.add64(even[k]!, odd[k]!));
  }
  // Odd times odd limbs count 2^(51k + 52), twice the weight of even limb k + 1; of the last, 38 times that of limb 0.
  for (let k = 1; k < 5; k++) h[2 * k] = m.add64(even[k]!, m.add64(odd[k - 1]!, odd[k - 1]!));
  const wrapped = times19(m, odd[4]!);
  h[0] = m.add64(even[0]!, m.add64(wrapped, wrapped));
  // Two chains side by side, so that no carry waits for the one before it.
  for (const i of [0, 4, 1, 5, 2, 6, 3, 7, 4, 8, 9, 0]) carry(m, h, i);
  return h;
}

/** Columns of a half of `a` times the same half of `b`; a column beyond the fifth comes back nineteenfold. */
function productColumns<V>(m: LaneMachine<V>, half: Half): V[] {
  const factor = (name: 'a' | 'b', i: number): V =>
    half === 'both' ? m.load(`both_${name}`, i) : m.limb(name, 2 * i + (half === 'odd' ? 1 : 0));
  const b = Array.from({ length: 5 }, (_, i) => factor('b', i));
  const b19 = [1, 2, 3, 4].map((i) => m.load(`${half}_19`, i));
  const columns: V[] = [];
  for (let i = 0; i < 5; i++) {
    const a = factor('a', i);
    for (let k = 0; k < 5; k++) {
      const j = (k - i + 5) % 5;
      const term = m.product(a, i + j < 5 ? b[j]! : b19[j - 1]!);
      columns[k] = i === 0 ? term : m.add64(columns[k]!, term);
    }
  }
  return columns;
}

/** The same of a factor with itself: what occurs twice is computed once, of the doubled limb. */
function squareColumns<V>(m: LaneMachine<V>, half: Half): V[] {
  const a = Array.from({ length: 5 }, (_, i) =>
    half === 'both' ? m.load('both_a', i) : m.limb('a', 2 * i + (half === 'odd' ? 1 : 0)),
  );
  const a19 = [3, 4].map((i) => m.load(`${half}_19`, i));
  const columns: V[] = [];
  for (let i = 0; i < 5; i++) {
    const doubled = i < 4 ? m.load(`${half}_2`, i) : undefined;
    for (let j = i; j < 5; j++) {
      const k = (i + j) % 5;
      const right = i + j < 5 ? a[j]! : a19[j - FIRST_TO_WRAP_IN_SQUARE]!;
      const term = m.product(i === j ? a[i]! : doubled!, right);
      columns[k] = columns[k] === undefined ? term : m.add64(columns[k]!, term);
    }
  }
  return columns;
}

function times19<V>(m: LaneMachine<V>, value: V): V {
  const three = m.add64(value, m.add64(value, value));
  return m.add64(m.shift64(value, 4), three);
}

/** Leaves limb `i` within its width and hands the rest to the next. */
function carry<V>(m: LaneMachine<V>, h: V[], i: number): void {
  const bits = limbBits(i);
  const over = m.round64(h[i]!, bits);
  if (i === LIMBS - 1) h[0] = m.add64(h[0]!, times19(m, over));
  else h[i + 1] = m.add64(h[i + 1]!, over);
  h[i] = m.sub64(h[i]!, m.shift64(over, bits));
}
