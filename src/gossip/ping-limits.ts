import { isLoopback, isPrivate } from '../util/ipv4.ts';
import type { KeyedHash } from '../util/keyed-hash.ts';
import { WindowCells } from './budget.ts';
import { EMPTY, HashIndex } from './hash-index.ts';
import { SlotLists } from './slot-list.ts';

/** A ping that got no answer is repeated once after this. @source reliability 5 */
export const PING_RETRY_MS = 2_000;

/** After the repetition the address is left alone for this long. @source reliability 5 */
export const PING_QUIET_MS = 20_000;

/** Pings to one IP in any PING_QUIET_MS, whatever the ports. @source reliability 5 */
export const PINGS_PER_IP = 16;

/** Pings in any second, to anybody. @source reliability 5 */
export const PINGS_PER_SECOND = 1_000;

/**
 * A ping may still wait for the socket when it has been allowed, and the one that follows it not: counted over
 * exactly the promised time, one too many could be seen in it.
 */
const LEEWAY = 1.05;

/** For so long a ping counts against those to its IP. @units ms */
export const IP_WINDOW_MS = LEEWAY * PING_QUIET_MS;

/** And for so long against all. @units ms */
export const ALL_WINDOW_MS = LEEWAY * 1_000;

/** Addresses that may wait for their ping. @source reliability 5 */
export const PING_QUEUE = 4_096;

/**
 * At most 1,000 × 20 addresses can have been pinged within the quiet time, and 4,096 wait: more than
 * these are never needed at once.
 */
export const PING_DESTINATIONS = 32_768;

/** 16 times of 8 bytes each: 2 MiB; two IPs of a cell share the allowance. */
const IP_CELLS = 16_384;

const RECENT = 0;
const FREE = 1;

/** Most addresses in the tables; small networks and simulations take less. */
export interface PingLimitSizes {
  readonly destinations?: number;
  readonly queue?: number;
  readonly ipCells?: number;
}

/**
 * Which addresses may be pinged when, whatever key they are to prove: forged contact infos must not be
 * able to aim our pings at anybody. One slot an address; the owner keeps the token of that slot.
 *
 * @source reliability 5, "pings we send"
 */
export class PingLimits {
  readonly #allowPrivate: boolean;
  readonly #hash: KeyedHash;
  readonly #index: HashIndex;
  readonly #lists: SlotLists;
  readonly #ip: Uint32Array;
  readonly #port: Uint16Array;
  readonly #sentMs: Float64Array;
  readonly #nextMs: Float64Array;
  readonly #queued: Uint8Array;
  readonly #unanswered: Uint8Array;
  readonly #queue: Int32Array;
  #queueHead = 0;
  #queueCount = 0;
  readonly #perIp: WindowCells;
  readonly #all = new WindowCells(1, PINGS_PER_SECOND, ALL_WINDOW_MS);
  /** Wishes for a ping that the limits refused. */
  skipped = 0;

  constructor(hash: KeyedHash, allowPrivate: boolean, sizes: PingLimitSizes = {}) {
    const capacity = sizes.destinations ?? PING_DESTINATIONS;
    this.#allowPrivate = allowPrivate;
    this.#hash = hash;
    this.#index = new HashIndex(capacity);
    this.#lists = new SlotLists(capacity, 2);
    this.#ip = new Uint32Array(capacity);
    this.#port = new Uint16Array(capacity);
    this.#sentMs = new Float64Array(capacity);
    this.#nextMs = new Float64Array(capacity);
    this.#queued = new Uint8Array(capacity);
    this.#unanswered = new Uint8Array(capacity);
    this.#queue = new Int32Array(sizes.queue ?? PING_QUEUE);
    this.#perIp = new WindowCells(sizes.ipCells ?? IP_CELLS, PINGS_PER_IP, IP_WINDOW_MS);
    for (let slot = 0; slot < capacity; slot++) this.#lists.append(FREE, slot);
  }

  /** Slots are below this. */
  get capacity(): number {
    return this.#ip.length;
  }

  /** Addresses that wait for their ping. */
  get queued(): number {
    return this.#queueCount;
  }

  /** How many of these may be pinged now, as far as the limit on all of them goes. */
  due(nowMs: number): number {
    return this.#all.allows(0, nowMs) ? this.#queueCount : 0;
  }

  /** Slot of an address, −1 when nothing is remembered of it. */
  find(ip: number, port: number): number {
    const hash = this.#hash.pair(ip, port);
    const { slots, hashes, mask } = this.#index;
    for (let p = this.#index.start(hash); slots[p] !== EMPTY; p = (p + 1) & mask) {
      const slot = slots[p]!;
      if (hashes[p] === hash && this.#ip[slot] === ip && this.#port[slot] === port) return slot;
    }
    return -1;
  }

  /** Queues an address for a ping if it may have one now. @returns whether it waits for one */
  want(ip: number, port: number, nowMs: number): boolean {
    let slot = this.find(ip, port);
    if (slot >= 0 && this.#queued[slot] === 1) return true;
    const refused =
      this.#queueCount === this.#queue.length ||
      (slot >= 0 && nowMs < this.#nextMs[slot]!) ||
      (!this.#isExempt(ip) && !this.#perIp.allows(this.#hash.pair(ip, 0), nowMs));
    if (!refused && slot < 0) slot = this.#allocate(ip, port, nowMs);
    if (refused || slot < 0) {
      this.skipped++;
      return false;
    }
    this.#queued[slot] = 1;
    this.#queue[(this.#queueHead + this.#queueCount++) % this.#queue.length] = slot;
    return true;
  }

  /** @returns the slot of the next address to ping now, −1 when none may be */
  next(nowMs: number): number {
    while (this.#queueCount > 0 && this.#all.allows(0, nowMs)) {
      const slot = this.#queue[this.#queueHead]!;
      this.#queueHead = (this.#queueHead + 1) % this.#queue.length;
      this.#queueCount--;
      this.#queued[slot] = 0;
      const ip = this.#ip[slot]!;
      if (!this.#isExempt(ip)) {
        const ipHash = this.#hash.pair(ip, 0);
        if (!this.#perIp.allows(ipHash, nowMs)) {
          this.skipped++;
          continue;
        }
        this.#perIp.note(ipHash, nowMs);
      }
      this.#all.note(0, nowMs);
      const isRetry = nowMs - this.#sentMs[slot]! < PING_QUIET_MS;
      this.#sentMs[slot] = nowMs;
      this.#nextMs[slot] = nowMs + (isRetry ? PING_QUIET_MS : PING_RETRY_MS);
      if (this.#unanswered[slot]! < 255) this.#unanswered[slot]!++;
      this.#lists.move(RECENT, slot);
      return slot;
    }
    return -1;
  }

  ip(slot: number): number {
    return this.#ip[slot]!;
  }

  port(slot: number): number {
    return this.#port[slot]!;
  }

  /** When the last ping left. @units monotonic ms, −Infinity when none did */
  sentMs(slot: number): number {
    return this.#sentMs[slot]!;
  }

  /** Pings sent there since the last that was answered, at most 255. */
  unanswered(slot: number): number {
    return this.#unanswered[slot]!;
  }

  /** Notes that the last ping was answered. */
  answered(slot: number): void {
    this.#unanswered[slot] = 0;
  }

  #isExempt(ip: number): boolean {
    return this.#allowPrivate && (isLoopback(ip) || isPrivate(ip));
  }

  /** A slot for an address, in place of the longest unused one if its limits have run out. */
  #allocate(ip: number, port: number, nowMs: number): number {
    let slot = this.#lists.first(FREE);
    if (slot < 0) {
      slot = this.#lists.first(RECENT);
      const isInUse = this.#queued[slot] === 1 || nowMs - this.#sentMs[slot]! < PING_QUIET_MS;
      if (isInUse) return -1;
      this.#index.remove(this.#hash.pair(this.#ip[slot]!, this.#port[slot]!), slot);
    }
    this.#lists.move(RECENT, slot);
    this.#ip[slot] = ip;
    this.#port[slot] = port;
    this.#unanswered[slot] = 0;
    this.#sentMs[slot] = Number.NEGATIVE_INFINITY;
    this.#nextMs[slot] = Number.NEGATIVE_INFINITY;
    this.#index.add(this.#hash.pair(ip, port), slot);
    return slot;
  }
}
