import { describe, expect, it } from 'vitest';
import { Outcome, outcomeName } from '../../../src/util/outcome.ts';
import {
  readBitVec,
  readCount,
  readShort,
  readVarint,
  refusedAt,
  skipOptionalU64,
  skipShort,
} from '../../../src/wire/cursor.ts';
import { join, repeat, u64 } from './parts.ts';

const AT = 3; // nothing may depend on beginning at zero

describe('bytes behind the end count for nothing', () => {
  const forms: readonly (readonly [
    name: string,
    whole: Uint8Array,
    read: (bytes: Uint8Array, at: number, end: number) => number,
  ])[] = [
    ['readShort', join('808001'), readShort],
    ['skipShort', join('808001'), skipShort],
    ['readVarint', join('80808080808080808001'), readVarint],
    ['skipOptionalU64', join('01', u64(7)), skipOptionalU64],
    ['readCount of nothing', join(u64(0)), (bytes, at, end) => readCount(bytes, at, end, 5, 1)],
    [
      'readBitVec',
      join('01', u64(2), 'ffff', u64(16)),
      (bytes, at, end) => readBitVec(bytes, at, end, 957, 1),
    ],
  ];

  it.each(forms)('%s', (_name, whole, read) => {
    // What follows would go on well.
    const bytes = join(repeat(0xff, AT), whole, repeat(0, 16));
    for (let length = 0; length < whole.length; length++) {
      expect(outcomeName(read(bytes, AT, AT + length)), `${length}`).toBe('PACKET_TRUNCATED');
    }
    expect(read(bytes, AT, AT + whole.length)).toBeGreaterThanOrEqual(0);
  });

  it('elements that a count promises have to be there: the count is at fault, whatever follows', () => {
    const bytes = join(repeat(0xff, AT), u64(3), repeat(0, 100));
    const read = (length: number): number => readCount(bytes, AT, AT + 8 + length, 5, 4);
    expect([11, 12, 13].map(read)).toEqual([Outcome.PACKET_TRUNCATED, 3, 3]);
    expect(refusedAt).toBe(AT);
  });
});
