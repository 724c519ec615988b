import type { RegionColumns } from '../shm/regions.ts';
import { assert } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import type { Transport } from './ports.ts';

/**
 * What a datagram of ours is, in the order of sending. When slots run out the last class loses its
 * oldest first, and pongs go last of all: they are what makes us a node. @source reliability 5
 */
export const Egress = Object.freeze({
  PONG: 0,
  PING: 1,
  PRUNE: 2,
  PULL_REQUEST: 3,
  PUSH: 4,
  PULL_RESPONSE: 5,
});

/** Names of the classes in counters. */
export const EGRESS_NAMES = [
  'pong',
  'ping',
  'prune',
  'pullRequest',
  'push',
  'pullResponse',
] as const;
const CLASS_COUNT = EGRESS_NAMES.length;

/** IPv4 and UDP headers count against the budget: links carry them too. */
const HEADER_BYTES = 28;

/** Datagrams handed over in one turn, so that the socket is read in between. @source architecture 4.8 */
const TURN_PACKETS = 256;

/** The runtime queues sends without limit on a slow link; above this we wait. @source architecture 7 */
const MAX_PENDING = 256;

/** What the outbox may use. */
export interface OutboxOptions {
  /** Datagrams that may wait. */
  slots: number;
  /** Long-term rate with headers. */
  bytesPerSecond: number;
  /** What may leave at once; a quarter of a second's worth when left out. */
  burstBytes?: number;
}

/** With less nobody is a node: a pull request a second, pings and pongs. */
export const LEAST_EGRESS = 10_000;

/**
 * The options that keep every span of one second, wherever it begins, below a number of bytes: what may
 * leave at once and what one second fills up again are that together.
 */
export function egressBudget(
  mostPerSecond: number,
): Pick<OutboxOptions, 'bytesPerSecond' | 'burstBytes'> {
  const most = Math.max(LEAST_EGRESS, mostPerSecond);
  const burstBytes = Math.max(most / 10, 2 * (PACKET_BYTES + HEADER_BYTES));
  return { bytesPerSecond: most - burstBytes, burstBytes };
}

/** @source reliability 5 */
export const DEFAULT_OUTBOX: OutboxOptions = { slots: 4096, bytesPerSecond: 2_000_000 };

/** Hears of each datagram that leaves. @units ip: IPv4 as a number */
export interface EgressLedger {
  sent(egress: number, length: number, ip: number, port: number): void;
}

const NO_LEDGER: EgressLedger = { sent: () => {} };

/** Where a slot is. */
const FREE = 0;
const RESERVED = 1;
const WAITING = 2;

/**
 * Datagrams that wait to leave: fixed slots, one queue a class, a token bucket over all.
 * A producer writes into `bytes` at the offset that `reserve` gives, then commits or releases. The slots
 * lie in shared memory: a task may write into those that were reserved for it, until it replies.
 */
export class Outbox {
  /** All slots, 1,232 bytes each. */
  readonly bytes: Uint8Array;
  /** What is known of each slot: who reserved it writes here, too, before `queue`. */
  readonly columns: RegionColumns<'egress'>;
  /** Datagrams that may wait. */
  readonly capacity: number;
  /** Datagrams sent, by class. */
  readonly sent = new Float64Array(CLASS_COUNT);
  /** Bytes sent without headers, by class. */
  readonly sentBytes = new Float64Array(CLASS_COUNT);
  /** Datagrams dropped for want of a slot, by class. */
  readonly dropped = new Float64Array(CLASS_COUNT);

  readonly #transport: Transport;
  readonly #clock: Clock;
  readonly #ledger: EgressLedger;
  readonly #rate: number;
  readonly #burst: number;
  readonly #next: Int32Array;
  readonly #head = new Int32Array(CLASS_COUNT).fill(-1);
  readonly #tail = new Int32Array(CLASS_COUNT).fill(-1);
  #free = 0;
  #waiting = 0;
  #reserved = 0;
  #tokens: number;
  #refilledMs: number;

  /** @shape egress: at least as many slots as the options say */
  constructor(
    transport: Transport,
    clock: Clock,
    egress: RegionColumns<'egress'>,
    options: OutboxOptions = DEFAULT_OUTBOX,
    ledger: EgressLedger = NO_LEDGER,
  ) {
    const { slots } = options;
    assert(slots >= 1 && slots <= egress.length.length, 'the region has a slot for every datagram');
    this.#transport = transport;
    this.#clock = clock;
    this.#ledger = ledger;
    this.capacity = slots;
    this.#rate = options.bytesPerSecond / 1000;
    this.#burst = options.burstBytes ?? Math.max(options.bytesPerSecond / 4, 2 * PACKET_BYTES);
    this.#tokens = this.#burst;
    this.#refilledMs = clock.monoMs();
    this.columns = egress;
    this.bytes = egress.bytes;
    this.#next = new Int32Array(slots);
    for (let slot = 0; slot < slots; slot++) this.#next[slot] = slot + 1 < slots ? slot + 1 : -1;
  }

  /** What may leave in the long run. @units bytes a second, headers included */
  get bytesPerSecond(): number {
    return this.#rate * 1000;
  }

  /** Datagrams waiting. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Slots that producers hold, tasks among them. */
  get reserved(): number {
    return this.#reserved;
  }

  /** How many more datagrams of a class fit without costing another its place. */
  get free(): number {
    return this.capacity - this.#waiting - this.#reserved;
  }

  /**
   * Takes a slot for a datagram of a class, at the cost of a waiting one of a lower class if need be.
   * @returns the slot, or -1 (counted) when everything waiting is at least as important
   */
  reserve(egress: number): number {
    if (this.#free < 0 && !this.#evict(egress)) {
      this.dropped[egress]!++;
      return -1;
    }
    const slot = this.#free;
    this.#free = this.#next[slot]!;
    this.#reserved++;
    this.columns.state[slot] = RESERVED;
    return slot;
  }

  /** Offset of a slot in `bytes`. */
  at(slot: number): number {
    return slot * PACKET_BYTES;
  }

  /** Says what a reserved slot is and where it goes. @units ip: IPv4 as a number */
  describe(slot: number, length: number, ip: number, port: number, egress: number): void {
    const { columns } = this;
    columns.length[slot] = length;
    columns.ip[slot] = ip;
    columns.port[slot] = port;
    columns.class[slot] = egress;
  }

  /** Queues a reserved slot that was described, by us or by the task that wrote it. */
  queue(slot: number): void {
    const { length, state, class: classes } = this.columns;
    const isDatagram = length[slot]! > 0 && length[slot]! <= PACKET_BYTES;
    assert(isDatagram, 'a datagram is 1 to 1,232 bytes');
    assert(state[slot] === RESERVED, 'only a reserved slot can be queued');
    const egress = classes[slot]!;
    state[slot] = WAITING;
    this.#next[slot] = -1;
    const tail = this.#tail[egress]!;
    if (tail < 0) this.#head[egress] = slot;
    else this.#next[tail] = slot;
    this.#tail[egress] = slot;
    this.#reserved--;
    this.#waiting++;
  }

  /** Describes and queues a reserved slot. @units ip: IPv4 as a number */
  commit(slot: number, length: number, ip: number, port: number, egress: number): void {
    this.describe(slot, length, ip, port, egress);
    this.queue(slot);
  }

  /** Gives a reserved slot back unused. */
  release(slot: number): void {
    assert(this.columns.state[slot] === RESERVED, 'only a reserved slot can be given back');
    this.#reserved--;
    this.#giveBack(slot);
  }

  /** Queues a copy of a datagram. @returns whether it found a place */
  put(
    bytes: Uint8Array,
    at: number,
    length: number,
    ip: number,
    port: number,
    egress: number,
  ): boolean {
    const slot = this.reserve(egress);
    if (slot < 0) return false;
    this.bytes.set(bytes.subarray(at, at + length), slot * PACKET_BYTES);
    this.commit(slot, length, ip, port, egress);
    return true;
  }

  /**
   * Sends what budget, turn and socket allow.
   * @returns whether something is left that the next turn could send
   */
  flush(): boolean {
    const goOn = this.#drain();
    this.#transport.flush();
    return goOn;
  }

  #drain(): boolean {
    const { length: lengths, ip, port } = this.columns;
    const nowMs = this.#clock.monoMs();
    this.#tokens = Math.min(this.#burst, this.#tokens + (nowMs - this.#refilledMs) * this.#rate);
    this.#refilledMs = nowMs;
    let turn = TURN_PACKETS;
    for (let egress = 0; egress < CLASS_COUNT; egress++) {
      for (let slot = this.#head[egress]!; slot >= 0; slot = this.#head[egress]!) {
        const length = lengths[slot]!;
        if (turn-- <= 0) return true;
        // Neither a full socket nor an empty bucket is better off when it is asked again at once.
        if (this.#transport.pending() > MAX_PENDING) return false;
        if (this.#tokens < length + HEADER_BYTES) return false;
        this.#tokens -= length + HEADER_BYTES;
        this.#transport.send(this.bytes, slot * PACKET_BYTES, length, ip[slot]!, port[slot]!);
        this.sent[egress]!++;
        this.sentBytes[egress]! += length;
        this.#ledger.sent(egress, length, ip[slot]!, port[slot]!);
        this.#pop(egress);
      }
    }
    return false;
  }

  /** Drops the oldest waiting datagram of the least important class below `egress`. */
  #evict(egress: number): boolean {
    for (let victim = CLASS_COUNT - 1; victim > egress; victim--) {
      if (this.#head[victim]! < 0) continue;
      this.#pop(victim);
      this.dropped[victim]!++;
      return true;
    }
    return false;
  }

  /** Frees the head of a queue. */
  #pop(egress: number): void {
    const slot = this.#head[egress]!;
    const next = this.#next[slot]!;
    this.#head[egress] = next;
    if (next < 0) this.#tail[egress] = -1;
    this.#waiting--;
    this.#giveBack(slot);
  }

  #giveBack(slot: number): void {
    this.columns.state[slot] = FREE;
    this.#next[slot] = this.#free;
    this.#free = slot;
  }
}
