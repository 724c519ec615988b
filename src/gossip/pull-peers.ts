import type { TableView } from '../crds/view.ts';
import { assert } from '../util/assert.ts';
import { copyBytes, equalBytes } from '../util/bytes.ts';
import { isReachable } from '../util/ipv4.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import type { Rng } from '../util/rng.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import type { Candidates } from './active-set.ts';
import { EMPTY, HashIndex } from './hash-index.ts';
import { ADDRESS_PROVED, type PingCache } from './ping.ts';
import { ACTIVE_MS, LAMPORTS_PER_SOL, SILENT_STAKED_ONE_IN } from './policy.ts';
import { type Draw, WeightedShuffle } from './sample.ts';

/** An entrypoint is asked again when it has not been for this long. @source behaviour 0.3, 3.6 */
export const ENTRYPOINT_QUIET_MS = 7_500;

/**
 * Weight of a peer in the choice of whom to pull from: by the smaller stake, so an unstaked caller
 * chooses evenly.
 *
 * @units peerStake, ourStake: lamports, 0 when unknown
 * @source behaviour 3.3
 */
export function pullWeight(peerStake: number, ourStake: number): number {
  const sol = Math.floor(Math.min(peerStake, ourStake) / LAMPORTS_PER_SOL);
  return (32 - Math.clz32(Math.min(sol, 0xffffffff)) + 1) ** 2;
}

/** What makes a peer a candidate, besides its record. */
export interface CandidateRules {
  readonly ourKey: Uint8Array;
  readonly shredVersion: number;
  readonly allowPrivate: boolean;
  /** Peers the operator allows, all when left out. */
  readonly isAllowed?: (keys: Uint8Array, keyAt: number) => boolean;
}

/**
 * Peers to pull from and to take into the active set, one for each address. Filled anew for each round,
 * kept in the same memory.
 *
 * @source behaviour 3.2
 */
export class PeerCandidates implements Candidates {
  count = 0;
  readonly keys: Uint8Array;
  readonly stake: Float64Array;
  readonly ip: Uint32Array;
  readonly port: Uint16Array;
  /** Row among the peers of the table. */
  readonly peer: Int32Array;
  readonly #rules: CandidateRules;
  readonly #rng: Rng;
  readonly #hash: KeyedHash;
  readonly #index: HashIndex;
  readonly #shuffle: WeightedShuffle;
  readonly #weights: Float64Array;

  /** @units capacity: identities the table can hold */
  constructor(rules: CandidateRules, rng: Rng, capacity: number) {
    this.#rules = rules;
    this.#rng = rng;
    this.#hash = KeyedHash.random(rng);
    this.#index = new HashIndex(capacity);
    this.#shuffle = new WeightedShuffle(capacity);
    this.#weights = new Float64Array(capacity);
    this.keys = new Uint8Array(capacity * PUBKEY_BYTES);
    this.stake = new Float64Array(capacity);
    this.ip = new Uint32Array(capacity);
    this.port = new Uint16Array(capacity);
    this.peer = new Int32Array(capacity);
  }

  /**
   * Collects the candidates of this moment. Those whose address is not proved are left out and pinged.
   *
   * @units nowMs: steady clock, as the table's ages; monoMs: monotonic clock, for the proofs; ourStake: lamports
   * @source behaviour 3.2
   */
  gather(view: TableView, pings: PingCache, nowMs: number, monoMs: number, ourStake: number): void {
    const { columns } = view.peers;
    this.count = 0;
    this.#index.clear();
    for (let peer = 0; peer < view.peers.highWater; peer++) {
      const contact = columns.values[peer] === 0 ? -1 : view.peers.contactRow(peer);
      if (contact < 0 || !this.#isEligible(view, peer, contact, nowMs)) continue;
      const keyAt = peer * PUBKEY_BYTES;
      const ip = columns.ip[peer]!;
      const port = columns.port[peer]!;
      const proof = pings.check(columns.pubkey, keyAt, ip, port, monoMs, true);
      if ((proof & ADDRESS_PROVED) !== 0) this.#offer(columns.pubkey, keyAt, ip, port, peer, view);
    }
    for (let i = 0; i < this.count; i++) this.#weights[i] = pullWeight(this.stake[i]!, ourStake);
    this.#shuffle.fill(this.#weights, this.count);
  }

  /** Draws a candidate by weight, with replacement. @source behaviour 3.3 @returns index, −1 if there is none */
  choose(draw: Draw): number {
    return this.#shuffle.first(draw);
  }

  #isEligible(view: TableView, peer: number, contact: number, nowMs: number): boolean {
    const { columns } = view.peers;
    const { ourKey, shredVersion, allowPrivate, isAllowed } = this.#rules;
    if (columns.shredVersion[peer] !== shredVersion) return false;
    if (!isReachable(columns.ip[peer]!, columns.port[peer]!, allowPrivate)) return false;
    const keyAt = peer * PUBKEY_BYTES;
    if (equalBytes(columns.pubkey, keyAt, ourKey, 0, PUBKEY_BYTES)) return false;
    if (isAllowed && !isAllowed(columns.pubkey, keyAt)) return false;
    if (view.columns.inserted[contact]! >= nowMs - ACTIVE_MS) return true;
    return columns.stake[peer]! > 0 && this.#rng.below(SILENT_STAKED_ONE_IN) === 0;
  }

  /** Of several keys at one address the one with the highest stake is kept. */
  #offer(
    keys: Uint8Array,
    keyAt: number,
    ip: number,
    port: number,
    peer: number,
    view: TableView,
  ): void {
    const stake = view.peers.columns.stake[peer]!;
    const hash = this.#hash.pair(ip, port);
    const { slots, hashes, mask } = this.#index;
    let at = -1;
    for (let p = this.#index.start(hash); slots[p] !== EMPTY; p = (p + 1) & mask) {
      const slot = slots[p]!;
      if (hashes[p] === hash && this.ip[slot] === ip && this.port[slot] === port) at = slot;
    }
    if (at >= 0 && this.stake[at]! >= stake) return;
    if (at < 0) {
      assert(this.count < this.peer.length, 'more candidates than identities');
      at = this.count++;
      this.#index.add(hash, at);
    }
    copyBytes(keys, keyAt, this.keys, at * PUBKEY_BYTES, PUBKEY_BYTES);
    this.stake[at] = stake;
    this.ip[at] = ip;
    this.port[at] = port;
    this.peer[at] = peer;
  }
}

/** A configured entrypoint: an address, and when it was last asked or heard of. */
export interface Entrypoint {
  readonly ip: number;
  readonly port: number;
  /** When it was configured or last asked. @units ms of the clock that `nowMs` is read from */
  wallclock: number;
}

/**
 * Decides whether this round's pull requests go to an entrypoint too: always while there is nobody else
 * to ask, else once in 7.5 s unless the table knows it.
 *
 * @units peerRequests: pull requests of this round to other peers
 * @param isKnown whether a contact info in the table advertises the entrypoint's address
 * @source behaviour 3.6
 * @returns index of the entrypoint, or −1
 */
export function chooseEntrypoint(
  entrypoints: readonly Entrypoint[],
  peerRequests: number,
  nowMs: number,
  allowPrivate: boolean,
  isKnown: (ip: number, port: number) => boolean,
  draw: Draw,
): number {
  if (entrypoints.length === 0) return -1;
  const index = draw.below(entrypoints.length);
  const entrypoint = entrypoints[index]!;
  if (peerRequests > 0) {
    if (nowMs <= entrypoint.wallclock + ENTRYPOINT_QUIET_MS) return -1;
    entrypoint.wallclock = nowMs;
    if (isKnown(entrypoint.ip, entrypoint.port)) return -1;
  }
  return isReachable(entrypoint.ip, entrypoint.port, allowPrivate) ? index : -1;
}
