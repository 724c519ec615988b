/** Follows a table by its journal alone, as an observer does, and compares what it has with the table. */
import { compareValues } from '../../src/crds/label.ts';
import type { CrdsTable } from '../../src/crds/table.ts';
import { JournalReader, Operation, Reading } from '../../src/shm/journal.ts';
import type { Regions } from '../../src/shm/regions.ts';
import { equalBytes, toHex } from '../../src/util/bytes.ts';
import { HASH_BYTES } from '../../src/wire/limits.ts';
import { promise } from './violation.ts';

/** A row as it was when it was last looked at. */
interface Entry {
  readonly version: number;
  readonly kind: number;
  readonly index: number;
  readonly origin: string;
  readonly stake: number;
  readonly wallclock: number;
  readonly signed: number;
  readonly inserted: number;
  readonly outsetLow: number;
  readonly outsetHigh: number;
  readonly hash: Uint8Array;
}

/** T9: snapshot plus journal is the table. T2, as seen from outside: nothing gives way to what is older. */
export class Replica {
  /** Origins with a value, by key in hex: how many values. */
  readonly origins = new Map<string, number>();
  readonly #table: CrdsTable;
  readonly #reader: JournalReader;
  readonly #rows = new Map<number, Entry>();
  /** What left in the last `follow`. */
  readonly removed: Entry[] = [];
  /** Times that the journal had come round before it was read. */
  laps = 0;

  constructor(table: CrdsTable, regions: Regions) {
    this.#table = table;
    this.#reader = new JournalReader(regions.journal);
    this.#snapshot();
  }

  /** Reads what was published since the last time. */
  follow(): void {
    const reader = this.#reader;
    this.removed.length = 0;
    for (;;) {
      const reading = reader.next();
      if (reading === Reading.NOTHING) break;
      if (reading === Reading.LAPPED) {
        this.laps++;
        while (reader.next() === Reading.ENTRY);
        this.#snapshot();
        break;
      }
      this.#apply(reader.row, reader.version, reader.operation);
    }
    const { size } = this.#table;
    promise(
      'T9',
      this.#rows.size === size,
      () => `${this.#rows.size} rows followed, ${size} there`,
    );
  }

  /** Compares every row with the table. */
  compare(): void {
    const c = this.#table.view.columns;
    for (const [row, { hash, version }] of this.#rows) {
      const same = equalBytes(hash, 0, c.hash, row * HASH_BYTES, HASH_BYTES);
      promise(
        'T9',
        same && c.version[row] === version,
        () => `row ${row} is not what was followed`,
      );
    }
  }

  /** Looks at every row again, as when stakes have changed, which no journal tells. */
  refresh(): void {
    this.follow();
    this.#snapshot();
  }

  #apply(row: number, version: number, operation: number): void {
    const known = this.#rows.get(row);
    if (operation === Operation.REMOVE) {
      if (known !== undefined) {
        this.#forget(known.origin);
        this.removed.push(known);
      }
      this.#rows.delete(row);
      return;
    }
    const { columns } = this.#table.view;
    // Rewritten or removed since: a later entry tells of that.
    if (columns.version[row] !== version || columns.length[row] === 0) return;
    const entry = this.#read(row);
    if (known === undefined) {
      this.origins.set(entry.origin, (this.origins.get(entry.origin) ?? 0) + 1);
    } else {
      const sameLabel =
        known.kind === entry.kind && known.index === entry.index && known.origin === entry.origin;
      promise('T1', sameLabel, () => `row ${row} changed its label without being freed`);
      promise('T2', order(entry, known) > 0, () => `row ${row} gave way to an older value`);
    }
    this.#rows.set(row, entry);
  }

  #snapshot(): void {
    const { length } = this.#table.view.columns;
    this.#rows.clear();
    this.origins.clear();
    for (let row = 0; row < this.#table.view.highWater; row++) {
      if (length[row] === 0) continue;
      const entry = this.#read(row);
      this.#rows.set(row, entry);
      this.origins.set(entry.origin, (this.origins.get(entry.origin) ?? 0) + 1);
    }
  }

  #forget(origin: string): void {
    const left = this.origins.get(origin)! - 1;
    if (left === 0) this.origins.delete(origin);
    else this.origins.set(origin, left);
  }

  #read(row: number): Entry {
    const { columns, peers } = this.#table.view;
    const at = columns.peer[row]! * 32;
    return {
      version: columns.version[row]!,
      kind: columns.kind[row]!,
      index: columns.index[row]!,
      origin: toHex(peers.columns.pubkey, at, at + 32),
      stake: peers.columns.stake[columns.peer[row]!]!,
      wallclock: columns.wallclock[row]!,
      signed: columns.signed[row]!,
      inserted: columns.inserted[row]!,
      outsetLow: columns.outsetLow[row]!,
      outsetHigh: columns.outsetHigh[row]!,
      hash: columns.hash.slice(row * HASH_BYTES, (row + 1) * HASH_BYTES),
    };
  }
}

function order(a: Entry, b: Entry): number {
  return compareValues(
    a.kind,
    a.outsetLow,
    a.outsetHigh,
    a.wallclock,
    a.hash,
    0,
    b.outsetLow,
    b.outsetHigh,
    b.wallclock,
    b.hash,
    0,
  );
}
