import { PeerFlag } from '../crds/peers.ts';
import { otherCounts, outcomeCounts } from '../shm/counters.ts';
import type { Clock } from '../util/clock.ts';
import type { NodeParts } from './parts.ts';
import type { Logger } from './ports.ts';
import { reason, type Store, type StoreLoad } from './store.ts';
import type { StoreClaim } from './store-claim.ts';
import { STORE_BYTES, type StoreContent, StoreWriter } from './store-format.ts';
import { PeerRestorer } from './store-peers.ts';

/** The first generation is written so soon, the others so often. */
export const FIRST_SAVE_MS = 10_000;
export const SAVE_EVERY_MS = 60_000;

/** How often the disk is asked whether it would take another generation. @source reliability 6: 5 s */
export const PROBE_EVERY_MS = 4_000;

/** A write that takes longer is an alarm of its own. @source reliability 6 */
export const SLOW_SAVE_MS = 4_500;

/** After a failure, before the next attempt; doubled each time up to the usual interval. */
export const RETRY_MS = 5_000;

/** Leaving waits so long for the last generation. */
export const LAST_SAVE_MS = 2_000;

/** Records written or read in one turn of the main thread: about a millisecond. */
const RECORDS_AT_ONCE = 512;
const BITE_MS = 2;

/** How a store goes: the form of `--stats`. */
export interface StoreReport {
  /** Generations written, and attempts that failed. */
  saved: number;
  failed: number;
  /** What is wrong now, in words; null when nothing is. */
  alarm: string | null;
  /** Of the generation written last. @units ms since the Unix epoch */
  savedMs: number | null;
  bytes: number;
  /** What the start began with; null for a cold one. */
  loaded: { savedMs: number; peers: number; identities: number } | null;
  /** Stored peers whose signature was not good, or whose contact info was of no use. */
  refused: number;
  /** Counters over all runs, this one included. */
  totals: Record<string, number>;
}

/** Keeps the store of one node: brings back what an earlier run knew, and writes down what this one knows. */
export class StoreKeeper {
  readonly #store: Store;
  readonly #claim: StoreClaim | undefined;
  readonly #before: StoreContent | undefined;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #parts: NodeParts | undefined;
  #cancelProbes: () => void = () => {};
  #cancelNext: () => void = () => {};
  #saving: Promise<void> | undefined;
  #retryMs = RETRY_MS;
  #saved = 0;
  #failed = 0;
  #refused = 0;
  #bytes = 0;
  #savedMs: number | null = null;
  #alarm: string | null = null;
  #isStopped = false;

  /** @param claim on the folder, given up at the end */
  constructor(store: Store, load: StoreLoad, clock: Clock, logger: Logger, claim?: StoreClaim) {
    this.#store = store;
    this.#claim = claim;
    this.#before = load.content;
    this.#clock = clock;
    this.#logger = logger;
    for (const warning of load.warnings) logger.warn({}, warning);
  }

  /** What an earlier run knew. */
  get before(): StoreContent | undefined {
    return this.#before;
  }

  /** Begins: what was known goes into the node, and what it knows is written from now on. */
  start(parts: NodeParts): void {
    this.#parts = parts;
    this.#restore(parts);
    this.#cancelNext = this.#clock.after(FIRST_SAVE_MS, () => this.#saveAndGoOn());
    this.#cancelProbes = this.#clock.every(PROBE_EVERY_MS, () => void this.#probe());
    void this.#probe();
  }

  /** Writes a last generation and ends; after 2 s without it. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelNext();
    this.#cancelProbes();
    if (this.#parts === undefined) {
      await this.#claim?.release();
      return;
    }
    const last = (this.#saving ?? Promise.resolve()).then(() => this.save());
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(LAST_SAVE_MS, resolve);
      void last.then(() => {
        cancel();
        resolve();
      });
    });
    await this.#claim?.release();
  }

  /** How it goes. */
  report(): StoreReport {
    const before = this.#before;
    return {
      saved: this.#saved,
      failed: this.#failed,
      alarm: this.#alarm,
      savedMs: this.#savedMs,
      bytes: this.#bytes,
      loaded: before
        ? {
            savedMs: before.savedMs,
            peers: before.peers.length,
            identities: before.identities.length,
          }
        : null,
      refused: this.#refused,
      totals: this.#totals(),
    };
  }

  /** Writes a generation now; a failure is an alarm, never a rejection. */
  save(): Promise<void> {
    this.#saving ??= this.#saveOnce().finally(() => {
      this.#saving = undefined;
    });
    return this.#saving;
  }

  #saveAndGoOn(): void {
    void this.save().then(() => {
      if (this.#isStopped) return;
      const waitMs = this.#alarm === null ? SAVE_EVERY_MS : this.#retryMs;
      this.#cancelNext = this.#clock.after(waitMs, () => this.#saveAndGoOn());
      this.#retryMs = Math.min(2 * this.#retryMs, SAVE_EVERY_MS);
    });
  }

  async #saveOnce(): Promise<void> {
    const parts = this.#parts;
    if (parts === undefined) return;
    const cancel = this.#clock.after(SLOW_SAVE_MS, () =>
      this.#raise('the disk takes longer than 4.5 s for it', 'SLOW'),
    );
    try {
      const writer = await this.#gather(parts);
      if (writer.bytes > STORE_BYTES) throw new Error(`${writer.bytes} bytes are too many for it`);
      const savedMs = parts.clock.wallMs();
      const { shredVersion } = parts.options;
      const head = { sequence: this.#store.sequence + 1, savedMs, ip: parts.publisher.ownIp };
      await this.#store.save(writer.finish({ ...head, shredVersion }));
      this.#saved++;
      this.#savedMs = savedMs;
      this.#bytes = writer.bytes;
      this.#retryMs = RETRY_MS;
      this.#calm();
    } catch (error) {
      this.#failed++;
      this.#raise(reason(error), 'FAILED');
    } finally {
      cancel();
    }
  }

  /** Asks the disk for what the next generation needs, so that trouble shows within 5 s. */
  async #probe(): Promise<void> {
    if (this.#saving !== undefined) return; // its outcome says more
    try {
      const free = await this.#store.free();
      const needed = 2 * this.#bytes + 65_536;
      if (free < needed) {
        this.#raise(`ENOSPC: ${free} bytes are free, ${needed} are needed`, 'PROBE');
      } else if (this.#alarm?.startsWith('PROBE') || this.#alarm?.startsWith('FAILED')) {
        this.#saveSoon();
      }
    } catch (error) {
      this.#raise(reason(error), 'PROBE');
    }
  }

  /** The disk may be well again: only a whole generation proves it. */
  #saveSoon(): void {
    if (this.#isStopped) return;
    this.#cancelNext();
    this.#saveAndGoOn();
  }

  #raise(words: string, sort: 'FAILED' | 'PROBE' | 'SLOW'): void {
    const alarm = `${sort}: ${words}`;
    if (this.#alarm === alarm) return;
    const isNew = this.#alarm === null;
    this.#alarm = alarm;
    if (isNew) {
      this.#logger.error(
        { reason: words },
        'the store cannot be written: all else goes on, and it is tried again',
      );
    }
  }

  #calm(): void {
    if (this.#alarm === null) return;
    this.#alarm = null;
    this.#logger.info({}, 'the store is written again');
  }

  #totals(): Record<string, number> {
    const totals: Record<string, number> = { ...this.#before?.counters };
    const add = (name: string, count: number): void => {
      totals[name] = (totals[name] ?? 0) + count;
    };
    add('STARTS', 1);
    if (this.#parts === undefined) return totals;
    const { counters } = this.#parts.regions;
    for (const [name, count] of Object.entries(outcomeCounts(counters))) add(name, count);
    for (const [name, count] of Object.entries(otherCounts(counters))) add(name, count);
    return totals;
  }

  /** Writes everything down in bites, so that no datagram has to wait for it. */
  async #gather(parts: NodeParts): Promise<StoreWriter> {
    const { clock, sightings, view } = parts;
    const writer = new StoreWriter();
    writer.counters(this.#totals());
    const offsetMs = clock.wallMs() - clock.monoMs();
    let left = RECORDS_AT_ONCE;
    for (const [key, { firstMs, lastMs }] of sightings.entries()) {
      writer.identity(key, Math.round(firstMs + offsetMs), Math.round(lastMs + offsetMs));
      if (--left > 0) continue;
      left = RECORDS_AT_ONCE;
      await this.#nextTurn();
    }
    const { columns, peers } = view;
    for (let peer = 0; peer < peers.highWater; peer++) {
      const row = peers.columns.values[peer] === 0 ? -1 : peers.contactRow(peer);
      if (row >= 0 && (peers.columns.flags[peer]! & PeerFlag.PROVED) !== 0) {
        const at = columns.place[row]!;
        const end = at + columns.length[row]!;
        writer.peer(peers.columns.ip[peer]!, peers.columns.port[peer]!, columns.bytes, at, end);
      }
      if (--left > 0) continue;
      left = RECORDS_AT_ONCE;
      await this.#nextTurn();
    }
    return writer;
  }

  #restore(parts: NodeParts): void {
    const before = this.#before;
    if (before === undefined) return;
    const { clock, sightings } = parts;
    const offsetMs = clock.wallMs() - clock.monoMs();
    const nowMs = clock.monoMs();
    for (const { pubkey, firstMs, lastMs } of before.identities) {
      // A clock that was set back since must not make anybody's sighting lie in the future.
      sightings.restore(
        pubkey,
        Math.min(nowMs, firstMs - offsetMs),
        Math.min(nowMs, lastMs - offsetMs),
      );
    }
    void this.#restorePeers(parts, before);
  }

  /** Checks stored contact infos as strictly as fresh ones and has their addresses pinged. */
  async #restorePeers(parts: NodeParts, { peers }: StoreContent): Promise<void> {
    const restorer = new PeerRestorer(parts);
    let startMs = parts.clock.monoMs();
    for (const { contact } of peers) {
      if (this.#isStopped) return;
      if (!restorer.restore(contact)) this.#refused++;
      if (parts.clock.monoMs() - startMs < BITE_MS) continue;
      await this.#nextTurn();
      startMs = parts.clock.monoMs();
    }
    const kept = peers.length - this.#refused;
    this.#logger.info({ peers: kept, refused: this.#refused }, 'stored peers are being asked');
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#clock.soon(resolve));
  }
}
