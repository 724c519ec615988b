import { sha256Into } from '../crypto/hash.ts';
import { copyBytes, equalBytes } from '../util/bytes.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import type { Rng } from '../util/rng.ts';
import { HASH_BYTES, PONG_PREFIX, PUBKEY_BYTES } from '../wire/limits.ts';
import { EMPTY, HashIndex } from './hash-index.ts';
import { PING_QUIET_MS, type PingLimitSizes, PingLimits } from './ping-limits.ts';
import type { ProvedAddresses } from './proved-addresses.ts';
import { SlotLists } from './slot-list.ts';

/** How long an answered ping proves an address. @source behaviour 8.2; reliability C2 */
export const PROOF_MS = 1_280_000;

/** A proof older than this is renewed when its address is looked at. @source behaviour 8.2, ttl / 4 */
export const PROOF_REFRESH_MS = PROOF_MS / 4;

/** Addresses, proved and to be proved. @source reliability 5 */
export const PROOF_CAPACITY = 65_536;

/**
 * One in so many slots of a full cache is left to wishes: with fewer they would displace one another before
 * they are answered, and with no bound a stranger's would displace proofs.
 */
const WISHES_ONE_IN = 16;

const WANTED = 0;
const PROVED = 1;
const FREE = 2;

/** Answers of `check`: bits. */
export const ADDRESS_PROVED = 1;
export const ADDRESS_PINGED = 2;

/** One ping to send; the cache fills it in. */
export interface PingOrder {
  /** IPv4 as a number. */
  ip: number;
  port: number;
  readonly token: Uint8Array;
}

/** What is known of pings to an address that a key named. */
export interface PingEvidence {
  answeredMs: number;
  roundTripMs: number;
  /** Pings since the last that was answered. */
  unanswered: number;
}

/** How much the cache may remember. */
export interface PingCacheSizes extends PingLimitSizes {
  readonly proofs?: number;
  readonly addressCells?: number;
}

/**
 * Who has proved which address: (key, IP, port) triples that answered a ping. A ping goes to an address,
 * not to a key: whatever keys wait for an address share the one token under way to it, so that forged
 * contact infos naming an honest address make us ping it, and it answers for itself.
 *
 * Times are monotonic milliseconds.
 *
 * @source behaviour 8.2, 8.3; reliability 5 and C2, whose limits by destination replace Agave's by key
 */
export class PingCache {
  readonly limits: PingLimits;
  readonly #rng: Rng;
  readonly #hash: KeyedHash;
  readonly #index: HashIndex;
  readonly #isWish: Uint8Array;
  readonly #leastWishes: number;
  readonly #lists: SlotLists;
  readonly #keys: Uint8Array;
  readonly #ip: Uint32Array;
  readonly #port: Uint16Array;
  /** −Infinity while the address has not answered. */
  readonly #provedMs: Float64Array;
  /** From ping to pong, when it was last proved. */
  readonly #roundTripMs: Float32Array;
  /** What a pong to the ping under way must contain, by destination slot; and whether one is. */
  readonly #expected: Uint8Array;
  readonly #isUnderWay: Uint8Array;
  readonly #addresses: ProvedAddresses | undefined;
  readonly #pongInput = new Uint8Array(PONG_PREFIX.length + HASH_BYTES);
  /** Proofs and wishes that had to leave for want of room. */
  evicted = 0;
  #wishes = 0;
  /** From ping to pong, of the last pong that was accepted. @units ms */
  lastRoundTripMs = 0;

  constructor(
    rng: Rng,
    allowPrivate: boolean,
    sizes: PingCacheSizes = {},
    addresses?: ProvedAddresses,
  ) {
    const capacity = sizes.proofs ?? PROOF_CAPACITY;
    this.#rng = rng;
    this.#hash = KeyedHash.random(rng);
    this.limits = new PingLimits(KeyedHash.random(rng), allowPrivate, sizes);
    this.#index = new HashIndex(capacity);
    this.#lists = new SlotLists(capacity, 3);
    this.#isWish = new Uint8Array(capacity);
    this.#leastWishes = Math.floor(capacity / WISHES_ONE_IN);
    this.#keys = new Uint8Array(capacity * PUBKEY_BYTES);
    this.#ip = new Uint32Array(capacity);
    this.#port = new Uint16Array(capacity);
    this.#provedMs = new Float64Array(capacity);
    this.#roundTripMs = new Float32Array(capacity);
    this.#expected = new Uint8Array(this.limits.capacity * HASH_BYTES);
    this.#isUnderWay = new Uint8Array(this.limits.capacity);
    this.#addresses = addresses;
    for (let slot = 0; slot < capacity; slot++) this.#lists.append(FREE, slot);
    for (let i = 0; i < PONG_PREFIX.length; i++) this.#pongInput[i] = PONG_PREFIX.charCodeAt(i);
  }

  /**
   * Asks whether a key has proved an address, and queues a ping where one is due: the address is not
   * proved, or its proof is a quarter through.
   *
   * @shape keys: 32 bytes from keyAt
   * @units mayPing: false for all but one question of a packet whose source is not proved
   * @source behaviour 8.2, check; reliability 5
   * @returns bits ADDRESS_PROVED, ADDRESS_PINGED
   */
  check(
    keys: Uint8Array,
    keyAt: number,
    ip: number,
    port: number,
    nowMs: number,
    mayPing: boolean,
  ): number {
    let slot = this.#find(keys, keyAt, ip, port);
    const ageMs = slot < 0 ? Number.POSITIVE_INFINITY : nowMs - this.#provedMs[slot]!;
    const proved = ageMs <= PROOF_MS ? ADDRESS_PROVED : 0;
    if (ageMs <= PROOF_REFRESH_MS || !mayPing) return proved;
    if (!this.limits.want(ip, port, nowMs)) {
      // A ping may be under way that another key caused; its answer shall count for this one too.
      const under = this.limits.find(ip, port);
      if (under < 0 || this.#isUnderWay[under] === 0) return proved;
    }
    if (slot < 0) slot = this.#allocate(keys, keyAt, ip, port);
    else if (proved === 0) this.#want(slot);
    return proved | ADDRESS_PINGED;
  }

  /** Whether a key has proved an address; asks for nothing. */
  isProved(keys: Uint8Array, keyAt: number, ip: number, port: number, nowMs: number): boolean {
    const slot = this.#find(keys, keyAt, ip, port);
    return slot >= 0 && nowMs - this.#provedMs[slot]! <= PROOF_MS;
  }

  /**
   * What answers there were from an address in the name of a key, for people.
   *
   * @shape out: filled in; `answeredMs` on the monotonic clock, −Infinity when there was none
   */
  evidence(keys: Uint8Array, keyAt: number, ip: number, port: number, out: PingEvidence): void {
    const slot = this.#find(keys, keyAt, ip, port);
    out.answeredMs = slot < 0 ? Number.NEGATIVE_INFINITY : this.#provedMs[slot]!;
    out.roundTripMs = slot < 0 ? 0 : this.#roundTripMs[slot]!;
    const destination = this.limits.find(ip, port);
    out.unanswered = destination < 0 ? 0 : this.limits.unanswered(destination);
  }

  /** Draws a token nobody can guess. @shape token: 32 bytes */
  drawToken(token: Uint8Array): void {
    this.#rng.secret(token, 0, HASH_BYTES);
  }

  /**
   * Makes the next ping that may leave now. It replaces the one before it to the same address.
   *
   * @shape tokens: a token of `drawToken` at tokenAt, signed already; a fresh one is drawn when left out
   * @returns whether there was one
   */
  nextPing(nowMs: number, order: PingOrder, tokens?: Uint8Array, tokenAt = 0): boolean {
    const slot = this.limits.next(nowMs);
    if (slot < 0) return false;
    order.ip = this.limits.ip(slot);
    order.port = this.limits.port(slot);
    if (tokens) copyBytes(tokens, tokenAt, order.token, 0, HASH_BYTES);
    else this.drawToken(order.token);
    copyBytes(order.token, 0, this.#pongInput, PONG_PREFIX.length, HASH_BYTES);
    sha256Into(this.#pongInput, 0, this.#pongInput.length, this.#expected, slot * HASH_BYTES);
    this.#isUnderWay[slot] = 1;
    return true;
  }

  /**
   * Takes a pong whose signature was verified. It counts if the ping under way to exactly the address it
   * came from expects this hash and its key was waited for there; then the token is used up.
   *
   * @source behaviour 8.2; reliability C2
   * @returns whether the address is proved by it
   */
  pong(
    keys: Uint8Array,
    keyAt: number,
    hashes: Uint8Array,
    hashAt: number,
    ip: number,
    port: number,
    nowMs: number,
  ): boolean {
    const destination = this.limits.find(ip, port);
    if (destination < 0 || this.#isUnderWay[destination] === 0) return false;
    const roundTripMs = nowMs - this.limits.sentMs(destination);
    if (roundTripMs > PING_QUIET_MS) return false;
    if (!equalBytes(this.#expected, destination * HASH_BYTES, hashes, hashAt, HASH_BYTES)) {
      return false;
    }
    const slot = this.#find(keys, keyAt, ip, port);
    if (slot < 0) return false;
    this.#isUnderWay[destination] = 0;
    this.lastRoundTripMs = roundTripMs;
    this.#roundTripMs[slot] = roundTripMs;
    this.limits.answered(destination);
    this.#provedMs[slot] = nowMs;
    this.#wishes -= this.#isWish[slot]!;
    this.#isWish[slot] = 0;
    this.#lists.move(PROVED, slot);
    this.#addresses?.mark(ip, port, nowMs + PROOF_MS);
    return true;
  }

  #find(keys: Uint8Array, keyAt: number, ip: number, port: number): number {
    const hash = this.#hash.words(keys, keyAt, 8, ip, port);
    const { slots, hashes, mask } = this.#index;
    for (let p = this.#index.start(hash); slots[p] !== EMPTY; p = (p + 1) & mask) {
      const slot = slots[p]!;
      if (hashes[p] !== hash || this.#ip[slot] !== ip || this.#port[slot] !== port) continue;
      if (equalBytes(this.#keys, slot * PUBKEY_BYTES, keys, keyAt, PUBKEY_BYTES)) return slot;
    }
    return -1;
  }

  #want(slot: number): void {
    this.#wishes += 1 - this.#isWish[slot]!;
    this.#isWish[slot] = 1;
    this.#lists.move(WANTED, slot);
  }

  /** A slot for a wish: a free one; else that of the oldest wish, when there are enough; else of the oldest proof. */
  #allocate(keys: Uint8Array, keyAt: number, ip: number, port: number): number {
    let slot = this.#lists.first(FREE);
    if (slot < 0) {
      const isEnough = this.#wishes >= this.#leastWishes;
      slot = this.#lists.first(isEnough ? WANTED : PROVED);
      if (slot < 0) slot = this.#lists.first(isEnough ? PROVED : WANTED);
      const at = slot * PUBKEY_BYTES;
      this.#index.remove(
        this.#hash.words(this.#keys, at, 8, this.#ip[slot]!, this.#port[slot]!),
        slot,
      );
      this.evicted++;
    }
    this.#want(slot);
    copyBytes(keys, keyAt, this.#keys, slot * PUBKEY_BYTES, PUBKEY_BYTES);
    this.#ip[slot] = ip;
    this.#port[slot] = port;
    this.#provedMs[slot] = Number.NEGATIVE_INFINITY;
    this.#index.add(this.#hash.words(keys, keyAt, 8, ip, port), slot);
    return slot;
  }
}
