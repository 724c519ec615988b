import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from '../../../../bench/harness.ts';
import { prove, REDUCED } from '../../../../scripts/known-keys/bounds.ts';
import { limbsOf, modP, P } from '../../../../scripts/known-keys/constants.ts';
import { magnitude } from '../../../../scripts/known-keys/interval.ts';
import { LIMBS, limbBits, WEIGHTS } from '../../../../scripts/known-keys/multiply.ts';
import { sha256Of } from '../../../../scripts/wasm/build.ts';
import { createKnownKeys } from '../../../../src/crypto/known-keys/memory.ts';
import { WASM_BASE64, WASM_SHA256 } from '../../../../src/crypto/known-keys/wasm.ts';
import { seededRng } from '../../../../src/util/rng.ts';
import { many } from '../../../nightly.ts';

const LANES = 4;
const ELEMENT_BYTES = LIMBS * LANES * 8;

const thread = createKnownKeys(4, seededRng(1));
/** Where four elements may be written: the tables of the self-check, which nothing else uses here. */
const [A, B, OUT] = [0, 1, 2].map((i) => thread.checkTables + i * ELEMENT_BYTES) as [
  number,
  number,
  number,
];
const doubles = new Float64Array(thread.handle.memory.buffer);

type Limbs = readonly number[];

function write(at: number, lanes: readonly Limbs[]): void {
  for (const [lane, limbs] of lanes.entries()) {
    for (const [i, limb] of limbs.entries()) doubles[at / 8 + i * LANES + lane] = limb;
  }
}

function read(at: number, lane: number): number[] {
  return Array.from({ length: LIMBS }, (_, i) => doubles[at / 8 + i * LANES + lane]!);
}

const numberOf = (limbs: Limbs): bigint =>
  limbs.reduce((sum, limb, i) => sum + (BigInt(limb) << BigInt(WEIGHTS[i]!)), 0n);

const reduced = REDUCED.map((limb) => Number(magnitude(limb)));

/** Elements whose limbs are at the ends of what the proof allows, `times` additions on top of each other. */
function extremes(times: number): Limbs[] {
  const ends = reduced.map((limb) => limb * times);
  return [
    ends,
    ends.map((limb) => -limb),
    ends.map((limb, i) => (i % 2 === 0 ? limb : -limb)),
    ends.map((limb, i) => (i % 2 === 0 ? -limb : limb)),
    ends.map((limb, i) => (i % 4 < 2 ? limb : -limb)),
    ends.map((limb, i) => (i < 3 ? limb : -limb)),
    ends.map(() => 0),
    ends.map((_, i) => (i === 0 ? 1 : 0)),
  ];
}

/** Limbs drawn from the whole range, its ends more often than the rest. */
function random(rng: ReturnType<typeof seededRng>, times: number): Limbs {
  return reduced.map((limb) => {
    const end = limb * times;
    if (rng.below(3) === 0) return rng.below(2) === 0 ? end : -end;
    return Math.floor(rng.unit() * (2 * end + 1)) - end;
  });
}

function expectReduced(limbs: Limbs, name: string): void {
  const tooLarge = limbs.findIndex((limb, i) => Math.abs(limb) > reduced[i]!);
  expect(tooLarge, `${name}: the first limb that is not reduced`).toBe(-1);
}

/** Four pairs at a time through multiplication and squaring, compared with whole numbers. */
function compare(pairs: readonly (readonly [Limbs, Limbs])[], name: string): void {
  for (let first = 0; first < pairs.length; first += LANES) {
    const four = Array.from({ length: LANES }, (_, i) => pairs[(first + i) % pairs.length]!);
    write(
      A,
      four.map(([a]) => a),
    );
    write(
      B,
      four.map(([, b]) => b),
    );
    thread.code.field_multiply(OUT, A, B);
    for (const [lane, [a, b]] of four.entries()) {
      const result = read(OUT, lane);
      const where = `${name} ${first + lane}`;
      expect(modP(numberOf(result)), where).toBe(modP(numberOf(a) * numberOf(b)));
      expectReduced(result, where);
    }
    thread.code.field_square(OUT, B);
    for (const [lane, [, b]] of four.entries()) {
      const result = read(OUT, lane);
      expect(modP(numberOf(result)), `${name} squared`).toBe(modP(numberOf(b) ** 2n));
      expectReduced(result, `${name} squared`);
    }
  }
}

describe('field arithmetic of the known-key verifier', () => {
  it('is right at the ends of what the proof allows', () => {
    const pairs = extremes(3).flatMap((a) => extremes(4).map((b) => [a, b] as const));
    compare(pairs, 'extreme');
  });

  it('is right for random limbs of the whole range', () => {
    const rng = seededRng(5);
    const pairs = Array.from(
      { length: many(500, 2_000) },
      () => [random(rng, 3), random(rng, 4)] as const,
    );
    compare(pairs, 'random');
  });

  it('packs what was added into 32 bytes and has it again, rounded', () => {
    const rng = seededRng(6);
    const near = [0n, 1n, 9n, 10n, 18n, 19n, 20n, P - 1n, P, 2n ** 254n - 1n, 2n ** 254n];
    const all = [
      ...near.map((value) => limbsOf(value % P)),
      ...extremes(2),
      ...Array.from({ length: 300 }, () => random(rng, 2)),
    ];
    const widths = reduced.map((_, i) => 2 ** (limbBits(i) - 1));
    for (const limbs of all) {
      write(A, [limbs, limbs, limbs, limbs]);
      thread.code.field_pack(OUT, A, 1);
      thread.code.field_unpack(B, OUT);
      for (let lane = 0; lane < LANES; lane++) {
        const result = read(B, lane);
        expect(modP(numberOf(result))).toBe(modP(numberOf(limbs)));
        expect(result.every((limb, i) => -widths[i]! <= limb && limb < widths[i]!)).toBe(true);
      }
    }
  });

  it('finds the one number below p', () => {
    const rng = seededRng(8);
    const near = [0n, 1n, 18n, 19n, 20n, P - 1n, P, P + 1n, P + 18n].map((value) => {
      const limbs = Array.from({ length: LIMBS }, (_, i) =>
        Number((value >> BigInt(WEIGHTS[i]!)) & ((1n << BigInt(limbBits(i))) - 1n)),
      );
      return limbs as Limbs;
    });
    const all = [...near, ...extremes(2), ...Array.from({ length: 300 }, () => random(rng, 2))];
    const at = OUT - (OUT % 8);
    for (const limbs of all) {
      for (const sign of [1, -1]) {
        const signed = limbs.map((limb) => sign * limb);
        write(A, [signed, signed, signed, signed]);
        thread.code.field_canonical(at, A, 3);
        const bytes = Buffer.from(thread.bytes.slice(at, at + 32)).reverse();
        expect(BigInt(`0x${bytes.toString('hex')}`)).toBe(modP(numberOf(signed)));
      }
    }
  });
});

describe('the proof of its bounds', () => {
  const source = (file: string): string =>
    readFileSync(join(ROOT, 'src/crypto/known-keys', file), 'utf8');

  it('holds, with room to spare', () => {
    const proof = prove(source);
    expect(proof.faults).toEqual([]);
    expect(Number(proof.largest) / 2 ** 53).toBeLessThan(0.6);
    expect(Number(proof.largestSum) / 1_000_000).toBeLessThan(0.5);
  });

  const twice = (element: string): string => `fe4_add(${element}, ${element}, ${element});\n`;
  const cases = [
    {
      name: 'a sum that grew before it was multiplied',
      from: 'fe4_add(&f, &c, &g);\n',
      to: `fe4_add(&f, &c, &g);\n${twice('&f').repeat(3)}`,
      finds: /point4_double: .* is not exact in a double/,
    },
    {
      name: 'a result that is not reduced',
      from: 'fe4_mul(&o->product, &o->product, &constant);',
      to: 'fe4_add(&o->product, &o->product, &constant);',
      finds: /leaves o->product not reduced/,
    },
    {
      name: 'a sum too large to be packed',
      from: 'fe4_add(&o->sum, &y, &x);\n',
      to: `fe4_add(&o->sum, &y, &x);\n${twice('&o->sum').repeat(4)}`,
      finds: /leaves o->sum too large to be packed/,
    },
    {
      name: 'an operation that it does not know',
      from: 'fe4_sub(minus, &t, &u);',
      to: 'fe4_twist(minus, &t, &u);',
      finds: /not understood/,
    },
  ];
  for (const { name, from, to, finds } of cases) {
    it(`fails after ${name}`, () => {
      expect(source('point.h')).toContain(from);
      const { faults } = prove((file) => source(file).replace(from, to));
      expect(faults.join('\n')).toMatch(finds);
    });
  }
});

describe('the compiled module', () => {
  it('has the SHA-256 that stands beside it', () => {
    expect(sha256Of(Buffer.from(WASM_BASE64, 'base64'))).toBe(WASM_SHA256);
  });
});
