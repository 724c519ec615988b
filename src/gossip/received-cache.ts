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

/**
 * Relayers of an origin lie in blocks: how their keys begin is one half line of memory, where a relayer at a time
 * was one line each, and most origins have few.
 */
export const BLOCK_RELAYERS = 7;

/** Blocks of all origins together: 8 relayers each, 5.5 MiB. On overflow the longest unheard origin leaves. */
export const RECEIVED_BLOCKS = 20_480;

/** Words of an origin: they are wanted together, and so are in one line of memory. */
const Word = Object.freeze({
  /** Values that came first by push since its relayers were judged. */
  UPSERTS: 0,
  RELAYERS: 1,
  /** The first of its blocks, which alone may have room. */
  BLOCK: 2,
  /** The turn of its last move to the end of the list of origins. */
  MOVED: 3,
});
const ORIGIN_WORDS = 4;

/** Words of a block: the next one of its chain, then how the key of each relayer begins. */
const BLOCK_WORDS = 1 + BLOCK_RELAYERS;

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
  /** Of seven relayers each. */
  readonly blocks?: number;
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
  readonly #words: Int32Array;
  /** Chained, those of an origin and those that are free. */
  readonly #blocks: Int32Array;
  /** Of each place in a block. */
  readonly #relayers: Uint8Array;
  readonly #score: Uint32Array;
  #freeBlock = 0;
  #turn = 0;
  #size = 0;
  /** Origins that had to leave for want of room. */
  evicted = 0;

  constructor(rng: Rng, sizes: ReceivedCacheSizes = {}) {
    const origins = sizes.origins ?? RECEIVED_ORIGINS;
    const blocks = sizes.blocks ?? RECEIVED_BLOCKS;
    this.#hash = KeyedHash.random(rng);
    this.#index = new HashIndex(origins);
    this.#lists = new SlotLists(origins, 2);
    this.#origins = new Uint8Array(origins * PUBKEY_BYTES);
    this.#words = new Int32Array(origins * ORIGIN_WORDS);
    this.#blocks = new Int32Array(blocks * BLOCK_WORDS);
    for (let block = 0; block < blocks; block++) {
      this.#blocks[block * BLOCK_WORDS] = block + 1 < blocks ? block + 1 : NONE;
    }
    this.#relayers = new Uint8Array(blocks * BLOCK_RELAYERS * PUBKEY_BYTES);
    this.#score = new Uint32Array(blocks * BLOCK_RELAYERS);
    for (let slot = 0; slot < origins; slot++) {
      this.#words[slot * ORIGIN_WORDS + Word.BLOCK] = NONE;
      this.#lists.append(FREE, slot);
    }
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
    else if (this.#isLate(slot)) this.#move(slot);
    const words = this.#words;
    const at = slot * ORIGIN_WORDS;
    if (copies === 0) words[at + Word.UPSERTS]! += 1;
    const isTimely = copies < TIMELY_COPIES;
    const isDue = words[at + Word.UPSERTS]! >= MIN_UPSERTS;
    if (!isTimely && words[at + Word.RELAYERS]! >= LATE_RELAYERS) return isDue; // it could change nothing
    const place = this.#findRelayer(slot, relayers, relayerAt);
    if (place !== NONE) {
      if (isTimely) this.#score[place] = this.#score[place]! + 1;
      return isDue;
    }
    if (words[at + Word.RELAYERS]! >= (isTimely ? MAX_RELAYERS : LATE_RELAYERS)) return isDue;
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
    if (slot === NONE || this.#words[slot * ORIGIN_WORDS + Word.UPSERTS]! < MIN_UPSERTS)
      return false;
    this.#move(slot);
    let filled = this.#filledOfFirst(slot);
    for (let block = this.#firstOf(slot); block !== NONE; block = this.#nextOf(block)) {
      for (let i = filled - 1; i >= 0; i--) {
        const place = block * BLOCK_RELAYERS + i;
        const to = out.count * PUBKEY_BYTES;
        copyBytes(this.#relayers, place * PUBKEY_BYTES, out.keys, to, PUBKEY_BYTES);
        out.score[out.count++] = this.#score[place]!;
      }
      filled = BLOCK_RELAYERS;
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

  /** Notes that an origin was heard now. */
  #move(slot: number): void {
    this.#lists.move(RECENT, slot);
    this.#words[slot * ORIGIN_WORDS + Word.MOVED] = this.#turn;
    this.#turn = (this.#turn + 1) | 0;
  }

  /**
   * Whether an origin may no longer be among the last quarter of those heard. Moving it costs six lines of memory,
   * and only the longest unheard must be known.
   */
  #isLate(slot: number): boolean {
    const turns = (this.#turn - this.#words[slot * ORIGIN_WORDS + Word.MOVED]!) | 0;
    return turns < 0 || turns > this.#size >> 2;
  }

  /** The first block of an origin, or NONE. */
  #firstOf(slot: number): number {
    return this.#words[slot * ORIGIN_WORDS + Word.BLOCK]!;
  }

  /** The block behind this one. */
  #nextOf(block: number): number {
    return this.#blocks[block * BLOCK_WORDS]!;
  }

  /** Relayers in the first block of an origin that has one. */
  #filledOfFirst(slot: number): number {
    const relayers = this.#words[slot * ORIGIN_WORDS + Word.RELAYERS]!;
    return ((relayers + BLOCK_RELAYERS - 1) % BLOCK_RELAYERS) + 1;
  }

  /** @returns the place of a relayer of an origin, or NONE */
  #findRelayer(slot: number, relayers: Uint8Array, relayerAt: number): number {
    // hot: for every value that comes by push, except late copies of origins with many relayers
    const begins = readU32(relayers, relayerAt) | 0;
    const blocks = this.#blocks;
    let filled = this.#filledOfFirst(slot);
    for (let block = this.#firstOf(slot); block !== NONE; block = this.#nextOf(block)) {
      for (let i = filled - 1; i >= 0; i--) {
        if (blocks[block * BLOCK_WORDS + 1 + i] !== begins) continue;
        const place = block * BLOCK_RELAYERS + i;
        const at = place * PUBKEY_BYTES;
        if (equalBytes(this.#relayers, at, relayers, relayerAt, PUBKEY_BYTES)) return place;
      }
      filled = BLOCK_RELAYERS;
    }
    return NONE;
  }

  #allocate(origins: Uint8Array, originAt: number): number {
    if (this.#lists.first(FREE) < 0) this.#evict(this.#lists.first(RECENT));
    const slot = this.#lists.first(FREE);
    copyBytes(origins, originAt, this.#origins, slot * PUBKEY_BYTES, PUBKEY_BYTES);
    this.#index.add(this.#hash.pubkey(origins, originAt), slot);
    this.#move(slot);
    this.#size++;
    return slot;
  }

  /** Adds a relayer; when blocks have run out, the longest unheard origin gives its own back. */
  #enter(slot: number, relayers: Uint8Array, relayerAt: number, score: number): void {
    const words = slot * ORIGIN_WORDS;
    const used = this.#words[words + Word.RELAYERS]! % BLOCK_RELAYERS;
    if (used === 0 && !this.#addBlock(slot)) return;
    const block = this.#firstOf(slot);
    const place = block * BLOCK_RELAYERS + used;
    copyBytes(relayers, relayerAt, this.#relayers, place * PUBKEY_BYTES, PUBKEY_BYTES);
    this.#blocks[block * BLOCK_WORDS + 1 + used] = readU32(relayers, relayerAt);
    this.#score[place] = score;
    this.#words[words + Word.RELAYERS]! += 1;
  }

  /** Puts an empty block in front of those of an origin. @returns false when it has all there are */
  #addBlock(slot: number): boolean {
    while (this.#freeBlock === NONE) {
      const oldest = this.#lists.first(RECENT);
      if (oldest === slot) return false;
      this.#evict(oldest);
    }
    const block = this.#freeBlock;
    this.#freeBlock = this.#nextOf(block);
    this.#blocks[block * BLOCK_WORDS] = this.#firstOf(slot);
    this.#words[slot * ORIGIN_WORDS + Word.BLOCK] = block;
    return true;
  }

  #evict(slot: number): void {
    this.#empty(slot);
    this.#index.remove(this.#hash.pubkey(this.#origins, slot * PUBKEY_BYTES), slot);
    this.#lists.move(FREE, slot);
    this.#size--;
    this.evicted++;
  }

  #empty(slot: number): void {
    for (let block = this.#firstOf(slot); block !== NONE; ) {
      const next = this.#nextOf(block);
      this.#blocks[block * BLOCK_WORDS] = this.#freeBlock;
      this.#freeBlock = block;
      block = next;
    }
    const at = slot * ORIGIN_WORDS;
    this.#words[at + Word.BLOCK] = NONE;
    this.#words[at + Word.RELAYERS] = 0;
    this.#words[at + Word.UPSERTS] = 0;
  }
}
