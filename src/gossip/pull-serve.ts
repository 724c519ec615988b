import { collectRows, countEntries, planShards, ShardRange } from '../crds/shards.ts';
import type { TableView } from '../crds/view.ts';
import { beginRead, endRead } from '../shm/seqlock.ts';
import { readU32 } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import { HASH_BYTES, Kind, MAX_VALUES, VALUES_BYTES, VALUES_HEADER_BYTES } from '../wire/limits.ts';
import type { PacketFields } from '../wire/skim.ts';
import { bloomContains } from './bloom.ts';
import { scanCost } from './budget.ts';
import { countsAsStaked, isServed } from './policy.ts';
import { WeightedShuffle } from './sample.ts';

/** What a caller may be behind: values newer than its clock plus this reach it by push. @source behaviour 4.5 */
export const JITTER_MS = 3_750;

/** Entries looked at for one request, from a random start when there are more. @source reliability 5 */
export const MAX_SCANNED = 1_024;

/** Datagrams in answer to one request. @source reliability 5 */
export const MAX_RESPONSE_PACKETS = 8;

/** Age at which a value's priority has fallen to the lowest, and the steps in which it falls. @source behaviour 4.6 */
const SCORE_SPAN_MS = 172_800_000;
const SCORE_STEP_MS = 15_000;

/** Datagrams in answer to one batch: what the egress queue holds. @source reliability 5 */
const MAX_PACKETS = 4_096;

/** How much one batch may be answered with; simulations and comparisons take other numbers. */
export interface ServeLimits {
  readonly scanned?: number;
  readonly packetsPerRequest?: number;
  readonly packets?: number;
}

/** Something that bytes are taken from as long as it has them. */
export interface ByteBudget {
  take(bytes: number): boolean;
}

/**
 * Prices a request: tokens to take from the scan budget of its source.
 *
 * @shape bytes: the datagram that `packet` describes; range: filled in
 * @source behaviour 4.3, 4.4
 */
export function priceRequest(
  view: TableView,
  bytes: Uint8Array,
  packet: PacketFields,
  range: ShardRange,
): number {
  planRequest(bytes, packet, range);
  return scanCost(countEntries(view, range), packet.keyCount);
}

function planRequest(bytes: Uint8Array, packet: PacketFields, range: ShardRange): void {
  const { maskAt } = packet;
  planShards(range, readU32(bytes, maskAt), readU32(bytes, maskAt + 4), packet.maskBits);
}

/**
 * Priority of a value: the fresher the higher, doubled for staked origins and for contact infos.
 *
 * @units ageMs: now − wallclock, 0 for the future
 * @source behaviour 4.6
 */
export function valueScore(ageMs: number, isStaked: boolean, isContactInfo: boolean): number {
  const left = Math.floor(Math.max(0, SCORE_SPAN_MS - ageMs) / SCORE_STEP_MS);
  return Math.max(1, left) * (isStaked ? 2 : 1) * (isContactInfo ? 2 : 1);
}

/**
 * Answers one batch of pull requests: selects values, packs them into datagrams, and hands those out by
 * priority while the byte budget lasts. On any thread: what is selected is looked at as it was at one
 * moment, and `ordinals` tells whether it still is when it is copied.
 *
 * @source behaviour 4
 */
export class PullAnswers {
  /** The values of datagram p are `rows[first[p] … first[p] + size[p])`, rows of the table. */
  readonly rows: Int32Array;
  /** Ordinal of the value that was selected in each of these rows. */
  readonly ordinals: Float64Array;
  readonly first: Int32Array;
  readonly size: Uint8Array;
  /** Bytes of the values of a datagram, its header not included. */
  readonly bytes: Uint16Array;
  /** The caller's mark of the request that a datagram answers. */
  readonly request: Int32Array;
  packetCount = 0;
  /** Values that may still be taken for this batch. */
  valuesLeft = 0;
  /** Entries that the last request would have visited: what its scan costs. */
  entries = 0;
  /** Values of the last request that were too new for its caller. */
  tooNew = 0;
  /** Rows that were being written when they were looked at; they stay requestable. */
  busy = 0;
  /** Shards that changed under the walk of the last request. */
  abandoned = 0;
  /** Datagrams that had no place in the byte budget. */
  dropped = 0;
  readonly #view: TableView;
  #rng: Rng;
  readonly #range = new ShardRange();
  readonly #scan: Int32Array;
  readonly #score: Float64Array;
  readonly #shuffle: WeightedShuffle;
  readonly #packetsPerRequest: number;
  #rowCount = 0;
  #nowMs = 0;
  #jitterMs = 0;
  #stakedCount = 0;
  #isOrdered = false;

  constructor(view: TableView, rng: Rng, limits: ServeLimits = {}) {
    const packets = limits.packets ?? MAX_PACKETS;
    this.#view = view;
    this.#rng = rng;
    this.#scan = new Int32Array(limits.scanned ?? MAX_SCANNED);
    this.#packetsPerRequest = limits.packetsPerRequest ?? MAX_RESPONSE_PACKETS;
    this.#score = new Float64Array(packets);
    this.#shuffle = new WeightedShuffle(packets);
    this.rows = new Int32Array(packets * MAX_VALUES);
    this.ordinals = new Float64Array(packets * MAX_VALUES);
    this.first = new Int32Array(packets);
    this.size = new Uint8Array(packets);
    this.bytes = new Uint16Array(packets);
    this.request = new Int32Array(packets);
  }

  /**
   * Starts a batch.
   *
   * @units valuesLeft: of `OutBudget.refill`; stakedCount: entries of the stake map
   * @param rng chance from here on; as before when left out
   * @source behaviour 4.2, 4.5
   */
  start(nowMs: number, valuesLeft: number, stakedCount: number, rng?: Rng): void {
    if (rng) this.#rng = rng;
    this.#nowMs = nowMs;
    this.#stakedCount = stakedCount;
    this.#jitterMs = this.#rng.below(JITTER_MS);
    this.valuesLeft = valuesLeft;
    this.packetCount = 0;
    this.#rowCount = 0;
    this.#isOrdered = false;
  }

  /** Looks at a request before it is answered. @returns what `priceRequest` says */
  price(bytes: Uint8Array, packet: PacketFields): number {
    planRequest(bytes, packet, this.#range);
    this.entries = countEntries(this.#view, this.#range);
    return scanCost(this.entries, packet.keyCount);
  }

  /** Bloom positions that a request of so many entries may take. */
  hashes(packet: PacketFields): number {
    return Math.min(this.entries, this.#scan.length) * packet.keyCount;
  }

  /**
   * Selects and packs the values that a request lacks. Its admission and price are settled.
   *
   * @shape bytes: the datagram that `packet` describes
   * @units callerWallclock: ms; mark: anything, comes back in `request`
   * @source behaviour 4.4, 4.5, 4.6
   * @returns how many values were taken
   */
  answer(bytes: Uint8Array, packet: PacketFields, callerWallclock: number, mark: number): number {
    // hot: tests every entry of the shards that a mask touches
    const { wallclock, kind, hash, length, peer, ordinal, version } = this.#view.columns;
    const { stake } = this.#view.peers.columns;
    this.price(bytes, packet);
    this.tooNew = 0;
    const skip = this.entries > this.#scan.length ? this.#rng.below(this.entries) : 0;
    const listed = collectRows(this.#view, this.#range, skip, this.#scan);
    this.abandoned = this.#range.abandoned;
    const limit = callerWallclock + this.#jitterMs;
    const firstPacket = this.packetCount;
    let taken = 0;
    for (let i = 0; i < listed && this.valuesLeft > 0; i++) {
      const row = this.#scan[i]!;
      const staked = stake[peer[row]!]!;
      const counts = countsAsStaked(this.#stakedCount, staked);
      if (!isServed(kind[row]!, counts)) continue;
      if (wallclock[row]! > limit) {
        this.tooNew++;
        continue;
      }
      const isKnown = bloomContains(
        bytes,
        packet.keysAt,
        packet.keyCount,
        packet.bitsAt,
        packet.bitLength,
        hash,
        row * HASH_BYTES,
      );
      if (isKnown) continue;
      // So far the row may have been another value from one line to the next; what is noted of it is of one.
      const seen = beginRead(version, row);
      const number = ordinal[row]!;
      const size = length[row]!;
      const now = kind[row]!;
      const ageMs = Math.max(0, this.#nowMs - wallclock[row]!);
      const fits = size > 0 && wallclock[row]! <= limit && isServed(now, counts);
      if ((seen & 1) !== 0 || !endRead(version, row, seen) || !fits) {
        this.busy++;
        continue;
      }
      if (!this.#pack(row, number, size, firstPacket, mark)) break;
      const score = valueScore(ageMs, staked > 0, now === Kind.CONTACT_INFO);
      const p = this.packetCount - 1;
      this.#score[p] = Math.max(this.#score[p]!, score);
      taken++;
      this.valuesLeft--;
    }
    return taken;
  }

  /**
   * Draws the next datagram to send, the fresher and more important the likelier. The first that does
   * not fit into the budget ends the batch.
   *
   * @source behaviour 4.6
   * @returns its number, −1 when the batch is finished
   */
  next(budget: ByteBudget): number {
    if (!this.#isOrdered) {
      this.#shuffle.fill(this.#score, this.packetCount);
      this.#isOrdered = true;
    }
    const p = this.#shuffle.next(this.#rng);
    if (p < 0 || budget.take(VALUES_HEADER_BYTES + this.bytes[p]!)) return p;
    this.dropped++;
    while (this.#shuffle.next(this.#rng) >= 0) this.dropped++;
    return -1;
  }

  /** Adds a value to the last datagram of the request, or to a new one. @returns false without room */
  #pack(row: number, ordinal: number, length: number, firstPacket: number, mark: number): boolean {
    let p = this.packetCount - 1;
    if (p < firstPacket || this.bytes[p]! + length > VALUES_BYTES) {
      p++;
      if (p - firstPacket >= this.#packetsPerRequest || p >= this.first.length) return false;
      this.packetCount++;
      this.first[p] = this.#rowCount;
      this.size[p] = 0;
      this.bytes[p] = 0;
      this.request[p] = mark;
      this.#score[p] = 0;
    }
    this.ordinals[this.#rowCount] = ordinal;
    this.rows[this.#rowCount++] = row;
    this.size[p] = this.size[p]! + 1;
    this.bytes[p] = this.bytes[p]! + length;
    return true;
  }
}
