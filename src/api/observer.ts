/**
 * Follows the table from a thread of its own: reads the journal from its own cursor, keeps a mirror of
 * what it has seen, tells listeners what changed, and answers questions. It never writes what it reads,
 * so nothing it does or fails to do is felt by the node.
 */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Hasher } from '../crds/label.ts';
import { Copied, RowCopy, TableView } from '../crds/view.ts';
import { Counter, counterBlock } from '../shm/counters.ts';
import { JournalReader, Reading } from '../shm/journal.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { compareBytes } from '../util/bytes.ts';
import type { Clock } from '../util/clock.ts';
import { ForwardTime } from '../util/forward-time.ts';
import { KIND_NAMES, PUBKEY_BYTES } from '../wire/limits.ts';
import type { RowOperation } from './change.ts';
import { ChangeLog } from './changes.ts';
import { TableMirror } from './mirror.ts';
import { NodeTracker } from './node-tracker.ts';
import {
  MAX_PAGE_ROWS,
  OBSERVER_THREAD,
  type ObserverStatus,
  POLL_MS,
  type QueryPage,
  type Selector,
} from './observer-api.ts';
import { RivalWatch } from './rival-watch.ts';
import { describeValue, type ValueJson } from './value-json.ts';
import { ViaReader } from './via.ts';

/** Entries in one turn: some 20 ms, so that questions are answered in between. */
const TURN_ENTRIES = 4_096;

/** Rows of a dump between two looks at everything else; describing one takes some 0.1 ms. */
const DUMP_ROWS = 64;

/** Older news than this are none: a clock was set in between. @units ms */
const LONGEST_AGE_MS = 60_000;

/** Tries for a row that main is writing, before a question goes without it. */
const READ_TRIES = 4;

/** Who hears of changes, in this thread. */
export interface ChangeListener {
  /** For each change, as `RowListener` in `mirror`. */
  changed(operation: RowOperation, row: number): void;
  /** After the changes of a turn. */
  flush(): void;
}

/** @owner the observer's thread */
export class Observer {
  readonly mirror: TableMirror;
  /** What happened to nodes since this began to look. */
  readonly changes: ChangeLog;
  readonly #tracker: NodeTracker;
  readonly #rivals: RivalWatch;
  readonly #via: ViaReader;
  readonly #view: TableView;
  readonly #journal: JournalReader;
  readonly #clock: Clock;
  readonly #counters: Float64Array;
  readonly #heartbeats: Int32Array;
  readonly #listeners = new Set<ChangeListener>();
  readonly #copy = new RowCopy();
  readonly #lag: RecordableHistogram = createHistogram();
  #busy = new Set<number>();
  #isReading = false;
  #isScheduled = false;
  #isStopped = false;
  #cancelPolls: () => void = () => {};
  #followed = 0;
  #resyncs = 0;
  #busyRows = 0;

  constructor(regions: Regions, hasher: Hasher, clock: Clock) {
    this.#clock = clock;
    this.#counters = counterBlock(regions.counters, OBSERVER_THREAD);
    this.#heartbeats = regions.control.heartbeats;
    this.#view = new TableView(regions, hasher);
    this.mirror = new TableMirror(this.#view, (operation, row) => this.#told(operation, row));
    this.#via = new ViaReader();
    const { nodes } = this.mirror;
    this.#tracker = new NodeTracker(
      (pubkey) => nodes.get(pubkey),
      (changes, ages) => {
        this.changes.append(changes, ages);
        regions.control.changes[0] = this.changes.latest;
      },
    );
    this.#rivals = new RivalWatch(this.#view, this.#tracker);
    // First the cursor, then the walk: what changes in between is found by both.
    this.#journal = new JournalReader(regions.journal);
    this.#walk();
    this.#tracker.settle();
    const time = new ForwardTime(clock);
    // What happened before, in an earlier life or before the first, is not in this log: one number stands for
    // it, so that whoever stopped there, or knows nothing yet, is told of a gap. The first life begins above
    // whatever an earlier process came to, as no spy tells a million changes a second.
    const before = regions.control.changes[0]!;
    this.changes = new ChangeLog({
      lastSeq: before > 0 ? before + 1 : clock.wallMs() * 1_000,
      states: () => this.#tracker.states(),
      nowMs: () => time.nowMs(),
    });
    regions.control.changes[0] = this.changes.latest;
  }

  /** Looks at the journal every `pollMs` from now on; may be called again. */
  start(pollMs: number = POLL_MS): void {
    if (this.#isStopped) return; // whoever follows may still change the pace while it leaves
    this.#cancelPolls();
    this.#cancelPolls = this.#clock.every(pollMs, () => this.#turn());
  }

  /** Hears of every change after what the mirror holds now. @returns what ends it */
  follow(listener: ChangeListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Takes in what happened, up to a turn's worth.
   *
   * @returns whether more is waiting
   */
  poll(): boolean {
    this.#beat();
    const again = this.#busy;
    this.#busy = new Set();
    for (const row of again) this.#reconcile(row);
    let left = TURN_ENTRIES;
    let reading: number = Reading.NOTHING;
    const lostBefore = this.#journal.lost;
    while (left-- > 0) {
      reading = this.#journal.next();
      if (reading !== Reading.ENTRY) break;
      this.#followed += 1;
      this.#isReading = true;
      this.#reconcile(this.#journal.row);
      this.#isReading = false;
    }
    if (reading === Reading.LAPPED) {
      // Whatever was missed is in the table by now. The rest waits for the next look, so that a main
      // which is always faster costs us one walk each time and no more.
      this.#counters[Counter.JOURNAL_LOST]! += this.#journal.lost - lostBefore;
      this.#resyncs += 1;
      this.#walk();
    }
    this.#flush();
    return reading === Reading.ENTRY;
  }

  /** Takes in everything that is there, whatever the journal says of it. */
  drain(): void {
    this.#walk();
    this.#flush();
  }

  /** How it is doing. */
  status(): Omit<ObserverStatus, 'skipped'> {
    const { mirror } = this;
    const kinds: Record<string, number> = {};
    for (const [kind, count] of mirror.kinds.entries()) {
      if (count > 0) kinds[KIND_NAMES[kind]!] = count;
    }
    return {
      values: mirror.size,
      nodes: mirror.nodes.size,
      kinds,
      versions: Object.fromEntries(mirror.versions),
      clients: Object.fromEntries(mirror.clients),
      followed: this.#followed,
      lost: this.#journal.lost,
      resyncs: this.#resyncs,
      busy: this.#busyRows,
      lagP50Ms: this.#lag.count === 0 ? 0 : this.#lag.percentile(50),
      lagP99Ms: this.#lag.count === 0 ? 0 : this.#lag.percentile(99),
    };
  }

  /** Values that a selector means, one page of them. */
  query(selector: Selector, limit: number, bytes = false): QueryPage {
    const { mirror } = this;
    const most = Math.min(Math.max(1, limit), MAX_PAGE_ROWS);
    const values: ValueJson[] = [];
    const start = Math.max(0, (selector.after ?? -1) + 1);
    for (let row = start; row < mirror.highWater; row++) {
      if (!this.#isMeant(row, selector)) continue;
      const value = this.#describe(row, bytes);
      if (value) values.push(value);
      if (values.length === most) return { values, next: row };
    }
    return { values, next: null };
  }

  /** Every value, ordered by origin, kind and index, as JSON lines, some at a time. */
  async *dump(): AsyncGenerator<readonly string[]> {
    const { mirror } = this;
    const rows: number[] = [];
    for (let row = 0; row < mirror.highWater; row++) if (mirror.originOf(row)) rows.push(row);
    const keyOf = (row: number): Uint8Array => mirror.originOf(row)!.key;
    rows.sort(
      (a, b) =>
        compareBytes(keyOf(a), 0, keyOf(b), 0, PUBKEY_BYTES) ||
        mirror.kindOf(a) - mirror.kindOf(b) ||
        mirror.indexOf(a) - mirror.indexOf(b),
    );
    for (let at = 0; at < rows.length; at += DUMP_ROWS) {
      const lines: string[] = [];
      for (const row of rows.slice(at, at + DUMP_ROWS)) {
        const value = this.#describe(row, true);
        if (value) lines.push(JSON.stringify(value));
      }
      yield lines;
      this.#beat();
      await new Promise<void>((resolve) => this.#clock.soon(resolve));
    }
  }

  /** Ends the looks at the journal. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelPolls();
  }

  #turn(): void {
    if (this.#isScheduled || this.#isStopped || !this.poll()) return;
    this.#isScheduled = true;
    this.#clock.soon(() => {
      this.#isScheduled = false;
      this.#turn();
    });
  }

  /** Tells main that this thread lives. */
  #beat(): void {
    Atomics.add(this.#heartbeats, OBSERVER_THREAD * LINE_I32, 1);
  }

  #reconcile(row: number): void {
    if (this.mirror.reconcile(row) === Copied.BUSY) this.#noteBusy(row);
  }

  #walk(): void {
    for (const row of this.mirror.reconcileAll()) this.#noteBusy(row);
  }

  #noteBusy(row: number): void {
    this.#busy.add(row);
    this.#busyRows += 1;
    this.#counters[Counter.ROWS_BUSY]! += 1;
  }

  #flush(): void {
    this.#rivals.look(this.#clock.monoMs());
    this.#tracker.flush();
    for (const listener of this.#listeners) listener.flush();
  }

  #told(operation: RowOperation, row: number): void {
    const { mirror } = this;
    const { pubkey } = mirror.originOf(row)!;
    if (operation === 'remove') this.#tracker.removed(pubkey, mirror.kindOf(row));
    else {
      const ageMs = this.#clock.wallMs() - mirror.inserted[row]!;
      if (this.#isReading) this.#lag.record(Math.max(1, ageMs));
      const isAge = ageMs > 0 && ageMs <= LONGEST_AGE_MS;
      this.#tracker.stored(pubkey, mirror.copy, this.#via.read(mirror.copy), isAge ? ageMs : 0);
    }
    for (const listener of this.#listeners) listener.changed(operation, row);
  }

  #isMeant(row: number, { kind, from, version, client }: Selector): boolean {
    const { mirror } = this;
    const origin = mirror.originOf(row);
    if (!origin) return false;
    if (kind !== undefined && KIND_NAMES[mirror.kindOf(row)] !== kind) return false;
    if (from !== undefined && origin.pubkey !== from) return false;
    if (version !== undefined && origin.contact?.version !== version) return false;
    return client === undefined || origin.contact?.client === client;
  }

  #describe(row: number, bytes: boolean): ValueJson | undefined {
    const copy = this.#copy;
    for (let i = 0; i < READ_TRIES; i++) {
      const copied = this.#view.copyRow(row, copy);
      if (copied === Copied.FREE) return undefined;
      if (copied === Copied.OK) return describeValue(copy.bytes, 0, copy.length, { bytes });
    }
    return undefined;
  }
}
