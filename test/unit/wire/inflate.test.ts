import { constants, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/util/bytes.ts';
import { inflate } from '../../../src/wire/inflate.ts';
import { INFLATE_BYTES } from '../../../src/wire/limits.ts';
import { propertyCases } from '../../nightly.ts';

/** Writes a stream by hand: numbers low bit first, Huffman codes high bit first. */
class Bits {
  readonly #bits: number[] = [];

  n(value: number, count: number): this {
    for (let i = 0; i < count; i++) this.#bits.push((value >>> i) & 1);
    return this;
  }

  code(value: number, count: number): this {
    for (let i = count - 1; i >= 0; i--) this.#bits.push((value >>> i) & 1);
    return this;
  }

  /** A literal or end mark in the fixed code, as far as the cases need them. */
  fixed(symbol: number): this {
    if (symbol < 144) return this.code(0x30 + symbol, 8);
    if (symbol < 256) return this.code(0x190 + symbol - 144, 9);
    return symbol < 280 ? this.code(symbol - 256, 7) : this.code(0xc0 + symbol - 280, 8);
  }

  pad(): this {
    while (this.#bits.length % 8 !== 0) this.#bits.push(0);
    return this;
  }

  bytes(...values: number[]): this {
    for (const value of values) this.n(value, 8);
    return this;
  }

  done(): Uint8Array {
    this.pad();
    const out = new Uint8Array(this.#bits.length / 8);
    for (const [i, bit] of this.#bits.entries()) out[i >>> 3]! |= bit << (i & 7);
    return out;
  }
}

const FIXED = 1;
const LAST = 1;
const END = 256;
const fixedBlock = (last = 0): Bits => new Bits().n(last, 1).n(FIXED, 2);

/** A fixed block that has put out `size` bytes of 0x41 and is still open. */
function filled(size: number): Bits {
  const bits = fixedBlock().fixed(0x41);
  let left = size - 1;
  for (; left >= 258; left -= 258) bits.fixed(285).code(0, 5); // 258 bytes from 1 back
  for (; left > 0; left--) bits.fixed(0x41);
  return bits;
}

/** The head of a dynamic block: counts, and lengths of the codes for 0, 1, 2, 17 and 18 in this order. */
function dynamicHead(literals: number, distances: number, lengths: Record<number, number>): Bits {
  const order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
  const bits = new Bits()
    .n(LAST, 1)
    .n(2, 2)
    .n(literals - 257, 5)
    .n(distances - 1, 5)
    .n(15, 4);
  for (const symbol of order) bits.n(lengths[symbol] ?? 0, 3);
  return bits;
}

/** Codes of the lengths 1 and 0 have one bit, 18 (a long run of zeros) has two. */
const ONE_ZERO_RUN = { 1: 1, 0: 2, 18: 2 };
const one = (bits: Bits): Bits => bits.code(0, 1);
const zero = (bits: Bits): Bits => bits.code(2, 2);
const zeros = (bits: Bits, run: number): Bits => bits.code(3, 2).n(run - 11, 7);

/** A dynamic block whose literals are 0 and 256, one bit each, and whose distances are as given. */
function twoLiterals(...distances: ((bits: Bits) => Bits)[]): Bits {
  const bits = dynamicHead(257, distances.length, ONE_ZERO_RUN);
  one(bits);
  zeros(bits, 138);
  zeros(bits, 117);
  one(bits);
  for (const distance of distances) distance(bits);
  return bits;
}

/** A dynamic block in which A to O have codes of 1 to 15 bits and the end mark the other of 15. */
function allLengths(): Uint8Array {
  const lengths = Array.from({ length: 16 }, (_, i) => (i === 0 ? 18 : i));
  const bits = dynamicHead(257, 1, Object.fromEntries(lengths.map((symbol) => [symbol, 4])));
  const length = (value: number): Bits => bits.code(value - 1, 4); // 18 has the last code
  const run = (count: number): Bits => bits.code(15, 4).n(count - 11, 7);
  run(65);
  for (let value = 1; value <= 15; value++) length(value);
  run(138);
  run(38);
  length(15);
  length(1);
  return bits.code(0, 1).code(0x7ffe, 15).code(0x7fff, 15).done();
}

const text = (size: number): string => 'A'.repeat(size);
const CORRUPT = undefined;
const FULL = text(INFLATE_BYTES);

const cases: { name: string; stream: Uint8Array; gives: string | undefined }[] = [
  { name: 'nothing at all', stream: new Uint8Array(0), gives: '' },
  { name: 'an empty block', stream: fixedBlock(LAST).fixed(END).done(), gives: '' },
  { name: 'a block type that does not exist', stream: new Bits().n(7, 3).done(), gives: CORRUPT },
  {
    name: 'bytes behind the end, not looked at',
    stream: Buffer.concat([fixedBlock(LAST).fixed(65).fixed(END).done(), Buffer.alloc(9, 0xff)]),
    gives: 'A',
  },
  {
    name: 'a stored block',
    stream: new Bits().n(LAST, 3).pad().bytes(2, 0, 0xfd, 0xff, 0x41, 0x41).done(),
    gives: 'AA',
  },
  {
    name: 'a stored block cut short',
    stream: new Bits().n(LAST, 3).pad().bytes(5, 0, 0xfa, 0xff, 0x41).done(),
    gives: 'A',
  },
  {
    name: 'a stored block whose lengths do not match',
    stream: new Bits().n(LAST, 3).pad().bytes(2, 0, 0xfc, 0xff, 0x41, 0x41).done(),
    gives: CORRUPT,
  },
  {
    name: 'a stored block that ends within its lengths',
    stream: new Bits().n(0, 3).pad().bytes(2, 0, 0xfd).done(),
    gives: '',
  },
  { name: 'no end mark', stream: fixedBlock(LAST).fixed(65).done().subarray(0, 2), gives: 'A' },
  { name: 'literal 286', stream: fixedBlock().fixed(65).fixed(286).done(), gives: CORRUPT },
  {
    name: 'distance 30',
    stream: fixedBlock().fixed(65).fixed(257).code(30, 5).done(),
    gives: CORRUPT,
  },
  {
    name: 'a distance before the beginning',
    stream: fixedBlock().fixed(65).fixed(257).code(1, 5).done(),
    gives: CORRUPT,
  },
  {
    name: 'a copy that overlaps itself',
    stream: fixedBlock(LAST).fixed(65).fixed(258).code(0, 5).fixed(END).done(),
    gives: text(5),
  },
  {
    name: 'one byte less than there is room for',
    stream: filled(2047).fixed(END).n(LAST, 1).n(3, 2).done(),
    gives: CORRUPT,
  },
  { name: 'full, then a literal', stream: filled(2048).fixed(65).fixed(286).done(), gives: FULL },
  {
    name: 'full, then a copy',
    stream: filled(2048).fixed(257).code(0, 5).fixed(286).done(),
    gives: FULL,
  },
  {
    name: 'full in the middle of a copy',
    stream: filled(2046).fixed(257).code(0, 5).fixed(286).done(),
    gives: FULL,
  },
  // A validator's decoder goes on until it would have to put out another byte, and so must we.
  { name: 'full, then literal 286', stream: filled(2048).fixed(286).done(), gives: CORRUPT },
  {
    name: 'full, then a block that does not exist',
    stream: filled(2048).fixed(END).n(7, 3).done(),
    gives: CORRUPT,
  },
  {
    name: 'full, then distance 30',
    stream: filled(2048).fixed(257).code(30, 5).done(),
    gives: CORRUPT,
  },
  {
    name: 'full, then a stored block',
    stream: filled(2048).fixed(END).n(0, 3).pad().bytes(1, 0, 0xfe, 0xff, 1).n(7, 3).done(),
    gives: FULL,
  },
  {
    name: 'full, then a stored block whose lengths do not match',
    stream: filled(2048).fixed(END).n(0, 3).pad().bytes(1, 0, 0xff, 0xff, 1).done(),
    gives: CORRUPT,
  },
  {
    name: 'a dynamic block without distances',
    stream: twoLiterals(zero).code(0, 1).code(1, 1).done(),
    gives: '\0',
  },
  {
    name: 'a dynamic block of one distance',
    stream: twoLiterals(one).code(0, 1).code(1, 1).done(),
    gives: '\0',
  },
  { name: '286 literals', stream: dynamicHead(286, 1, {}).done(), gives: CORRUPT },
  { name: '287 literals', stream: dynamicHead(287, 1, ONE_ZERO_RUN).done(), gives: CORRUPT },
  { name: '31 distances', stream: dynamicHead(257, 31, ONE_ZERO_RUN).done(), gives: CORRUPT },
  {
    name: '30 distances, then the end',
    stream: dynamicHead(257, 30, ONE_ZERO_RUN).done().subarray(0, 9),
    gives: '',
  },
  {
    name: 'one code for code lengths',
    stream: dynamicHead(257, 1, { 0: 1 }).done(),
    gives: CORRUPT,
  },
  {
    name: 'too many codes for code lengths',
    stream: dynamicHead(257, 1, { 0: 1, 1: 1, 2: 1 }).done(),
    gives: CORRUPT,
  },
  {
    name: 'a repetition of nothing',
    stream: dynamicHead(257, 1, { 16: 1, 0: 1 }).code(1, 1).n(0, 2).done(),
    gives: CORRUPT,
  },
  {
    name: 'more lengths than announced',
    stream: zeros(zeros(dynamicHead(257, 1, ONE_ZERO_RUN), 138), 138).done(),
    gives: CORRUPT,
  },
  {
    name: 'counts that are too high, when not all of them are there',
    stream: new Bits().n(LAST, 1).n(2, 2).n(31, 5).n(31, 5).done(),
    gives: '',
  },
  {
    name: 'a run whose length is cut off, where a shorter one would be too long',
    stream: zeros(zeros(dynamicHead(257, 1, ONE_ZERO_RUN), 138), 112)
      .code(3, 2)
      .done(),
    gives: '',
  },
  { name: 'codes of all lengths up to 15', stream: allLengths(), gives: 'AO' },
];

describe('inflate', () => {
  for (const { name, stream, gives } of cases) {
    it(name, () => {
      const out = inflate(stream);
      expect(out && Buffer.from(out).toString('latin1')).toBe(gives);
    });
  }

  it('takes a code of one literal, the end mark', () => {
    const bits = dynamicHead(257, 1, ONE_ZERO_RUN);
    one(zeros(zeros(bits, 138), 118));
    zero(bits);
    expect(inflate(bits.code(0, 1).done())).toEqual(new Uint8Array(0));
  });

  it('meets a bit that stands for nothing in a code of one', () => {
    // Literals: 256 alone, as 0. A 1 is no symbol, and one bit is enough to know it.
    const bits = dynamicHead(257, 1, ONE_ZERO_RUN);
    one(zeros(zeros(bits, 138), 118));
    zero(bits);
    expect(inflate(bits.code(1, 1).done())).toBeUndefined();
  });

  it('gives back what zlib deflated, however it was', () => {
    const strategies = [
      constants.Z_DEFAULT_STRATEGY,
      constants.Z_FIXED,
      constants.Z_HUFFMAN_ONLY,
      constants.Z_RLE,
    ];
    const property = fc.property(
      fc.uint8Array({ maxLength: 3000, size: 'max' }),
      fc.integer({ min: 0, max: 7 }),
      fc.constantFrom(0, 1, 9),
      fc.constantFrom(...strategies),
      (noise, mask, level, strategy) => {
        const data = noise.map((byte) => byte & mask);
        const out = inflate(deflateRawSync(data, { level, strategy }));
        expect(Buffer.from(out!).equals(data.subarray(0, INFLATE_BYTES))).toBe(true);
      },
    );
    fc.assert(property, { numRuns: propertyCases(60), seed: 5 });
  });

  it('yields a part of the whole when the end is missing', () => {
    const data = Uint8Array.from({ length: 1000 }, (_, i) => (i * i) >>> 6);
    const stream = deflateRawSync(data);
    let last = 0;
    for (let length = 0; length < stream.length; length += 7) {
      const out = inflate(stream.subarray(0, length))!;
      expect(Buffer.from(out).equals(data.subarray(0, out.length)), `cut at ${length}`).toBe(true);
      expect(out.length).toBeGreaterThanOrEqual(last);
      last = out.length;
    }
    expect(last).toBeGreaterThan(900);
  });

  it('yields what it had, wherever a stream ends too soon', () => {
    const before = new Bits().n(0, 3).pad().bytes(1, 0, 0xfe, 0xff, 0x58).done();
    const data = Uint8Array.from({ length: 300 }, (_, i) => (i * i) >>> 6);
    for (const stream of [deflateRawSync(data), allLengths()]) {
      const whole = Buffer.from(inflate(stream)!);
      for (let length = 0; length < stream.length; length++) {
        const out = inflate(Buffer.concat([before, stream.subarray(0, length)]));
        const expected = Buffer.concat([Buffer.from('X'), whole]).subarray(0, out?.length ?? 0);
        expect(out && toHex(out), `cut at ${length}`).toBe(toHex(expected));
        expect(expected.length).toBeGreaterThan(0);
      }
    }
  });
});
