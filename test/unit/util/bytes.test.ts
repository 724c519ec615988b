import { describe, expect, it } from 'vitest';
import {
  compareBytes,
  copyBytes,
  equalBytes,
  fromHex,
  readU16,
  readU32,
  readU64,
  readU64Big,
  toHex,
  writeU16,
  writeU32,
  writeU64,
  writeU64Big,
  writeU64Halves,
} from '../../../src/util/bytes.ts';

const bytes = Uint8Array.of(0xff, 0x01, 0x02, 0x83, 0x84, 0x05, 0x06, 0x07, 0x88, 0xff);

/** What a write leaves in a span of eight, and where it ended. */
function written(write: (out: Uint8Array, at: number) => number): string {
  const out = new Uint8Array(12).fill(0xee);
  const end = write(out, 2);
  expect(toHex(out, 0, 2) + toHex(out, end)).toBe('ee'.repeat(14 - end));
  return toHex(out, 2, end);
}

describe('little-endian', () => {
  it('reads', () => {
    expect(readU16(bytes, 3)).toBe(0x8483);
    expect(readU32(bytes, 1)).toBe(0x84830201);
    expect(readU64Big(bytes, 1)).toBe(0x8807060584830201n);
    expect(readU64(bytes, 1)).toBe(Number(0x8807060584830201n));
    expect(readU64(Uint8Array.of(255, 255, 255, 255, 255, 255, 31, 0), 0)).toBe(2 ** 53 - 1);
  });

  const writes = [
    { name: 'u16', write: writeU16, value: 0x8483, is: '8384' },
    { name: 'u32', write: writeU32, value: 0x84830201, is: '01028384' },
    { name: 'u64', write: writeU64, value: 0x1f_ffff_ffff_fffe, is: 'feffffffffff1f00' },
    { name: 'u64 of a small number', write: writeU64, value: 1, is: '0100000000000000' },
  ];
  for (const { name, write, value, is } of writes) {
    it(`writes ${name}`, () => expect(written((out, at) => write(out, at, value))).toBe(is));
  }

  it('writes u64 of halves and of bigints', () => {
    const is = '0102838405060788';
    expect(written((out, at) => writeU64Halves(out, at, 0x84830201, 0x88070605))).toBe(is);
    expect(written((out, at) => writeU64Big(out, at, 0x8807060584830201n))).toBe(is);
    expect(written((out, at) => writeU64Big(out, at, 2n ** 64n - 1n))).toBe('ff'.repeat(8));
  });
});

describe('comparison', () => {
  const cases = [
    { name: 'equal', a: '010203', b: '010203', order: 0 },
    { name: 'less in the last byte', a: '010203', b: '010204', order: -1 },
    { name: 'more in the first byte', a: '800000', b: '7fffff', order: 1 },
  ];
  for (const { name, a, b, order } of cases) {
    it(name, () => {
      const [left, right] = [fromHex(`aa${a}`)!, fromHex(`${b}bb`)!];
      expect(Math.sign(compareBytes(left, 1, right, 0, 3))).toBe(order);
      expect(equalBytes(left, 1, right, 0, 3)).toBe(order === 0);
    });
  }

  it('of nothing is equal', () => {
    expect(equalBytes(bytes, 0, bytes, 5, 0)).toBe(true);
    expect(compareBytes(bytes, 0, bytes, 5, 0)).toBe(0);
  });

  it('behind the end is not', () => {
    expect(equalBytes(bytes, 8, Uint8Array.of(0x88, 0xff, 0), 0, 3)).toBe(false);
  });
});

it('copies a span', () => {
  const out = new Uint8Array(6);
  expect(copyBytes(bytes, 1, out, 2, 3)).toBe(5);
  expect(toHex(out)).toBe('000001028300');
});

describe('hex', () => {
  it('of a span, of shared memory and of a view', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(16), 4, 8);
    shared.set(bytes.subarray(0, 8));
    expect(toHex(shared)).toBe('ff01028384050607');
    expect(toHex(shared, 1, 3)).toBe('0102');
    expect(toHex(shared, 3, 3)).toBe('');
  });

  it('reads in either case', () => {
    expect(fromHex('00fFAb')).toEqual(Uint8Array.of(0, 255, 171));
    expect(fromHex('')).toEqual(new Uint8Array(0));
  });

  for (const text of ['0', 'abc', '0g', '0x00', ' 00', '00 ', '00\n']) {
    it(`${JSON.stringify(text)} is none`, () => expect(fromHex(text)).toBeUndefined());
  }
});
