/**
 * The origins that the table holds values of, one row each, with what is asked about them all the time:
 * stake, advertised gossip address, shred version. A row exists exactly as long as the origin has a value.
 */

import { LifeSign, PeerState } from '../shm/layout.ts';
import type { RegionColumns } from '../shm/regions.ts';
import { beginWrite, endWrite } from '../shm/seqlock.ts';
import { PEER_CELLS } from '../shm/traffic-cells.ts';
import { assert } from '../util/assert.ts';
import { copyBytes, equalBytes, readU32 } from '../util/bytes.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import { Chain } from './chain.ts';
import type { LabelHasher } from './label.ts';
import { ProbeIndex } from './probe-index.ts';

/** Cells of the evidence of one peer's life. */
const LIFE_SIGNS = 4;

/** Bits of the flags of a peer. */
export const PeerFlag = Object.freeze({
  /** Its gossip address answered a ping. */
  PROVED: 1,
});

/**
 * Lamports by identity, as one immutable map: a refresh makes a new one. Its keys come from the chain, so
 * nobody can crowd it, and it is small enough to be rebuilt.
 */
export class Stakes {
  /** Entries, those without stake included. */
  readonly size: number;
  /** Is there any stake at all? Without, every node counts as staked for timeouts. */
  readonly anyPositive: boolean;
  readonly #keys: Uint8Array;
  readonly #lamports: Float64Array;
  /** Place → entry + 1. */
  readonly #places: Int32Array;

  /** @param entries identity (32 bytes) and lamports; of equal identities the last one stays */
  constructor(entries: readonly (readonly [Uint8Array, number])[] = []) {
    let places = 16;
    while (places < entries.length * 4) places *= 2;
    this.#places = new Int32Array(places);
    this.#keys = new Uint8Array(entries.length * PUBKEY_BYTES);
    this.#lamports = new Float64Array(entries.length);
    let size = 0;
    let anyPositive = false;
    for (const [pubkey, lamports] of entries) {
      assert(pubkey.length === PUBKEY_BYTES && lamports >= 0, 'a stake needs a key and lamports');
      const place = this.#place(pubkey, 0);
      const entry = this.#places[place] === 0 ? size++ : this.#places[place]! - 1;
      this.#places[place] = entry + 1;
      this.#keys.set(pubkey, entry * PUBKEY_BYTES);
      this.#lamports[entry] = lamports;
      if (lamports > 0) anyPositive = true;
    }
    this.size = size;
    this.anyPositive = anyPositive;
  }

  /** @returns lamports, 0 for an identity without an entry */
  get(pubkey: Uint8Array, at: number): number {
    const entry = this.#places[this.#place(pubkey, at)]!;
    return entry === 0 ? 0 : this.#lamports[entry - 1]!;
  }

  /** Has this identity an entry, with or without stake? */
  has(pubkey: Uint8Array, at: number): boolean {
    return this.#places[this.#place(pubkey, at)] !== 0;
  }

  /** All identities with their lamports. */
  *entries(): Generator<readonly [Uint8Array, number]> {
    for (let i = 0; i < this.size; i++) {
      yield [this.#keys.slice(i * PUBKEY_BYTES, (i + 1) * PUBKEY_BYTES), this.#lamports[i]!];
    }
  }

  /** The place of a key, or the empty one where it would be; at a load of a quarter that is near. */
  #place(pubkey: Uint8Array, at: number): number {
    const mask = this.#places.length - 1;
    let place = (readU32(pubkey, at + 8) ^ readU32(pubkey, at + 20)) & mask;
    for (;;) {
      const entry = this.#places[place]!;
      if (entry === 0) return place;
      const keyAt = (entry - 1) * PUBKEY_BYTES;
      if (equalBytes(this.#keys, keyAt, pubkey, at, PUBKEY_BYTES)) return place;
      place = (place + 1) & mask;
    }
  }
}

/** Nobody has stake: what a spy without a source of stakes works with. */
export const NO_STAKES = new Stakes();

/** Finding and reading for any thread; adding and removing for the table alone. */
export class Peers {
  readonly columns: RegionColumns<'peers'>;
  readonly #hasher: LabelHasher;
  readonly #index: ProbeIndex;

  constructor(columns: RegionColumns<'peers'>, hasher: LabelHasher) {
    this.columns = columns;
    this.#hasher = hasher;
    this.#index = new ProbeIndex(columns.places);
  }

  /** How many origins have a value in the table. */
  get size(): number {
    return this.columns.state[PeerState.SIZE]!;
  }

  /** Rows at and above this were never used; below it, free rows have no values. */
  get highWater(): number {
    return this.columns.state[PeerState.HIGH_WATER]!;
  }

  /** @returns the row of an origin, or -1 */
  find(pubkey: Uint8Array, at: number): number {
    const tag = this.#hasher.pubkey(pubkey, at);
    let place = this.#index.first(tag);
    while (place >= 0) {
      const row = this.#index.rowAt(place);
      if (equalBytes(this.columns.pubkey, row * PUBKEY_BYTES, pubkey, at, PUBKEY_BYTES)) return row;
      place = this.#index.next(tag, place);
    }
    return -1;
  }

  /** The row of the origin's contact info in the table, or -1. */
  contactRow(peer: number): number {
    return this.columns.contact[peer]! - 1;
  }

  /**
   * Notes what the contact info of a peer advertises; due after each upsert that stored one. It is
   * forgotten with the contact info.
   *
   * @owner main
   * @units ip: IPv4 as a big-endian number, 0 when absent or unusable
   */
  setContact(peer: number, ip: number, port: number, shredVersion: number): void {
    const { version } = this.columns;
    beginWrite(version, peer);
    this.columns.ip[peer] = ip;
    this.columns.port[peer] = port;
    this.columns.shredVersion[peer] = shredVersion;
    endWrite(version, peer);
  }

  /** Marks whether the gossip address of a peer answered a ping. @owner main */
  setProved(peer: number, proved: boolean): void {
    const { flags } = this.columns;
    flags[peer] = proved ? flags[peer]! | PeerFlag.PROVED : flags[peer]! & ~PeerFlag.PROVED;
  }

  /** Notes that the address of a peer answered a ping. @owner main @units atMs: as `since` */
  setAnswered(peer: number, atMs: number, roundTripMs: number): void {
    const { life } = this.columns;
    life[peer * LIFE_SIGNS + LifeSign.ANSWERED] = atMs;
    life[peer * LIFE_SIGNS + LifeSign.ROUND_TRIP] = roundTripMs;
  }

  /**
   * Notes another instance under the key of a peer: one that signed after the one in the table had started.
   *
   * @owner main
   * @units outset: of the other one, µs since the epoch; atMs: as `since`
   */
  setOtherInstance(peer: number, outset: number, atMs: number): void {
    const { life } = this.columns;
    life[peer * LIFE_SIGNS + LifeSign.OTHER_OUTSET] = outset;
    life[peer * LIFE_SIGNS + LifeSign.OTHER_HEARD] = atMs;
  }

  /** A cell of the evidence of a peer's life. */
  lifeSign(peer: number, sign: number): number {
    return this.columns.life[peer * LIFE_SIGNS + sign]!;
  }

  /** Takes over a new map of stakes. @owner main */
  setStakes(stakes: Stakes): void {
    const { pubkey, stake, values } = this.columns;
    for (let peer = 0; peer < this.highWater; peer++) {
      if (values[peer] !== 0) stake[peer] = stakes.get(pubkey, peer * PUBKEY_BYTES);
    }
  }

  /** Makes a row for a new origin. @owner the table @returns the row, or -1 when there is no room */
  add(pubkey: Uint8Array, at: number, stake: number, nowMs: number): number {
    const c = this.columns;
    const tag = this.#hasher.pubkey(pubkey, at);
    const place = this.#index.free(tag);
    if (place < 0) return -1;
    let peer = c.state[PeerState.FREE_HEAD]! - 1;
    if (peer >= 0) {
      c.state[PeerState.FREE_HEAD] = c.ownerHead[peer]!;
      c.ownerHead[peer] = 0;
    } else {
      peer = this.highWater;
      if (peer >= c.values.length) return -1;
      c.state[PeerState.HIGH_WATER] = peer + 1;
    }
    beginWrite(c.version, peer);
    copyBytes(pubkey, at, c.pubkey, peer * PUBKEY_BYTES, PUBKEY_BYTES);
    c.tag[peer] = tag;
    c.stake[peer] = stake;
    c.since[peer] = nowMs;
    c.traffic.fill(0, peer * PEER_CELLS, (peer + 1) * PEER_CELLS);
    endWrite(c.version, peer);
    this.#index.insert(place, tag, peer);
    c.state[PeerState.SIZE]! += 1;
    return peer;
  }

  /** Frees the row of an origin whose last value is gone. @owner the table */
  remove(peer: number): void {
    const c = this.columns;
    assert(c.values[peer] === 0 && c.ownerHead[peer] === 0, 'a peer leaves after its values');
    this.#index.remove(c.tag[peer]!, peer);
    beginWrite(c.version, peer);
    c.pubkey.fill(0, peer * PUBKEY_BYTES, (peer + 1) * PUBKEY_BYTES);
    c.tag[peer] = 0;
    c.stake[peer] = 0;
    c.flags[peer] = 0;
    c.life.fill(0, peer * LIFE_SIGNS, (peer + 1) * LIFE_SIGNS);
    endWrite(c.version, peer);
    c.ownerHead[peer] = c.state[PeerState.FREE_HEAD]!;
    c.state[PeerState.FREE_HEAD] = peer + 1;
    c.state[PeerState.SIZE]! -= 1;
  }

  /** The index, for checks. */
  get index(): ProbeIndex {
    return this.#index;
  }
}

/** The lists of rows by origin. */
export function ownerChain(peers: RegionColumns<'peers'>, table: RegionColumns<'table'>): Chain {
  return new Chain(peers.ownerHead, peers.ownerTail, table.ownerNext, table.ownerPrevious);
}
