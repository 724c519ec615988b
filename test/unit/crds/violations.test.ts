import { describe, expect, it } from 'vitest';
import { findViolation, sampleViolation } from '../../../src/crds/invariants.ts';
import { type CrdsTable, Route } from '../../../src/crds/table.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { PLACE_BYTES, SMALL_PLACE_BYTES } from '../../../src/shm/layout.ts';
import { TableState } from '../../../src/shm/table-cells.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { createValueColumns } from '../../../src/wire/columns.ts';
import { skimValue } from '../../../src/wire/skim.ts';
import { worked } from '../wire/parts.ts';
import { makeTable, upsert, value } from './harness.ts';

/** 97 values of seven origins; rows 3, 50 and 51 are free. */
function crowd(): CrdsTable {
  const table = makeTable({ capacities: { tableRows: 256 } });
  for (let i = 0; i < 100; i++) {
    upsert(table, value({ origin: i % 7, index: i, salt: i, kind: i < 7 ? 11 : 1 }));
  }
  for (const row of [3, 50, 51]) table.remove(row, 1);
  return table;
}

describe('a mistake that the sizes do not show is found', () => {
  const cases: { name: string; plant(table: CrdsTable): void; says: RegExp }[] = [
    {
      name: 'a list without an end',
      plant: ({ view: { columns: c } }) => {
        // Consistent in both directions, and round.
        const list = c.shardHead.findIndex((head) => head !== 0);
        const row = c.shardHead[list]! - 1;
        c.shardNext[row] = row + 1;
        c.shardPrevious[row] = 0;
      },
      says: /^T3 shard \d+: (comes back to itself|row \d+ has lost)/,
    },
    {
      name: 'a list that has lost its end',
      plant: ({ view: { columns: c } }) => {
        c.kindTail[1] = 0;
      },
      says: /^T3 kind 1: ends with -1$/,
    },
    {
      name: 'a list that has lost both ends',
      plant: ({ view: { columns: c } }) => {
        c.kindHead[1] = 0;
        c.kindTail[1] = 0;
      },
      says: /^T3 kind 1: has 0 rows and states 91$/,
    },
    {
      name: 'an empty list that begins with a row',
      plant: ({ view: { columns: c } }) => {
        c.kindHead[2] = 1;
      },
      says: /^T3 kind 2: row 0 belongs to 11$/,
    },
    {
      name: 'an empty list that ends with a row',
      plant: ({ view: { columns: c } }) => {
        c.kindTail[2] = 1;
      },
      says: /^T3 kind 2: ends with 0$/,
    },
    {
      name: 'a value that begins within a place',
      plant: ({ view: { columns: c } }) => {
        c.place[20]! += 4;
      },
      says: /^T3 row 20: its 120 bytes lie at \d+$/,
    },
    {
      name: 'a large value among the small ones',
      plant: ({ view: { columns: c } }) => {
        c.length[20] = SMALL_PLACE_BYTES + 1;
        c.place[20] = 256 * SMALL_PLACE_BYTES - PLACE_BYTES;
      },
      says: /^T3 row 20: its 449 bytes lie at \d+$/,
    },
    {
      name: 'a free place that nobody ever used',
      plant: ({ view: { columns: c } }) => {
        const words = new Int32Array(c.bytes.buffer, c.bytes.byteOffset);
        words[(200 * SMALL_PLACE_BYTES) / 4] = c.state[TableState.SMALL_FREE_HEAD]!;
        c.state[TableState.SMALL_FREE_HEAD] = 200 + 1;
      },
      says: /^T3 free places: 1 too many$/,
    },
    {
      name: 'a row in use where none ever was',
      plant: ({ view: { columns: c } }) => {
        c.length[200] = 120;
      },
      says: /^T3 row 200: lies above the high water mark$/,
    },
    {
      name: 'a row in use where the next one would be',
      plant: ({ view: { columns: c } }) => {
        c.length[100] = 120;
      },
      says: /^T3 row 100: lies above the high water mark$/,
    },
    {
      name: 'one byte of a key that stayed behind',
      plant: ({ peers }) => {
        peers.columns.pubkey[500 * 32 + 9] = 1;
      },
      says: /^T8 peer 500: left a trace$/,
    },
    {
      name: 'a free row that states a length',
      plant: ({ view: { columns: c } }) => {
        c.length[3] = 120;
      },
      says: /^T3 rows: 98 are in use, 97 are counted$/,
    },
    {
      name: 'a free row that is in use',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.FREE_HEAD] = 10 + 1;
      },
      says: /^T3 free rows: row 10 is in use$/,
    },
    {
      name: 'free rows that come round',
      plant: ({ view: { columns: c } }) => {
        c.shardNext[3] = c.state[TableState.FREE_HEAD]!;
      },
      says: /^T3 free rows: the list comes back to itself$/,
    },
    {
      name: 'a row that is in no order',
      plant: ({ view }) => view.order.unlink(0, 10),
      says: /^T4 order: has 96 of 97 rows$/,
    },
    {
      name: 'an origin under another name',
      plant: ({ peers }) => {
        peers.columns.pubkey[2 * 32 + 9]! ^= 1;
      },
      says: /^T3 peer 2: is not found$/,
    },
  ];
  for (const { name, plant, says } of cases) {
    it(name, () => {
      const table = crowd();
      plant(table);
      expect(`${findViolation(table, { decode: false })}`).toMatch(says);
    });
  }

  it('an origin with too many bytes, and none with just as many as it may have', () => {
    const table = makeTable({ originLimits: { values: 9, bytes: 9_999 } });
    for (let index = 0; index < 3; index++) upsert(table, value({ index }));
    Object.assign(table.originLimits, { bytes: 360 });
    expect(findViolation(table, { decode: false })).toBeUndefined();
    Object.assign(table.originLimits, { bytes: 359 });
    expect(findViolation(table, { decode: false })).toMatch(/^T5 peer 0: 3 values of 360 bytes/);
  });

  it('by a sample as well, which passes over free rows', () => {
    const empty = makeTable();
    expect(sampleViolation(empty, seededRng(1), 9)).toBeUndefined();
    for (let seed = 1; seed <= 5; seed++) {
      const table = crowd();
      for (let row = 4; row < 50; row++) table.remove(row, 1);
      const look = () => sampleViolation(table, seededRng(seed), 60, { decode: false });
      expect(look()).toBeUndefined();
      for (let row = 52; row < 75; row++) table.view.columns.version[row]! += 1;
      expect(look()).toMatch(/^T1 row \d+: its version is odd$/);
    }
  });

  it('nothing is wrong with a real value, whoever checks its signature', () => {
    const real = worked('heaviestFork');
    const table = makeTable();
    const columns = createValueColumns(2);
    skimValue(real, 0, real.length, columns, 0);
    const [kind, wallclock, originAt] = [13, columns.wallclock[0]!, columns.origin[0]!];
    const hash = sha256(real);
    table.upsert(real, 0, real.length, kind, 0, originAt, wallclock, 0, 0, hash, 0, 1, Route.PULL);
    expect(findViolation(table)).toBeUndefined();
    expect(findViolation(table, { verify: () => true })).toBeUndefined();
  });

  it('notices a value that is kept under another origin than its own', () => {
    const real = worked('heaviestFork');
    const table = makeTable();
    const columns = createValueColumns(2);
    const bytes = new Uint8Array(real.length + 32);
    bytes.set(real);
    const length = real.length;
    bytes.fill(7, length);
    expect(skimValue(bytes, 0, length, columns, 0)).toBe(Outcome.OK);
    const [kind, index, wallclock] = [columns.kind[0]!, columns.index[0]!, columns.wallclock[0]!];
    const hash = sha256(real);
    table.upsert(bytes, 0, length, kind, index, length, wallclock, 0, 0, hash, 0, 1, Route.PULL);
    expect(findViolation(table)).toBe('T1 row 0: is of another origin than its peer');
  });
});
