import { describe, expect, it } from 'vitest';
import { readU64Big } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import {
  overLimit,
  readBitVec,
  readCount,
  readShort,
  readVarint,
  refusedAt,
  shortBytes,
  skipOptionalU64,
  varint,
} from '../../../src/wire/cursor.ts';
import { join, LIMIT, leb, repeat, U64_MAX, u64 } from './parts.ts';

const AT = 3; // nothing may depend on beginning at zero
const placed = (hex: string | Uint8Array): Uint8Array => join('ffffff', hex);

/** A result as text: a value, or the name of an outcome and the byte at fault. */
const shown = (result: number, value: string | number = result): string =>
  result < 0 ? `${outcomeName(result)} ${refusedAt - AT}` : String(value);

describe('readShort', () => {
  const cases: readonly (readonly [hex: string, shown: string])[] = [
    ['00', '0'],
    ['7f', '127'],
    ['8001', '128'],
    ['ff01', '255'],
    ['ac02', '300'],
    ['f706', '887'],
    ['c03e', '8000'],
    ['ff7f', '16383'],
    ['808001', '16384'],
    ['ffff03', '65535'],
    ['7fff', '127'],
    ['', 'PACKET_TRUNCATED 0'],
    ['80', 'PACKET_TRUNCATED 1'],
    ['8080', 'PACKET_TRUNCATED 2'],
    ['8000', 'VARINT_NOT_CANONICAL 1'],
    ['ff00', 'VARINT_NOT_CANONICAL 1'],
    ['808000', 'VARINT_NOT_CANONICAL 2'],
    ['818000', 'VARINT_NOT_CANONICAL 2'],
    ['808004', 'VARINT_OVERFLOW 2'],
    ['ffff7f', 'VARINT_OVERFLOW 2'],
    ['808080', 'VARINT_OVERFLOW 2'],
    ['80808001', 'VARINT_OVERFLOW 2'],
  ];
  it.each(cases)('%s is %s', (hex, expected) => {
    const bytes = placed(hex);
    expect(shown(readShort(bytes, AT, bytes.length))).toBe(expected);
  });

  it('accepts one encoding of each number, the one of which the size follows', () => {
    for (let value = 0; value <= 0xffff; value++) {
      const bytes = leb(value);
      if (readShort(bytes, 0, bytes.length) !== value || shortBytes(value) !== bytes.length) {
        expect.fail(`${value}`);
      }
    }
  });
});

describe('readVarint', () => {
  const cases: readonly (readonly [hex: string, shown: string])[] = [
    ['00', '0'],
    ['ac02', '300'],
    ['809c808c8134', '1787000000000'],
    ['ffff99a6eaafe301', String(LIMIT - 1n)],
    ['80809aa6eaafe301', String(LIMIT)],
    ['ffffffffffffffffff01', String(U64_MAX)],
    ['80808080808080808001', String(2n ** 63n)],
    ['ffffffff0f', String(2n ** 32n - 1n)],
    ['8080808010', String(2n ** 32n)],
    ['', 'PACKET_TRUNCATED 0'],
    ['8080', 'PACKET_TRUNCATED 2'],
    ['ffffffffffffffffff', 'PACKET_TRUNCATED 9'],
    ['8000', 'VARINT_NOT_CANONICAL 1'],
    ['808000', 'VARINT_NOT_CANONICAL 2'],
    ['80808080808080808000', 'VARINT_NOT_CANONICAL 9'],
    ['ffffffffffffffffff02', 'VARINT_OVERFLOW 9'],
    ['ffffffffffffffffff7f', 'VARINT_OVERFLOW 9'],
    ['ffffffffffffffffffff00', 'VARINT_OVERFLOW 9'],
    ['ffffffffffffffffffff', 'VARINT_OVERFLOW 9'],
  ];
  it.each(cases)('%s is %s', (hex, expected) => {
    const bytes = placed(hex);
    const result = readVarint(bytes, AT, bytes.length);
    const value = (BigInt(varint[1]!) << 32n) | BigInt(varint[0]!);
    expect(shown(result, String(value))).toBe(expected);
    if (result >= 0) expect(result).toBe(bytes.length);
  });

  it('reads every power of two and its neighbours', () => {
    for (let bits = 1n; bits <= 64n; bits++) {
      for (const value of [2n ** bits - 2n, 2n ** bits - 1n, 2n ** bits]) {
        if (value > U64_MAX) continue;
        const bytes = leb(value);
        expect(readVarint(bytes, 0, bytes.length), `${value}`).toBe(bytes.length);
        expect((BigInt(varint[1]!) << 32n) | BigInt(varint[0]!), `${value}`).toBe(value);
      }
    }
  });
});

describe('readCount', () => {
  const cases: readonly (readonly [
    name: string,
    count: bigint,
    limit: number,
    size: number,
    shown: string,
  ])[] = [
    ['nothing', 0n, 5, 1, '0'],
    ['as many as there are', 4n, 5, 4, '4'],
    ['one more than there are', 5n, 5, 4, 'PACKET_TRUNCATED 0'],
    ['one above the limit', 6n, 5, 1, 'COUNT_OVER_LIMIT 0'],
    ['two to the 61st, times 8 is zero', 2n ** 61n, 957, 8, 'COUNT_OVER_LIMIT 0'],
    ['two to the 32nd', 2n ** 32n, 957, 8, 'COUNT_OVER_LIMIT 0'],
    ['two to the 16th and one', 2n ** 16n + 1n, 957, 8, 'COUNT_OVER_LIMIT 0'],
    ['all ones', U64_MAX, 957, 8, 'COUNT_OVER_LIMIT 0'],
  ];
  it.each(cases)('of %s', (_name, count, limit, size, expected) => {
    const bytes = placed(join(u64(count), repeat(0, 16)));
    expect(shown(readCount(bytes, AT, bytes.length, limit, size))).toBe(expected);
  });

  it('of seven bytes is cut short', () => {
    const bytes = placed(repeat(0, 7));
    expect(shown(readCount(bytes, AT, bytes.length, 5, 1))).toBe('PACKET_TRUNCATED 7');
  });
});

describe('readBitVec', () => {
  const vec = (blocks: string, blockCount: number | bigint, bits: number | bigint) =>
    join(1, u64(blockCount), blocks, u64(bits));
  const cases: readonly (readonly [
    name: string,
    bytes: Uint8Array,
    blockBytes: number,
    shown: string,
  ])[] = [
    ['none', join(0, u64(0)), 1, '9'],
    ['none with bits', join(0, u64(5)), 1, 'BITVEC_OVER_CAPACITY 1'],
    ['tag 2', join(2, u64(0)), 1, 'OPTION_TAG_UNKNOWN 0'],
    ['full', vec('ffff', 2, 16), 1, '19'],
    ['one bit too many', vec('ffff', 2, 17), 1, 'BITVEC_OVER_CAPACITY 11'],
    ['two to the 32nd bits', vec('ffff', 2, 2n ** 32n), 1, 'BITVEC_OVER_CAPACITY 11'],
    ['two to the 61st blocks', vec('ffff', 2n ** 61n, 16), 1, 'COUNT_OVER_LIMIT 1'],
    ['more blocks than bytes', vec('ffff', 12, 16), 1, 'PACKET_TRUNCATED 1'],
    ['no length', join(1, u64(2), 'ffff'), 1, 'PACKET_TRUNCATED 11'],
    ['words, full', vec('ff'.repeat(8), 1, 64), 8, '25'],
    ['words, one bit too many', vec('ff'.repeat(8), 1, 65), 8, 'BITVEC_OVER_CAPACITY 17'],
  ];
  it.each(cases)('%s', (_name, vector, blockBytes, expected) => {
    const bytes = placed(vector);
    const result = readBitVec(bytes, AT, bytes.length, 957, blockBytes);
    expect(shown(result, result - AT)).toBe(expected);
  });
});

describe('skipOptionalU64', () => {
  const cases: readonly (readonly [hex: string, shown: string])[] = [
    ['00', '1'],
    ['010000000000000000', '9'],
    ['02', 'OPTION_TAG_UNKNOWN 0'],
    ['0100000000000000', 'PACKET_TRUNCATED 8'],
    ['', 'PACKET_TRUNCATED 0'],
  ];
  it.each(cases)('%s is %s', (hex, expected) => {
    const bytes = placed(hex);
    const next = skipOptionalU64(bytes, AT, bytes.length);
    expect(shown(next, next - AT)).toBe(expected);
  });
});

describe('overLimit', () => {
  const within = [0n, 1n, 2n ** 32n, LIMIT - 1n, LIMIT - 256n, LIMIT - 65536n, LIMIT - 2n ** 32n];
  const over = [LIMIT, LIMIT + 1n, LIMIT + 2n ** 32n, 2n ** 53n, 2n ** 63n, U64_MAX];
  it.each([
    ...within.map((value) => [value, false] as const),
    ...over.map((value) => [value, true] as const),
  ])('%s is over it: %s', (value, expected) => {
    const bytes = placed(u64(value));
    expect(readU64Big(bytes, AT)).toBe(value);
    expect(overLimit(bytes, AT)).toBe(expected);
  });
});
