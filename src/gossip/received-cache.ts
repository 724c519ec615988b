import { copyBytes, equalBytes, readU32 } from '../util/bytes.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import type { Rng } from '../util/rng.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import { EMPTY, HashIndex } from './hash-index.ts';
import { SlotLists } from './slot-list.ts';

/**
 * Origins remembered. Agave's cache is cut to 8,192 when it reaches twice that, so with fewer than
 * 16,384 origins (the table holds at most 9,011) it forgets none; neither does this one.
 *
 * @source behaviour 7.1
 */
export const RECEIVED_ORIGINS = 16_384;

/** Scores of all origins together: 8 relayers each, 5.5 MiB. On overflow the longest unheard origin leaves. */
export const RECEIVED_SCORES = 131_072;

/** Values of an origin that must have arrived before its relayers are judged. @source behaviour 0.3, 7.2 */
export const MIN_UPSERTS = 20;

/** A copy counts for its relayer if fewer copies came before it. @source behaviour 0.3, 7.1 */
const TIMELY_COPIES = 2;

/** Relayers of one origin that late copies alone may enter. @source behaviour 0.3, 7.1 */
const LATE_RELAYERS = 50;

/**
 * Relayers of one origin at all. Agave has no limit; timely ones number at most two a value, and origins
 * are judged every 20 values, so this is out of honest reach.
 */
const MAX_RELAYERS = 256;

const NONE = -1;
const RECENT = 0;
const FREE = 1;

/** How much the cache may remember. */
export interface ReceivedCacheSizes {
  readonly origins?: number;
  readonly scores?: number;
}

/** Relayers of one origin with their scores; the cache fills it in, the owner keeps it for the next time. */
export interface Relayers {
  count: number;
  /** 32 bytes each. */
  readonly keys: Uint8Array;
  readonly score: Uint32Array;
}

/** Room for the relayers of one origin. */
export function createRelayers(): Relayers {
  return {
    count: 0,
    keys: new Uint8Array(MAX_RELAYERS * PUBKEY_BYTES),
    score: new Uint32Array(MAX_RELAYERS),
  };
}

/**
 * How early each relayer delivers the values of each origin: what prunes are decided by. A relayer is
 * who a push claims to come from, which nobody signed; so entries are bounded, and late copies cannot
 * lower anybody's score.
 *
 * @source behaviour 7.1; agave gossip/src/received_cache.rs
 */
export class ReceivedCache {
  readonly #hash: KeyedHash;
  readonly #index: HashIndex;
  readonly #lists: SlotLists;
  readonly #origins: Uint8Array;
  readonly #upserts: Uint32Array;
  readonly #relayerCount: Uint16Array;
  /** Chains of scores: first by origin slot; free ones are chained too. */
  readonly #firstScore: Int32Array;
  /** Of each score the next of its chain and, beside it, how its relayer's key begins: most others differ there. */
  readonly #links: Int32Array;
  readonly #relayers: Uint8Array;
  readonly #score: Uint32Array;
  #freeScore: number;
  #size = 0;
  /** Origins that had to leave for want of room. */
  evicted = 0;

  constructor(rng: Rng, sizes: ReceivedCacheSizes = {}) {
    const origins = sizes.origins ?? RECEIVED_ORIGINS;
    const scores = sizes.scores ?? RECEIVED_SCORES;
    this.#hash = KeyedHash.random(rng);
    this.#index = new HashIndex(origins);
    this.#lists = new SlotLists(origins, 2);
    this.#origins = new Uint8Array(origins * PUBKEY_BYTES);
    this.#upserts = new Uint32Array(origins);
    this.#relayerCount = new Uint16Array(origins);
    this.#firstScore = new Int32Array(origins).fill(NONE);
    this.#links = new Int32Array(2 * scores);
    for (let score = 0; score < scores; score++) {
      this.#links[2 * score] = score + 1 < scores ? score + 1 : NONE;
    }
    this.#relayers = new Uint8Array(scores * PUBKEY_BYTES);
    this.#score = new Uint32Array(scores);
    this.#freeScore = 0;
    for (let slot = 0; slot < origins; slot++) this.#lists.append(FREE, slot);
  }

  /** Origins remembered. */
  get size(): number {
    return this.#size;
  }

  /**
   * Notes the delivery of a value.
   *
   * @shape origins: 32 bytes from originAt; relayers: 32 bytes from relayerAt
   * @units copies: how many copies came by push before this one; Infinity for an outdated value
   * @source behaviour 7.1, record
   * @returns whether the origin has enough values now for its relayers to be judged, see `takeDue`
   */
  record(
    origins: Uint8Array,
    originAt: number,
    relayers: Uint8Array,
    relayerAt: number,
    copies: number,
  ): boolean {
    let slot = this.#find(origins, originAt);
    if (slot === NONE) slot = this.#allocate(origins, originAt);
    this.#lists.move(RECENT, slot);
    if (copies === 0) this.#upserts[slot] = this.#upserts[slot]! + 1;
    const isTimely = copies < TIMELY_COPIES;
    const isDue = this.#upserts[slot]! >= MIN_UPSERTS;
    if (!isTimely && this.#relayerCount[slot]! >= LATE_RELAYERS) return isDue; // it could change nothing
    const begins = readU32(relayers, relayerAt) | 0;
    for (let score = this.#firstScore[slot]!; score !== NONE; score = this.#links[2 * score]!) {
      if (this.#links[2 * score + 1] !== begins) continue;
      if (equalBytes(this.#relayers, score * PUBKEY_BYTES, relayers, relayerAt, PUBKEY_BYTES)) {
        if (isTimely) this.#score[score] = this.#score[score]! + 1;
        return isDue;
      }
    }
    if (this.#relayerCount[slot]! >= (isTimely ? MAX_RELAYERS : LATE_RELAYERS)) return isDue;
    this.#enter(slot, relayers, relayerAt, isTimely ? 1 : 0);
    return isDue;
  }

  /**
   * Hands over the relayers of an origin that has enough values to be judged, and starts it anew.
   *
   * @returns whether it was to be judged
   * @source behaviour 7.2
   */
  takeDue(origins: Uint8Array, originAt: number, out: Relayers): boolean {
    out.count = 0;
    const slot = this.#find(origins, originAt);
    if (slot === NONE || this.#upserts[slot]! < MIN_UPSERTS) return false;
    this.#lists.move(RECENT, slot);
    for (let s = this.#firstScore[slot]!; s !== NONE; s = this.#links[2 * s]!) {
      copyBytes(this.#relayers, s * PUBKEY_BYTES, out.keys, out.count * PUBKEY_BYTES, PUBKEY_BYTES);
      out.score[out.count++] = this.#score[s]!;
    }
    this.#empty(slot);
    return true;
  }

  #find(origins: Uint8Array, originAt: number): number {
    const hash = this.#hash.pubkey(origins, originAt);
    const { slots, hashes, mask } = this.#index;
    for (let p = this.#index.start(hash); slots[p] !== EMPTY; p = (p + 1) & mask) {
      const slot = slots[p]!;
      if (hashes[p] !== hash) continue;
      if (equalBytes(this.#origins, slot * PUBKEY_BYTES, origins, originAt, PUBKEY_BYTES)) {
        return slot;
      }
    }
    return NONE;
  }

  #allocate(origins: Uint8Array, originAt: number): number {
    if (this.#lists.first(FREE) < 0) this.#evict(this.#lists.first(RECENT));
    const slot = this.#lists.first(FREE);
    copyBytes(origins, originAt, this.#origins, slot * PUBKEY_BYTES, PUBKEY_BYTES);
    this.#index.add(this.#hash.pubkey(origins, originAt), slot);
    this.#size++;
    return slot;
  }

  /** Adds a relayer; when scores have run out, the longest unheard origin gives its own back. */
  #enter(slot: number, relayers: Uint8Array, relayerAt: number, score: number): void {
    while (this.#freeScore === NONE) {
      const oldest = this.#lists.first(RECENT);
      if (oldest === slot) return;
      this.#evict(oldest);
    }
    const s = this.#freeScore;
    this.#freeScore = this.#links[2 * s]!;
    copyBytes(relayers, relayerAt, this.#relayers, s * PUBKEY_BYTES, PUBKEY_BYTES);
    this.#score[s] = score;
    this.#links[2 * s] = this.#firstScore[slot]!;
    this.#links[2 * s + 1] = readU32(relayers, relayerAt);
    this.#firstScore[slot] = s;
    this.#relayerCount[slot] = this.#relayerCount[slot]! + 1;
  }

  #evict(slot: number): void {
    this.#empty(slot);
    this.#index.remove(this.#hash.pubkey(this.#origins, slot * PUBKEY_BYTES), slot);
    this.#lists.move(FREE, slot);
    this.#size--;
    this.evicted++;
  }

  #empty(slot: number): void {
    for (let s = this.#firstScore[slot]!; s !== NONE; ) {
      const next = this.#links[2 * s]!;
      this.#links[2 * s] = this.#freeScore;
      this.#freeScore = s;
      s = next;
    }
    this.#firstScore[slot] = NONE;
    this.#relayerCount[slot] = 0;
    this.#upserts[slot] = 0;
  }
}
