/**
 * What the traffic of gossip is made of, worked out of counts: pure arithmetic, nothing is measured here.
 * Bytes of datagrams contain the headers of UDP and IP, since links carry them too.
 */
import { FANOUT } from '../gossip/active-set.ts';
import type { PeerClassName } from '../shm/traffic-cells.ts';
import type { KindName } from '../wire/limits.ts';
import type {
  Amount,
  Datagrams,
  KindTraffic,
  OriginTraffic,
  ReceivedName,
  RelayerTraffic,
  SentName,
  TrafficStats,
} from './traffic.ts';

/** IPv4 and UDP. */
const HEADER_BYTES = 28;

/** Seconds of a month of 30 days. */
export const MONTH_SECONDS = 30 * 86_400;

/** Kinds that are to leave gossip, in the order in which they are taken away. */
export const LEAVING: readonly KindName[] = ['Vote', 'EpochSlots', 'DuplicateShred'];

/** Bytes a second in both directions. */
export interface Rates {
  in: number;
  out: number;
}

/** One kind of value; rates are per second. */
export interface KindAnatomy {
  kind: KindName;
  values: number;
  bytes: number;
  /** Of the bytes of all received values. */
  share: number;
  fresh: number;
  /** Copies of what was here already, for each value that was new; null without a new one. */
  copies: number | null;
  /** Bytes that we sent of this kind. */
  sent: number;
  held: Amount;
}

/** One sort of datagram or class of peer. */
export interface Part<N extends string> {
  name: N;
  /** Bytes a second. */
  in: number;
  out: number;
  /** Datagrams a second. */
  packetsIn: number;
  packetsOut: number;
}

/** What is left when kinds leave gossip. */
export interface Rest extends Rates {
  without: readonly KindName[];
  /** New values a second. */
  fresh: number;
  held: number;
}

/** The answer to `earshot stats`. */
export interface Anatomy {
  /** Over how long. */
  seconds: number;
  total: Rates;
  packets: Rates;
  /** Of all kinds together. */
  values: Omit<KindAnatomy, 'kind' | 'share'>;
  kinds: KindAnatomy[];
  classes: Part<PeerClassName>[];
  sorts: Part<ReceivedName | SentName>[];
  stakesKnown: boolean;
  originCount: number;
  relayerCount: number;
  /** Those with most bytes since the spy's start, and their share of the bytes of all values since then. */
  origins: (OriginTraffic & { share: number })[];
  relayers: (RelayerTraffic & { share: number })[];
  /** What a validator with this table and place in the network would pay, with values of its own. */
  validator: Rates & { own: number; monthIn: number; monthOut: number };
  /** As it is, and without more and more of the kinds that are to leave. */
  rests: Rest[];
}

/** Works the anatomy of the time between two counts out, or of all the time before one. */
export function anatomy(after: TrafficStats, before?: TrafficStats): Anatomy {
  const spent = before ? difference(after, before) : after;
  const seconds = Math.max(spent.seconds, 1e-3);
  const kinds = kindAnatomies(spent, seconds);
  const sorts = parts<ReceivedName | SentName>(spent.received, spent.sent, seconds);
  const total = sum(sorts, (part) => [part.in, part.out]);
  const packets = sum(sorts, (part) => [part.packetsIn, part.packetsOut]);
  const values = together(kinds);
  const classIn = Object.fromEntries(Object.entries(spent.classes).map(([n, c]) => [n, c.in]));
  const classOut = Object.fromEntries(Object.entries(spent.classes).map(([n, c]) => [n, c.out]));
  const sinceStart = Object.values(after.kinds).reduce((all, kind) => all + receivedBytes(kind), 0);
  const brought = after.received.push.bytes + after.received.pullResponse.bytes;
  const own = ownPushes(spent, seconds);
  return {
    seconds,
    total,
    packets,
    values,
    kinds,
    classes: parts<PeerClassName>(classIn, classOut, seconds),
    sorts,
    stakesKnown: after.stakesKnown,
    originCount: after.originCount,
    relayerCount: after.relayerCount,
    origins: after.origins.map((o) => ({ ...o, share: ratio(o.bytes, sinceStart) })),
    relayers: after.relayers.map((r) => ({ ...r, share: ratio(r.bytes, brought) })),
    validator: {
      in: total.in,
      out: total.out + own,
      own,
      monthIn: total.in * MONTH_SECONDS,
      monthOut: (total.out + own) * MONTH_SECONDS,
    },
    rests: [0, 1, 2, 3].map((count) => restWithout(LEAVING.slice(0, count), kinds, sorts)),
  };
}

/** What was counted in between. Origins, relayers and what the table holds stay as they are at the end. */
export function difference(after: TrafficStats, before: TrafficStats): TrafficStats {
  const kinds: TrafficStats['kinds'] = {};
  for (const [name, kind] of Object.entries(after.kinds) as [KindName, KindTraffic][]) {
    const was = before.kinds[name];
    kinds[name] = was ? kindDifference(kind, was) : kind;
  }
  const { classes: was } = before;
  const classes = Object.fromEntries(
    (Object.keys(after.classes) as PeerClassName[]).map((name) => {
      const now = after.classes[name];
      return [name, { in: less(now.in, was[name].in), out: less(now.out, was[name].out) }];
    }),
  ) as TrafficStats['classes'];
  return {
    ...after,
    seconds: after.seconds - before.seconds,
    kinds,
    classes,
    received: lessEach(after.received, before.received),
    sent: lessEach(after.sent, before.sent),
  };
}

function kindDifference(now: KindTraffic, was: KindTraffic): KindTraffic {
  const amount = (
    name: 'pushed' | 'pulled' | 'fresh' | 'copies' | 'relayed' | 'served',
  ): Amount => ({
    values: now[name].values - was[name].values,
    bytes: now[name].bytes - was[name].bytes,
  });
  return {
    pushed: amount('pushed'),
    pulled: amount('pulled'),
    fresh: amount('fresh'),
    copies: amount('copies'),
    outdated: now.outdated - was.outdated,
    refused: now.refused - was.refused,
    relayed: amount('relayed'),
    served: amount('served'),
    held: now.held,
  };
}

const less = (now: Datagrams, was: Datagrams): Datagrams => ({
  packets: now.packets - was.packets,
  bytes: now.bytes - was.bytes,
});

function lessEach<N extends string>(
  now: Record<N, Datagrams>,
  was: Record<N, Datagrams>,
): Record<N, Datagrams> {
  return Object.fromEntries(
    (Object.keys(now) as N[]).map((name) => [name, less(now[name], was[name])]),
  ) as Record<N, Datagrams>;
}

const ratio = (part: number, whole: number): number => (whole > 0 ? part / whole : 0);

const receivedBytes = (kind: KindTraffic): number => kind.pushed.bytes + kind.pulled.bytes;

function kindAnatomies({ kinds }: TrafficStats, seconds: number): KindAnatomy[] {
  const entries = Object.entries(kinds) as [KindName, KindTraffic][];
  const all = entries.reduce((bytes, [, kind]) => bytes + receivedBytes(kind), 0);
  return entries
    .map(([kind, traffic]) => ({
      kind,
      values: (traffic.pushed.values + traffic.pulled.values) / seconds,
      bytes: receivedBytes(traffic) / seconds,
      share: ratio(receivedBytes(traffic), all),
      fresh: traffic.fresh.values / seconds,
      copies: traffic.fresh.values > 0 ? traffic.copies.values / traffic.fresh.values : null,
      sent: (traffic.relayed.bytes + traffic.served.bytes) / seconds,
      held: traffic.held,
    }))
    .sort((a, b) => b.bytes - a.bytes || b.held.values - a.held.values);
}

function together(kinds: readonly KindAnatomy[]): Anatomy['values'] {
  const add = (of: (kind: KindAnatomy) => number): number => kinds.reduce((s, k) => s + of(k), 0);
  const fresh = add((k) => k.fresh);
  const copies = add((k) => (k.copies ?? 0) * k.fresh);
  return {
    values: add((k) => k.values),
    bytes: add((k) => k.bytes),
    fresh,
    copies: fresh > 0 ? copies / fresh : null,
    sent: add((k) => k.sent),
    held: { values: add((k) => k.held.values), bytes: add((k) => k.held.bytes) },
  };
}

/** Datagrams in and out by name, those without any left out, the largest first. */
function parts<N extends string>(
  received: Readonly<Record<string, Datagrams>>,
  sent: Readonly<Record<string, Datagrams>>,
  seconds: number,
): Part<N>[] {
  const names = [...new Set([...Object.keys(received), ...Object.keys(sent)])] as N[];
  const bytes = (one: Datagrams | undefined): number =>
    one ? (one.bytes + one.packets * HEADER_BYTES) / seconds : 0;
  return names
    .map((name) => ({
      name,
      in: bytes(received[name]),
      out: bytes(sent[name]),
      packetsIn: (received[name]?.packets ?? 0) / seconds,
      packetsOut: (sent[name]?.packets ?? 0) / seconds,
    }))
    .filter((part) => part.packetsIn + part.packetsOut > 0)
    .sort((a, b) => b.in + b.out - a.in - a.out);
}

function sum<P>(all: readonly P[], of: (part: P) => readonly [number, number]): Rates {
  return all.reduce<Rates>(
    (total, part) => {
      const [inward, outward] = of(part);
      return { in: total.in + inward, out: total.out + outward };
    },
    { in: 0, out: 0 },
  );
}

/**
 * What pushing values of its own costs a validator: of contact infos what an average origin has that is
 * new, of all else what an average voter has, to every peer of a push. We make next to none ourselves.
 */
function ownPushes({ kinds, originCount, voterCount }: TrafficStats, seconds: number): number {
  const fresh = Object.values(kinds).reduce((bytes, { fresh }) => bytes + fresh.bytes, 0);
  const contacts = kinds.ContactInfo?.fresh.bytes ?? 0;
  const each = ratio(contacts, originCount) + ratio(fresh - contacts, voterCount);
  return (each / seconds) * FANOUT;
}

/**
 * Takes kinds away: datagrams with values shrink by the bytes of these, pull requests by how many values
 * need not be named in filters, prunes by how much less is new. Pings, pongs and what is refused stay.
 */
function restWithout(
  without: readonly KindName[],
  kinds: readonly KindAnatomy[],
  sorts: Anatomy['sorts'],
): Rest {
  const stays = kinds.filter(({ kind }) => !without.includes(kind));
  const share = (of: (kind: KindAnatomy) => number): number => {
    const all = kinds.reduce((s, k) => s + of(k), 0);
    return all === 0 ? 1 : stays.reduce((s, k) => s + of(k), 0) / all;
  };
  const received = share((k) => k.bytes);
  const sent = share((k) => k.sent);
  const held = share((k) => k.held.values);
  const fresh = share((k) => k.fresh);
  const rest: Rest = {
    without,
    in: 0,
    out: 0,
    fresh: stays.reduce((s, k) => s + k.fresh, 0),
    held: stays.reduce((s, k) => s + k.held.values, 0),
  };
  for (const part of sorts) {
    const isValues = part.name === 'push' || part.name === 'pullResponse';
    const control = part.name === 'pullRequest' ? held : part.name === 'prune' ? fresh : 1;
    rest.in += part.in * (isValues ? received : control);
    rest.out += part.out * (isValues ? sent : control);
  }
  return rest;
}
