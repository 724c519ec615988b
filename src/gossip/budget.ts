import { assert } from '../util/assert.ts';
import type { KeyedHash } from '../util/keyed-hash.ts';
import { SMALLEST_PULL_RESPONSE_BYTES } from '../wire/limits.ts';

/**
 * Limits by source or destination keep their state in a fixed number of cells, chosen by a keyed hash.
 * Two addresses in one cell share its allowance, nobody can choose whom to share with, and no flood of
 * addresses takes more memory. Times are monotonic milliseconds throughout.
 */

/**
 * Scan prices of pull requests: 16 tables of the smallest size a filter is built for, and what refills
 * it in 4 s. @source behaviour 4.3; agave gossip/src/crds_gossip_pull.rs
 */
export const SCAN_CAPACITY = 1_048_576;
export const SCAN_REFILL_PER_SECOND = 262_144;

/**
 * The same for all callers without stake together: addresses cost nothing, and the work of all of them shall stay
 * below a twentieth of a core. Ours, not Agave's. It would be wrong if honest callers were refused by it: some
 * thirty requests a second of 850 entries, as we reckon for mainnet, are two fifths. @source reliability 8, G10
 */
export const SCAN_ALL_CAPACITY = 2 * SCAN_CAPACITY;
export const SCAN_ALL_REFILL_PER_SECOND = 2 * SCAN_REFILL_PER_SECOND;

/** Keys that any request is charged for, however few it has. @source behaviour 4.3 */
const SCAN_LEAST_KEYS = 8;

/** @source behaviour 4.2; agave gossip/src/cluster_info.rs, PULL_RESPONSE_BUDGET… */
export const OUT_REFILL_MS = 100;
export const OUT_BYTES_PER_NODE = 1024;
const OUT_LEAST_NODES = 2;
const OUT_BURST = 5;

/** Cells of limits by address: 64 bytes of state would be 4 MiB, most need 16. @source reliability 5 */
export const BUDGET_CELLS = 65_536;

/**
 * Pongs in reply to one address: honest peers ping us once in 320 s, a cluster behind one address a few
 * dozen times a second. All together a quarter of the egress budget of 2 MB/s. Both would be wrong if
 * PING_OVER_BUDGET were counted in quiet times.
 */
const PONGS_PER_IP_PER_SECOND = 64;
const PONGS_PER_IP_BURST = 256;
const PONGS_PER_SECOND = 4_000;

/**
 * Tokens that refill at a constant rate up to a capacity, one bucket a cell; cells start full. What is kept is
 * what is missing, so that cells nobody uses are never touched.
 */
export class TokenCells {
  readonly #spent: Float64Array;
  readonly #filledMs: Float64Array;
  readonly #capacity: number;
  readonly #perMs: number;

  /** @units cells: a power of two; perSecond, capacity: tokens */
  constructor(cells: number, perSecond: number, capacity: number) {
    assert((cells & (cells - 1)) === 0 && cells > 0, 'cells must be a power of two');
    this.#spent = new Float64Array(cells);
    this.#filledMs = new Float64Array(cells);
    this.#capacity = capacity;
    this.#perMs = perSecond / 1000;
  }

  /** Takes `cost` tokens if the cell that `hash` falls into has them. Nothing is taken otherwise. */
  take(hash: number, cost: number, nowMs: number): boolean {
    const cell = (hash & (this.#spent.length - 1)) >>> 0;
    const elapsedMs = Math.max(0, nowMs - this.#filledMs[cell]!);
    const spent = Math.max(0, this.#spent[cell]! - elapsedMs * this.#perMs);
    this.#filledMs[cell] = nowMs;
    const enough = this.#capacity - spent >= cost;
    this.#spent[cell] = enough ? spent + cost : spent;
    return enough;
  }
}

/**
 * At most `limit` events in any span of `windowMs`, exactly: each cell remembers of its last `limit` events
 * until when they count. A token bucket would let twice as many through around a quiet spell.
 */
export class WindowCells {
  readonly #untilMs: Float64Array;
  readonly #next: Uint16Array;
  readonly #limit: number;
  readonly #windowMs: number;

  /** @units cells: a power of two; limit: events in any windowMs */
  constructor(cells: number, limit: number, windowMs: number) {
    assert((cells & (cells - 1)) === 0 && cells > 0, 'cells must be a power of two');
    this.#untilMs = new Float64Array(cells * limit);
    this.#next = new Uint16Array(cells);
    this.#limit = limit;
    this.#windowMs = windowMs;
  }

  /** Whether one more event now would be within the limit. */
  allows(hash: number, nowMs: number): boolean {
    const cell = (hash & (this.#next.length - 1)) >>> 0;
    return nowMs >= this.#untilMs[cell * this.#limit + this.#next[cell]!]!;
  }

  /** Counts an event that was allowed. */
  note(hash: number, nowMs: number): void {
    const cell = (hash & (this.#next.length - 1)) >>> 0;
    const next = this.#next[cell]!;
    this.#untilMs[cell * this.#limit + next] = nowMs + this.#windowMs;
    this.#next[cell] = next + 1 === this.#limit ? 0 : next + 1;
  }
}

/**
 * What a pull request costs its sender's address: the entries it makes us visit times the keys each is
 * tested with. @source behaviour 4.3
 */
export function scanCost(entries: number, keyCount: number): number {
  return Math.max(1, entries) * Math.max(SCAN_LEAST_KEYS, keyCount);
}

/** Scan tokens by source IP, the port ignored, and of all callers without stake. @source behaviour 4.3 */
export class ScanBudget {
  readonly #cells: TokenCells;
  readonly #all = new TokenCells(1, SCAN_ALL_REFILL_PER_SECOND, SCAN_ALL_CAPACITY);
  readonly #hash: KeyedHash;

  constructor(hash: KeyedHash, cells = BUDGET_CELLS) {
    this.#cells = new TokenCells(cells, SCAN_REFILL_PER_SECOND, SCAN_CAPACITY);
    this.#hash = hash;
  }

  /** @units cost: of `scanCost`; stake: of the caller @returns whether the request may be served */
  take(ip: number, cost: number, stake: number, nowMs: number): boolean {
    if (!this.#cells.take(this.#hash.pair(ip, 0), cost, nowMs)) return false;
    return stake > 0 || this.#all.take(0, cost, nowMs);
  }
}

/** Bytes of pull responses that may leave, all requesters together. @source behaviour 4.2 */
export class OutBudget {
  #bytes = 0;
  #refilledMs = Number.NEGATIVE_INFINITY;

  /** Bytes that may leave now. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Refills when it is due; called once for each batch of requests, the first call always refills.
   *
   * @units stakedCount: entries of the stake map
   * @returns how many values the whole batch may be answered with
   */
  refill(nowMs: number, stakedCount: number): number {
    if (nowMs >= this.#refilledMs + OUT_REFILL_MS) {
      this.#refilledMs = nowMs;
      const increment = Math.max(OUT_LEAST_NODES, stakedCount) * OUT_BYTES_PER_NODE;
      this.#bytes = Math.min(this.#bytes + increment, OUT_BURST * increment);
    }
    return Math.floor(this.#bytes / SMALLEST_PULL_RESPONSE_BYTES);
  }

  /** Takes the bytes of one packet if they are there. */
  take(bytes: number): boolean {
    if (bytes > this.#bytes) return false;
    this.#bytes -= bytes;
    return true;
  }

  /** Takes all there is, for a task to spend. @returns how many bytes */
  takeAll(): number {
    const bytes = this.#bytes;
    this.#bytes = 0;
    return bytes;
  }

  /** Takes back what a task has not spent. @units stakedCount: as when it was taken */
  giveBack(bytes: number, stakedCount: number): void {
    const increment = Math.max(OUT_LEAST_NODES, stakedCount) * OUT_BYTES_PER_NODE;
    this.#bytes = Math.min(this.#bytes + bytes, OUT_BURST * increment);
  }
}

/** Pongs by source IP and in all; proved addresses are not asked. @source behaviour 18, 19.5 */
export class PongBudget {
  readonly #perIp: TokenCells;
  readonly #all = new TokenCells(1, PONGS_PER_SECOND, PONGS_PER_SECOND);
  readonly #hash: KeyedHash;

  constructor(hash: KeyedHash, cells = BUDGET_CELLS) {
    this.#perIp = new TokenCells(cells, PONGS_PER_IP_PER_SECOND, PONGS_PER_IP_BURST);
    this.#hash = hash;
  }

  /** @returns whether a ping of this address may be answered */
  take(ip: number, nowMs: number): boolean {
    return this.#perIp.take(this.#hash.pair(ip, 0), 1, nowMs) && this.#all.take(0, 1, nowMs);
  }
}
