import { expect, it } from 'vitest';
import { beginRead, beginWrite, endRead, endWrite } from '../../../src/shm/seqlock.ts';
import { copySpan, viewOf } from '../../../src/shm/span.ts';

it('copies spans of any length from and to any alignment, and nothing beside them', () => {
  const from = Uint8Array.from({ length: 64 }, (_, i) => i + 1);
  for (let length = 0; length <= 40; length++) {
    for (const [fromAt, toAt] of [
      [0, 0],
      [1, 0],
      [0, 3],
      [5, 2],
      [7, 7],
    ] as const) {
      const to = new Uint8Array(64).fill(255);
      copySpan(viewOf(from), fromAt, viewOf(to), toAt, length);
      const expected = new Uint8Array(64).fill(255);
      expected.set(from.subarray(fromAt, fromAt + length), toAt);
      expect(to, `${length} bytes from ${fromAt} to ${toAt}`).toEqual(expected);
    }
  }
});

it('copies through views of parts of a buffer', () => {
  const from = new Uint8Array(new SharedArrayBuffer(32), 8, 16).fill(9);
  const to = new Uint8Array(32);
  copySpan(viewOf(from), 0, viewOf(to.subarray(4)), 0, 16);
  expect([...to].filter((byte) => byte === 9)).toHaveLength(16);
  expect(to[4]).toBe(9);
});

it('tells a reader that its row was written meanwhile, also when versions come round', () => {
  for (const start of [0, 0x7ffffffe, -2]) {
    const versions = new Int32Array(2).fill(start);
    const before = beginRead(versions, 1);
    expect(endRead(versions, 1, before), `untouched from ${start}`).toBe(true);
    beginWrite(versions, 1);
    expect(beginRead(versions, 1) & 1, 'odd while written').not.toBe(0);
    expect(endRead(versions, 1, before)).toBe(false);
    expect(endWrite(versions, 1)).toBe((start + 2) | 0);
    expect(endRead(versions, 1, before)).toBe(false);
    expect(versions[0]).toBe(start);
  }
});
