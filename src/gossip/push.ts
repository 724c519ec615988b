import type { TableView } from '../crds/view.ts';
import { PUBKEY_BYTES, VALUES_BYTES } from '../wire/limits.ts';
import { type ActiveSet, FANOUT, MAX_ACTIVE_PEERS, originBucket } from './active-set.ts';
import { countsAsStaked, isInPushWindow, isPushed } from './policy.ts';

/** Pairs of value and peer in one generation of pushes. @source behaviour 0.3, 6.1 */
export const MAX_PUSHES = 4_096;

/**
 * What goes to whom in one generation of pushes: takes the values behind its cursor in the order in which
 * they came in, finds the peers of each, and packs what one peer gets into datagrams.
 *
 *     plan.generate(…);
 *     while (plan.nextPeer()) { find the address of plan.peer; while (plan.nextPacket()) send plan.rows… }
 *
 * @source behaviour 6.1; agave gossip/src/crds_gossip_push.rs
 */
export class PushPlan {
  /** Ordinal of the first value that was not looked at yet. */
  cursor = 0;
  /** Number of the peer that `nextPeer` found; its key is in `activeSet.peerKeys`. */
  peer = -1;
  /** Rows of all datagrams; the current one is `[first, first + size)`. */
  readonly rows = new Int32Array(MAX_PUSHES);
  first = 0;
  size = 0;
  /** Bytes of its values. */
  bytes = 0;
  /** Values of the last generation that had nobody to go to, or were too old or too new. */
  unsent = 0;
  /** Values left out because there was no room for them, over all generations. */
  shed = 0;
  readonly #set: ActiveSet;
  readonly #pairRow = new Int32Array(MAX_PUSHES);
  readonly #pairPeer = new Uint16Array(MAX_PUSHES);
  /** Where the rows of a peer begin in `rows`; one more for the end. */
  readonly #starts = new Uint16Array(MAX_ACTIVE_PEERS + 1);
  readonly #peers = new Uint16Array(FANOUT);
  #lengths: Uint16Array = new Uint16Array(0);

  constructor(set: ActiveSet) {
    this.#set = set;
  }

  /**
   * Plans pushes of the values that came in since the last generation, up to MAX_PUSHES.
   *
   * @units nowMs: wall clock; ourStake: lamports; stakedCount: entries of the stake map; onlyOrigin: row
   *   of the one origin whose values are planned while others' have to be left out, -1 for all
   * @source behaviour 6.1
   * @returns pairs of value and peer
   */
  generate(
    view: TableView,
    nowMs: number,
    ourStake: number,
    stakedCount: number,
    onlyOrigin = -1,
  ): number {
    const { ordinal, wallclock, kind, peer } = view.columns;
    const { stake, pubkey } = view.peers.columns;
    let pairs = 0;
    this.unsent = 0;
    for (let row = view.firstSince(this.cursor); row >= 0; row = view.order.next(row)) {
      this.cursor = ordinal[row]! + 1;
      const origin = peer[row]!;
      if (onlyOrigin >= 0 && origin !== onlyOrigin) {
        this.shed++;
        continue;
      }
      const isSent =
        isInPushWindow(wallclock[row]!, nowMs) &&
        isPushed(kind[row]!, countsAsStaked(stakedCount, stake[origin]!));
      const bucket = originBucket(ourStake, stake[origin]!);
      const count = isSent
        ? this.#set.peersFor(bucket, pubkey, origin * PUBKEY_BYTES, this.#peers)
        : 0;
      if (count === 0) this.unsent++;
      for (let i = 0; i < count && pairs < MAX_PUSHES; i++) {
        this.#pairRow[pairs] = row;
        this.#pairPeer[pairs++] = this.#peers[i]!;
      }
      if (pairs === MAX_PUSHES) break;
    }
    this.#group(pairs);
    this.#lengths = view.columns.length;
    return pairs;
  }

  /** Goes to the next peer that gets something. */
  nextPeer(): boolean {
    while (++this.peer < MAX_ACTIVE_PEERS) {
      this.first = this.#starts[this.peer]!;
      this.size = 0;
      if (this.first < this.#starts[this.peer + 1]!) return true;
    }
    this.peer = MAX_ACTIVE_PEERS - 1;
    return false;
  }

  /** Packs the next datagram of the current peer, in order, as full as it gets. */
  nextPacket(): boolean {
    const end = this.#starts[this.peer + 1]!;
    this.first += this.size;
    this.size = 0;
    this.bytes = 0;
    while (this.first + this.size < end) {
      const length = this.#lengths[this.rows[this.first + this.size]!]!;
      if (this.bytes + length > VALUES_BYTES) break;
      this.bytes += length;
      this.size++;
    }
    return this.size > 0;
  }

  /** Sorts the pairs by peer, each peer's values staying in order. */
  #group(pairs: number): void {
    const starts = this.#starts;
    starts.fill(0);
    for (let i = 0; i < pairs; i++) starts[this.#pairPeer[i]! + 1]! += 1;
    for (let peer = 1; peer <= MAX_ACTIVE_PEERS; peer++) starts[peer]! += starts[peer - 1]!;
    for (let i = 0; i < pairs; i++) {
      const peer = this.#pairPeer[i]!;
      this.rows[starts[peer]!] = this.#pairRow[i]!;
      starts[peer]! += 1;
    }
    // Each start now stands where the next peer begins: move them back by one.
    starts.copyWithin(1, 0, MAX_ACTIVE_PEERS);
    starts[0] = 0;
    this.peer = -1;
    this.first = 0;
    this.size = 0;
  }
}
