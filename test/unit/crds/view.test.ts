import { describe, expect, it } from 'vitest';
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import { Copied, RowCopy, TableView } from '../../../src/crds/view.ts';
import { attachRegions } from '../../../src/shm/regions.ts';
import { beginWrite, endWrite } from '../../../src/shm/seqlock.ts';
import { Kind } from '../../../src/wire/limits.ts';
import {
  key,
  makeRegions,
  makeTable,
  ORIGIN_AT,
  rowOf,
  rowsInOrder,
  upsert,
  value,
  xxhash,
} from './harness.ts';

describe('a copy of a row', () => {
  it('has everything that belongs to the value', () => {
    const table = makeTable();
    const v = value({
      kind: Kind.CONTACT_INFO,
      origin: 5,
      wallclock: 1_787_000_000_001,
      outsetLow: 0xfffffff0,
      outsetHigh: 0x8000_0001,
      length: 301,
    });
    upsert(table, value({ origin: 5 }), 10);
    upsert(table, v, 20, Route.PULL);
    const copy = new RowCopy();
    const row = rowOf(table, v);
    expect(table.view.copyRow(row, copy)).toBe(Copied.OK);
    expect(copy.bytes.subarray(0, copy.length)).toEqual(v.bytes);
    expect(copy.hash).toEqual(v.hash);
    expect(copy.pubkey).toEqual(key(5));
    expect(copy).toMatchObject({
      row,
      version: 2,
      length: 301,
      kind: Kind.CONTACT_INFO,
      index: 0,
      peer: table.peers.find(key(5), 0),
      wallclock: 1_787_000_000_001,
      inserted: 20,
      ordinal: 1,
      outsetLow: 0xfffffff0,
      outsetHigh: 0x8000_0001,
      pushes: 0,
      route: Route.PULL,
    });
    expect(copy.sender, 'nobody').toEqual(new Uint8Array(32));
  });

  it('says who sent it, also after others pushed the same', () => {
    const table = makeTable();
    const v = value({ origin: 5 });
    const { bytes, hash, kind, index } = v;
    const from = (route: number, sender: Uint8Array, at = 0): void => {
      const { length } = bytes;
      table.upsert(bytes, 0, length, kind, index, 4, 1, 0, 0, hash, 0, 7, route, sender, at);
    };
    from(Route.PULL, Uint8Array.from([9, ...key(6)]), 1);
    from(Route.PUSH, key(7));
    const copy = new RowCopy();
    table.view.copyRow(table.row, copy);
    expect(copy).toMatchObject({ route: Route.PULL, sender: key(6), pushes: 1 });
  });

  it('of a free row is none', () => {
    const table = makeTable();
    upsert(table, value());
    const { row } = table;
    table.remove(row, 1);
    expect(table.view.copyRow(row, new RowCopy())).toBe(Copied.FREE);
    expect(table.view.copyRow(77, new RowCopy())).toBe(Copied.FREE);
  });

  it('is not made while somebody writes', () => {
    const table = makeTable();
    upsert(table, value());
    const { version } = table.view.columns;
    beginWrite(version, table.row);
    expect(table.view.copyRow(table.row, new RowCopy())).toBe(Copied.BUSY);
    endWrite(version, table.row);
    expect(table.view.copyRow(table.row, new RowCopy())).toBe(Copied.OK);
  });
});

describe('walks', () => {
  it('go over all values of a kind, in the order of insertion', () => {
    const table = makeTable();
    for (let i = 0; i < 12; i++) {
      upsert(table, value({ kind: i % 3 === 0 ? Kind.CONTACT_INFO : Kind.VOTE, origin: i }));
    }
    upsert(table, value({ kind: Kind.CONTACT_INFO, origin: 3, wallclock: 9_000 }));
    table.removeOrigin(key(6), 0, 1);
    const { view } = table;
    const seen: number[] = [];
    for (let row = view.kinds.first(Kind.CONTACT_INFO); row >= 0; row = view.kinds.next(row)) {
      seen.push(view.peers.columns.pubkey[view.originOffset(row) + 1]!);
    }
    expect(seen).toEqual([0, 9, 3]);
    expect(view.countOfKind(Kind.CONTACT_INFO)).toBe(3);
    expect(view.countOfKind(Kind.VOTE)).toBe(8);
    expect(view.kinds.first(Kind.EPOCH_SLOTS)).toBe(-1);
  });

  it('go on from an ordinal, whatever happened to it', () => {
    const table = makeTable();
    for (let origin = 0; origin < 10; origin++) upsert(table, value({ origin }));
    upsert(table, value({ origin: 4, wallclock: 2_000 })); // 4 becomes 10
    table.removeOrigin(key(5), 0, 1);
    const { view } = table;
    const ordinals = (from: number): number[] => {
      const found: number[] = [];
      for (let row = view.firstSince(from); row >= 0; row = view.order.next(row)) {
        found.push(view.columns.ordinal[row]!);
      }
      return found;
    };
    expect(ordinals(0)).toEqual([0, 1, 2, 3, 6, 7, 8, 9, 10]);
    expect(ordinals(4)).toEqual([6, 7, 8, 9, 10]);
    expect(ordinals(10)).toEqual([10]);
    expect(ordinals(view.cursor)).toEqual([]);
    expect(new TableView(makeRegions(), xxhash).firstSince(0), 'an empty table').toBe(-1);
  });
});

describe('another thread', () => {
  it('sees through handles what the writer sees', () => {
    const regions = makeRegions({ tableRows: 256 });
    const table = new CrdsTable(regions, { xxhash, hashSeed: 0xfedcba98 });
    const values = Array.from({ length: 40 }, (_, i) => value({ origin: i % 4, index: i }));
    for (const v of values) upsert(table, v);
    const view = new TableView(attachRegions(regions.handles), xxhash);
    expect([view.size, view.highWater, view.cursor]).toEqual([40, 40, 40]);
    for (const v of values) {
      expect(view.find(v.kind, v.index, v.bytes, ORIGIN_AT)).toBe(rowOf(table, v));
    }
    expect(view.find(Kind.VOTE, 41, values[0]!.bytes, ORIGIN_AT)).toBe(-1);
    const owned: number[] = [];
    const peer = view.peers.find(key(2), 0);
    for (let row = view.owners.first(peer); row >= 0; row = view.owners.next(row)) owned.push(row);
    expect(owned).toEqual(rowsInOrder(table).filter((row) => row % 4 === 2));
  });
});
