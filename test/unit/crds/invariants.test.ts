import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { tableDigest } from '../../../src/crds/digest.ts';
import { findViolation, sampleViolation } from '../../../src/crds/invariants.ts';
import { type CrdsTable, Route } from '../../../src/crds/table.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { TableState } from '../../../src/shm/table-cells.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { createValueColumns } from '../../../src/wire/columns.ts';
import { ContactInfoFields, readContactInfo } from '../../../src/wire/contact-info.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { skimValue } from '../../../src/wire/skim.ts';
import { makeTable, upsert, value } from './harness.ts';

/** Puts a real value into a table, as a node would. */
function insertReal(table: CrdsTable, bytes: Uint8Array, nowMs: number): number {
  const columns = createValueColumns(2);
  const outcome = skimValue(bytes, 0, bytes.length, columns, 0);
  expect(outcome).toBe(Outcome.OK);
  const fields = new ContactInfoFields();
  if (columns.kind[0] === Kind.CONTACT_INFO) readContactInfo(bytes, 0, bytes.length, fields);
  return table.upsert(
    bytes,
    0,
    bytes.length,
    columns.kind[0]!,
    columns.index[0]!,
    columns.origin[0]!,
    columns.wallclock[0]!,
    fields.outsetLow,
    fields.outsetHigh,
    sha256(bytes),
    0,
    nowMs,
    Route.PULL,
  );
}

const recorded = gunzipSync(
  readFileSync(new URL('../../fixtures/cluster-tables.jsonl.gz', import.meta.url)),
)
  .toString()
  .trim()
  .split('\n')
  .map((line) => fromHex((JSON.parse(line) as { bytes: string }).bytes) as Uint8Array);

describe('with values of real nodes', () => {
  const verifier = createVerifier('sodium');
  const options = {
    verify: (bytes: Uint8Array, key: number, signature: number, at: number, end: number) =>
      verifier.verify(bytes, key, bytes, signature, bytes, at, end),
  };
  const real = () => {
    const table = makeTable();
    for (const bytes of recorded) insertReal(table, bytes, 1_787_000_000_000);
    return table;
  };

  it('everything holds, signatures included, in whatever order they came', () => {
    const table = real();
    expect(table.size).toBeGreaterThan(20);
    expect(findViolation(table, options)).toBeUndefined();
    expect(sampleViolation(table, seededRng(1), 50, options)).toBeUndefined();
    const other = makeTable({ hashSeed: 99 });
    for (const bytes of recorded.toReversed()) insertReal(other, bytes, 1);
    expect(other.size).toBe(table.size);
    expect(tableDigest(other.view)).toBe(tableDigest(table.view));
  });

  const spoiled: { name: string; spoil(table: CrdsTable, row: number): void; says: RegExp }[] = [
    {
      name: 'a byte of a signature',
      spoil: (table, row) => {
        const { bytes, place } = table.view.columns;
        bytes[place[row]! + 5]! ^= 1;
      },
      says: /T1 row \d+: its hash/,
    },
    {
      name: 'a wallclock',
      spoil: (table, row) => {
        table.view.columns.wallclock[row]! += 1;
      },
      says: /T1 row \d+: decodes to/,
    },
    {
      name: 'the kind in the bytes',
      spoil: (table, row) => {
        const { bytes, place } = table.view.columns;
        bytes[place[row]! + 64] = 0;
      },
      says: /T1 row \d+: does not decode/,
    },
  ];
  for (const { name, spoil, says } of spoiled) {
    it(`notices a change of ${name}`, () => {
      const table = real();
      spoil(table, 3);
      expect(findViolation(table, options)).toMatch(says);
    });
  }

  it('notices a signature that does not verify', () => {
    const none = { verify: () => false };
    expect(findViolation(real(), none)).toMatch(/T1 row \d+: its signature/);
    expect(sampleViolation(real(), seededRng(1), 1, none)).toMatch(/T1 row \d+: its signature/);
  });

  it('a sample finds what most rows have', () => {
    const table = real();
    table.view.columns.wallclock.fill(5);
    expect(sampleViolation(table, seededRng(1), 5)).toMatch(/decodes to/);
  });
});

describe('a planted mistake is found', () => {
  function crowd(): CrdsTable {
    const table = makeTable({ capacities: { tableRows: 256 } });
    for (let i = 0; i < 100; i++) {
      upsert(table, value({ origin: i % 7, index: i, salt: i, kind: i < 7 ? 11 : 1 }));
    }
    for (const row of [3, 50, 51]) table.remove(row, 1);
    return table;
  }

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
});
