import { EARSHOT_CLIENT_ID } from '../node/version.ts';
import { isMulticast, parseIp } from '../util/ipv4.ts';
import type { DecodedContactInfo } from '../wire/decoded.ts';
import { CLIENT_NAMES, SOCKET_NAMES } from '../wire/limits.ts';
import type { Liveness } from './liveness.ts';

/** One node of the cluster as people and programs see it; this is the form of `--json`. */
export interface NodeInfo {
  pubkey: string;
  /** Its gossip address has answered our ping. Without that, anyone can sign any address. */
  proved: boolean;
  /** Its stake in SOL, 0 when it has none; null while nobody's stake is known. */
  stake: number | null;
  /** Whether it lives, why we think so, and on what that rests; null where nobody looked. */
  liveness: Liveness | null;
  /** Milliseconds from our start to the first contact info of this node. */
  firstSeenMs: number;
  /** Milliseconds from our start to the latest sign of life that came with a contact info. */
  lastSeenMs: number;
  /** `ip:port`, null where there is none that could be used. */
  gossip: string | null;
  tvu: string | null;
  rpc: string | null;
  tpuQuic: string | null;
  /** As the node says: `4.4.0`, `4.3.0-alpha.1`. */
  version: string;
  /** Name of the client, or `Unknown(id)`. */
  client: string;
  clientId: number;
  /** First 8 hex digits of the commit. */
  commit: string;
  featureSet: number;
  shredVersion: number;
  /** The node's own clock when it last signed, ms since the Unix epoch. */
  wallclock: number;
  /** When the node started by its own clock, µs since the Unix epoch. */
  outset: string;
  /** Every socket of the contact info in wire order; `name` is null for keys without a meaning. */
  sockets: { key: number; name: string | null; addr: string; port: number }[];
}

/** What a contact info does not say of itself. */
export interface Sighting {
  proved: boolean;
  stake: number | null;
  liveness?: Liveness | null;
  firstSeenMs: number;
  lastSeenMs: number;
}

/** Address of a service, null when absent or unusable. @source wire 4.6, look-up cache */
export function socketAddress(contact: DecodedContactInfo, key: number): string | null {
  const socket = contact.sockets.find((s) => s.key === key);
  if (!socket) return null;
  const ip = parseIp(socket.ip);
  if (socket.port === 0 || ip <= 0 || isMulticast(ip)) return null;
  return `${socket.ip}:${socket.port}`;
}

/** Name of a client: as validators know it, or ours, or the id. */
export function clientName(id: number): string {
  return CLIENT_NAMES[id] ?? (id === EARSHOT_CLIENT_ID ? 'Earshot' : `Unknown(${id})`);
}

const key = (name: (typeof SOCKET_NAMES)[number]): number => SOCKET_NAMES.indexOf(name);

/** Puts a contact info and what we know of it into the form of `--json`. */
export function nodeInfo(contact: DecodedContactInfo, sighting: Sighting): NodeInfo {
  const { version } = contact;
  return {
    pubkey: contact.from,
    liveness: null,
    ...sighting,
    gossip: socketAddress(contact, key('gossip')),
    tvu: socketAddress(contact, key('tvu')),
    rpc: socketAddress(contact, key('rpc')),
    tpuQuic: socketAddress(contact, key('tpuQuic')),
    version: version.text,
    client: clientName(version.client),
    clientId: version.client,
    commit: version.commit.toString(16).padStart(8, '0'),
    featureSet: version.featureSet,
    shredVersion: contact.shredVersion,
    wallclock: Number(contact.wallclock),
    outset: contact.outset,
    sockets: contact.sockets.map((s) => ({
      key: s.key,
      name: s.name,
      addr: s.ip,
      port: s.port,
    })),
  };
}
