/**
 * What only main knows, for those who ask in the observer's thread: gathered when asked for, at most once
 * a second, without anybody waiting on main's side.
 */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { LAMPORTS_PER_SOL } from '../gossip/policy.ts';
import type { SpyNode } from '../node/spy.ts';
import type { Clock } from '../util/clock.ts';
import { Kind } from '../wire/limits.ts';
import type { Coverage } from './coverage.ts';
import { MainEvidence } from './life-evidence.ts';
import { LOOP_RESOLUTION_MS, type SpyStats } from './stats.ts';

/** Where the origin's key lies in a contact info: behind signature and kind. @source wire 4.6 */
const ORIGIN_AT = 68;

/** Contact infos without proof that a report carries: of more, the latest. Some 300 kB, and
 * 3 ms of main's. */
const MOST_UNPROVED = 1_024;

/** How late a loop was since the last report. @units ms */
export interface LoopDelay {
  p50Ms: number;
  p99Ms: number;
  maxMs: number;
}

/** Contact infos whose address has not answered, one after the other. */
export interface UnprovedReport {
  readonly bytes: Uint8Array;
  readonly lengths: readonly number[];
  /** SOL; null while nobody's stake is known. */
  readonly stakes: readonly (number | null)[];
  /** When each was heard of first and last. @units ms since our start */
  readonly firstSeenMs: readonly number[];
  readonly lastSeenMs: readonly number[];
  /** Pings to its address without an answer. */
  readonly unanswered: readonly number[];
  /** Since each came in, and since it was signed by its own clock. @units ms */
  readonly heardMs: readonly number[];
  readonly signedMs: readonly number[];
}

/** Main's numbers at a moment. */
export interface MainReport {
  /** ms since the Unix epoch. */
  readonly at: number;
  /** Where others reach us, `ip:port`. */
  readonly gossip: string;
  readonly stats: SpyStats;
  readonly loop: LoopDelay;
  /** How many nodes there are in all; null while that cannot be told. */
  readonly coverage: Coverage | null;
  readonly unproved: UnprovedReport | null;
  /** How often something came to each of a node's limits, by what it is of. */
  readonly overflows: readonly (readonly [item: string, count: number])[];
}

/** What main lends to the observer's thread. */
export interface ReportSource {
  /** @param withUnproved whether the contact infos without proof are wanted, too */
  report(withUnproved: boolean): MainReport;
  /** The hash of the cluster's genesis, where it is known. @throws SpyError GENESIS_UNKNOWN */
  genesisHash(): Promise<string>;
  /** Puts a bug of the HTTP API into the log. */
  bug(words: string): void;
}

/** Samples how late this thread's loop is. */
export class LoopWatch {
  readonly #histogram: IntervalHistogram = monitorEventLoopDelay({
    resolution: LOOP_RESOLUTION_MS,
  });

  /** Begins. */
  start(): void {
    this.#histogram.enable();
  }

  /** Ends. */
  stop(): void {
    this.#histogram.disable();
  }

  /** What was measured since the last time. */
  take(): LoopDelay {
    const histogram = this.#histogram;
    if (histogram.count === 0) return { p50Ms: 0, p99Ms: 0, maxMs: 0 };
    const delay = (ns: number): number => Math.max(0, ns / 1e6 - LOOP_RESOLUTION_MS);
    const taken = {
      p50Ms: delay(histogram.percentile(50)),
      p99Ms: delay(histogram.percentile(99)),
      maxMs: delay(histogram.max),
    };
    histogram.reset();
    return taken;
  }
}

/** Copies the contact infos that wait for their address to answer. @units startedMs: monotonic */
export function unprovedReport(node: SpyNode, startedMs: number): UnprovedReport {
  const { unproved, view, sightings, table } = node.parts;
  const { stakes: known } = table;
  const stakes: (number | null)[] = [];
  const chosen: Uint8Array[] = [];
  const firstSeenMs: number[] = [];
  const lastSeenMs: number[] = [];
  const unanswered: number[] = [];
  const heardMs: number[] = [];
  const signedMs: number[] = [];
  const life = new MainEvidence(node.parts);
  let skip = Math.max(0, unproved.size - MOST_UNPROVED);
  for (const contact of unproved.values()) {
    const { bytes } = contact;
    if (skip-- > 0 || view.find(Kind.CONTACT_INFO, 0, bytes, ORIGIN_AT) >= 0) continue;
    const times = sightings.of(bytes, ORIGIN_AT);
    stakes.push(known.anyPositive ? known.get(bytes, ORIGIN_AT) / LAMPORTS_PER_SOL : null);
    const evidence = life.ofUnproved(contact);
    unanswered.push(evidence.unanswered ?? 0);
    heardMs.push(evidence.heardMs);
    signedMs.push(evidence.signedMs);
    chosen.push(bytes);
    firstSeenMs.push(Math.max(0, Math.round((times?.firstMs ?? startedMs) - startedMs)));
    lastSeenMs.push(Math.max(0, Math.round((times?.lastMs ?? startedMs) - startedMs)));
  }
  const lengths = chosen.map(({ length }) => length);
  const seen = { firstSeenMs, lastSeenMs, unanswered, heardMs, signedMs };
  return { bytes: new Uint8Array(Buffer.concat(chosen)), lengths, stakes, ...seen };
}

/** How old an answer of main's may be, and how long a new one may take. */
const FRESH_MS = 1_000;
const FRESH_UNPROVED_MS = 2_000;
const PATIENCE_MS = 1_000;

/** Main as the observer's thread sees it: the last report, renewed when it is asked for and old. */
export class MainSight {
  /** The last one, however old. */
  last: MainReport | undefined;
  #unproved: MainReport | undefined;
  readonly #ask: (withUnproved: boolean) => Promise<MainReport>;
  readonly #clock: Clock;
  #asking: Promise<void> | undefined;
  #takenMs = Number.NEGATIVE_INFINITY;
  #unprovedMs = Number.NEGATIVE_INFINITY;

  constructor(ask: (withUnproved: boolean) => Promise<MainReport>, clock: Clock) {
    this.#ask = ask;
    this.#clock = clock;
  }

  /** @returns a report of the last second if main answers in time, else the one before, if there is any */
  async report(): Promise<MainReport | undefined> {
    if (this.#clock.monoMs() - this.#takenMs > FRESH_MS) await this.#renew(false);
    return this.last;
  }

  /** Contact infos without proof, of the last two seconds if main answers in time. */
  async unproved(): Promise<UnprovedReport | undefined> {
    if (this.#clock.monoMs() - this.#unprovedMs > FRESH_UNPROVED_MS) await this.#renew(true);
    return this.#unproved?.unproved ?? undefined;
  }

  /** How long ago main answered. @units ms */
  get ageMs(): number {
    return this.#clock.monoMs() - this.#takenMs;
  }

  /** Asks once at a time and waits no longer than that; who is late is taken when it comes. */
  async #renew(withUnproved: boolean): Promise<void> {
    if (this.#asking && withUnproved) await this.#within(this.#asking);
    this.#asking ??= this.#fetch(withUnproved);
    await this.#within(this.#asking);
  }

  async #fetch(withUnproved: boolean): Promise<void> {
    try {
      const report = await this.#ask(withUnproved);
      this.last = report;
      this.#takenMs = this.#clock.monoMs();
      if (report.unproved === null) return;
      this.#unproved = report;
      this.#unprovedMs = this.#takenMs;
    } finally {
      this.#asking = undefined;
    }
  }

  #within(work: Promise<void>): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(PATIENCE_MS, resolve);
      const done = (): void => {
        cancel();
        resolve();
      };
      work.then(done, done);
    });
  }
}
