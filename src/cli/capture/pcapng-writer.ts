import { writeU16, writeU32 } from '../../util/bytes.ts';

/**
 * Writes pcapng as Wireshark reads it: one section, one interface of raw IP packets, and a packet
 * block for each datagram, with the IPv4 and UDP headers that its payload came without.
 *
 * @source https://ietf-opsawg-wg.github.io/draft-ietf-opsawg-pcap/draft-ietf-opsawg-pcapng.html
 */

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;

/** Packets that begin with their IP header. @source https://www.tcpdump.org/linktypes.html */
const LINKTYPE_RAW = 101;

/** IPv4 header without options, and UDP header. */
const HEADER_BYTES = 28;
const IPV4_HEADER_BYTES = 20;

/** Everything of a packet block but the datagram and its headers. */
const BLOCK_BYTES = 12 + 20 + 12;

/** Bits of the flags of a packet. */
const INBOUND = 1;
const OUTBOUND = 2;

/** A datagram with where it came from and went to. */
export interface CapturedDatagram {
  /** Milliseconds since the Unix epoch, with fractions. */
  readonly timeMs: number;
  readonly sourceIp: number;
  readonly sourcePort: number;
  readonly destinationIp: number;
  readonly destinationPort: number;
  /** Whether it was sent rather than received. */
  readonly isSent: boolean;
}

/** What the section says about itself. */
export interface SectionNotes {
  readonly application: string;
  readonly comment: string;
  readonly interfaceName: string;
  readonly interfaceDescription: string;
}

/** What is known at the end. */
export interface CaptureStatistics {
  readonly startMs: number;
  readonly endMs: number;
  /** Datagrams that came in, written or not. */
  readonly received: number;
  /** Thrown away by the kernel. */
  readonly kernelDropped: number;
  /** Datagrams written. */
  readonly written: number;
}

/** The blocks that stand before the first packet. */
export function encodeHeader(notes: SectionNotes): Uint8Array {
  const section = Buffer.alloc(16);
  section.writeUInt32LE(0x1a2b3c4d, 0);
  section.writeUInt16LE(1, 4); // version 1.0
  section.writeBigInt64LE(-1n, 8); // length unknown: it is written while it grows
  const sectionOptions = options([
    [1, text(notes.comment)],
    [4, text(notes.application)],
  ]);
  const link = Buffer.alloc(8);
  link.writeUInt16LE(LINKTYPE_RAW, 0);
  const linkOptions = options([
    [2, text(notes.interfaceName)],
    [3, text(notes.interfaceDescription)],
    [9, Buffer.of(6)], // microseconds
  ]);
  return Buffer.concat([
    block(SECTION_HEADER, section, sectionOptions),
    block(INTERFACE_DESCRIPTION, link, linkOptions),
  ]);
}

/** The block that stands behind the last packet. */
export function encodeStatistics(statistics: CaptureStatistics): Uint8Array {
  const { startMs, endMs, received, kernelDropped, written } = statistics;
  const fields = Buffer.alloc(12);
  writeTime(fields, 4, endMs);
  const time = (ms: number): Buffer => {
    const bytes = Buffer.alloc(8);
    writeTime(bytes, 0, ms);
    return bytes;
  };
  const count = (n: number): Buffer => {
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64LE(BigInt(n));
    return bytes;
  };
  const described = options([
    [2, time(startMs)],
    [3, time(endMs)],
    [4, count(received + kernelDropped)],
    [7, count(kernelDropped)],
    [8, count(written)],
  ]);
  return block(INTERFACE_STATISTICS, fields, described);
}

/** Bytes of the block of a datagram of which so much was kept. */
export function packetBlockBytes(kept: number): number {
  return BLOCK_BYTES + padded(HEADER_BYTES + kept);
}

/**
 * Writes the block of a datagram. Of one that was cut, the length on the wire is that of the headers'
 * fields, so that readers see what is missing.
 *
 * @shape out: room for packetBlockBytes(kept) from `outAt`
 * @units kept: bytes of it that are there; length: bytes that it had
 * @returns the offset behind the block
 */
export function writePacketBlock(
  out: Uint8Array,
  outAt: number,
  datagram: CapturedDatagram,
  bytes: Uint8Array,
  at: number,
  kept: number,
  length: number,
): number {
  const size = packetBlockBytes(kept);
  out.fill(0, outAt, outAt + size);
  writeU32(out, outAt, ENHANCED_PACKET);
  writeU32(out, outAt + 4, size);
  writeTime(out, outAt + 12, datagram.timeMs);
  writeU32(out, outAt + 20, HEADER_BYTES + kept);
  writeU32(out, outAt + 24, HEADER_BYTES + length);
  const next = writeHeaders(out, outAt + 28, datagram, length);
  out.set(bytes.subarray(at, at + kept), next);
  const optionsAt = outAt + 28 + padded(HEADER_BYTES + kept);
  writeU16(out, optionsAt, 2);
  writeU16(out, optionsAt + 2, 4);
  writeU32(out, optionsAt + 4, datagram.isSent ? OUTBOUND : INBOUND);
  writeU32(out, outAt + size - 4, size);
  return outAt + size;
}

/** IPv4 and UDP headers; the checksum of UDP is left out, as UDP over IPv4 allows. */
function writeHeaders(
  out: Uint8Array,
  at: number,
  datagram: CapturedDatagram,
  length: number,
): number {
  out[at] = 0x45;
  big16(out, at + 2, HEADER_BYTES + length);
  out[at + 6] = 0x40; // do not fragment
  out[at + 8] = 64;
  out[at + 9] = 17;
  big16(out, at + 12, datagram.sourceIp >>> 16);
  big16(out, at + 14, datagram.sourceIp);
  big16(out, at + 16, datagram.destinationIp >>> 16);
  big16(out, at + 18, datagram.destinationIp);
  big16(out, at + 10, checksum(out, at, at + IPV4_HEADER_BYTES));
  const udpAt = at + IPV4_HEADER_BYTES;
  big16(out, udpAt, datagram.sourcePort);
  big16(out, udpAt + 2, datagram.destinationPort);
  big16(out, udpAt + 4, 8 + length);
  return udpAt + 8;
}

/** @source RFC 1071 */
function checksum(bytes: Uint8Array, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += (bytes[i]! << 8) | bytes[i + 1]!;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

function big16(out: Uint8Array, at: number, value: number): void {
  out[at] = value >>> 8;
  out[at + 1] = value;
}

/** Microseconds, upper half first. */
function writeTime(out: Uint8Array, at: number, timeMs: number): void {
  const us = Math.round(timeMs * 1000);
  writeU32(out, at, Math.floor(us / 4294967296));
  writeU32(out, at + 4, us % 4294967296);
}

function block(type: number, fields: Uint8Array, described: Uint8Array): Buffer {
  const size = 12 + fields.length + described.length;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(size, 4);
  bytes.set(fields, 8);
  bytes.set(described, 8 + fields.length);
  bytes.writeUInt32LE(size, size - 4);
  return bytes;
}

/** Options with the end mark behind them, each padded to four bytes. */
function options(entries: readonly (readonly [number, Uint8Array])[]): Buffer {
  const parts: Uint8Array[] = [];
  for (const [code, value] of [...entries, [0, Buffer.alloc(0)] as const]) {
    const option = Buffer.alloc(4 + padded(value.length));
    option.writeUInt16LE(code, 0);
    option.writeUInt16LE(value.length, 2);
    option.set(value, 4);
    parts.push(option);
  }
  return Buffer.concat(parts);
}

/** No string of an option is longer than its length can say. */
function text(words: string): Uint8Array {
  return Buffer.from(words).subarray(0, 65_535);
}

function padded(size: number): number {
  return Math.ceil(size / 4) * 4;
}
