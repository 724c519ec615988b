import { u16, u32 } from './frame.ts';

/** A UDP datagram found in a frame. */
export interface Datagram {
  readonly sourceIp: string;
  readonly sourcePort: number;
  readonly destinationIp: string;
  readonly destinationPort: number;
  /** What was captured of the payload. */
  readonly payload: Uint8Array;
  /** How long the payload was on the wire. */
  readonly payloadBytes: number;
}

/** Why a frame gives no datagram. */
export type Skip = 'notUdp' | 'fragment' | 'malformed' | 'otherLink';

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const VLAN_TAGS = new Set([0x8100, 0x88a8, 0x9100]);
const PROTOCOL_UDP = 17;
const UDP_HEADER_BYTES = 8;
const IPV6_HEADER_BYTES = 40;
/** IPv6 headers before the payload, those that share one length form: next header, length in 8 bytes − 1. */
const IPV6_OPTION_HEADERS = new Set([0, 43, 60, 135, 139, 140]);
const IPV6_FRAGMENT = 44;
const IPV6_AUTHENTICATION = 51;
/** Address families of IPv6 on Linux, NetBSD and OpenBSD, FreeBSD, macOS. */
const FAMILIES_IPV6 = new Set([10, 24, 28, 30]);
const FAMILY_IPV4 = 2;

/**
 * Unpacks a frame down to its UDP payload. Fragments are not put together: gossip keeps below the smallest
 * packet size that every path carries, so a fragment is none of its own.
 *
 * @param linkType LINKTYPE number, as in https://www.tcpdump.org/linktypes.html
 */
export function readDatagram(linkType: number, frame: Uint8Array): Datagram | Skip {
  switch (linkType) {
    case 1: // Ethernet
      return readEtherType(frame, 12);
    case 113: // Linux cooked
      return readEtherType(frame, 14);
    case 276: // Linux cooked, version 2
      return frame.length < 20 ? 'malformed' : readNetwork(u16(frame, 0, true), frame.subarray(20));
    case 0: // BSD loopback, in the byte order of the machine that captured
    case 108: // OpenBSD loopback, in network byte order
      return readLoopback(frame);
    case 12: // raw IP, as some systems number it
    case 14:
    case 101:
    case 228:
    case 229:
      return readIp(frame);
    default:
      return 'otherLink';
  }
}

/** Reads the EtherType at `at`, passing over VLAN tags, and what it announces. */
function readEtherType(frame: Uint8Array, at: number): Datagram | Skip {
  let typeAt = at;
  while (typeAt + 2 <= frame.length && VLAN_TAGS.has(u16(frame, typeAt, true))) typeAt += 4;
  if (typeAt + 2 > frame.length) return 'malformed';
  return readNetwork(u16(frame, typeAt, true), frame.subarray(typeAt + 2));
}

function readNetwork(etherType: number, packet: Uint8Array): Datagram | Skip {
  if (VLAN_TAGS.has(etherType)) return readEtherType(packet, 2);
  if (etherType !== ETHERTYPE_IPV4 && etherType !== ETHERTYPE_IPV6) return 'notUdp';
  return readIp(packet);
}

function readLoopback(frame: Uint8Array): Datagram | Skip {
  if (frame.length < 4) return 'malformed';
  const little = u32(frame, 0, false);
  const family = little < 65536 ? little : u32(frame, 0, true);
  if (family !== FAMILY_IPV4 && !FAMILIES_IPV6.has(family)) return 'notUdp';
  return readIp(frame.subarray(4));
}

function readIp(packet: Uint8Array): Datagram | Skip {
  if (packet.length === 0) return 'malformed';
  const version = packet[0]! >> 4;
  if (version === 4) return readIpv4(packet);
  if (version === 6) return readIpv6(packet);
  return 'malformed';
}

function readIpv4(packet: Uint8Array): Datagram | Skip {
  const headerBytes = (packet[0]! & 15) * 4;
  if (headerBytes < 20 || packet.length < headerBytes) return 'malformed';
  if (packet[9] !== PROTOCOL_UDP) return 'notUdp';
  if ((u16(packet, 6, true) & 0x3fff) !== 0) return 'fragment';
  const totalBytes = u16(packet, 2, true);
  // The length is left 0 by network cards that cut the packets themselves.
  const end = totalBytes === 0 ? packet.length : totalBytes;
  return readUdp(packet, headerBytes, end, formatIpv4(packet, 12), formatIpv4(packet, 16));
}

function readIpv6(packet: Uint8Array): Datagram | Skip {
  if (packet.length < IPV6_HEADER_BYTES) return 'malformed';
  const payloadBytes = u16(packet, 4, true);
  const end = payloadBytes === 0 ? packet.length : IPV6_HEADER_BYTES + payloadBytes;
  let next = packet[6]!;
  let at = IPV6_HEADER_BYTES;
  while (next !== PROTOCOL_UDP) {
    const known =
      IPV6_OPTION_HEADERS.has(next) || next === IPV6_FRAGMENT || next === IPV6_AUTHENTICATION;
    if (!known) return 'notUdp';
    if (at + 8 > packet.length) return 'malformed';
    const units = packet[at + 1]!;
    let headerBytes = (units + 1) * 8;
    if (next === IPV6_AUTHENTICATION) headerBytes = (units + 2) * 4;
    if (next === IPV6_FRAGMENT) {
      // A fragment header without offset and without more to come wraps a whole packet.
      if ((u16(packet, at + 2, true) & 0xfff9) !== 0) {
        return packet[at] === PROTOCOL_UDP ? 'fragment' : 'notUdp';
      }
      headerBytes = 8;
    }
    next = packet[at]!;
    at += headerBytes;
  }
  return readUdp(packet, at, end, formatIpv6(packet, 8), formatIpv6(packet, 24));
}

function readUdp(
  packet: Uint8Array,
  at: number,
  end: number,
  sourceIp: string,
  destinationIp: string,
): Datagram | Skip {
  if (at + UDP_HEADER_BYTES > packet.length) return 'malformed';
  const announced = u16(packet, at + 4, true);
  const udpBytes = announced === 0 ? end - at : announced;
  if (udpBytes < UDP_HEADER_BYTES || at + udpBytes > end) return 'malformed';
  return {
    sourceIp,
    sourcePort: u16(packet, at, true),
    destinationIp,
    destinationPort: u16(packet, at + 2, true),
    payload: packet.subarray(at + UDP_HEADER_BYTES, at + udpBytes),
    payloadBytes: udpBytes - UDP_HEADER_BYTES,
  };
}

function formatIpv4(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

/** As RFC 5952 writes it: lower case, the first longest run of two or more zero groups as `::`. */
export function formatIpv6(bytes: Uint8Array, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => u16(bytes, at + 2 * i, true));
  let start = 0;
  let count = 1;
  for (let i = 0; i < 8; i++) {
    let run = 0;
    while (i + run < 8 && groups[i + run] === 0) run++;
    if (run > count) [start, count] = [i, run];
  }
  const hex = (part: number[]): string => part.map((group) => group.toString(16)).join(':');
  if (count < 2) return hex(groups);
  return `${hex(groups.slice(0, start))}::${hex(groups.slice(start + count))}`;
}
