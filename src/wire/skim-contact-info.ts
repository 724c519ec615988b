import { Outcome } from '../util/outcome.ts';
import { VALUE_NOT_CANONICAL, type ValueColumns } from './columns.ts';
import {
  objectTo,
  readI32,
  readShort,
  readTag,
  readVarint,
  refuse,
  refuseShort,
  shortBytes,
  skipShort,
  varint,
} from './cursor.ts';
import { MAX_EXTENSIONS, MAX_WALLCLOCK, PUBKEY_BYTES } from './limits.ts';

const {
  PACKET_TRUNCATED,
  COUNT_OVER_LIMIT,
  ADDRESS_TAG_UNKNOWN,
  ADDRESS_IPV6,
  ADDRESS_DUPLICATE,
  ADDRESS_UNUSED,
  SOCKET_KEY_DUPLICATE,
  SOCKET_INDEX,
  SOCKET_PORT_OVERFLOW,
  WALLCLOCK_OVER_LIMIT,
} = Outcome;

/** Tag 4 + four octets: the only form of an address that is accepted. */
export const ADDRESS_BYTES = 8;

/**
 * Socket keys and address indices met in the current contact info: an entry is set when it holds the
 * number of that contact info, so that both have to be cleared only once in 255 of them.
 */
const keySeen = new Uint8Array(256);
const addressUsed = new Uint8Array(256);
let generation = 0;

function nextGeneration(): void {
  generation++;
  if (generation < 256) return;
  keySeen.fill(0);
  addressUsed.fill(0);
  generation = 1;
}

/**
 * Skims the body of a contact info: its origin, variable-length wallclock, version, addresses, sockets and
 * extensions.
 *
 * @shape bytes: may be shared; columns: `row` is within
 * @units at: absolute offset behind the kind tag
 * @source agave gossip/src/contact_info.rs, tlv.rs; agave version/src/v4.rs
 * @returns the offset behind the value, or a negative Outcome
 */
export function skimContactInfo(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end - at < PUBKEY_BYTES) return refuseShort(end);
  columns.origin[row] = at;
  const wallclockAt = at + PUBKEY_BYTES;
  let next = readVarint(bytes, wallclockAt, end);
  if (next < 0) return next;
  const wallclock = varint[1]! * 4294967296 + varint[0]!;
  columns.wallclock[row] = wallclock;
  if (end - next < 10) return refuseShort(end);
  next = skipVersion(bytes, next + 10, end); // behind outset and shred version
  if (next < 0) return next;

  const addresses = readShort(bytes, next, end);
  if (addresses < 0) return addresses;
  const addressesAt = next + shortBytes(addresses);
  if (addresses * ADDRESS_BYTES > end - addressesAt) return refuse(next, PACKET_TRUNCATED);
  next = skimAddresses(bytes, addressesAt, end, addresses);
  if (next < 0) return next;
  next = skimSockets(bytes, next, end, addressesAt, addresses);
  if (next < 0) return next;
  const extensions = readShort(bytes, next, end);
  if (extensions !== 0) {
    if (extensions < 0) return extensions;
    columns.flags[row] = VALUE_NOT_CANONICAL; // no extension is known, so Agave drops them all
    next = skimExtensions(bytes, next, end, extensions);
  } else {
    next++;
  }
  if (wallclock >= MAX_WALLCLOCK) objectTo(wallclockAt, WALLCLOCK_OVER_LIMIT);
  return next;
}

/** Passes over a version: three short integers, commit, feature set, client. @returns the next offset, or a negative Outcome */
export function skipVersion(bytes: Uint8Array, at: number, end: number): number {
  let next = skipShort(bytes, at, end);
  if (next < 0) return next;
  next = skipShort(bytes, next, end);
  if (next < 0) return next;
  next = skipShort(bytes, next, end);
  if (next < 0) return next;
  if (end - next < 8) return refuseShort(end);
  return skipShort(bytes, next + 8, end);
}

/** Skims the addresses, which have to be IPv4. @returns the next offset, or a negative Outcome */
function skimAddresses(bytes: Uint8Array, at: number, end: number, count: number): number {
  let next = at;
  for (let i = 0; i < count; i++) {
    if (end - next < ADDRESS_BYTES) return refuseShort(end);
    const tag = readTag(bytes, next);
    if (tag > 1) return refuse(next, ADDRESS_TAG_UNKNOWN);
    if (tag === 1) return end - next < 20 ? refuseShort(end) : refuse(next, ADDRESS_IPV6);
    next += ADDRESS_BYTES;
  }
  return next;
}

/**
 * Compares all pairs of addresses, which honest contact infos have one or two of. Done last: by then each has
 * a socket, so that a packet holds fewer than 100 and costs less than checking one signature.
 * @returns Outcome.OK or a negative Outcome
 */
function refuseEqualAddresses(bytes: Uint8Array, at: number, count: number): number {
  const end = at + count * ADDRESS_BYTES;
  for (let one = at + ADDRESS_BYTES; one < end; one += ADDRESS_BYTES) {
    const ip = readI32(bytes, one + 4);
    for (let other = at; other < one; other += ADDRESS_BYTES) {
      if (readI32(bytes, other + 4) === ip) return refuse(one, ADDRESS_DUPLICATE);
    }
  }
  return Outcome.OK;
}

/**
 * Skims the sockets: no key twice, each with an address, every address with a socket, ports within 16 bits.
 * @returns the next offset, or a negative Outcome
 */
function skimSockets(
  bytes: Uint8Array,
  at: number,
  end: number,
  addressesAt: number,
  addresses: number,
): number {
  const sockets = readShort(bytes, at, end);
  if (sockets < 0) return sockets;
  nextGeneration();
  let next = at + shortBytes(sockets);
  if (sockets * 3 > end - next) return refuse(at, PACKET_TRUNCATED);
  let port = 0;
  let used = 0;
  for (let i = 0; i < sockets; i++) {
    if (end - next < 3) return refuseShort(end);
    const key = bytes[next]!;
    const index = bytes[next + 1]!;
    if (keySeen[key] === generation) return refuse(next, SOCKET_KEY_DUPLICATE);
    keySeen[key] = generation;
    if (index >= addresses) return refuse(next + 1, SOCKET_INDEX);
    if (addressUsed[index] !== generation) {
      addressUsed[index] = generation;
      used++;
    }
    const offset = readShort(bytes, next + 2, end);
    if (offset < 0) return offset;
    port += offset;
    if (port > 0xffff) return refuse(next + 2, SOCKET_PORT_OVERFLOW);
    next += 2 + shortBytes(offset);
  }
  if (used === addresses) {
    const outcome = refuseEqualAddresses(bytes, addressesAt, addresses);
    return outcome < 0 ? outcome : next;
  }
  let unused = 0;
  while (unused < 256 && addressUsed[unused] === generation) unused++;
  return refuse(addressesAt + unused * ADDRESS_BYTES, ADDRESS_UNUSED);
}

/** Passes over the extensions, whose meaning nobody has defined yet. @returns the next offset, or a negative Outcome */
function skimExtensions(bytes: Uint8Array, at: number, end: number, count: number): number {
  if (count > MAX_EXTENSIONS) return refuse(at, COUNT_OVER_LIMIT);
  let next = at + shortBytes(count);
  for (let i = 0; i < count; i++) {
    const lengthAt = next + 1; // behind the type
    const length = readShort(bytes, lengthAt, end);
    if (length < 0) return length;
    next = lengthAt + shortBytes(length);
    if (length > end - next) return refuse(lengthAt, PACKET_TRUNCATED);
    next += length;
  }
  return next;
}
