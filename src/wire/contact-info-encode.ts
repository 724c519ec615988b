/** Writing a contact info from scratch, as we do for our own every few seconds. Cold. */
import { writeU16, writeU32, writeU64, writeU64Big } from '../util/bytes.ts';
import { Kind, PUBKEY_BYTES } from './limits.ts';

/** The version a node announces. */
export interface ContactInfoVersion {
  readonly major: number;
  readonly minor: number;
  /** 0 stable, 1 rc, 2 beta, 3 alpha. */
  readonly channel: number;
  /** Patch of a stable release, otherwise the number of the pre-release. */
  readonly patch: number;
  readonly commit: number;
  readonly featureSet: number;
  readonly client: number;
}

/** One service and where it is. */
export interface ContactInfoSocket {
  readonly key: number;
  /** a.b.c.d as a << 24 | … >>> 0 */
  readonly ip: number;
  readonly port: number;
}

/** A contact info as plain data. */
export interface PlainContactInfo {
  readonly pubkey: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly wallclock: number;
  /** Microseconds since the Unix epoch, when the node started. */
  readonly outset: number | bigint;
  readonly shredVersion: number;
  readonly version: ContactInfoVersion;
  readonly sockets: readonly ContactInfoSocket[];
}

/**
 * Writes the data of a contact info, kind tag first: what is signed, and what follows the signature in a
 * value. At most 12 + 32 + 8 × addresses + 5 × sockets and some bytes; the caller sees to the room.
 *
 * @units at: where the data begin
 * @source agave gossip/src/contact_info.rs
 * @returns the offset behind what was written
 */
export function writeContactInfo(bytes: Uint8Array, at: number, info: PlainContactInfo): number {
  let next = writeU32(bytes, at, Kind.CONTACT_INFO);
  bytes.set(info.pubkey.subarray(0, PUBKEY_BYTES), next);
  next = writeVarint(bytes, next + PUBKEY_BYTES, info.wallclock);
  next =
    typeof info.outset === 'bigint'
      ? writeU64Big(bytes, next, info.outset)
      : writeU64(bytes, next, info.outset);
  next = writeU16(bytes, next, info.shredVersion);
  next = writeVersion(bytes, next, info.version);
  next = writeSockets(bytes, next, info.sockets);
  bytes[next] = 0; // no extensions
  return next + 1;
}

function writeVersion(bytes: Uint8Array, at: number, version: ContactInfoVersion): number {
  let next = writeVarint(bytes, at, version.major);
  next = writeVarint(bytes, next, version.minor + version.channel * 0x4000);
  next = writeVarint(bytes, next, version.patch);
  next = writeU32(bytes, next, version.commit);
  next = writeU32(bytes, next, version.featureSet);
  return writeVarint(bytes, next, version.client);
}

/** Addresses in the order in which they came into use, sockets by port with the distance to the one before. */
function writeSockets(
  bytes: Uint8Array,
  at: number,
  sockets: readonly ContactInfoSocket[],
): number {
  const { addresses, entries } = arrange(sockets);
  let next = writeVarint(bytes, at, addresses.length);
  for (const ip of addresses) {
    next = writeU32(bytes, next, 0);
    for (let shift = 24; shift >= 0; shift -= 8) bytes[next++] = ip >>> shift;
  }
  next = writeVarint(bytes, next, entries.length);
  let before = 0;
  for (const { key, ip, port } of entries) {
    bytes[next++] = key;
    bytes[next++] = addresses.indexOf(ip);
    next = writeVarint(bytes, next, port - before);
    before = port;
  }
  return next;
}

/**
 * Sets one socket after another, as Agave does: a key that comes again replaces its socket, and takes the
 * address along when nobody else uses it; equal ports keep the order in which they came.
 */
function arrange(sockets: readonly ContactInfoSocket[]): {
  addresses: number[];
  entries: ContactInfoSocket[];
} {
  const addresses: number[] = [];
  const entries: ContactInfoSocket[] = [];
  for (const socket of sockets) {
    const old = entries.findIndex((entry) => entry.key === socket.key);
    if (old >= 0) {
      const ip = entries[old]!.ip;
      entries.splice(old, 1);
      if (!entries.some((entry) => entry.ip === ip)) addresses.splice(addresses.indexOf(ip), 1);
    }
    if (!addresses.includes(socket.ip)) addresses.push(socket.ip);
    const later = entries.findIndex((entry) => entry.port > socket.port);
    entries.splice(later < 0 ? entries.length : later, 0, socket);
  }
  return { addresses, entries };
}

/** LEB128, also the form of short_vec lengths. @returns the offset behind what was written */
export function writeVarint(bytes: Uint8Array, at: number, value: number): number {
  let next = at;
  let rest = value;
  while (rest >= 0x80) {
    bytes[next++] = (rest % 0x80) | 0x80;
    rest = Math.floor(rest / 0x80);
  }
  bytes[next] = rest;
  return next + 1;
}
