import { describe, expect, it } from 'vitest';
import { ageKey } from '../../../src/crds/age.ts';
import { tableDigest } from '../../../src/crds/digest.ts';
import { limitNetwork } from '../../../src/crds/evict.ts';
import { trim } from '../../../src/crds/expire.ts';
import { LabelHasher } from '../../../src/crds/label.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { collectRows, planShards, ShardRange } from '../../../src/crds/shards.ts';
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import { Copied, RowCopy } from '../../../src/crds/view.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { PEER_CELLS } from '../../../src/shm/traffic-cells.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { Kind } from '../../../src/wire/limits.ts';
import {
  key,
  makeRegions,
  makeTable,
  ORIGIN_AT,
  rowOf,
  type TestValue,
  upsert,
  value,
  xxhash,
} from './harness.ts';

/** Stores a value with a sender, which is a key by number. */
function receive(table: CrdsTable, v: TestValue, sender: number): void {
  const { bytes, kind, index, wallclock, hash } = v;
  const { length } = bytes;
  const from = key(sender);
  table.upsert(bytes, 0, length, kind, index, ORIGIN_AT, wallclock, 0, 0, hash, 0, 1, 2, from, 0);
}

describe('a row', () => {
  it('ages by its wallclock less what the wall clock is ahead, or by its receipt', () => {
    const table = makeTable();
    table.setWallAhead(1_000);
    upsert(table, value({ index: 1, wallclock: 5_000 }), 9_000);
    upsert(table, value({ index: 2, wallclock: 50_000 }), 9_000);
    const rows = [1, 2].map((index) => rowOf(table, value({ index })));
    expect(rows.map((row) => ageKey(table.view.columns, row))).toEqual([4_000, 9_000]);
    const copy = new RowCopy();
    table.view.copyRow(rows[0]!, copy);
    expect([copy.wallclock, copy.inserted]).toEqual([5_000, 10_000]);
  });

  it('yields to younger ones of its origin by that age', () => {
    const table = makeTable({ originLimits: { values: 2, bytes: 1_000 } });
    table.setWallAhead(1_000);
    for (const index of [1, 2]) upsert(table, value({ index, wallclock: 5_000 }), 4_500);
    const late = upsert(table, value({ index: 3, wallclock: 4_999 }), 4_500);
    expect(outcomeName(late)).toBe('VALUE_ORIGIN_FULL');
    const equal = upsert(table, value({ index: 3, wallclock: 5_000 }), 4_500);
    expect(outcomeName(equal)).toBe('VALUE_INSERTED');
  });

  it('has a sender and a hash of its own, whichever row it is', () => {
    const table = makeTable();
    const values = [1, 2, 3].map((index) => value({ index, wallclock: index }));
    values.forEach((v, i) => {
      receive(table, v, 70 + i);
    });
    const copy = new RowCopy();
    values.forEach((v, i) => {
      table.view.copyRow(rowOf(table, v), copy);
      expect(copy.sender).toEqual(key(70 + i));
      expect(copy.hash).toEqual(v.hash);
    });
    upsert(table, value({ index: 3, wallclock: 9 }));
    table.remove(rowOf(table, values[1]!), 1);
    const gone = [0, 1].map((i) => table.purged.hashOffset(i));
    expect(gone.map((at) => toHex(table.purged.hashes, at, at + 32))).toEqual(
      [values[2]!, values[1]!].map(({ hash }) => toHex(hash)),
    );
  });

  it('has room for the largest value, and for no larger one', () => {
    const table = makeTable();
    expect(outcomeName(upsert(table, value({ length: 1_188 })))).toBe('VALUE_INSERTED');
    expect(() => upsert(table, value({ index: 1, length: 1_189 }))).toThrow(AssertionError);
  });

  it('is not in the digest any more when it is free', () => {
    const table = makeTable();
    const [one, two] = [1, 2].map((origin) => value({ origin })) as [TestValue, TestValue];
    for (const v of [one, two, value({ origin: 3 })]) upsert(table, v);
    table.removeOrigin(key(3), 0, 1);
    const hashes = [one, two].map(({ hash }) => toHex(hash)).sort();
    expect(tableDigest(table.view)).toBe(sha256Hex(Buffer.from(hashes.join(''))));
    expect(table.removeOrigin(key(77), 0, 1)).toBe(0);
  });
});

describe('room for one origin, to the byte', () => {
  const contact = value({ kind: Kind.CONTACT_INFO, wallclock: 1 });
  const votes = [1, 2, 3].map((i) => value({ index: i, wallclock: i * 100, length: 200 }));
  const cases = [
    { name: 'just enough comes free with one', length: 480, gone: [1] },
    { name: 'one byte more takes another', length: 481, gone: [1, 2] },
    { name: 'all that may leave is just enough', length: 880, gone: [1, 2, 3] },
    { name: 'one byte more is refused', length: 881, gone: [] },
  ];
  for (const { name, length, gone } of cases) {
    it(name, () => {
      const table = makeTable({ originLimits: { values: 9, bytes: 1_000 } });
      for (const v of [contact, ...votes]) upsert(table, v, 5_000);
      upsert(table, value({ index: 9, wallclock: 900, length }), 5_000);
      const left = [1, 2, 3].filter((index) => rowOf(table, value({ index })) < 0);
      expect(left).toEqual(gone);
    });
  }

  it('a replacement does not make room for itself', () => {
    const table = makeTable({ originLimits: { values: 9, bytes: 400 } });
    for (const v of [contact, votes[0]!]) upsert(table, v, 5_000);
    const outcome = upsert(table, value({ index: 1, wallclock: 900, length: 300 }), 5_000);
    expect(outcomeName(outcome)).toBe('VALUE_ORIGIN_FULL');
    expect([table.size, table.row]).toEqual([2, -1]);
  });
});

describe('origins', () => {
  it('begin without traffic in the row of one that left, and leave the others theirs', () => {
    const table = makeTable();
    for (const origin of [1, 2, 3]) upsert(table, value({ origin }));
    const { traffic } = table.peers.columns;
    traffic.fill(5, 0, 3 * PEER_CELLS);
    table.removeOrigin(key(2), 0, 1);
    upsert(table, value({ origin: 4 }));
    expect(table.peers.find(key(4), 0)).toBe(1);
    const cells = Array.from({ length: 4 * PEER_CELLS }, (_, i) => traffic[i]);
    const row = (value: number): number[] => new Array<number>(PEER_CELLS).fill(value);
    expect(cells).toEqual([row(5), row(0), row(5), row(0)].flat());
  });

  it('that left are not counted when there are too many', () => {
    const table = makeTable();
    table.setStakes(new Stakes([[key(1), 1]]));
    for (let origin = 1; origin <= 20; origin++) upsert(table, value({ origin }), origin);
    for (const origin of [17, 18, 19, 20]) table.removeOrigin(key(origin), 0, 1);
    expect(trim(table, [], seededRng(1), 1, 14)).toBe(2);
    expect(table.peers.size).toBe(14);
  });

  it('without an address share no network, and stake is not asked to leave one', () => {
    const table = makeTable();
    table.setStakes(new Stakes([[key(9), 1]]));
    const limits = { per24: 2, per16: 2 };
    const add = (origin: number, ip: number): number => {
      upsert(table, value({ kind: Kind.CONTACT_INFO, origin }), origin);
      const peer = table.peers.find(key(origin), 0);
      table.peers.setContact(peer, ip, 8001, 1);
      return peer;
    };
    const strangers = [1, 2, 3, 4].map((origin) => add(origin, 0));
    expect(strangers.map((peer) => limitNetwork(table, peer, [], 9, limits))).toEqual([0, 0, 0, 0]);
    for (const origin of [5, 6, 7]) add(origin, 0x0a000000 + origin);
    expect(limitNetwork(table, add(9, 0x0a000009), [], 9, limits)).toBe(0);
    expect(limitNetwork(table, add(8, 0x0a000008), [], 9, limits)).toBe(1);
  });
});

it('tags tell labels apart by each byte of key and index', () => {
  const hasher = new LabelHasher(xxhash, 7);
  const tags = new Set<number>();
  const pubkeys = new Set<number>();
  for (let i = 0; i <= 32; i++) {
    const pubkey = new Uint8Array(40).fill(3);
    if (i < 32) pubkey[i] = 4;
    for (const index of [0, 1, 256]) tags.add(hasher.label(1, index, pubkey, 0));
    pubkeys.add(hasher.pubkey(pubkey, 0));
  }
  expect([tags.size, pubkeys.size]).toEqual([99, 33]);
});

it('a mask of 12 bits is a whole shard, and halves of the mask meet at 32', () => {
  const range = new ShardRange();
  const low = (maskBits: number): number[] => {
    planShards(range, 0, 0, maskBits);
    return [range.count, Number(range.isPartial), range.onesHigh, range.onesLow];
  };
  const ones = 0xffffffff;
  expect([11, 12, 13].map(low)).toEqual([
    [2, 0, 2 ** 21 - 1, ones],
    [1, 0, 2 ** 20 - 1, ones],
    [1, 1, 2 ** 19 - 1, ones],
  ]);
  expect([31, 32, 33, 64].map(low)).toEqual([
    [1, 1, 1, ones],
    [1, 1, 0, ones],
    [1, 1, 0, 2 ** 31 - 1],
    [1, 1, 0, 0],
  ]);
});

it('labels that all collide are told apart, and what comes again is known', () => {
  for (const tag of [0, 7, -1]) {
    const table = new CrdsTable(makeRegions(), { xxhash: { h32: () => tag }, hashSeed: 1 });
    const values = [
      value({ origin: 1, index: 1 }),
      value({ origin: 1, index: 2 }),
      value({ origin: 2, index: 1 }),
      value({ origin: 1, index: 1, kind: Kind.EPOCH_SLOTS }),
      value({ origin: 3, index: 1, kind: Kind.EPOCH_SLOTS }),
    ];
    const put = (v: TestValue): string => outcomeName(upsert(table, v));
    expect(values.map(put)).toEqual(values.map(() => 'VALUE_INSERTED'));
    expect(values.map(put)).toEqual(values.map(() => 'VALUE_DUPLICATE'));
    expect(values.map((v) => rowOf(table, v))).toEqual([0, 1, 2, 3, 4]);
    expect(put(value({ origin: 2, index: 1, wallclock: 999 }))).toBe('VALUE_OUTDATED');
    expect(put(value({ origin: 2, index: 1, wallclock: 1_001 }))).toBe('VALUE_UPDATED');
    const copy = new RowCopy();
    expect(table.view.copyRow(4, copy)).toBe(Copied.OK);
    expect(copy.pubkey).toEqual(key(3));
    for (const row of [0, 2]) table.remove(row, 1);
    expect(values.map((v) => rowOf(table, v))).toEqual([-1, 1, -1, 3, 4]);
  }
});

it('a full table takes replacements alone, and another when one has left', () => {
  const table = makeTable({ capacities: { tableRows: 8 } });
  const put = (index: number, wallclock: number): string =>
    outcomeName(upsert(table, value({ index, wallclock })));
  for (let index = 0; index < 8; index++) expect(put(index, 1)).toBe('VALUE_INSERTED');
  expect([put(8, 1), table.size, table.row]).toEqual(['VALUE_TABLE_FULL', 8, -1]);
  expect(put(3, 2)).toBe('VALUE_UPDATED');
  table.remove(0, 1); // the first row is as free as any other
  expect([put(8, 1), table.row, put(9, 1)]).toEqual(['VALUE_INSERTED', 0, 'VALUE_TABLE_FULL']);
});

it('one value alone is replaced where one alone may be', () => {
  const table = makeTable({ originLimits: { values: 1, bytes: 120 } });
  upsert(table, value());
  expect(outcomeName(upsert(table, value({ wallclock: 2_000 })))).toBe('VALUE_UPDATED');
  expect([table.size, table.evicted]).toEqual([1, 0]);
});

it('walking lists as many as there is room for, and leaves a shard whose row moved', () => {
  const table = makeTable();
  for (let i = 0; i < 300; i++) upsert(table, value({ origin: i % 9, index: i }));
  const range = new ShardRange();
  planShards(range, 0, 0, 0);
  expect(collectRows(table.view, range, 0, new Int32Array(10))).toBe(10);
  expect(collectRows(table.view, range, 7, new Int32Array(0))).toBe(0);
  const { shardCount } = table.view.columns;
  const crowded = shardCount.findIndex((count) => count > 1);
  const shard = new ShardRange();
  planShards(shard, 0, crowded * 2 ** 20, 12);
  expect(collectRows(table.view, shard, 0, new Int32Array(1))).toBe(1);
  expect(collectRows(table.view, shard, 0, new Int32Array(9))).toBe(shardCount[crowded]);
  expect([collectRows(table.view, range, 0, new Int32Array(400)), range.abandoned]).toEqual([
    300, 0,
  ]);
  table.view.columns.hash[5 * 32 + 7]! ^= 0x80;
  collectRows(table.view, range, 0, new Int32Array(400));
  expect(range.abandoned).toBe(1);
});

it('copies of rows say three different things, and stakes of nothing are none', () => {
  expect(new Set([Copied.OK, Copied.FREE, Copied.BUSY]).size).toBe(3);
  expect(new Stakes([[key(1), 0]]).anyPositive).toBe(false);
  expect(new Stakes([[key(1), 1]]).anyPositive).toBe(true);
});

it('routes are told apart when a value comes again', () => {
  const table = makeTable();
  upsert(table, value(), 1, Route.PULL);
  upsert(table, value(), 1, Route.PUSH);
  upsert(table, value(), 1, Route.PULL);
  expect(table.earlierPushes).toBe(0);
  upsert(table, value(), 1, Route.PUSH);
  expect([table.row, table.earlierPushes]).toEqual([0, 1]);
});
