/** The counts of traffic as JSON: read from shared memory, so any thread can. */

import { LAMPORTS_PER_SOL } from '../gossip/policy.ts';
import { EGRESS_NAMES } from '../node/outbox.ts';
import { PeerState } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { TableState } from '../shm/table-cells.ts';
import {
  classCell,
  Direction,
  KIND_CELLS,
  KindCell,
  PEER_CELLS,
  PEER_CLASS_NAMES,
  PeerCell,
  type PeerClassName,
  SERVED_CELLS,
  ServedCell,
  SORTS,
  TrafficState,
} from '../shm/traffic-cells.ts';
import { toBase58 } from '../util/base58.ts';
import { KIND_COUNT, KIND_NAMES, Kind, type KindName, PUBKEY_BYTES } from '../wire/limits.ts';

/** Origins and relayers that are named unless said otherwise. */
const NAMED = 20;

/** Values and their bytes, signatures included, headers of datagrams not. */
export interface Amount {
  values: number;
  bytes: number;
}

/** Datagrams and their bytes, without the headers of UDP and IP. */
export interface Datagrams {
  packets: number;
  bytes: number;
}

/** What was heard, kept and passed on of one kind of value. */
export interface KindTraffic {
  /** Received by push, and in answers to our pull requests; of accepted datagrams. */
  pushed: Amount;
  pulled: Amount;
  /** Of these: new or newer than what the table had. */
  fresh: Amount;
  /** Of these: in the table already. */
  copies: Amount;
  /** Of these: older than the table's. */
  outdated: number;
  /** Of these: of another cluster, of nobody known, too old, not wanted. */
  refused: number;
  /** Pushed on by us, once for each peer; and sent in answer to pull requests. */
  relayed: Amount;
  served: Amount;
  /** In the table now. */
  held: Amount;
}

/** Names of received sorts, in their order on the wire; `refused` is all that was not accepted. */
export const RECEIVED_NAMES = [
  'pullRequest',
  'pullResponse',
  'push',
  'prune',
  'ping',
  'pong',
  'refused',
] as const;

/** Name of a sort of received datagram. */
export type ReceivedName = (typeof RECEIVED_NAMES)[number];
/** Name of a sort of sent datagram. */
export type SentName = (typeof EGRESS_NAMES)[number];

/** What somebody signed, as far as it reached us, however often. */
export interface OriginTraffic extends Amount {
  pubkey: string;
  /** In SOL. */
  stake: number;
  fresh: number;
}

/** What came from the address of somebody; values are those in its datagrams. */
export interface RelayerTraffic extends Datagrams {
  pubkey: string;
  /** In SOL. */
  stake: number;
  values: number;
  fresh: number;
  copies: number;
}

/** Who sent what to whom since the start: a part of `--stats`. */
export interface TrafficStats {
  /** How long was counted. */
  seconds: number;
  kinds: Partial<Record<KindName, KindTraffic>>;
  /** In and out by who was at the other end; unproved are all whose address has not answered a ping. */
  classes: Record<PeerClassName, { in: Datagrams; out: Datagrams }>;
  received: Record<ReceivedName, Datagrams>;
  sent: Record<SentName, Datagrams>;
  /** Whether anybody's stake is known; without, nobody is `staked`. */
  stakesKnown: boolean;
  /** Origins in the table, those of votes among them, and how many brought us values. */
  originCount: number;
  voterCount: number;
  relayerCount: number;
  /** Those with the most bytes, the largest first. */
  origins: OriginTraffic[];
  relayers: RelayerTraffic[];
}

/**
 * Reads what was counted.
 *
 * @param named how many origins and relayers at most
 * @units monoMs: now, on the monotonic clock
 */
export function collectTraffic(regions: Regions, monoMs: number, named = NAMED): TrafficStats {
  const { state } = regions.traffic;
  const startedMs =
    state[TrafficState.IS_COUNTING] === 1 ? state[TrafficState.STARTED_MS]! : monoMs;
  return {
    seconds: Math.max(0, (monoMs - startedMs) / 1000),
    kinds: kindTraffic(regions),
    classes: classTraffic(regions),
    received: bySort(regions, RECEIVED_NAMES, Direction.IN),
    sent: bySort(regions, EGRESS_NAMES, Direction.OUT),
    voterCount: countVoters(regions),
    ...peerTraffic(regions, named),
  };
}

function kindTraffic(regions: Regions): Partial<Record<KindName, KindTraffic>> {
  const { kinds, served } = regions.traffic;
  const held = heldByKind(regions);
  const result: Partial<Record<KindName, KindTraffic>> = {};
  for (let kind = 0; kind < KIND_COUNT; kind++) {
    const cell = (place: number): number => kinds[kind * KIND_CELLS + place]!;
    const amount = (place: number): Amount => ({ values: cell(place), bytes: cell(place + 1) });
    const servedAt = kind * SERVED_CELLS;
    const traffic: KindTraffic = {
      pushed: amount(KindCell.PUSHED),
      pulled: amount(KindCell.PULLED),
      fresh: amount(KindCell.FRESH),
      copies: amount(KindCell.COPIES),
      outdated: cell(KindCell.OUTDATED),
      refused: cell(KindCell.REFUSED),
      relayed: amount(KindCell.RELAYED),
      served: {
        values: served[servedAt + ServedCell.VALUES]!,
        bytes: served[servedAt + ServedCell.BYTES]!,
      },
      held: held[kind]!,
    };
    const { pushed, pulled, relayed } = traffic;
    const moved = pushed.values + pulled.values + relayed.values + traffic.served.values;
    if (moved + traffic.held.values > 0) result[KIND_NAMES[kind]!] = traffic;
  }
  return result;
}

function heldByKind({ table }: Regions): Amount[] {
  const held = Array.from({ length: KIND_COUNT }, (): Amount => ({ values: 0, bytes: 0 }));
  const highWater = table.state[TableState.HIGH_WATER]!;
  for (let row = 0; row < highWater; row++) {
    const length = table.length[row]!;
    const amount = held[table.kind[row]!];
    if (length === 0 || !amount) continue;
    amount.values += 1;
    amount.bytes += length;
  }
  return held;
}

/** Origins of which the table holds a vote: validators that do their work. */
function countVoters({ table, peers }: Regions): number {
  const votes = new Uint8Array(peers.values.length);
  const highWater = table.state[TableState.HIGH_WATER]!;
  let count = 0;
  for (let row = 0; row < highWater; row++) {
    const peer = table.peer[row]!;
    if (table.length[row] === 0 || table.kind[row] !== Kind.VOTE || votes[peer] !== 0) continue;
    votes[peer] = 1;
    count++;
  }
  return count;
}

function classTraffic(regions: Regions): TrafficStats['classes'] {
  const { classes } = regions.traffic;
  const sum = (peerClass: number, direction: number): Datagrams => {
    const total: Datagrams = { packets: 0, bytes: 0 };
    for (let sort = 0; sort < SORTS; sort++) {
      total.packets += classes[classCell(peerClass, direction, sort)]!;
      total.bytes += classes[classCell(peerClass, direction, sort) + 1]!;
    }
    return total;
  };
  return Object.fromEntries(
    PEER_CLASS_NAMES.map((name, i) => [
      name,
      { in: sum(i, Direction.IN), out: sum(i, Direction.OUT) },
    ]),
  ) as TrafficStats['classes'];
}

function bySort<N extends string>(
  { traffic }: Regions,
  names: readonly N[],
  direction: number,
): Record<N, Datagrams> {
  return Object.fromEntries(
    names.map((name, sort) => {
      const total: Datagrams = { packets: 0, bytes: 0 };
      for (let peerClass = 0; peerClass < PEER_CLASS_NAMES.length; peerClass++) {
        total.packets += traffic.classes[classCell(peerClass, direction, sort)]!;
        total.bytes += traffic.classes[classCell(peerClass, direction, sort) + 1]!;
      }
      return [name, total];
    }),
  ) as Record<N, Datagrams>;
}

interface PeerTraffic {
  origins: OriginTraffic[];
  relayers: RelayerTraffic[];
  originCount: number;
  relayerCount: number;
  stakesKnown: boolean;
}

/** Keys are put into words only for those who are named: that costs more than all the rest. */
function peerTraffic({ peers }: Regions, named: number): PeerTraffic {
  const cell = (peer: number, place: number): number => peers.traffic[peer * PEER_CELLS + place]!;
  const rows: number[] = [];
  let stakesKnown = false;
  const highWater = peers.state[PeerState.HIGH_WATER]!;
  for (let peer = 0; peer < highWater; peer++) {
    if (peers.values[peer] === 0) continue;
    rows.push(peer);
    if (peers.stake[peer]! > 0) stakesKnown = true;
  }
  const largest = (place: number): number[] =>
    rows
      .filter((peer) => cell(peer, place) > 0)
      .sort((a, b) => cell(b, place) - cell(a, place))
      .slice(0, named);
  const who = (peer: number): { pubkey: string; stake: number } => ({
    pubkey: toBase58(peers.pubkey, peer * PUBKEY_BYTES, (peer + 1) * PUBKEY_BYTES),
    stake: peers.stake[peer]! / LAMPORTS_PER_SOL,
  });
  return {
    originCount: rows.length,
    relayerCount: rows.filter((peer) => cell(peer, PeerCell.BROUGHT_PACKETS) > 0).length,
    stakesKnown,
    origins: largest(PeerCell.SIGNED_BYTES).map((peer) => ({
      ...who(peer),
      values: cell(peer, PeerCell.SIGNED),
      bytes: cell(peer, PeerCell.SIGNED_BYTES),
      fresh: cell(peer, PeerCell.SIGNED_FRESH),
    })),
    relayers: largest(PeerCell.BROUGHT_BYTES).map((peer) => ({
      ...who(peer),
      packets: cell(peer, PeerCell.BROUGHT_PACKETS),
      bytes: cell(peer, PeerCell.BROUGHT_BYTES),
      values: cell(peer, PeerCell.BROUGHT),
      fresh: cell(peer, PeerCell.BROUGHT_FRESH),
      copies: cell(peer, PeerCell.BROUGHT_COPIES),
    })),
  };
}
