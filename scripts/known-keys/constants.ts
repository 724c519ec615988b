import { LIMBS, limbBits, WEIGHTS } from './multiply.ts';

/** The field's prime. */
export const P = 2n ** 255n - 19n;

/** Order of the base point. */
export const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** a modulo p, in [0, p). */
export function modP(a: bigint): bigint {
  return ((a % P) + P) % P;
}

/** base^exponent modulo p. */
export function powP(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  let square = modP(base);
  for (let e = exponent; e > 0n; e >>= 1n) {
    if (e & 1n) result = (result * square) % P;
    square = (square * square) % P;
  }
  return result;
}

const inverse = (a: bigint): bigint => powP(a, P - 2n);

const D = modP(-121665n * inverse(121666n));
const ROOT_OF_MINUS_ONE = powP(2n, (P - 1n) / 4n);

/** The even x of the points with this y, or undefined. */
function evenX(y: bigint): bigint | undefined {
  const u = modP(y * y - 1n);
  const v = modP(D * y * y + 1n);
  let x = modP(u * powP(v, 3n) * powP(u * powP(v, 7n), (P - 5n) / 8n));
  if (modP(v * x * x - u) !== 0n) x = modP(x * ROOT_OF_MINUS_ONE);
  if (modP(v * x * x - u) !== 0n) return undefined;
  return x % 2n === 0n ? x : P - x;
}

interface Affine {
  readonly x: bigint;
  readonly y: bigint;
}

function add(a: Affine, b: Affine): Affine {
  const k = modP(D * a.x * b.x * a.y * b.y);
  return {
    x: modP((a.x * b.y + b.x * a.y) * inverse(1n + k)),
    y: modP((a.y * b.y + a.x * b.x) * inverse(1n - k)),
  };
}

function times(point: Affine, n: bigint): Affine {
  let sum: Affine = { x: 0n, y: 1n };
  let power = point;
  for (let e = n; e > 0n; e >>= 1n) {
    if (e & 1n) sum = add(sum, power);
    power = add(power, power);
  }
  return sum;
}

/** The five y of points whose order divides 8: multiples of L times some point, one of which has order 8. */
function smallOrderY(): bigint[] {
  for (let y = 2n; ; y++) {
    const x = evenX(y);
    if (x === undefined) continue;
    const torsion = times({ x, y }, ORDER);
    if (times(torsion, 4n).y === 1n) continue;
    const found = new Set<bigint>();
    for (let n = 0n; n < 8n; n++) found.add(times(torsion, n).y);
    return [...found].sort((a, b) => (a < b ? -1 : 1));
  }
}

/** A number as limbs, each rounded to its width. */
export function limbsOf(value: bigint): number[] {
  const limbs = Array.from({ length: LIMBS }, (_, i) =>
    Number((value >> BigInt(WEIGHTS[i]!)) & ((1n << BigInt(limbBits(i))) - 1n)),
  );
  for (let i = 0; i < LIMBS; i++) {
    const half = 2 ** (limbBits(i) - 1);
    if (limbs[i]! < half) continue;
    limbs[i]! -= 2 * half;
    if (i < LIMBS - 1) limbs[i + 1]! += 1;
    else limbs[0]! += 19;
  }
  return limbs;
}

/** A number as an entry of a table has it: half its width more to each limb, so that none is negative, in a row. */
function packed(value: bigint): bigint {
  return limbsOf(value).reduce((sum, limb, i) => {
    const field = BigInt(limb + 2 ** (limbBits(i) - 1));
    if (field < 0n || field >= 1n << BigInt(limbBits(i))) throw new Error(`limb ${i} is too wide`);
    return sum + (field << BigInt(WEIGHTS[i]!));
  }, 0n);
}

/** Numerators of fractional digits of roots of the first primes, as SHA-512 has them. */
function rootDigits(count: number, power: bigint): bigint[] {
  const primes: bigint[] = [];
  for (let n = 2n; primes.length < count; n++)
    if (primes.every((q) => n % q !== 0n)) primes.push(n);
  return primes.map((prime) => root(prime << (64n * power), power) & (2n ** 64n - 1n));
}

/** The integer part of the root of n. */
function root(n: bigint, power: bigint): bigint {
  let low = 0n;
  let high = 2n ** 80n;
  while (high - low > 1n) {
    const middle = (low + high) / 2n;
    if (middle ** power <= n) low = middle;
    else high = middle;
  }
  return low;
}

function words(value: bigint, count: number, bits: number): string {
  const mask = (1n << BigInt(bits)) - 1n;
  const all = Array.from({ length: count }, (_, i) => (value >> BigInt(i * bits)) & mask);
  return `{${all.map((word) => `0x${word.toString(16)}`).join(', ')}}`;
}

/** The constants as lines of C. */
export function constants(): string[] {
  const baseY = modP(4n * inverse(5n));
  const half = (P + 1n) / 2n;
  const elements: [string, bigint][] = [
    ['FE_D', D],
    ['FE_4D', modP(4n * D)],
    ['FE_HALF', half],
    ['FE_ROOT_OF_MINUS_ONE', ROOT_OF_MINUS_ONE],
    ['FE_BASE_X', evenX(baseY)!],
    ['FE_BASE_Y', baseY],
  ];
  const list = (items: readonly (bigint | number)[]): string => `{${items.join(', ')}}`;
  const long = (items: readonly bigint[]): string =>
    `{\n${items.map((word) => `    0x${word.toString(16)},`).join('\n')}\n}`;
  return [
    ...elements.map(
      ([name, value]) => `static const double ${name}[LIMBS] = ${list(limbsOf(value))};`,
    ),
    `#define PACKED_HALF ${words(packed(half), 4, 64)}`,
    `#define PACKED_ZERO ${words(packed(0n), 4, 64)}`,
    `static const uint64_t ORDER[4] = ${words(ORDER, 4, 64)};`,
    `static const uint32_t ORDER_WORDS[9] = ${words(ORDER, 9, 32)};`,
    `static const uint32_t RECIPROCAL[9] = ${words(2n ** 512n / ORDER, 9, 32)};`,
    `static const uint64_t SMALL_ORDER_Y[5][4] = {`,
    ...smallOrderY().map((y) => `    ${words(y, 4, 64)},`),
    '};',
    `static const uint64_t SHA512_K[80] = ${long(rootDigits(80, 3n))};`,
    `static const uint64_t SHA512_START[8] = ${long(rootDigits(8, 2n))};`,
  ];
}
