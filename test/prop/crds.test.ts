/** The table against a plain Map that does the same in the simplest way, for any sequence of commands. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tableDigest } from '../../src/crds/digest.ts';
import { purgeTimedOut, Timeouts, trim } from '../../src/crds/expire.ts';
import { findViolation } from '../../src/crds/invariants.ts';
import { Stakes } from '../../src/crds/peers.ts';
import { type CrdsTable, Route } from '../../src/crds/table.ts';
import { PUSHES_LOCAL } from '../../src/crds/view.ts';
import { compareBytes, toHex } from '../../src/util/bytes.ts';
import { Outcome, outcomeName } from '../../src/util/outcome.ts';
import { seededRng } from '../../src/util/rng.ts';
import { Kind } from '../../src/wire/limits.ts';
import { expectAlike, expectSame } from '../in-loops.ts';
import { propertyCases } from '../nightly.ts';
import {
  key,
  makeTable,
  rowsInOrder,
  type TestValue,
  upsert,
  value,
  wouldInsert,
} from '../unit/crds/harness.ts';

const SELF = 0;
const ORIGINS = 6;
const MAX_ORIGINS = 3;
const STAKED_MS = 40_000;
const CAPACITIES = {
  tableRows: 64,
  peerRows: 8,
  journalEntries: 16,
  verifiedPlaces: 16,
  batches: 1,
  egressSlots: 1,
  purgedHashes: 1_024,
  failedHashes: 1,
};

interface Entry {
  value: TestValue;
  origin: number;
  ordinal: number;
  inserted: number;
  pushes: number;
}

const labelOf = (v: TestValue, origin: number) => `${v.kind} ${v.index} ${origin}`;

/** The table of behaviour.md, written for reading. */
class Model {
  entries = new Map<string, Entry>();
  purged: string[] = [];
  cursor = 0;
  earlier = 0;
  stakes = new Map<number, number>();
  /** Since when there has been anything of an origin without a break. */
  since = new Map<number, number>();

  overrides(a: TestValue, b: TestValue): boolean {
    if (a.kind === Kind.CONTACT_INFO) {
      // Exact: doubles would take two outsets above 2^53 for one.
      const outset = (v: TestValue) => (BigInt(v.outsetHigh) << 32n) | BigInt(v.outsetLow);
      const [outsetA, outsetB] = [outset(a), outset(b)];
      if (outsetA !== outsetB) return outsetA > outsetB;
    }
    if (a.wallclock !== b.wallclock) return a.wallclock > b.wallclock;
    return compareBytes(a.hash, 0, b.hash, 0, 32) > 0;
  }

  upsert(v: TestValue, origin: number, nowMs: number, route: number): number {
    const label = labelOf(v, origin);
    const old = this.entries.get(label);
    if (old !== undefined && !this.overrides(v, old.value)) {
      if (toHex(old.value.hash) !== toHex(v.hash)) {
        this.purged.push(`${toHex(v.hash)} ${nowMs}`);
        return Outcome.VALUE_OUTDATED;
      }
      if (route === Route.PUSH) {
        this.earlier = old.pushes === PUSHES_LOCAL ? 0 : old.pushes;
        old.pushes = Math.min(255, this.earlier + 1);
      }
      return Outcome.VALUE_DUPLICATE;
    }
    if (old !== undefined) this.purged.push(`${toHex(old.value.hash)} ${nowMs}`);
    const pushes = [PUSHES_LOCAL, 0, 1, 0][route] as number;
    if (!this.since.has(origin)) this.since.set(origin, nowMs);
    this.entries.set(label, { value: v, origin, ordinal: this.cursor++, inserted: nowMs, pushes });
    return old === undefined ? Outcome.VALUE_INSERTED : Outcome.VALUE_UPDATED;
  }

  removeAll(goes: (entry: Entry) => boolean, nowMs: number): number {
    let count = 0;
    for (const [label, entry] of [...this.entries]) {
      if (!goes(entry)) continue;
      this.entries.delete(label);
      this.purged.push(`${toHex(entry.value.hash)} ${nowMs}`);
      count++;
    }
    const left = new Set([...this.entries.values()].map((entry) => entry.origin));
    for (const origin of this.since.keys()) if (!left.has(origin)) this.since.delete(origin);
    return count;
  }

  touch(origin: number, nowMs: number): void {
    const own = [...this.entries.values()].filter((entry) => entry.origin === origin);
    const contact = own.filter((entry) => entry.value.kind === Kind.CONTACT_INFO);
    for (const entry of contact.length > 0 ? contact : own) {
      entry.inserted = Math.max(entry.inserted, nowMs);
    }
  }

  purge(nowMs: number): number {
    const anyStake = [...this.stakes.values()].some((lamports) => lamports > 0);
    const isOver = (entry: Entry): boolean => {
      if (entry.origin === SELF) return false;
      const staked = (this.stakes.get(entry.origin) ?? 0) > 0 || !anyStake;
      return (
        Math.min(entry.value.wallclock, entry.inserted) + (staked ? STAKED_MS : 15_000) <= nowMs
      );
    };
    const shielded = new Set(
      [...this.entries.values()]
        .filter((entry) => entry.value.kind === Kind.CONTACT_INFO && !isOver(entry))
        .map((entry) => entry.origin),
    );
    return this.removeAll((entry) => !shielded.has(entry.origin) && isOver(entry), nowMs);
  }

  /** With stakes: who leaves is certain. The lowest stake, then the youngest. */
  trim(keep: number[], nowMs: number): number {
    const origins = [...new Set([...this.entries.values()].map((entry) => entry.origin))];
    if (10 * origins.length <= 11 * MAX_ORIGINS) return 0;
    const stake = (origin: number): number => this.stakes.get(origin) ?? 0;
    const lowest = origins
      .sort((a, b) => stake(a) - stake(b) || this.since.get(b)! - this.since.get(a)! || a - b)
      .slice(0, origins.length - MAX_ORIGINS)
      .filter((origin) => !keep.includes(origin));
    return this.removeAll((entry) => lowest.includes(entry.origin), nowMs);
  }
}

/** What of the table the model knows, in a form to compare. */
function contentOf(table: CrdsTable): string[] {
  const c = table.view.columns;
  return rowsInOrder(table).map((row) => {
    const origin = table.peers.columns.pubkey[table.view.originOffset(row) + 1];
    const hash = toHex(c.hash, row * 32, row * 32 + 32);
    const bytes = toHex(c.bytes, c.place[row]!, c.place[row]! + c.length[row]!);
    return [
      c.kind[row],
      c.index[row],
      origin,
      c.ordinal[row],
      c.inserted[row],
      c.pushes[row],
      hash,
      bytes,
    ].join(' ');
  });
}

function contentOfModel(model: Model): string[] {
  return [...model.entries.values()]
    .sort((a, b) => a.ordinal - b.ordinal)
    .map(({ value: v, origin, ordinal, inserted, pushes }) =>
      [v.kind, v.index, origin, ordinal, inserted, pushes, toHex(v.hash), toHex(v.bytes)].join(' '),
    );
}

/** Entries of the purged queue; those removed at one time in any order. */
function purgedOf(table: CrdsTable): string[] {
  return Array.from({ length: table.purged.size }, (_, i) => {
    const at = table.purged.hashOffset(i);
    return `${toHex(table.purged.hashes, at, at + 32)} ${table.purged.timeMs(i)}`;
  });
}

const anyOrigin = fc.integer({ min: 0, max: ORIGINS - 1 });

/** Few labels, wallclocks and outsets, so that all ways to meet occur. */
const anyValue = fc
  .record({
    label: fc.constantFrom(
      ...[
        [Kind.CONTACT_INFO, 0],
        [Kind.CONTACT_INFO, 0],
        [Kind.VOTE, 0],
        [Kind.VOTE, 1],
        [Kind.EPOCH_SLOTS, 254],
        [Kind.DUPLICATE_SHRED, 511],
        [Kind.SNAPSHOT_HASHES, 0],
      ].map(([kind, index]) => ({ kind: kind as number, index: index as number })),
    ),
    origin: anyOrigin,
    wallclock: fc.constantFrom(0, 1_000, 20_000, 50_000, 999_999_999_999_999),
    outsetLow: fc.constantFrom(0, 1, 0xffffffff),
    outsetHigh: fc.constantFrom(0, 0x80000000),
    salt: fc.integer({ min: 0, max: 2 }),
    length: fc.constantFrom(60, 117, 1_188),
  })
  .map(({ label, ...rest }) => ({ ...rest, ...label, made: value({ ...rest, ...label }) }));

const anyCommand = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({
      do: fc.constant('upsert' as const),
      v: anyValue,
      route: fc.constantFrom(...Object.values(Route)),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), nth: fc.nat(63) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('touch' as const), origin: anyOrigin }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(20_000) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('purge' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('trim' as const), keep: fc.subarray([0, 2, 5]) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('stakes' as const),
      stakes: fc.array(fc.tuple(anyOrigin, fc.constantFrom(0, 5, 9)), { maxLength: 6 }),
    }),
  },
);

type Command = typeof anyCommand extends fc.Arbitrary<infer C> ? C : never;

interface Run {
  table: CrdsTable;
  model: Model;
  nowMs: number;
}

/** Does a command on both sides and compares what came of it. */
function run(command: Command, { table, model, nowMs }: Run): void {
  switch (command.do) {
    case 'upsert': {
      const { made, origin } = command.v;
      const expected = model.upsert(made, origin, nowMs, command.route);
      const stays = expected === Outcome.VALUE_INSERTED || expected === Outcome.VALUE_UPDATED;
      expectSame(wouldInsert(table, made), stays);
      const outcome = upsert(table, made, nowMs, command.route);
      expectSame(outcomeName(outcome), outcomeName(expected));
      if (outcome === Outcome.VALUE_DUPLICATE && command.route === Route.PUSH) {
        expectSame(table.earlierPushes, model.earlier);
      }
      break;
    }
    case 'remove': {
      const rows = rowsInOrder(table);
      if (rows.length === 0) break;
      const row = rows[command.nth % rows.length]!;
      const ordinal = table.view.columns.ordinal[row];
      table.remove(row, nowMs);
      model.removeAll((entry) => entry.ordinal === ordinal, nowMs);
      break;
    }
    case 'touch':
      table.touch(key(command.origin), 0, nowMs);
      model.touch(command.origin, nowMs);
      break;
    case 'purge': {
      const timeouts = new Timeouts(key(SELF), table.stakes, STAKED_MS);
      expect(purgeTimedOut(table, timeouts, nowMs)).toBe(model.purge(nowMs));
      break;
    }
    case 'trim': {
      if (!table.stakes.anyPositive) break; // by chance then: tried elsewhere
      const keep = command.keep.map(key);
      const removed = trim(table, keep, seededRng(1), nowMs, MAX_ORIGINS);
      expect(removed).toBe(model.trim(command.keep, nowMs));
      break;
    }
    case 'stakes':
      model.stakes = new Map(command.stakes);
      table.setStakes(new Stakes([...model.stakes].map(([origin, l]) => [key(origin), l])));
      break;
    case 'wait':
      break;
  }
}

describe('the table', () => {
  it('does what a plain map does, and stays sound', () => {
    fc.assert(
      fc.property(fc.array(anyCommand, { maxLength: 60 }), (commands) => {
        const state: Run = {
          table: makeTable({ capacities: CAPACITIES }),
          model: new Model(),
          nowMs: 1_000,
        };
        for (const command of commands) {
          if (command.do === 'wait') state.nowMs += command.ms;
          run(command, state);
          const { table, model } = state;
          expectSame(findViolation(table, { decode: false }), undefined);
          expectAlike(contentOf(table), contentOfModel(model));
          expectAlike(purgedOf(table).sort(), [...model.purged].sort());
          expectSame(table.cursor, model.cursor);
        }
      }),
      { numRuns: propertyCases(30, 600) },
    );
  });

  it('is the same in whatever order and however often values arrive', () => {
    fc.assert(
      fc.property(
        fc.array(anyValue, { minLength: 1, maxLength: 30 }).chain((values) =>
          fc.tuple(
            fc.constant(values),
            fc.shuffledSubarray([...values, ...values], {
              minLength: 2 * values.length,
              maxLength: 2 * values.length,
            }),
          ),
        ),
        ([values, again]) => {
          const [one, two] = [values, again].map((all) => {
            const table = makeTable({ capacities: CAPACITIES, hashSeed: all.length });
            for (const { made } of all) upsert(table, made, 1_000);
            return table;
          }) as [CrdsTable, CrdsTable];
          expect(tableDigest(one.view)).toBe(tableDigest(two.view));
        },
      ),
      { numRuns: propertyCases(50, 1000) },
    );
  });

  it('holds its limits after every operation, and says what it refused', () => {
    const limits = { values: 4, bytes: 2_500 };
    fc.assert(
      fc.property(fc.array(anyValue, { maxLength: 80 }), (values) => {
        const capacities = { ...CAPACITIES, tableRows: 16, peerRows: 4 };
        const table = makeTable({ capacities, originLimits: limits });
        for (const { made } of values) {
          const before = table.size;
          const evictedBefore = table.evicted;
          const outcome = upsert(table, made, 60_000);
          const evicted = table.evicted - evictedBefore;
          const inserted = outcome === Outcome.VALUE_INSERTED ? 1 : 0;
          expectSame(table.size - before, inserted - evicted, outcomeName(outcome));
          const refused = outcome === Outcome.VALUE_TABLE_FULL;
          if (refused) expectSame(table.size === 16 || table.peers.size === 4, true);
          expectSame(findViolation(table, { decode: false }), undefined);
        }
      }),
      { numRuns: propertyCases(30, 600) },
    );
  });
});
