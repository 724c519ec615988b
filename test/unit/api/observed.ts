/** A table with an observer, and what a listener ends up believing, for comparison with what the table holds. */
import type { Change } from '../../../src/api/change.ts';
import { Observer } from '../../../src/api/observer.ts';
import { OBSERVER_THREAD } from '../../../src/api/observer-api.ts';
import { CrdsTable } from '../../../src/crds/table.ts';
import type { TableView } from '../../../src/crds/view.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { counterBlock } from '../../../src/shm/counters.ts';
import { type Capacities, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions, type Regions } from '../../../src/shm/regions.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { KIND_NAMES, Kind, PUBKEY_BYTES } from '../../../src/wire/limits.ts';
import { createValueColumns, skimValue } from '../../../src/wire/skim.ts';
import { key, rowOf, type TestValue, upsert, value, xxhash } from '../crds/harness.ts';

/** When the manual clock starts. */
export const START_MS = 1_787_000_000_000;

/** Table and observer in one thread. */
export class Bench {
  readonly clock = new ManualClock(START_MS);
  readonly regions: Regions;
  readonly table: CrdsTable;
  readonly observer: Observer;
  readonly heard: Change[] = [];

  constructor(capacities: Partial<Capacities> = {}, first: readonly TestValue[] = []) {
    this.regions = createRegions({ ...SMALL_CAPACITIES, ...capacities }, false);
    this.table = new CrdsTable(this.regions, { xxhash, hashSeed: 7 });
    for (const v of first) this.put(v);
    this.table.journal.publish();
    this.observer = new Observer(this.regions, xxhash, this.clock);
    const { mirror } = this.observer;
    this.observer.follow({
      changed: (operation, row) =>
        this.heard.push(mirror.change(operation, row, this.clock.wallMs())),
      flush: () => {},
    });
  }

  put(v: TestValue): void {
    upsert(this.table, v, START_MS + v.wallclock);
  }

  drop(v: TestValue): void {
    this.table.remove(rowOf(this.table, v), START_MS);
  }

  /** Lets the observer look. @returns what it heard since, in short */
  look(): string[] {
    this.table.journal.publish();
    this.observer.poll();
    return this.heard.splice(0).map((change) => {
      if (change.operation === 'reset') return 'reset';
      const origin = [1, 2, 3, 4].find((n) => toBase58(key(n)) === change.from);
      return `${change.operation} ${change.kind} ${change.index} of ${origin} at ${change.wallclock}`;
    });
  }

  counter(place: number): number {
    return counterBlock(this.regions.counters, OBSERVER_THREAD)[place]!;
  }
}

/** A vote that is none, but for its label and clock. */
export const vote = (origin: number, index: number, wallclock = 1): TestValue =>
  value({ kind: Kind.VOTE, origin, index, wallclock });

const columns = createValueColumns(16);

/** Stores a real value, as if it had come by pull. */
export function storeReal(table: CrdsTable, bytes: Uint8Array, nowMs: number): number {
  const outcome = skimValue(bytes, 0, bytes.length, columns, 0);
  if (outcome !== 0) throw new Error(`no value: ${outcome}`);
  const [kind, index] = [columns.kind[0]!, columns.index[0]!];
  const [origin, wallclock] = [columns.origin[0]!, columns.wallclock[0]!];
  const hash = sha256(bytes);
  const { length } = bytes;
  return table.upsert(bytes, 0, length, kind, index, origin, wallclock, 0, 0, hash, 0, nowMs, 1);
}

/** Applies changes to a belief: SHA-256 by label. @throws when a change cannot follow what was heard before */
export function believe(belief: Map<string, string>, changes: readonly Change[]): void {
  for (const change of changes) {
    if (change.operation === 'reset') {
      belief.clear();
      continue;
    }
    const label = `${change.kind} ${change.index} ${change.from}`;
    const before = belief.get(label);
    const mustBe = change.operation === 'insert' ? undefined : (before ?? 'known');
    if (before !== mustBe) throw new Error(`${change.operation} of ${label}, which was ${before}`);
    if (change.operation === 'remove') belief.delete(label);
    else belief.set(label, change.sha256);
  }
}

/** The table as a belief. */
export function truth(view: TableView): Map<string, string> {
  const { columns: c, peers } = view;
  const all = new Map<string, string>();
  for (let row = 0; row < view.highWater; row++) {
    if (c.length[row] === 0) continue;
    const at = view.originOffset(row);
    const from = toBase58(peers.columns.pubkey, at, at + PUBKEY_BYTES);
    const label = `${KIND_NAMES[c.kind[row]!]} ${c.index[row]} ${from}`;
    all.set(label, toHex(c.hash, row * 32, row * 32 + 32));
  }
  return all;
}
