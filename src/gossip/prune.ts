import { compareBytes, copyBytes, equalBytes } from '../util/bytes.ts';
import { PRUNE_MAX_ORIGINS, PUBKEY_BYTES } from '../wire/limits.ts';
import { createRelayers, type ReceivedCache } from './received-cache.ts';

/** Share of the smaller stake, ours or the origin's, that the kept relayers must have. @source behaviour 7.2 */
const PRUNE_STAKE_SHARE = 0.15;

/** The best relayers, kept in any case. @source behaviour 7.2 */
const MIN_INGRESS = 2;

/** Wishes collected before messages are made: 4,096 prunes of one origin would be 700 kB. */
const MAX_WISHES = 4_096;

/** Looks up stakes. @units lamports, 0 when unknown */
export interface StakeOf {
  get(keys: Uint8Array, keyAt: number): number;
}

/**
 * Decides which relayers shall stop sending an origin: all but the best by (score, stake), of whom so
 * many stay that they have their share of the stake, two at least, and never the origin itself.
 *
 * @units stakes: of each relayer, lamports; minStake: the smaller of our stake and the origin's
 * @shape order: result, indices of the relayers to prune; at least `count` elements
 * @source behaviour 7.2; agave gossip/src/received_cache.rs
 * @returns how many of `order` are to be pruned
 */
export function selectPrunes(
  count: number,
  scores: ArrayLike<number>,
  stakes: ArrayLike<number>,
  isOrigin: (index: number) => boolean,
  minStake: number,
  order: number[],
  share = PRUNE_STAKE_SHARE,
  minIngress = MIN_INGRESS,
): number {
  order.length = count;
  for (let i = 0; i < count; i++) order[i] = i;
  order.sort((a, b) => scores[b]! - scores[a]! || stakes[b]! - stakes[a]!);
  const enough = Math.floor(minStake * share);
  let before = 0;
  let kept = 0;
  while (kept < count && (kept < minIngress || before < enough)) before += stakes[order[kept++]!]!;
  let pruned = 0;
  for (let i = kept; i < count; i++) {
    const index = order[i]!;
    if (!isOrigin(index)) order[pruned++] = index;
  }
  return pruned;
}

/**
 * Collects prunes of one batch of pushes and packs them into messages: for each relayer, the origins it
 * shall stop sending, at most 32 a message.
 *
 * @source behaviour 7.2, 7.3
 */
export class PrunePlan {
  readonly #cache: ReceivedCache;
  readonly #relayers = createRelayers();
  readonly #stakes = new Float64Array(this.#relayers.score.length);
  readonly #order: number[] = [];
  readonly #wishRelayer = new Uint8Array(MAX_WISHES * PUBKEY_BYTES);
  readonly #wishOrigin = new Uint8Array(MAX_WISHES * PUBKEY_BYTES);
  #sorted: number[] = [];
  #wishes = 0;
  #next = 0;
  /** Wishes for which there was no room. */
  dropped = 0;
  /** Of the message that `next` made: whom it goes to, and the origins, 32 bytes each. */
  readonly relayer = new Uint8Array(PUBKEY_BYTES);
  readonly origins = new Uint8Array(PRUNE_MAX_ORIGINS * PUBKEY_BYTES);
  originCount = 0;

  constructor(cache: ReceivedCache) {
    this.#cache = cache;
  }

  /** Prunes wished for since the last `start`. */
  get size(): number {
    return this.#wishes;
  }

  /** Forgets the messages of the batch before. */
  start(): void {
    this.#wishes = 0;
    this.#next = 0;
    this.#sorted.length = 0;
  }

  /**
   * Judges the relayers of an origin of which this batch brought something new.
   *
   * @units ourStake: lamports, 0 when unknown
   * @source behaviour 7.2
   */
  judge(origins: Uint8Array, originAt: number, ourStake: number, stakeOf: StakeOf): void {
    const relayers = this.#relayers;
    if (!this.#cache.takeDue(origins, originAt, relayers)) return;
    for (let i = 0; i < relayers.count; i++) {
      this.#stakes[i] = stakeOf.get(relayers.keys, i * PUBKEY_BYTES);
    }
    const minStake = Math.min(ourStake, stakeOf.get(origins, originAt));
    const isOrigin = (i: number): boolean =>
      equalBytes(relayers.keys, i * PUBKEY_BYTES, origins, originAt, PUBKEY_BYTES);
    const pruned = selectPrunes(
      relayers.count,
      relayers.score,
      this.#stakes,
      isOrigin,
      minStake,
      this.#order,
    );
    for (let i = 0; i < pruned; i++) {
      if (this.#wishes === MAX_WISHES) {
        this.dropped += pruned - i;
        return;
      }
      const to = this.#wishes++ * PUBKEY_BYTES;
      const from = this.#order[i]! * PUBKEY_BYTES;
      copyBytes(relayers.keys, from, this.#wishRelayer, to, PUBKEY_BYTES);
      copyBytes(origins, originAt, this.#wishOrigin, to, PUBKEY_BYTES);
    }
  }

  /**
   * Makes the next message; call it when all origins of the batch were judged.
   *
   * @source behaviour 7.3
   * @returns whether there was one
   */
  next(): boolean {
    if (this.#sorted.length !== this.#wishes) this.#sort();
    this.originCount = 0;
    if (this.#next === this.#wishes) return false;
    const keys = this.#wishRelayer;
    copyBytes(keys, this.#sorted[this.#next]! * PUBKEY_BYTES, this.relayer, 0, PUBKEY_BYTES);
    while (this.#next < this.#wishes && this.originCount < PRUNE_MAX_ORIGINS) {
      const at = this.#sorted[this.#next]! * PUBKEY_BYTES;
      if (!equalBytes(keys, at, this.relayer, 0, PUBKEY_BYTES)) break;
      const to = this.originCount++ * PUBKEY_BYTES;
      copyBytes(this.#wishOrigin, at, this.origins, to, PUBKEY_BYTES);
      this.#next++;
    }
    return true;
  }

  /** Brings the wishes to each relayer together. */
  #sort(): void {
    const keys = this.#wishRelayer;
    this.#sorted = Array.from({ length: this.#wishes }, (_, i) => i);
    this.#sorted.sort(
      (a, b) => compareBytes(keys, a * PUBKEY_BYTES, keys, b * PUBKEY_BYTES, PUBKEY_BYTES) || a - b,
    );
  }
}
