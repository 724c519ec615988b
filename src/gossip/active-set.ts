import { assert } from '../util/assert.ts';
import { copyBytes, equalBytes } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import { BLOOM_MAX_BITS, bloomAdd, bloomContains, bloomShape } from './bloom.ts';
import { LAMPORTS_PER_SOL } from './policy.ts';
import { WeightedShuffle } from './sample.ts';

/** Stake buckets 0 to 24; by bit length of the stake in SOL. @source behaviour 6.2 */
export const STAKE_BUCKETS = 25;

/** Members of one bucket. @source behaviour 0.3 */
export const ACTIVE_SET_SIZE = 12;

/** Members a value is pushed to. @source behaviour 0.3 */
export const FANOUT = 9;

/** Origins a member's filter is sized for at least. @source behaviour 0.3, 6.3 */
const BLOOM_MIN_ITEMS = 8_192;
const BLOOM_FALSE_RATE = 0.1;
const BLOOM_BYTES = BLOOM_MAX_BITS / 8;
const MAX_KEYS = 3;
const KEYS_BYTES = 8 * MAX_KEYS;

/** One more than a bucket keeps, while it rotates. */
const PLACES = ACTIVE_SET_SIZE + 1;

/** Distinct peers in all buckets together. */
export const MAX_ACTIVE_PEERS = STAKE_BUCKETS * PLACES;

/** Candidates for rotation: typed columns, one row a peer. */
export interface Candidates {
  readonly count: number;
  /** 32 bytes each. */
  readonly keys: Uint8Array;
  /** Lamports. */
  readonly stake: Float64Array;
}

/**
 * Bucket of a stake: its bit length in SOL, at most 24. Lamports above 2^53 are rounded as doubles,
 * far below what moves a stake to another bucket.
 *
 * @units stake: lamports, 0 when unknown
 * @source behaviour 6.2
 */
export function stakeBucket(stake: number): number {
  const sol = Math.floor(stake / LAMPORTS_PER_SOL);
  return sol >= 8_388_608 ? STAKE_BUCKETS - 1 : 32 - Math.clz32(sol);
}

/** Bucket for values of an origin; a missing stake on either side is the lowest. @source behaviour 6.2 */
export function originBucket(ourStake: number, originStake: number): number {
  return stakeBucket(Math.min(ourStake, originStake));
}

/**
 * Whom we push to: for each stake bucket a few peers, oldest first, each with a filter of the origins
 * that it asked us to stop sending. Peers in several buckets share one peer number, so that their
 * values travel together.
 *
 * @source behaviour 6.2, 6.3; agave gossip/src/push_active_set.rs
 */
export class ActiveSet {
  readonly #ourKey: Uint8Array;
  readonly #rng: Rng;
  /** Places in use by bucket: `#order[bucket × PLACES + i]` is a place of that bucket, oldest first. */
  readonly #order = new Uint8Array(STAKE_BUCKETS * PLACES);
  readonly #sizes = new Uint8Array(STAKE_BUCKETS);
  readonly #peerOf = new Uint16Array(STAKE_BUCKETS * PLACES);
  readonly #keyCount = new Uint8Array(STAKE_BUCKETS * PLACES);
  /** Bloom keys and bits of each place. */
  readonly #blooms = new Uint8Array(STAKE_BUCKETS * PLACES * (KEYS_BYTES + BLOOM_BYTES));
  readonly #uses = new Uint16Array(MAX_ACTIVE_PEERS);
  /** Public keys by peer number, 32 bytes each. */
  readonly peerKeys = new Uint8Array(MAX_ACTIVE_PEERS * PUBKEY_BYTES);
  #shuffle = new WeightedShuffle(0);
  #weights = new Float64Array(0);

  /** @shape ourKey: 32 bytes */
  constructor(ourKey: Uint8Array, rng: Rng) {
    this.#ourKey = ourKey.slice(0, PUBKEY_BYTES);
    this.#rng = rng;
  }

  /** Members of a bucket. */
  size(bucket: number): number {
    return this.#sizes[bucket]!;
  }

  /** Distinct peers in all buckets. */
  get peerCount(): number {
    let count = 0;
    for (let peer = 0; peer < MAX_ACTIVE_PEERS; peer++) if (this.#uses[peer]! > 0) count++;
    return count;
  }

  /** Whether a key is a member of any bucket. */
  has(keys: Uint8Array, keyAt: number): boolean {
    return this.#findPeer(keys, keyAt) >= 0;
  }

  /**
   * Members of a bucket that a value of this origin is pushed to, oldest first. Our own values go to all.
   *
   * @shape origins: 32 bytes from originAt; out: at least FANOUT peer numbers
   * @source behaviour 6.1, 6.2
   * @returns how many, at most FANOUT
   */
  peersFor(bucket: number, origins: Uint8Array, originAt: number, out: Uint16Array): number {
    const isOwn = equalBytes(this.#ourKey, 0, origins, originAt, PUBKEY_BYTES);
    const first = bucket * PLACES;
    const size = this.#sizes[bucket]!;
    let count = 0;
    for (let i = 0; i < size && count < FANOUT; i++) {
      const place = first + this.#order[first + i]!;
      const peer = this.#peerOf[place]!;
      const skip = isOwn
        ? equalBytes(this.peerKeys, peer * PUBKEY_BYTES, this.#ourKey, 0, PUBKEY_BYTES)
        : this.#isPruned(place, origins, originAt);
      if (!skip) out[count++] = peer;
    }
    return count;
  }

  /**
   * Obeys a prune: the sender gets no more values of this origin from this bucket. Our own origin cannot
   * be pruned.
   *
   * @source behaviour 7.4
   * @returns whether the sender was a member there
   */
  prune(
    bucket: number,
    senders: Uint8Array,
    senderAt: number,
    origins: Uint8Array,
    originAt: number,
  ): boolean {
    if (equalBytes(this.#ourKey, 0, origins, originAt, PUBKEY_BYTES)) return false;
    const place = this.#findPlace(bucket, senders, senderAt);
    if (place < 0) return false;
    this.#addOrigin(place, origins, originAt);
    return true;
  }

  /**
   * Brings new peers into every bucket and lets the oldest go.
   *
   * @units items: the larger of the identities in the table and the entries of the stake map
   * @source behaviour 6.3
   */
  rotate(candidates: Candidates, items: number): void {
    const { count } = candidates;
    if (count === 0) return;
    if (this.#weights.length < count) {
      this.#weights = new Float64Array(count);
      this.#shuffle = new WeightedShuffle(count);
    }
    const shape = bloomShape(Math.max(BLOOM_MIN_ITEMS, items), BLOOM_FALSE_RATE, BLOOM_MAX_BITS);
    assert(shape.keyCount <= MAX_KEYS && shape.bitLength === BLOOM_MAX_BITS, 'bloom of a peer');
    for (let bucket = 0; bucket < STAKE_BUCKETS; bucket++) {
      for (let i = 0; i < count; i++) {
        this.#weights[i] = (Math.min(bucket, stakeBucket(candidates.stake[i]!)) + 1) ** 2;
      }
      this.#shuffle.fill(this.#weights, count);
      while (this.#sizes[bucket]! <= ACTIVE_SET_SIZE) {
        const next = this.#shuffle.next(this.#rng);
        if (next < 0) break;
        const keyAt = next * PUBKEY_BYTES;
        if (this.#findPlace(bucket, candidates.keys, keyAt) >= 0) continue;
        this.#join(bucket, candidates.keys, keyAt, shape.keyCount);
      }
      while (this.#sizes[bucket]! > ACTIVE_SET_SIZE) this.#leave(bucket);
    }
  }

  #bloomAt(place: number): number {
    return place * (KEYS_BYTES + BLOOM_BYTES);
  }

  #isPruned(place: number, origins: Uint8Array, originAt: number): boolean {
    const keysAt = this.#bloomAt(place);
    return bloomContains(
      this.#blooms,
      keysAt,
      this.#keyCount[place]!,
      keysAt + KEYS_BYTES,
      BLOOM_MAX_BITS,
      origins,
      originAt,
    );
  }

  #addOrigin(place: number, origins: Uint8Array, originAt: number): void {
    const keysAt = this.#bloomAt(place);
    bloomAdd(
      this.#blooms,
      keysAt,
      this.#keyCount[place]!,
      keysAt + KEYS_BYTES,
      BLOOM_MAX_BITS,
      origins,
      originAt,
    );
  }

  /** Place of a member of a bucket, −1 if it is none. */
  #findPlace(bucket: number, keys: Uint8Array, keyAt: number): number {
    const first = bucket * PLACES;
    for (let i = 0; i < this.#sizes[bucket]!; i++) {
      const place = first + this.#order[first + i]!;
      const peerAt = this.#peerOf[place]! * PUBKEY_BYTES;
      if (equalBytes(this.peerKeys, peerAt, keys, keyAt, PUBKEY_BYTES)) return place;
    }
    return -1;
  }

  #findPeer(keys: Uint8Array, keyAt: number): number {
    for (let peer = 0; peer < MAX_ACTIVE_PEERS; peer++) {
      if (this.#uses[peer] === 0) continue;
      if (equalBytes(this.peerKeys, peer * PUBKEY_BYTES, keys, keyAt, PUBKEY_BYTES)) return peer;
    }
    return -1;
  }

  /** Appends a peer to a bucket; its filter has the peer itself from the start. */
  #join(bucket: number, keys: Uint8Array, keyAt: number, keyCount: number): void {
    let peer = this.#findPeer(keys, keyAt);
    if (peer < 0) {
      peer = this.#uses.indexOf(0);
      copyBytes(keys, keyAt, this.peerKeys, peer * PUBKEY_BYTES, PUBKEY_BYTES);
    }
    this.#uses[peer] = this.#uses[peer]! + 1;
    const first = bucket * PLACES;
    const size = this.#sizes[bucket]!;
    const taken = this.#order.subarray(first, first + size);
    let free = 0;
    while (taken.includes(free)) free++;
    this.#order[first + size] = free;
    this.#sizes[bucket] = size + 1;
    const place = first + free;
    this.#peerOf[place] = peer;
    this.#keyCount[place] = keyCount;
    const bloomAt = this.#bloomAt(place);
    this.#rng.fill(this.#blooms, bloomAt, bloomAt + KEYS_BYTES);
    this.#blooms.fill(0, bloomAt + KEYS_BYTES, bloomAt + KEYS_BYTES + BLOOM_BYTES);
    this.#addOrigin(place, keys, keyAt);
  }

  /** Drops the oldest member of a bucket. */
  #leave(bucket: number): void {
    const first = bucket * PLACES;
    const size = this.#sizes[bucket]!;
    const peer = this.#peerOf[first + this.#order[first]!]!;
    this.#uses[peer] = this.#uses[peer]! - 1;
    this.#order.copyWithin(first, first + 1, first + size);
    this.#sizes[bucket] = size - 1;
  }
}
