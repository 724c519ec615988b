/**
 * Who leaves when there is no room: whole identities, lowest stake first, then those whose address did not
 * answer a ping, then the youngest, then those from the most crowded network. Identities are cheap, stake,
 * addresses and time are not; so a flood of fresh ones displaces itself.
 */
import { equalBytes } from '../util/bytes.ts';
import { PUBKEY_BYTES } from '../wire/limits.ts';
import { PeerFlag } from './peers.ts';
import type { CrdsTable } from './table.ts';

/** How many unstaked identities may advertise addresses of one network. */
export interface NetworkLimits {
  /** Sharing the first 24 bits of the address. */
  readonly per24: number;
  /** Sharing the first 16 bits. */
  readonly per16: number;
}

/** Four times what the largest honest group on mainnet needs must fit; raise them when it does not. */
export const NETWORK_LIMITS: NetworkLimits = Object.freeze({ per24: 256, per16: 4_096 });

/**
 * Evicts identities until a number of rows and of peers is free.
 *
 * @param keep pubkeys that never leave: our own, entrypoints, what the operator names
 * @returns how many values left
 */
export function makeRoom(
  table: CrdsTable,
  keep: readonly Uint8Array[],
  freeRows: number,
  freePeers: number,
  nowMs: number,
): number {
  const { peers, view } = table;
  const p = peers.columns;
  const maxRows = view.columns.length.length - freeRows;
  const maxPeers = p.values.length - freePeers;
  if (table.size <= maxRows && peers.size <= maxPeers) return 0;
  const crowd = new Uint16Array(65_536);
  const candidates: number[] = [];
  for (let peer = 0; peer < peers.highWater; peer++) {
    if (p.values[peer] === 0) continue;
    crowd[p.ip[peer]! >>> 16]! += 1;
    if (!isKept(table, peer, keep)) candidates.push(peer);
  }
  candidates.sort(
    (a, b) =>
      compareRank(table, a, b) || crowd[p.ip[b]! >>> 16]! - crowd[p.ip[a]! >>> 16]! || a - b,
  );
  let removed = 0;
  for (const peer of candidates) {
    if (table.size <= maxRows && peers.size <= maxPeers) break;
    removed += table.removePeer(peer, nowMs);
  }
  return removed;
}

/**
 * Holds the limits on unstaked identities of one network, after one of them came in or changed its
 * address: if its group is over the limit, the one of the group leaves that `makeRoom` would take first.
 * Not to be asked where nodes rightly share an address, as on loopback.
 *
 * @returns how many values left
 */
export function limitNetwork(
  table: CrdsTable,
  peer: number,
  keep: readonly Uint8Array[],
  nowMs: number,
  limits: NetworkLimits = NETWORK_LIMITS,
): number {
  const p = table.peers.columns;
  if (p.ip[peer] === 0 || p.stake[peer]! > 0) return 0;
  const lowest =
    lowestOfNetwork(table, p.ip[peer]! >>> 8, 8, limits.per24, keep) ??
    lowestOfNetwork(table, p.ip[peer]! >>> 16, 16, limits.per16, keep);
  return lowest === undefined ? 0 : table.removePeer(lowest, nowMs);
}

/** Who has to leave a network that has too many unstaked identities; undefined when nobody has to. */
function lowestOfNetwork(
  table: CrdsTable,
  network: number,
  shift: number,
  limit: number,
  keep: readonly Uint8Array[],
): number | undefined {
  // hot: asked for every new identity; its members are few, so most of the walk is the first test
  const { ip, values, stake } = table.peers.columns;
  const end = table.peers.highWater;
  let members = 0;
  for (let peer = 0; peer < end; peer++) {
    if (ip[peer]! >>> shift === network && values[peer] !== 0 && stake[peer] === 0) members++;
  }
  if (members <= limit) return undefined;
  let lowest: number | undefined;
  for (let peer = 0; peer < end; peer++) {
    if (ip[peer]! >>> shift !== network || values[peer] === 0 || stake[peer]! > 0) continue;
    if (lowest !== undefined && compareRank(table, peer, lowest) >= 0) continue;
    if (!isKept(table, peer, keep)) lowest = peer;
  }
  return lowest;
}

/** Negative when `a` leaves before `b`. @source reliability T7 */
export function compareRank(table: CrdsTable, a: number, b: number): number {
  const { stake, flags, since } = table.peers.columns;
  return (
    stake[a]! - stake[b]! ||
    (flags[a]! & PeerFlag.PROVED) - (flags[b]! & PeerFlag.PROVED) ||
    since[b]! - since[a]!
  );
}

function isKept(table: CrdsTable, peer: number, keep: readonly Uint8Array[]): boolean {
  const { pubkey } = table.peers.columns;
  for (const kept of keep) {
    if (equalBytes(pubkey, peer * PUBKEY_BYTES, kept, 0, PUBKEY_BYTES)) return true;
  }
  return false;
}
