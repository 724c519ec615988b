import { describe, expect, it } from 'vitest';
import { findViolation, sampleViolation } from '../../../src/crds/invariants.ts';
import type { CrdsTable } from '../../../src/crds/table.ts';
import { PLACE_BYTES, SMALL_PLACE_BYTES } from '../../../src/shm/layout.ts';
import { TableState } from '../../../src/shm/table-cells.ts';
import { seededRng } from '../../../src/util/rng.ts';
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

describe('a planted mistake is found', () => {
  const cases: { name: string; plant(table: CrdsTable): void; says: RegExp }[] = [
    { name: 'nothing', plant: () => undefined, says: /^undefined$/ },
    {
      name: 'a row that left no list',
      plant: ({ view }) => {
        view.columns.length[10] = 0;
      },
      says: /^T3 shard \d+: row 10 is free/,
    },
    {
      name: 'a row that is in no shard',
      plant: ({ view: { shards, columns } }) => {
        for (let shard = 0; shard < 4_096; shard++) {
          if (shards.first(shard) !== 10) continue;
          shards.unlink(shard, 10);
          columns.shardCount[shard]! -= 1;
        }
      },
      says: /^T3 lists by shard: hold 96 of 97/,
    },
    {
      name: 'a row in a wrong shard',
      plant: ({ view }) => {
        view.columns.hash[10 * 32 + 7]! ^= 0x80;
      },
      says: /^T3 shard \d+: row 10 belongs to \d+/,
    },
    {
      name: 'a shard that states too few',
      plant: ({ view }) => {
        const shard = view.columns.shardCount.findIndex((count) => count > 0);
        view.columns.shardCount[shard]! -= 1;
      },
      says: /^T3 shard \d+: has 1 rows and states 0/,
    },
    {
      name: 'a list that comes back to itself',
      plant: ({ view: { columns: c } }) => {
        c.kindNext[c.kindTail[1]! - 1] = c.kindHead[1]!;
      },
      says: /^T3 kind 1: (comes back|row \d+ has lost)/,
    },
    {
      name: 'a broken link backwards',
      plant: ({ view: { columns: c } }) => {
        c.ownerPrevious[20] = 0;
      },
      says: /^T3 origin \d+: row 20 has lost/,
    },
    {
      name: 'two values in one place',
      plant: ({ view: { columns: c } }) => {
        c.place[20] = c.place[21]!;
      },
      says: /^T3 row 21: lies where row 20 lies/,
    },
    {
      name: 'a place beyond all that were used',
      plant: ({ view: { columns: c } }) => {
        c.place[20] = 448 * 100;
      },
      says: /^T3 row 20: its 120 bytes lie at 44800/,
    },
    {
      name: 'a place too large',
      plant: ({ view: { columns: c } }) => {
        c.place[20] = 448 * 256;
      },
      says: /^T3 row 20: its 120 bytes/,
    },
    {
      name: 'a free place that is lost',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.SMALL_FREE_HEAD] = 0;
      },
      says: /^T3 free places: 3 too few/,
    },
    {
      name: 'a free place that is in use',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.SMALL_FREE_HEAD] = c.place[20]! / 448 + 1;
      },
      says: /^T3 free places: \d+ is in use/,
    },
    {
      name: 'a tail that lags behind',
      plant: ({ view: { columns: c } }) => {
        c.kindTail[1] = c.kindHead[1]!;
      },
      says: /^T3 kind 1: ends with/,
    },
    {
      name: 'an origin that states too many',
      plant: ({ peers }) => {
        peers.columns.values[2]! += 1;
      },
      says: /^T3 origin 2: has \d+ rows and states/,
    },
    {
      name: 'an origin whose bytes do not add up',
      plant: ({ peers }) => {
        peers.columns.bytes[2]! += 1;
      },
      says: /^T3 peer 2: has \d+ and states/,
    },
    {
      name: 'a label that was not taken out',
      plant: ({ view }) => {
        const place = view.index.free(12345);
        view.index.insert(place, 12345, 3);
      },
      says: /^T8 label index: has 98 entries for 97/,
    },
    {
      name: 'a label that is not found',
      plant: ({ view }) => {
        view.columns.index[40] = 255;
      },
      says: /^T1 row 40: its label leads to row -1/,
    },
    {
      name: 'two rows of one label',
      plant: ({ view: { columns: c } }) => {
        const twin = 47; // of the same origin
        c.index[40] = c.index[twin]!;
      },
      says: /^T1 row 40: its label leads/,
    },
    {
      name: 'a version that stayed odd',
      plant: ({ view }) => {
        view.columns.version[40]! += 1;
      },
      says: /^T1 row 40: its version is odd/,
    },
    {
      name: 'a lost contact info',
      plant: ({ peers }) => {
        peers.columns.contact[peers.columns.contact.findIndex((link) => link > 0)] = 0;
      },
      says: /^T3 row \d+: the contact of peer/,
    },
    {
      name: 'an ordinal twice',
      plant: ({ view: { columns: c } }) => {
        c.ordinal[31] = c.ordinal[30]!;
      },
      says: /^T4 order: row 31 has ordinal/,
    },
    {
      name: 'a cursor that stood still',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.ORDINAL]! -= 1;
      },
      says: /^T4 order: ordinal 99 is not below/,
    },
    {
      name: 'a size that drifted',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.SIZE]! += 1;
      },
      says: /^T3 lists by shard: hold 97 of 98/,
    },
    {
      name: 'a free row that was lost',
      plant: ({ view: { columns: c } }) => {
        c.state[TableState.FREE_HEAD] = 0;
      },
      says: /^T3 free rows: 0 free and 97 used of 100/,
    },
    {
      name: 'a trace of somebody who left',
      plant: ({ peers }) => {
        peers.columns.ip[500] = 1;
      },
      says: /^T8 peer 500: left a trace/,
    },
    {
      name: 'a count of peers that drifted',
      plant: ({ peers }) => {
        peers.columns.state[0]! += 1;
      },
      says: /^T8 index of peers: has 7 entries for 8/,
    },
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

  it('an origin over its limit', () => {
    const table = makeTable({ originLimits: { values: 3, bytes: 9_999 } });
    for (let index = 0; index < 3; index++) upsert(table, value({ index }));
    expect(findViolation(table, { decode: false })).toBeUndefined();
    Object.assign(table.originLimits, { values: 2 });
    expect(findViolation(table, { decode: false })).toMatch(/^T5 peer 0: 3 values/);
  });

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
});
