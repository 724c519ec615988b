import { describe, expect, it } from 'vitest';
import { tableDigest } from '../../../src/crds/digest.ts';
import { findViolation } from '../../../src/crds/invariants.ts';
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import { PUSHES_LOCAL } from '../../../src/crds/view.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { JournalReader, Operation, Reading } from '../../../src/shm/journal.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { compareBytes, toHex } from '../../../src/util/bytes.ts';
import { Outcome, outcomeName } from '../../../src/util/outcome.ts';
import { Kind } from '../../../src/wire/limits.ts';
import {
  key,
  makeRegions,
  makeTable,
  ORIGIN_AT,
  rowOf,
  rowsInOrder,
  type TestValue,
  upsert,
  value,
  wouldInsert,
  xxhash,
} from './harness.ts';

const { VALUE_INSERTED, VALUE_UPDATED, VALUE_DUPLICATE, VALUE_OUTDATED, VALUE_TABLE_FULL } =
  Outcome;

const holds = (table: CrdsTable) => expect(findViolation(table, { decode: false })).toBeUndefined();

/** Hashes in the purged queue with their times. */
function purged(table: CrdsTable): [string, number][] {
  return Array.from({ length: table.purged.size }, (_, i) => {
    const at = table.purged.hashOffset(i);
    return [toHex(table.purged.hashes, at, at + 32), table.purged.timeMs(i)];
  });
}

/** Two values of one label that differ in nothing but their hash: lower one first. */
function byHash(options: Parameters<typeof value>[0]): [TestValue, TestValue] {
  const a = value({ ...options, salt: 1 });
  const b = value({ ...options, salt: 2 });
  return compareBytes(a.hash, 0, b.hash, 0, 32) < 0 ? [a, b] : [b, a];
}

describe('which of two values stays', () => {
  const contact = { kind: Kind.CONTACT_INFO };
  const [lower, higher] = byHash({ wallclock: 5 });
  const [lowerContact, higherContact] = byHash({ ...contact, wallclock: 5, outsetLow: 9 });
  const cases: { name: string; loser: TestValue; winner: TestValue }[] = [
    {
      name: 'the later wallclock',
      loser: value({ wallclock: 1_000 }),
      winner: value({ wallclock: 1_001 }),
    },
    { name: 'the greater hash at the same wallclock', loser: lower, winner: higher },
    {
      name: 'the later outset of a contact info, whatever the wallclock',
      loser: value({ ...contact, outsetLow: 1, wallclock: 9_000 }),
      winner: value({ ...contact, outsetLow: 2, wallclock: 1 }),
    },
    {
      name: 'the later outset by its high half',
      loser: value({ ...contact, outsetLow: 0xffffffff, outsetHigh: 1 }),
      winner: value({ ...contact, outsetLow: 0, outsetHigh: 2 }),
    },
    {
      name: 'the later outset beyond 2^31',
      loser: value({ ...contact, outsetLow: 0x7fffffff, outsetHigh: 0x7fffffff }),
      winner: value({ ...contact, outsetLow: 0x80000000, outsetHigh: 0x80000000 }),
    },
    {
      name: 'the later wallclock of a contact info at the same outset',
      loser: value({ ...contact, outsetLow: 7, wallclock: 10 }),
      winner: value({ ...contact, outsetLow: 7, wallclock: 11 }),
    },
    {
      name: 'the greater hash of a contact info at the same outset and wallclock',
      loser: lowerContact,
      winner: higherContact,
    },
    {
      name: 'the wallclock alone where the kind has no outset',
      loser: value({ outsetLow: 9, wallclock: 10 }),
      winner: value({ outsetLow: 1, wallclock: 11 }),
    },
    {
      name: 'the wallclock up to the limit of the protocol',
      loser: value({ wallclock: 999_999_999_999_998 }),
      winner: value({ wallclock: 999_999_999_999_999 }),
    },
  ];
  for (const { name, loser, winner } of cases) {
    it(`${name}, in either order`, () => {
      const up = makeTable();
      expect(upsert(up, loser)).toBe(VALUE_INSERTED);
      expect(wouldInsert(up, winner)).toBe(true);
      expect(upsert(up, winner)).toBe(VALUE_UPDATED);
      expect(wouldInsert(up, loser)).toBe(false);
      expect(upsert(up, loser)).toBe(VALUE_OUTDATED);
      const down = makeTable();
      expect(upsert(down, winner)).toBe(VALUE_INSERTED);
      expect(upsert(down, loser)).toBe(VALUE_OUTDATED);
      for (const table of [up, down]) {
        expect(table.size).toBe(1);
        expect(tableDigest(table.view)).toBe(sha256Hex(Buffer.from(toHex(winner.hash))));
        holds(table);
      }
    });
  }
});

describe('what counts as a label', () => {
  const base = { kind: Kind.VOTE, index: 3, origin: 1 };
  const others = [
    { name: 'another index', options: { ...base, index: 4 } },
    { name: 'another index by its high byte', options: { ...base, index: 3 + 256 } },
    { name: 'another kind', options: { ...base, kind: Kind.EPOCH_SLOTS } },
    { name: 'another origin', options: { ...base, origin: 2 } },
  ];
  for (const { name, options } of others) {
    it(`${name} is another`, () => {
      const table = makeTable();
      const one = value(base);
      const two = value(options);
      expect(upsert(table, one)).toBe(VALUE_INSERTED);
      expect(rowOf(table, two)).toBe(-1);
      const [tag, other] = [one, two].map((v) =>
        table.view.labels.label(v.kind, v.index, v.bytes, ORIGIN_AT),
      );
      expect(other).not.toBe(tag);
      expect(upsert(table, two)).toBe(VALUE_INSERTED);
      expect(rowOf(table, one)).not.toBe(rowOf(table, two));
      expect(table.size).toBe(2);
      holds(table);
    });
  }
});

describe('copies of a value', () => {
  const { LOCAL, PULL, PUSH } = Route;
  const cases: { name: string; routes: number[]; earlier: number[]; pushes: number }[] = [
    { name: 'pushed', routes: [PUSH, PUSH, PUSH], earlier: [1, 2], pushes: 3 },
    { name: 'pulled, then pushed', routes: [PULL, PUSH, PUSH], earlier: [0, 1], pushes: 2 },
    { name: 'ours, then pushed', routes: [LOCAL, PUSH, PUSH], earlier: [0, 1], pushes: 2 },
    { name: 'pulled again', routes: [PUSH, PULL, PUSH], earlier: [-1, 1], pushes: 2 },
    { name: 'ours again', routes: [PULL, LOCAL], earlier: [-1], pushes: 0 },
    { name: 'ours', routes: [LOCAL], earlier: [], pushes: PUSHES_LOCAL },
  ];
  for (const { name, routes, earlier, pushes } of cases) {
    it(`${name}: pushes are counted`, () => {
      const table = makeTable();
      const v = value();
      expect(upsert(table, v, 1_000, routes[0])).toBe(VALUE_INSERTED);
      const row = table.row;
      routes.slice(1).forEach((route, i) => {
        table.earlierPushes = -1;
        expect(upsert(table, v, 1_000, route)).toBe(VALUE_DUPLICATE);
        expect(table.earlierPushes, `copy ${i}`).toBe(earlier[i]);
        expect(table.row).toBe(row);
      });
      expect(table.view.columns.pushes[row]).toBe(pushes);
      expect(table.purged.size, 'a copy is not purged').toBe(0);
      expect(table.cursor).toBe(1);
    });
  }

  it('are counted up to 255', () => {
    const table = makeTable();
    for (let i = 0; i < 400; i++) upsert(table, value());
    expect(table.earlierPushes).toBe(255);
    expect(table.view.columns.pushes[table.row]).toBe(255);
  });

  it('are counted anew after a replacement', () => {
    const table = makeTable();
    for (let i = 0; i < 4; i++) upsert(table, value({ wallclock: 1 }));
    upsert(table, value({ wallclock: 2 }), 2, Route.PULL);
    expect(table.view.columns.pushes[table.row]).toBe(0);
  });
});

describe('a change', () => {
  it('keeps the row and gives it the newest ordinal', () => {
    const table = makeTable();
    const values = [1, 2, 3].map((origin) => value({ origin, wallclock: 10 }));
    for (const v of values) upsert(table, v);
    const row = rowOf(table, values[0]!);
    upsert(table, value({ origin: 1, wallclock: 11, length: 700 }), 99);
    const c = table.view.columns;
    expect(table.row).toBe(row);
    expect([c.ordinal[row], c.inserted[row], c.length[row]]).toEqual([3, 99, 700]);
    expect(rowsInOrder(table)).toEqual([...values.slice(1).map((v) => rowOf(table, v)), row]);
    expect(table.cursor).toBe(4);
    holds(table);
  });

  it('puts the hash of what it displaces among the purged', () => {
    const table = makeTable();
    const [v1, v2, v0] = [10, 20, 5].map((wallclock) => value({ wallclock })) as [
      TestValue,
      TestValue,
      TestValue,
    ];
    upsert(table, v1, 100);
    upsert(table, v2, 200);
    upsert(table, v0, 300);
    table.remove(rowOf(table, v2), 400);
    expect(purged(table)).toEqual([
      [toHex(v1.hash), 200],
      [toHex(v0.hash), 300],
      [toHex(v2.hash), 400],
    ]);
  });

  it('is told to the journal', () => {
    const regions = makeRegions();
    const table = new CrdsTable(regions, { xxhash, hashSeed: 1 });
    const reader = new JournalReader(regions.journal);
    upsert(table, value({ kind: Kind.CONTACT_INFO }));
    const row = table.row;
    upsert(table, value({ kind: Kind.CONTACT_INFO, wallclock: 2_000 }));
    upsert(table, value({ kind: Kind.CONTACT_INFO, wallclock: 2_000 }));
    table.remove(row, 3_000);
    expect(reader.next(), 'before the turn ends').toBe(Reading.NOTHING);
    table.journal.publish();
    const seen: number[][] = [];
    while (reader.next() === Reading.ENTRY) {
      seen.push([reader.row, reader.version, reader.operation, reader.kind]);
    }
    expect(seen).toEqual([
      [row, 2, Operation.INSERT, Kind.CONTACT_INFO],
      [row, 4, Operation.UPDATE, Kind.CONTACT_INFO],
      [row, 6, Operation.REMOVE, Kind.CONTACT_INFO],
    ]);
  });

  it('leaves no trace of an origin when its last value goes', () => {
    const table = makeTable();
    for (let index = 0; index < 5; index++) upsert(table, value({ origin: 9, index }));
    upsert(table, value({ origin: 9, kind: Kind.CONTACT_INFO }));
    const peer = table.peers.find(key(9), 0);
    table.peers.setContact(peer, 0x01020304, 8001, 77);
    table.peers.setProved(peer, true);
    upsert(table, value({ origin: 8 }));
    expect(table.removeOrigin(key(9), 0, 1)).toBe(6);
    expect(table.removeOrigin(key(9), 0, 1), 'again').toBe(0);
    expect(table.peers.find(key(9), 0)).toBe(-1);
    expect([table.size, table.peers.size]).toEqual([1, 1]);
    holds(table);
    upsert(table, value({ origin: 10 }));
    const reused = table.peers.find(key(10), 0);
    const p = table.peers.columns;
    expect(reused, 'the row is used again').toBe(peer);
    expect([p.ip[peer], p.port[peer], p.shredVersion[peer], p.flags[peer]]).toEqual([0, 0, 0, 0]);
  });

  it('frees rows for others, whatever lists they were in', () => {
    const table = makeTable({ capacities: { tableRows: 64 } });
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 64; i++) {
        upsert(table, value({ origin: i % 7, index: i, salt: round, wallclock: round }));
      }
      expect(table.size).toBe(64);
      for (let i = round % 3; i < 64; i += 2) {
        table.remove(rowOf(table, value({ origin: i % 7, index: i })), round);
      }
      holds(table);
    }
  });

  it('refuses rows that are free', () => {
    const table = makeTable();
    expect(() => table.remove(0, 1)).toThrow(AssertionError);
  });

  for (const length of [0, 1_189]) {
    it(`refuses a value of ${length} bytes`, () => {
      const table = makeTable();
      const { bytes, hash } = value({ length: 1_200 });
      expect(() =>
        table.upsert(bytes, 0, length, 1, 0, ORIGIN_AT, 1, 0, 0, hash, 0, 1, Route.PUSH),
      ).toThrow(AssertionError);
    });
  }
});

describe('signs of life', () => {
  const at = (table: CrdsTable, v: TestValue) => table.view.columns.inserted[rowOf(table, v)];

  it('raise the time of the contact info alone, where there is one', () => {
    const table = makeTable();
    const contact = value({ kind: Kind.CONTACT_INFO });
    const vote = value();
    upsert(table, contact, 100);
    upsert(table, vote, 100);
    table.touch(key(1), 0, 250);
    expect([at(table, contact), at(table, vote)]).toEqual([250, 100]);
    table.touch(key(1), 0, 200);
    expect(at(table, contact), 'never lowered').toBe(250);
  });

  it('raise the times of all values of an origin without one', () => {
    const table = makeTable();
    const votes = [0, 1, 2].map((index) => value({ index }));
    for (const [i, v] of votes.entries()) upsert(table, v, 100 * (i + 1));
    const other = value({ origin: 2 });
    upsert(table, other, 100);
    table.touch(key(1), 0, 250);
    expect([...votes, other].map((v) => at(table, v))).toEqual([250, 250, 300, 100]);
    table.touch(key(3), 0, 250);
  });
});

describe('a full table', () => {
  it('refuses labels, not replacements, and takes them when there is room', () => {
    const table = makeTable({ capacities: { tableRows: 16 } });
    for (let i = 0; i < 16; i++) expect(upsert(table, value({ index: i }))).toBe(VALUE_INSERTED);
    const late = value({ index: 16 });
    expect(upsert(table, late)).toBe(VALUE_TABLE_FULL);
    expect(table.row).toBe(-1);
    expect(table.purged.size, 'it stays requestable').toBe(0);
    expect(upsert(table, value({ index: 3, wallclock: 2_000 }))).toBe(VALUE_UPDATED);
    holds(table);
    table.remove(rowOf(table, value({ index: 5 })), 1);
    expect(upsert(table, late)).toBe(VALUE_INSERTED);
    holds(table);
  });

  it('refuses identities beyond its rows for them', () => {
    const table = makeTable({ capacities: { peerRows: 8 } });
    for (let origin = 0; origin < 8; origin++) upsert(table, value({ origin }));
    expect(outcomeName(upsert(table, value({ origin: 8 })))).toBe('VALUE_TABLE_FULL');
    expect(upsert(table, value({ origin: 3, index: 1 }))).toBe(VALUE_INSERTED);
    expect([table.size, table.peers.size]).toEqual([9, 8]);
    holds(table);
  });

  it('is no problem of a table that is built on used regions', () => {
    const regions = makeRegions();
    upsert(new CrdsTable(regions, { xxhash, hashSeed: 1 }), value());
    expect(() => new CrdsTable(regions, { xxhash, hashSeed: 1 })).toThrow(AssertionError);
  });
});

describe('keys that were chosen to collide', () => {
  it('are refused one by one, and nothing else suffers', () => {
    // A hasher that the attacker knows: every label of an even origin has the same tag.
    const bad = {
      h32: (bytes: Uint8Array, seed: number) =>
        bytes[1]! % 2 === 0 ? bytes.length : xxhash.h32(bytes, seed),
    };
    const table = new CrdsTable(makeRegions(), { xxhash: bad, hashSeed: 1 });
    const outcomes = Array.from({ length: 200 }, (_, i) => upsert(table, value({ origin: i })));
    const even = outcomes.filter((_, i) => i % 2 === 0);
    const odd = outcomes.filter((_, i) => i % 2 === 1);
    expect(even.filter((o) => o === VALUE_TABLE_FULL).length).toBeGreaterThanOrEqual(36);
    expect(odd.every((o) => o === VALUE_INSERTED)).toBe(true);
    holds(table);
  });

  it('are refused when they crowd the labels of one origin', () => {
    const bad = {
      h32: (bytes: Uint8Array, seed: number) => (bytes.length === 36 ? 5 : xxhash.h32(bytes, seed)),
    };
    const table = new CrdsTable(makeRegions(), { xxhash: bad, hashSeed: 1 });
    const outcomes = Array.from({ length: 100 }, (_, index) => upsert(table, value({ index })));
    expect(outcomes.map(outcomeName)).toEqual([
      ...Array.from({ length: 64 }, () => 'VALUE_INSERTED'),
      ...Array.from({ length: 36 }, () => 'VALUE_TABLE_FULL'),
    ]);
    holds(table);
  });

  it('are spread by the seed: labels that collide under one do not under another', () => {
    const collided: number[] = [];
    const places = 2 * 4_096;
    for (const hashSeed of [1, 2]) {
      const table = makeTable({ hashSeed });
      // Chosen for seed 1: all of them have a home among the first 1/64 of the places.
      const chosen: TestValue[] = [];
      const known = makeTable({ hashSeed: 1 });
      for (let i = 0; chosen.length < 60; i++) {
        const v = value({ origin: i % 500, index: Math.floor(i / 500) });
        const tag = known.view.labels.label(v.kind, v.index, v.bytes, ORIGIN_AT);
        if ((tag & (places - 1)) < places / 64 / 2) chosen.push(v);
      }
      let longest = 0;
      for (const v of chosen) {
        upsert(table, v);
        const tag = table.view.labels.label(v.kind, v.index, v.bytes, ORIGIN_AT);
        longest = Math.max(longest, table.view.index.distance(tag, rowOf(table, v)));
      }
      collided.push(longest);
      holds(table);
    }
    expect(collided[0]).toBeGreaterThan(collided[1]!);
    expect(collided[1], 'as with random keys').toBeLessThan(8);
  });
});
