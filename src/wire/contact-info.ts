/** The fields of a contact info that skim accepted. */
import { readU16 } from '../util/bytes.ts';
import { isMulticast } from '../util/ipv4.ts';
import { readI32, readShort, readVarint, shortBytes, skipShort, varint } from './cursor.ts';
import { PUBKEY_BYTES, SOCKET_COUNT } from './limits.ts';
import { ADDRESS_BYTES, skipVersion } from './skim-contact-info.ts';
import { VALUE_HEADER_BYTES } from './skim-value.ts';

/**
 * Fields of a contact info. One instance is filled again and again.
 * Fields that hold any u32 start as NaN, so that V8 keeps doubles there and never allocates on a store.
 */
export class ContactInfoFields {
  wallclock = Number.NaN;
  outsetLow = Number.NaN;
  outsetHigh = Number.NaN;
  shredVersion = 0;
  /** Offset of the version, which begins with its major number. */
  versionAt = 0;
  major = 0;
  minor = 0;
  /** 0 stable, 1 rc, 2 beta, 3 alpha. */
  channel = 0;
  /** Patch of a stable release, otherwise the number of the pre-release. */
  patch = 0;
  commit = Number.NaN;
  featureSet = Number.NaN;
  client = 0;
  /** IPv4 address by socket key, a.b.c.d as a << 24 | … >>> 0; 0 when absent or unusable. */
  readonly socketIp = new Uint32Array(SOCKET_COUNT);
  /** Port by socket key; 0 when absent or unusable. */
  readonly socketPort = new Uint16Array(SOCKET_COUNT);
}

/**
 * Reads a contact info that skim accepted, without checking it again.
 *
 * @shape bytes: may be shared
 * @units at, end: absolute offsets of the whole value, signature included
 * @source agave gossip/src/contact_info.rs
 */
export function readContactInfo(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: ContactInfoFields,
): void {
  let next = readVarint(bytes, at + VALUE_HEADER_BYTES + PUBKEY_BYTES, end);
  out.wallclock = varint[1]! * 4294967296 + varint[0]!;
  out.outsetLow = readI32(bytes, next) >>> 0;
  out.outsetHigh = readI32(bytes, next + 4) >>> 0;
  out.shredVersion = readU16(bytes, next + 8);
  next += 10;
  out.versionAt = next;
  out.major = readShort(bytes, next, end);
  next += shortBytes(out.major);
  const packedMinor = readShort(bytes, next, end);
  next += shortBytes(packedMinor);
  out.minor = packedMinor & 0x3fff;
  out.channel = packedMinor >>> 14;
  out.patch = readShort(bytes, next, end);
  next += shortBytes(out.patch);
  out.commit = readI32(bytes, next) >>> 0;
  out.featureSet = readI32(bytes, next + 4) >>> 0;
  next += 8;
  out.client = readShort(bytes, next, end);
  next += shortBytes(out.client);
  readSockets(bytes, next, end, out);
}

/** Fills the look-up of sockets. A service that nobody could reach counts as absent. */
function readSockets(bytes: Uint8Array, at: number, end: number, out: ContactInfoFields): void {
  for (let key = 0; key < SOCKET_COUNT; key++) {
    out.socketIp[key] = 0;
    out.socketPort[key] = 0;
  }
  const addresses = readShort(bytes, at, end);
  const addressesAt = at + shortBytes(addresses);
  let next = addressesAt + addresses * ADDRESS_BYTES;
  const sockets = readShort(bytes, next, end);
  next += shortBytes(sockets);
  let port = 0;
  for (let i = 0; i < sockets; i++) {
    const key = bytes[next]!;
    const octetsAt = addressesAt + bytes[next + 1]! * ADDRESS_BYTES + 4;
    const offset = readShort(bytes, next + 2, end);
    next += 2 + shortBytes(offset);
    port += offset;
    if (key >= SOCKET_COUNT || port === 0) continue;
    const ip = readIp(bytes, octetsAt);
    if (ip === 0 || isMulticast(ip)) continue;
    out.socketIp[key] = ip;
    out.socketPort[key] = port;
  }
}

/** Four octets in network order as an unsigned number. */
function readIp(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  );
}

/** Offset of the extensions' count in a contact info that skim accepted; `at` is the start of the value. */
export function extensionsAt(bytes: Uint8Array, at: number, end: number): number {
  let next = readVarint(bytes, at + VALUE_HEADER_BYTES + PUBKEY_BYTES, end);
  next = skipVersion(bytes, next + 10, end);
  const addresses = readShort(bytes, next, end);
  next += shortBytes(addresses) + addresses * ADDRESS_BYTES;
  const sockets = readShort(bytes, next, end);
  next += shortBytes(sockets);
  for (let i = 0; i < sockets; i++) next = skipShort(bytes, next + 2, end);
  return next;
}
