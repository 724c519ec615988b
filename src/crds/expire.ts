/**
 * What leaves the table by itself: values whose origin has shown no life for its timeout, and whole
 * identities when there are too many.
 */

import { assert } from '../util/assert.ts';
import { compareBytes, equalBytes } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import { ageKey } from './age.ts';
import { compareRank } from './evict.ts';
import { FAILED_RETENTION_MS, PURGED_RETENTION_MS } from './hash-queue.ts';
import type { Stakes } from './peers.ts';
import type { CrdsTable } from './table.ts';

/** @source agave gossip/src/crds_gossip_pull.rs, CRDS_GOSSIP_PULL_CRDS_TIMEOUT_MS */
export const UNSTAKED_TIMEOUT_MS = 15_000;

/** 48 h. @source agave gossip/src/crds_gossip_pull.rs, make_timeouts */
export const STAKED_TIMEOUT_MS = 172_800_000;

/** Identities that a trim leaves. @source agave gossip/src/cluster_info.rs, CRDS_UNIQUE_PUBKEY_CAPACITY */
export const MAX_PUBKEYS = 8_192;

/** How long the values of an origin live without a sign of life from it. */
export class Timeouts {
  readonly self: Uint8Array;
  readonly #stakes: Stakes;
  readonly #stakedMs: number;

  /** @param self our own pubkey: our values never time out */
  constructor(self: Uint8Array, stakes: Stakes, stakedMs = STAKED_TIMEOUT_MS) {
    assert(self.length === PUBKEY_BYTES, 'a pubkey has 32 bytes');
    this.self = self;
    this.#stakes = stakes;
    this.#stakedMs = Math.max(UNSTAKED_TIMEOUT_MS, stakedMs);
  }

  /** The timeout of an origin, ms; Infinity for ourselves. */
  of(pubkey: Uint8Array, at: number): number {
    if (equalBytes(pubkey, at, this.self, 0, PUBKEY_BYTES)) return Number.POSITIVE_INFINITY;
    return this.ofStake(this.#stakes.get(pubkey, at));
  }

  /** The timeout of any other origin with this stake. Without any stakes known, all count as staked. */
  ofStake(lamports: number): number {
    return lamports > 0 || !this.#stakes.anyPositive ? this.#stakedMs : UNSTAKED_TIMEOUT_MS;
  }
}

/**
 * Removes the values whose timeout has passed. A contact info within its timeout shields all values of
 * its origin. Due every gossip round.
 *
 * @source behaviour 2.8; agave gossip/src/crds.rs, find_old_labels
 * @returns how many values left
 */
export function purgeTimedOut(table: CrdsTable, timeouts: Timeouts, nowMs: number): number {
  const { peers, view } = table;
  const p = peers.columns;
  const self = peers.find(timeouts.self, 0);
  let removed = 0;
  for (let peer = 0; peer < peers.highWater; peer++) {
    if (p.values[peer] === 0 || peer === self) continue;
    const timeout = timeouts.ofStake(p.stake[peer]!);
    const contact = peers.contactRow(peer);
    if (contact >= 0 && ageKey(view.columns, contact) + timeout > nowMs) continue;
    for (let row = view.owners.first(peer); row >= 0; ) {
      const next = view.owners.next(row);
      if (ageKey(view.columns, row) + timeout <= nowMs) {
        table.remove(row, nowMs);
        removed++;
      }
      row = next;
    }
  }
  return removed;
}

/** Forgets purged and failed hashes that are old enough. Due every gossip round. */
export function forgetHashes(table: CrdsTable, nowMs: number): void {
  table.purged.expire(nowMs - PURGED_RETENTION_MS);
  table.failed.expire(nowMs - FAILED_RETENTION_MS);
}

/**
 * Removes whole identities when there are over a tenth too many: those of least stake, and of equals those
 * that `makeRoom` would take first. The reference takes equals in the order of their keys, and any when no
 * stake is known: a flood of fresh identities would displace who was there for hours. Due after every batch of insertions and every gossip round.
 *
 * @param keep pubkeys that never leave: our own, entrypoints, what the operator names
 * @source behaviour 2.7; agave gossip/src/crds.rs, trim
 * @returns how many values left
 */
export function trim(
  table: CrdsTable,
  keep: readonly Uint8Array[],
  rng: Rng,
  nowMs: number,
  maxPubkeys = MAX_PUBKEYS,
): number {
  const { peers } = table;
  if (10 * peers.size <= 11 * maxPubkeys) return 0;
  const excess = peers.size - maxPubkeys;
  const kept = new Set(keep.map((pubkey) => peers.find(pubkey, 0)));
  const all: number[] = [];
  for (let peer = 0; peer < peers.highWater; peer++) {
    if (peers.columns.values[peer] !== 0) all.push(peer);
  }
  const { anyPositive } = table.stakes;
  const candidates = anyPositive
    ? all
    : shuffled(
        all.filter((peer) => !kept.has(peer)),
        rng,
      );
  const chosen = candidates
    .sort((a, b) => compareRank(table, a, b) || (anyPositive ? compareKeys(table, a, b) : 0))
    .slice(0, excess);
  let removed = 0;
  for (const peer of chosen) if (!kept.has(peer)) removed += table.removePeer(peer, nowMs);
  return removed;
}

function compareKeys(table: CrdsTable, a: number, b: number): number {
  const { pubkey } = table.peers.columns;
  return compareBytes(pubkey, a * PUBKEY_BYTES, pubkey, b * PUBKEY_BYTES, PUBKEY_BYTES);
}

/** All items in an order that chance gives them: a Fisher–Yates shuffle. */
function shuffled(items: number[], rng: Rng): number[] {
  for (let i = 0; i < items.length - 1; i++) {
    const k = i + rng.below(items.length - i);
    const item = items[k]!;
    items[k] = items[i]!;
    items[i] = item;
  }
  return items;
}
