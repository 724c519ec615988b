/**
 * Hashes of values that shall not be sent to us again, first in first out: values that were replaced,
 * removed or outdated on arrival (purged), and pulled values that did not go in (failed). Both go into
 * our pull filters. The reference bounds them by time alone; here the oldest leave when there is no room.
 */
import type { RegionColumns } from '../shm/regions.ts';
import { copyBytes } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';

/**
 * How long a purged hash is remembered. The reference keeps it 75 s (5 × 15 s); our bound on it is
 * tighter, and the cost of forgetting earlier is that a peer may offer the value once more.
 */
export const PURGED_RETENTION_MS = 60_000;

/** @source agave gossip/src/crds_gossip_pull.rs, FAILED_INSERTS_RETENTION_MS */
export const FAILED_RETENTION_MS = 20_000;

const State = { PUSHED: 0, DROPPED: 1, OVERFLOWED: 2 } as const;

/** A ring of hashes with their times, in a region of its own: main writes, tasks that build filters read. */
export class HashQueue {
  /** Read through `hashOffset`. */
  readonly hashes: Uint8Array;
  readonly #times: Float64Array;
  readonly #state: Float64Array;
  readonly #mask: number;

  constructor(columns: RegionColumns<'purged'> | RegionColumns<'failed'>) {
    this.hashes = columns.hash;
    this.#times = columns.time;
    this.#state = columns.state;
    this.#mask = columns.time.length - 1;
  }

  get size(): number {
    return this.#state[State.PUSHED]! - this.#state[State.DROPPED]!;
  }

  /** Hashes that left early because there was no room. */
  get overflowed(): number {
    return this.#state[State.OVERFLOWED]!;
  }

  /** Entries that have left so far: the number of the oldest one, counted from the first ever pushed. */
  get first(): number {
    return this.#state[State.DROPPED]!;
  }

  /** Where in `hashes` the entry with this number lies, as long as it is there. */
  offsetOf(number: number): number {
    return (number & this.#mask) * HASH_BYTES;
  }

  /** Where in `hashes` the entry lies that is `i` behind the oldest one. */
  hashOffset(i: number): number {
    return this.offsetOf(this.#state[State.DROPPED]! + i);
  }

  /** When that entry was pushed. */
  timeMs(i: number): number {
    return this.#times[(this.#state[State.DROPPED]! + i) & this.#mask]!;
  }

  /** @owner main */
  push(hash: Uint8Array, at: number, nowMs: number): void {
    const state = this.#state;
    if (this.size > this.#mask) {
      state[State.DROPPED]! += 1;
      state[State.OVERFLOWED]! += 1;
    }
    const place = state[State.PUSHED]! & this.#mask;
    copyBytes(hash, at, this.hashes, place * HASH_BYTES, HASH_BYTES);
    this.#times[place] = nowMs;
    state[State.PUSHED]! += 1;
  }

  /**
   * Drops from the front what is older than a time, as far as the entries are in order.
   *
   * @owner main
   * @returns how many left
   */
  expire(beforeMs: number): number {
    let left = 0;
    while (this.size > 0 && this.timeMs(0) < beforeMs) {
      this.#state[State.DROPPED]! += 1;
      left++;
    }
    return left;
  }
}
