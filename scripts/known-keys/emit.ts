import { constants } from './constants.ts';
import { type LaneMachine, LIMBS, multiply, prepare } from './multiply.ts';

/** Arrays that a multiplication keeps in memory, and how long they are. */
const ARRAYS: Readonly<Record<string, number>> = {
  both_a: 5,
  both_b: 5,
  even_19: 5,
  odd_19: 5,
  both_19: 5,
  even_2: 5,
  odd_2: 5,
  both_2: 5,
  column_even: 5,
  column_odd: 5,
};

/** Writes C, one statement an operation; a number is the name of a variable. */
class Emitter implements LaneMachine<string> {
  readonly lines: string[] = [];
  readonly used = new Set<string>();
  half: 'low' | 'high' = 'low';
  #next = 0;

  limb(factor: 'a' | 'b', i: number): string {
    return this.#set(`${factor}[${i}]`);
  }

  add32(a: string, b: string): string {
    return this.#set(`wasm_i32x4_add(${a}, ${b})`);
  }

  scale32(a: string, by: number): string {
    if (by === 2) return this.add32(a, a);
    return this.#set(`wasm_i32x4_mul(${a}, wasm_i32x4_const_splat(${by}))`);
  }

  product(a: string, b: string): string {
    return this.#set(`wasm_i64x2_extmul_${this.half}_i32x4(${a}, ${b})`);
  }

  add64(a: string, b: string): string {
    return this.#set(`wasm_i64x2_add(${a}, ${b})`);
  }

  sub64(a: string, b: string): string {
    return this.#set(`wasm_i64x2_sub(${a}, ${b})`);
  }

  shift64(a: string, bits: number): string {
    return this.#set(`wasm_i64x2_shl(${a}, ${bits})`);
  }

  /** There is no fast arithmetic shift of 64 bits everywhere: 2^62 makes it positive, and is taken off after. */
  round64(a: string, bits: number): string {
    const offset = `wasm_i64x2_const_splat((1LL << 62) + (1LL << ${bits - 1}))`;
    const shifted = this.#set(`wasm_u64x2_shr(wasm_i64x2_add(${a}, ${offset}), ${bits})`);
    return this.sub64(shifted, `wasm_i64x2_const_splat(1LL << ${62 - bits})`);
  }

  store(array: string, i: number, value: string): void {
    this.used.add(array);
    this.lines.push(`${array}[${i}] = ${value};`);
  }

  load(array: string, i: number): string {
    return this.#set(`${array}[${i}]`);
  }

  #set(expression: string): string {
    const name = `t${this.#next++}`;
    this.lines.push(`const v128_t ${name} = ${expression};`);
    return name;
  }
}

/** A multiplication or squaring of four elements: the lower two lanes, then the upper two. */
function emitFunction(name: string, isSquare: boolean): string {
  const m = new Emitter();
  prepare(m, isSquare);
  for (const half of ['low', 'high'] as const) {
    m.half = half;
    m.lines.push('', `/* ${half === 'low' ? 'Lanes 0 and 1' : 'Lanes 2 and 3'}. */`);
    const limbs = multiply(m, isSquare);
    for (let i = 0; i < LIMBS; i++) {
      if (half === 'low') m.lines.push(`low[${i}] = ${limbs[i]};`);
      else m.lines.push(`o[${i}] = wasm_i32x4_shuffle(low[${i}], ${limbs[i]}, 0, 2, 4, 6);`);
    }
  }
  const arrays = [...m.used].map((array) => `${array}[${ARRAYS[array]}]`);
  const factors = isSquare ? ['a'] : ['a', 'b'];
  const parameters = factors.map((factor) => `const v128_t *${factor}_in`);
  return [
    `NOINLINE void ${name}(v128_t *o, ${parameters.join(', ')}) {`,
    ...factors.map((factor) => `  const volatile v128_t *${factor} = ${factor}_in;`),
    `  volatile v128_t ${arrays.join(', ')}, low[${LIMBS}];`,
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
    ' * Each is one level of Karatsuba over even and odd limbs, each half of which is a polynomial of five',
    ' * limbs in 2^51. Arrays are volatile so that compilers keep the order: left alone they move all loads',
    ' * to the front and then have not nearly enough registers (28 ns a lane instead of 19).',
    ' */',
    ...constants(),
    '',
    emitFunction('fe4_multiply_limbs', false),
    '',
    emitFunction('fe4_square_limbs', true),
    '',
  ].join('\n');
}
