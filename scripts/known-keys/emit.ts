import { constants } from './constants.ts';
import { type LaneMachine, LIMBS, multiply } from './multiply.ts';

/** Arrays that a multiplication keeps in memory, and how long they are. */
const ARRAYS = 'column[11], twice[6]';

/** Adding to 1.5·2^(52 + bits) rounds to multiples of 2^bits, whatever the sign of what is added. */
const large = (bits: number): string => `wasm_f64x2_const_splat(0x1.8p${52 + bits})`;

/** Writes C, one statement an operation; a number is the name of a variable. */
class Emitter implements LaneMachine<string> {
  readonly lines: string[] = [];
  #half = 0;
  #next = 0;

  /** Begins with lanes 0 and 1, then 2 and 3. */
  begin(half: number): void {
    this.#half = half;
    this.lines.push('', `/* Lanes ${2 * half} and ${2 * half + 1}. */`);
  }

  limb(factor: 'a' | 'b', i: number): string {
    return this.#set(`${factor}[${2 * i + this.#half}]`);
  }

  add(a: string, b: string): string {
    return this.#set(`wasm_f64x2_add(${a}, ${b})`);
  }

  sub(a: string, b: string): string {
    return this.#set(`wasm_f64x2_sub(${a}, ${b})`);
  }

  scaled(a: string, by: number, b: string): string {
    return this.#fused(a, `wasm_f64x2_const_splat(${by})`, b);
  }

  large(bits: number): string {
    return large(bits);
  }

  high(a: string, b: string, sum: string): string {
    return this.#fused(a, b, sum);
  }

  low(a: string, b: string, before: string, after: string): string {
    return this.#fused(a, b, this.sub(before, after));
  }

  above(sum: string, bits: number): string {
    return this.sub(sum, large(bits));
  }

  nearest(a: string, bits: number): string {
    return this.sub(this.add(a, large(bits)), large(bits));
  }

  carried(a: string, bits: number, by: number, b: string): string {
    return this.#fused(a, `wasm_f64x2_const_splat(${by} * 0x1p-${bits})`, b);
  }

  store(array: string, i: number, value: string): void {
    this.lines.push(`${array}[${i}] = ${value};`);
  }

  load(array: string, i: number): string {
    return this.#set(`${array}[${i}]`);
  }

  #fused(a: string, b: string, c: string): string {
    return this.#set(`wasm_f64x2_relaxed_madd(${a}, ${b}, ${c})`);
  }

  #set(expression: string): string {
    const name = `t${this.#next++}`;
    this.lines.push(`const v128_t ${name} = ${expression};`);
    return name;
  }
}

/**
 * A multiplication or squaring of four elements: the lower two lanes, then the upper two. One function of half the
 * length, called twice, was 4 to 18 % slower for a signature.
 */
function emitFunction(name: string, isSquare: boolean): string {
  const m = new Emitter();
  for (const half of [0, 1]) {
    m.begin(half);
    const limbs = multiply(m, isSquare);
    for (let i = 0; i < LIMBS; i++) m.lines.push(`o[${2 * i + half}] = ${limbs[i]};`);
  }
  const factors = isSquare ? ['a'] : ['a', 'b'];
  const parameters = factors.map((factor) => `const v128_t *${factor}_in`);
  return [
    `NOINLINE void ${name}(v128_t *o, ${parameters.join(', ')}) {`,
    ...factors.map((factor) => `  const volatile v128_t *${factor} = ${factor}_in;`),
    `  volatile v128_t ${ARRAYS};`,
    ...m.lines.map((line) => (line === '' ? '' : `  ${line}`)),
    '}',
  ].join('\n');
}

/** The text of `generated.h`. */
export function generate(): string {
  return [
    '/*',
    ' * Made by scripts/known-keys: the constants, and multiplication and squaring as straight lines.',
    ' *',
    ' * A product of two limbs is split exactly by two fused operations: added to a large number it is rounded',
    ' * to multiples of the weight of the next column, and the other one gives what that left out. Factors and',
    ' * arrays are volatile so that compilers keep the order: left alone they move all loads to the front and',
    ' * then have not nearly enough registers (22 ns a lane instead of 13).',
    ' */',
    ...constants(),
    '',
    emitFunction('fe4_multiply_limbs', false),
    '',
    emitFunction('fe4_square_limbs', true),
    '',
  ].join('\n');
}
