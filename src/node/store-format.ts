/**
 * What a generation of the store looks like on disk. Whoever reads one believes nothing: a file may be
 * torn, turned, or written by another version; then it is no generation, and never an exception.
 *
 * Header, 64 bytes: magic 8, version u32, body bytes u32, sequence u64, saved at u64 (ms), own address u32,
 * shred version u32, identities u32, peers u32, bytes of counters u32, zeros. Then SHA-256 over header and
 * body. Body: counters as JSON, identities (key 32, first and last seen f64 each), peers (address u32, port
 * u16, length u16, contact info as it was signed).
 */
import { createHash, type Hash } from 'node:crypto';
import {
  equalBytes,
  readU16,
  readU32,
  readU64,
  writeU16,
  writeU32,
  writeU64,
} from '../util/bytes.ts';
import { PACKET_BYTES, PUBKEY_BYTES } from '../wire/limits.ts';

/** "EARSHOT" and a zero. */
const MAGIC = Uint8Array.of(0x45, 0x41, 0x52, 0x53, 0x48, 0x4f, 0x54, 0);

/** Another number means that older programs cannot read it. */
export const STORE_VERSION = 1;

const HEADER_BYTES = 64;
const CHECKSUM_BYTES = 32;
const IDENTITY_BYTES = PUBKEY_BYTES + 16;
const PEER_HEAD_BYTES = 8;

/** Header and checksum. */
export const STORE_HEAD_BYTES = HEADER_BYTES + CHECKSUM_BYTES;

/** A generation is at most this long. @source reliability 5 */
export const STORE_BYTES = 128 * 1024 * 1024;

/** Bytes that are handed to the file at a time. */
const CHUNK_BYTES = 65_536;

/** A node whose address was proved. */
export interface StoredPeer {
  /** IPv4 as a number. */
  readonly ip: number;
  readonly port: number;
  /** Its contact info, signature and data. */
  readonly contact: Uint8Array;
}

/** When somebody was heard of. */
export interface StoredIdentity {
  readonly pubkey: Uint8Array;
  /** Milliseconds since the Unix epoch. */
  readonly firstMs: number;
  readonly lastMs: number;
}

/** What stands in the header, as far as others care. */
export interface StoreHead {
  /** Counts generations from 1. */
  readonly sequence: number;
  /** Milliseconds since the Unix epoch. */
  readonly savedMs: number;
  /** Our own address, IPv4 as a number; 0 when it was not known. */
  readonly ip: number;
  readonly shredVersion: number;
}

/** One generation. */
export interface StoreContent extends StoreHead {
  readonly counters: Readonly<Record<string, number>>;
  readonly identities: readonly StoredIdentity[];
  readonly peers: readonly StoredPeer[];
}

/** Writes a generation piece by piece, so that nobody has to wait for all of it. */
export class StoreWriter {
  /** Finished pieces; the first begins with a header that `finish` fills in. */
  readonly #chunks: Uint8Array[] = [];
  #chunk = new Uint8Array(CHUNK_BYTES);
  #at = STORE_HEAD_BYTES;
  #bytes = 0;
  #counterBytes = 0;
  #identities = 0;
  #peers = 0;

  /** Bytes so far. */
  get bytes(): number {
    return this.#bytes + this.#at;
  }

  /** Totals by name; first, and once. */
  counters(counters: Readonly<Record<string, number>>): void {
    const text = new TextEncoder().encode(JSON.stringify(counters));
    this.#counterBytes = text.length;
    for (let i = 0; i < text.length; i += CHUNK_BYTES / 2) {
      const piece = text.subarray(i, i + CHUNK_BYTES / 2);
      const at = this.#room(piece.length);
      this.#chunk.set(piece, at);
    }
  }

  /** After the counters, before the peers. @shape key: 64 hex digits */
  identity(key: string, firstMs: number, lastMs: number): void {
    const at = this.#room(IDENTITY_BYTES);
    const view = Buffer.from(this.#chunk.buffer);
    view.write(key, at, PUBKEY_BYTES, 'hex');
    view.writeDoubleLE(firstMs, at + PUBKEY_BYTES);
    view.writeDoubleLE(lastMs, at + PUBKEY_BYTES + 8);
    this.#identities++;
  }

  /** At last the peers. @shape bytes: the contact info in [from, end) */
  peer(ip: number, port: number, bytes: Uint8Array, from: number, end: number): void {
    const at = this.#room(PEER_HEAD_BYTES + end - from);
    writeU32(this.#chunk, at, ip);
    writeU16(this.#chunk, at + 4, port);
    writeU16(this.#chunk, at + 6, end - from);
    this.#chunk.set(bytes.subarray(from, end), at + PEER_HEAD_BYTES);
    this.#peers++;
  }

  /** @returns everything, in the order in which it is to be written */
  finish(head: StoreHead): Uint8Array[] {
    this.#close();
    const first = this.#chunks[0]!;
    first.set(MAGIC);
    writeU32(first, 8, STORE_VERSION);
    writeU32(first, 12, this.#bytes - STORE_HEAD_BYTES);
    writeU64(first, 16, head.sequence);
    writeU64(first, 24, head.savedMs);
    writeU32(first, 32, head.ip);
    writeU32(first, 36, head.shredVersion);
    writeU32(first, 40, this.#identities);
    writeU32(first, 44, this.#peers);
    writeU32(first, 48, this.#counterBytes);
    const hash = createHash('sha256').update(first.subarray(0, HEADER_BYTES));
    hash.update(first.subarray(STORE_HEAD_BYTES));
    for (let i = 1; i < this.#chunks.length; i++) hash.update(this.#chunks[i]!);
    first.set(hash.digest(), HEADER_BYTES);
    return this.#chunks;
  }

  #room(size: number): number {
    if (this.#at + size > CHUNK_BYTES) this.#close();
    this.#at += size;
    return this.#at - size;
  }

  #close(): void {
    this.#chunks.push(this.#chunk.subarray(0, this.#at));
    this.#bytes += this.#at;
    this.#chunk = new Uint8Array(CHUNK_BYTES);
    this.#at = 0;
  }
}

/** The checksum of a file: over all of it but the checksum. */
export function storeChecksum(bytes: Uint8Array): Uint8Array {
  const hash: Hash = createHash('sha256').update(bytes.subarray(0, HEADER_BYTES));
  return hash.update(bytes.subarray(STORE_HEAD_BYTES)).digest();
}

/**
 * Reads a generation.
 *
 * @returns what is in it, or in words why it is none
 */
export function readStore(bytes: Uint8Array): StoreContent | string {
  if (bytes.length < STORE_HEAD_BYTES) return `${bytes.length} bytes are too few`;
  if (!equalBytes(bytes, 0, MAGIC, 0, MAGIC.length)) return 'it does not begin as a store does';
  const version = readU32(bytes, 8);
  if (version !== STORE_VERSION) return `its version is ${version}, not ${STORE_VERSION}`;
  if (readU32(bytes, 12) !== bytes.length - STORE_HEAD_BYTES) return 'its length is wrong';
  if (!equalBytes(storeChecksum(bytes), 0, bytes, HEADER_BYTES, CHECKSUM_BYTES)) {
    return 'its checksum is wrong';
  }
  const sequence = readU64(bytes, 16);
  const savedMs = readU64(bytes, 24);
  if (!Number.isSafeInteger(sequence) || !Number.isSafeInteger(savedMs)) return 'its head is wrong';
  const identityCount = readU32(bytes, 40);
  const counterBytes = readU32(bytes, 48);
  const identitiesAt = STORE_HEAD_BYTES + counterBytes;
  const peersAt = identitiesAt + identityCount * IDENTITY_BYTES;
  if (peersAt > bytes.length) return 'it ends too soon';
  const counters = readCounters(bytes.subarray(STORE_HEAD_BYTES, identitiesAt));
  if (typeof counters === 'string') return counters;
  const peers = readPeers(bytes, peersAt, readU32(bytes, 44));
  if (typeof peers === 'string') return peers;
  const identities: StoredIdentity[] = [];
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = identitiesAt; at < peersAt; at += IDENTITY_BYTES) {
    const firstMs = view.readDoubleLE(at + PUBKEY_BYTES);
    const lastMs = view.readDoubleLE(at + PUBKEY_BYTES + 8);
    if (!(firstMs <= lastMs && Math.abs(firstMs) < 1e15 && lastMs < 1e15))
      return 'its times are wrong';
    identities.push({ pubkey: bytes.subarray(at, at + PUBKEY_BYTES), firstMs, lastMs });
  }
  const head = { sequence, savedMs, ip: readU32(bytes, 32), shredVersion: readU32(bytes, 36) };
  return { ...head, counters, identities, peers };
}

function readPeers(bytes: Uint8Array, from: number, count: number): StoredPeer[] | string {
  const peers: StoredPeer[] = [];
  let at = from;
  for (let i = 0; i < count; i++) {
    if (bytes.length - at < PEER_HEAD_BYTES) return 'its peers end too soon';
    const length = readU16(bytes, at + 6);
    const end = at + PEER_HEAD_BYTES + length;
    if (length > PACKET_BYTES || end > bytes.length) return 'one of its peers is too long';
    const contact = bytes.subarray(at + PEER_HEAD_BYTES, end);
    peers.push({ ip: readU32(bytes, at), port: readU16(bytes, at + 4), contact });
    at = end;
  }
  return at === bytes.length ? peers : 'bytes are left over behind its peers';
}

/** Names and numbers, nothing else. */
function readCounters(bytes: Uint8Array): Record<string, number> | string {
  const wrong = 'its counters are wrong';
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return wrong; // the one place where an exception is the only answer that there is
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return wrong;
  const counters: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const [name, value] of Object.entries(json)) {
    if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) return wrong;
    counters[name] = value;
  }
  return counters;
}
