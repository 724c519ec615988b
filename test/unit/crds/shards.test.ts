import { describe, expect, it } from 'vitest';
import { shardOf } from '../../../src/crds/label.ts';
import {
  collectRows,
  countEntries,
  inRange,
  planShards,
  ShardRange,
} from '../../../src/crds/shards.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { expectAtMost, expectSame } from '../../in-loops.ts';
import { makeTable, rowsInOrder, upsert, value } from './harness.ts';

const rng = seededRng(5);

/** The h64 of a hash as one number of 64 bits, for cold comparison. */
const word = (hash: Uint8Array, at: number): bigint =>
  new DataView(hash.buffer, hash.byteOffset + at, 8).getBigUint64(0, true);

/** The rule of the reference in its own terms. */
function belongs(h64: bigint, mask: bigint, maskBits: number): boolean {
  if (maskBits === 0) return true;
  const shift = BigInt(64 - Math.min(64, maskBits));
  return h64 >> shift === mask >> shift;
}

const plan = (range: ShardRange, mask: bigint, maskBits: number) =>
  planShards(range, Number(mask & 0xffffffffn), Number(mask >> 32n), maskBits);

const random64 = (): bigint => (BigInt(rng.u32()) << 32n) | BigInt(rng.u32());

describe('planning', () => {
  const cases: { name: string; mask: bigint; bits: number; first: number; count: number }[] = [
    { name: 'no bits: everything', mask: 0n, bits: 0, first: 0, count: 4096 },
    { name: 'partition 0 of 64', mask: 0x03ffffffffffffffn, bits: 6, first: 0, count: 64 },
    { name: 'partition 1 of 64', mask: 0x07ffffffffffffffn, bits: 6, first: 64, count: 64 },
    { name: 'the last of 64', mask: 0xffffffffffffffffn, bits: 6, first: 4032, count: 64 },
    { name: 'garbage in the low bits', mask: 0x0400000000001234n, bits: 6, first: 64, count: 64 },
    { name: 'one shard', mask: 0x123fffffffffffffn, bits: 12, first: 0x123, count: 1 },
    { name: 'part of a shard', mask: 0x1234ffffffffffffn, bits: 16, first: 0x123, count: 1 },
    { name: '32 bits', mask: 0x12345678ffffffffn, bits: 32, first: 0x123, count: 1 },
    { name: '33 bits', mask: 0x123456787fffffffn, bits: 33, first: 0x123, count: 1 },
    { name: '63 bits', mask: 0xfffffffffffffffen, bits: 63, first: 4095, count: 1 },
    { name: 'all bits', mask: 0xfedcba9876543210n, bits: 64, first: 0xfed, count: 1 },
    { name: 'more bits than there are', mask: 0n, bits: 4294967295, first: 0, count: 1 },
  ];
  for (const { name, mask, bits, first, count } of cases) {
    it(`${name}`, () => {
      const range = new ShardRange();
      plan(range, mask, bits);
      expect([range.first, range.count, range.isPartial]).toEqual([first, count, bits > 12]);
    });
  }

  it('cuts the table into partitions that have each shard once, at every width', () => {
    const range = new ShardRange();
    for (let bits = 0; bits <= 12; bits++) {
      const taken = new Uint8Array(4096);
      for (let partition = 0; partition < 2 ** bits; partition++) {
        planShards(range, 0, (partition * 2 ** (32 - bits)) >>> 0, bits);
        for (let i = 0; i < range.count; i++) taken[range.first + i]! += 1;
      }
      expect([bits, taken.every((times) => times === 1)]).toEqual([bits, true]);
    }
  });

  it('agrees with the rule for any hash, mask and width', () => {
    const range = new ShardRange();
    const hash = new Uint8Array(40);
    for (let i = 0; i < 20_000; i++) {
      rng.fill(hash);
      const at = i % 8;
      const bits = [0, 1, 6, 7, 11, 12, 13, 20, 31, 32, 33, 40, 63, 64, 65, 2 ** 31][i % 16]!;
      // Half of the masks share the prefix of the hash, so that both answers occur.
      const near = i % 3 === 0 ? word(hash, at) : word(hash, at) ^ (1n << BigInt(rng.below(64)));
      const mask = i % 2 === 0 ? near : random64();
      plan(range, mask, bits);
      const shard = shardOf(hash, at);
      const inShards = shard >= range.first && shard < range.first + range.count;
      const answer = inShards && (!range.isPartial || inRange(range, hash, at));
      const wanted = belongs(word(hash, at), mask, bits);
      expectSame(answer, wanted, `${bits} bits, mask ${mask.toString(16)}, ${word(hash, at)}`);
      if (inRange(range, hash, at)) expectSame(answer, true, 'inRange alone is no wider');
    }
  });
});

describe('walking', () => {
  const table = makeTable();
  for (let i = 0; i < 3_000; i++) upsert(table, value({ origin: i % 50, index: i }));
  const { view } = table;
  const { hash } = view.columns;
  const range = new ShardRange();
  const list = (skip: number, limit = 4_096): number[] => {
    const rows = new Int32Array(limit);
    return [...rows.subarray(0, collectRows(view, range, skip, rows))];
  };

  const widths = [0, 1, 3, 6, 8, 12, 13, 16, 40];
  for (const bits of widths) {
    it(`finds exactly the rows of a mask of ${bits} bits`, () => {
      for (let i = 0; i < 12; i++) {
        const mask = word(hash, rng.below(3_000) * 32);
        plan(range, mask, bits);
        const rows = list(0);
        const expected = rowsInOrder(table).filter((row) =>
          belongs(word(hash, row * 32), mask, bits),
        );
        expect(rows.toSorted((a, b) => a - b)).toEqual(expected.toSorted((a, b) => a - b));
        expectAtMost(rows.length, countEntries(view, range));
        if (bits <= 12) expectSame(countEntries(view, range), rows.length);
      }
    });
  }

  it('begins anywhere and comes round', () => {
    plan(range, 0x40n << 56n, 6);
    const all = list(0);
    expect(all.length).toBeGreaterThan(20);
    for (let skip = 0; skip < all.length; skip++) {
      expect(list(skip), `behind ${skip}`).toEqual([...all.slice(skip), ...all.slice(0, skip)]);
      expect(list(skip, 7)).toEqual([...all, ...all].slice(skip, skip + 7));
    }
    expect(list(all.length), 'behind the end').toEqual(all);
    expect(list(1e9)).toEqual(all);
  });

  it('lists within a shard in the order of insertion', () => {
    plan(range, 0n, 0);
    const place = new Map(rowsInOrder(table).map((row, i) => [row, i]));
    let last = -1;
    let shard = -1;
    for (const row of list(0)) {
      const here = shardOf(hash, row * 32);
      if (here === shard) expect(place.get(row)).toBeGreaterThan(last);
      last = place.get(row) as number;
      shard = here;
    }
  });

  it('stops at what the caller can take, also at nothing', () => {
    plan(range, 0n, 0);
    expect(list(0, 10)).toEqual(list(0).slice(0, 10));
    expect(list(0, 0)).toEqual([]);
  });

  it('leaves a shard that changes under it, and says so', () => {
    const other = makeTable();
    for (let i = 0; i < 500; i++) upsert(other, value({ origin: i % 9, index: i }));
    planShards(range, 0, 0, 0);
    const rows = new Int32Array(600);
    const row = other.view.shards.first(shardOf(other.view.columns.hash, 100 * 32));
    other.view.columns.length[row] = 0; // as a reader on another thread may find it
    const listed = collectRows(other.view, range, 0, rows);
    expect(range.abandoned).toBe(1);
    expect(listed).toBeLessThan(500);
    expect(listed).toBeGreaterThan(480);
  });
});
