import { Outcome } from '../util/outcome.ts';
import { Kind, MIN_MASK_BITS } from '../wire/limits.ts';

/** Pushed values and callers of pull requests may be this far from our clock. @source behaviour 0.3, 9.7 */
export const PUSH_WINDOW_MS = 15_000;
export const CALLER_WINDOW_MS = 15_000;

/** A prune is obeyed for this long after it was signed. @source behaviour 0.3, 7.4 */
export const PRUNE_WINDOW_MS = 500;

/** Peers not heard of for longer are neither pulled from nor pushed to. @source behaviour 3.2 */
export const ACTIVE_MS = 60_000;

/** One in this many staked peers is asked although silent for longer, against eclipse. @source behaviour 3.2 */
export const SILENT_STAKED_ONE_IN = 16;

/** From this many staked nodes on, some kinds are kept only if their origin has MIN_STAKE. @source behaviour 2.11 */
export const MIN_STAKED_FOR_FILTER = 500;

/** 1 SOL. @units lamports @source behaviour 0.2, 2.11 */
export const LAMPORTS_PER_SOL = 1_000_000_000;
export const MIN_STAKE = LAMPORTS_PER_SOL;

/** Bloom keys in a request that we are willing to compute; honest filters have 3. @source reliability 5 */
export const MAX_FILTER_KEYS = 8;

/**
 * Whether an origin counts as staked for the type gate: until enough staked nodes are known,
 * everybody does.
 *
 * @units stakedCount: entries of the stake map; stake: lamports of the origin, 0 when unknown
 * @source behaviour 2.11
 */
export function countsAsStaked(stakedCount: number, stake: number): boolean {
  return stakedCount < MIN_STAKED_FOR_FILTER || stake >= MIN_STAKE;
}

/**
 * Whether a kind is taken from a push or a pull response.
 *
 * @units staked: of `countsAsStaked`
 * @source behaviour 2.11; agave gossip/src/crds_filter.rs
 */
export function isTaken(kind: number, staked: boolean): boolean {
  switch (kind) {
    case Kind.CONTACT_INFO:
    case Kind.SNAPSHOT_HASHES:
    case Kind.VOTE:
    case Kind.EPOCH_SLOTS:
      return true;
    default:
      return staked;
  }
}

/** Whether a kind is relayed by push. @source behaviour 2.11 */
export function isPushed(kind: number, staked: boolean): boolean {
  switch (kind) {
    case Kind.CONTACT_INFO:
    case Kind.SNAPSHOT_HASHES:
    case Kind.VOTE:
      return true;
    default:
      return staked;
  }
}

/** Whether a kind is sent in answer to a pull request. @source behaviour 2.11 */
export function isServed(kind: number, staked: boolean): boolean {
  switch (kind) {
    case Kind.CONTACT_INFO:
    case Kind.SNAPSHOT_HASHES:
      return true;
    case Kind.RESTART_LAST_VOTED_FORK_SLOTS:
    case Kind.RESTART_HEAVIEST_FORK:
      return false;
    default:
      return staked;
  }
}

/** Whether a pushed value's wallclock is close enough to ours, both ends included. @source behaviour 6.4 */
export function isInPushWindow(wallclock: number, nowMs: number): boolean {
  return wallclock >= nowMs - PUSH_WINDOW_MS && wallclock <= nowMs + PUSH_WINDOW_MS;
}

/** Whether a pull request's caller is close enough to our clock; the later end is left out. @source behaviour 4.1 */
export function isInCallerWindow(wallclock: number, nowMs: number): boolean {
  return wallclock >= nowMs - CALLER_WINDOW_MS && wallclock < nowMs + CALLER_WINDOW_MS;
}

/**
 * Whether a pulled contact info or vote claims to be from the future. Agave takes those; honest origins
 * never make them, so a node that refuses them loses nothing.
 *
 * @source behaviour 18, wallclock games
 */
export function isPulledFromFuture(kind: number, wallclock: number, nowMs: number): boolean {
  if (kind !== Kind.CONTACT_INFO && kind !== Kind.VOTE) return false;
  return wallclock > nowMs + PUSH_WINDOW_MS;
}

/**
 * Which cluster a value belongs to: contact infos say so themselves, all others must be of an origin
 * that the table knew before the batch.
 *
 * @units shredVersion: of a contact info, ignored for other kinds
 * @errors VALUE_SHRED_VERSION, VALUE_ORIGIN_UNKNOWN
 * @source behaviour 10.1
 */
export function checkCluster(
  kind: number,
  shredVersion: number,
  ourShredVersion: number,
  isOriginKnown: boolean,
): number {
  if (kind === Kind.CONTACT_INFO) {
    return shredVersion === ourShredVersion ? Outcome.OK : Outcome.VALUE_SHRED_VERSION;
  }
  return isOriginKnown ? Outcome.OK : Outcome.VALUE_ORIGIN_UNKNOWN;
}

/**
 * Whether a prune is obeyed. Its age is judged first; a wallclock ahead of ours is not.
 *
 * @errors PRUNE_TOO_OLD, PRUNE_NOT_FOR_US
 * @source behaviour 7.4
 */
export function checkPrune(wallclock: number, nowMs: number, isForUs: boolean): number {
  if (nowMs > wallclock + PRUNE_WINDOW_MS) return Outcome.PRUNE_TOO_OLD;
  return isForUs ? Outcome.OK : Outcome.PRUNE_NOT_FOR_US;
}

/** What the admission of a pull request depends on, in the order in which it is asked. */
export interface PullRequestFacts {
  readonly maskBits: number;
  readonly keyCount: number;
  readonly callerShredVersion: number;
  readonly ourShredVersion: number;
  /** Our own request come back. @source behaviour 10.3 */
  readonly isOwnKey: boolean;
  /** `isReachable` of the source of the packet, not of what the caller advertises. */
  readonly isSourceUsable: boolean;
  /** (caller key, source address) has answered a ping. */
  readonly isProved: boolean;
  /** Values that the batch may still be answered with. */
  readonly valuesLeft: number;
  readonly callerWallclock: number;
  readonly nowMs: number;
}

/**
 * Whether a pull request is served, up to the price of its scan, which is taken last.
 *
 * @errors MASK_BITS_TOO_FEW, PULL_REQUEST_SHRED_VERSION, PULL_REQUEST_OWN, SOURCE_UNUSABLE,
 *   PULL_REQUEST_UNPROVED, PULL_REQUEST_OVER_BUDGET, PULL_REQUEST_WALLCLOCK
 * @source behaviour 4.1; the limit of keys: reliability 5
 */
export function checkPullRequest(facts: PullRequestFacts): number {
  if (facts.maskBits < MIN_MASK_BITS) return Outcome.MASK_BITS_TOO_FEW;
  if (facts.callerShredVersion !== facts.ourShredVersion) return Outcome.PULL_REQUEST_SHRED_VERSION;
  if (facts.isOwnKey) return Outcome.PULL_REQUEST_OWN;
  if (!facts.isSourceUsable) return Outcome.SOURCE_UNUSABLE;
  if (!facts.isProved) return Outcome.PULL_REQUEST_UNPROVED;
  if (facts.valuesLeft <= 0 || facts.keyCount > MAX_FILTER_KEYS) {
    return Outcome.PULL_REQUEST_OVER_BUDGET;
  }
  if (!isInCallerWindow(facts.callerWallclock, facts.nowMs)) return Outcome.PULL_REQUEST_WALLCLOCK;
  return Outcome.OK;
}
