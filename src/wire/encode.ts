import { copyBytes, writeU32, writeU64, writeU64Halves } from '../util/bytes.ts';
import {
  HASH_BYTES,
  Message,
  PING_BYTES,
  PRUNE_PREFIX,
  PUBKEY_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from './limits.ts';

export { encodeMessage } from './encode-message.ts';
export { encodeValue, encodeValueData, signValue } from './encode-value.ts';

/**
 * Writers of messages into a slot. They allocate nothing, leave signatures to the signer and say where
 * those belong; the values they carry are signed already.
 */

/** In a ping or pong: where the 32 signed bytes (token or hash) begin, relative to the message. */
export const PING_SIGNED_AT = 36;

/** In a ping or pong: where the signature belongs, relative to the message; the signed bytes end here. */
export const PING_SIGNATURE_AT = PING_SIGNED_AT + HASH_BYTES;

/** In a prune: where the first origin stands, relative to the message. */
export const PRUNE_ORIGINS_AT = 76;

/** Where the signature of a prune belongs, relative to the message. */
export const pruneSignatureAt = (originCount: number): number =>
  PRUNE_ORIGINS_AT + PUBKEY_BYTES * originCount;

/** Bytes of a prune. */
export const pruneBytes = (originCount: number): number =>
  pruneSignatureAt(originCount) + SIGNATURE_BYTES + PUBKEY_BYTES + 8;

/**
 * Writes a ping but for its signature, which is over `[at + PING_SIGNED_AT, at + PING_SIGNATURE_AT)`.
 *
 * @shape bytes: room for 132 B from `at`; from: 32 B; token: 32 B
 * @source agave gossip/src/ping_pong.rs, Ping
 * @returns the offset behind the message
 */
export function writePing(
  bytes: Uint8Array,
  at: number,
  from: Uint8Array,
  fromAt: number,
  token: Uint8Array,
  tokenAt: number,
): number {
  return writePingLike(bytes, at, Message.PING, from, fromAt, token, tokenAt);
}

/**
 * Writes a pong but for its signature, which is over `[at + PING_SIGNED_AT, at + PING_SIGNATURE_AT)`.
 * The hash is SHA-256 over `PONG_PREFIX` and the token of the ping.
 *
 * @shape bytes: room for 132 B from `at`; from: 32 B; hash: 32 B
 * @source agave gossip/src/ping_pong.rs, Pong
 * @returns the offset behind the message
 */
export function writePong(
  bytes: Uint8Array,
  at: number,
  from: Uint8Array,
  fromAt: number,
  hash: Uint8Array,
  hashAt: number,
): number {
  return writePingLike(bytes, at, Message.PONG, from, fromAt, hash, hashAt);
}

function writePingLike(
  bytes: Uint8Array,
  at: number,
  message: number,
  from: Uint8Array,
  fromAt: number,
  signed: Uint8Array,
  signedAt: number,
): number {
  const keyAt = writeU32(bytes, at, message);
  const tokenAt = copyBytes(from, fromAt, bytes, keyAt, PUBKEY_BYTES);
  copyBytes(signed, signedAt, bytes, tokenAt, HASH_BYTES);
  return at + PING_BYTES;
}

/**
 * Writes what stands in front of the values of a push or a pull response.
 *
 * @shape bytes: room for 44 B from `at`; sender: 32 B
 * @source agave gossip/src/protocol.rs, Protocol
 * @returns the offset of the first value
 */
export function writeValuesHeader(
  bytes: Uint8Array,
  at: number,
  message: number,
  sender: Uint8Array,
  senderAt: number,
  count: number,
): number {
  const keyAt = writeU32(bytes, at, message);
  copyBytes(sender, senderAt, bytes, keyAt, PUBKEY_BYTES);
  setValuesCount(bytes, at, count);
  return at + VALUES_HEADER_BYTES;
}

/** Sets the count in a header that was written before it was known how many values fit. */
export function setValuesCount(bytes: Uint8Array, at: number, count: number): void {
  writeU64(bytes, at + 36, count);
}

/** The parts of a pull request's filter. One instance is filled again and again. */
export interface FilterParts {
  /** Bloom keys, 8 little-endian bytes each. */
  keys: Uint8Array;
  keyCount: number;
  /** Bits in blocks of 64, little-endian: bit i is bit i mod 8 of byte i div 8. */
  bits: Uint8Array;
  bitLength: number;
  /** How many bits are set; informational. */
  bitsSet: number;
  maskLow: number;
  maskHigh: number;
  maskBits: number;
}

/** Bytes of a filter as `writePullRequest` writes it. */
export function filterBytes(keyCount: number, bitLength: number): number {
  const blocks = Math.ceil(bitLength / 64);
  return 8 + 8 * keyCount + 1 + (blocks > 0 ? 8 + 8 * blocks : 0) + 8 + 8 + 8 + 4;
}

/**
 * Writes a pull request around the caller's contact info, which is signed already.
 *
 * @shape bytes: room for 4 + filterBytes + valueLength from `at`; value: signature and data
 * @source agave gossip/src/crds_gossip_pull.rs, CrdsFilter; bloom/src/bloom.rs
 * @returns the offset behind the message
 */
export function writePullRequest(
  bytes: Uint8Array,
  at: number,
  filter: FilterParts,
  value: Uint8Array,
  valueAt: number,
  valueLength: number,
): number {
  let next = writeU32(bytes, at, Message.PULL_REQUEST);
  next = writeU64(bytes, next, filter.keyCount);
  next = copyBytes(filter.keys, 0, bytes, next, 8 * filter.keyCount);
  const blocks = Math.ceil(filter.bitLength / 64);
  if (blocks === 0) {
    bytes[next++] = 0; // a vector without bits has no blocks: anything else is not canonical
  } else {
    bytes[next++] = 1;
    next = writeU64(bytes, next, blocks);
    bytes.set(filter.bits.subarray(0, 8 * blocks), next); // a thousand bytes: a view pays
    next += 8 * blocks;
  }
  next = writeU64(bytes, next, filter.bitLength);
  next = writeU64(bytes, next, filter.bitsSet);
  next = writeU64Halves(bytes, next, filter.maskLow, filter.maskHigh);
  next = writeU32(bytes, next, filter.maskBits);
  return copyBytes(value, valueAt, bytes, next, valueLength);
}

/**
 * Writes a prune but for its signature: over what `writePruneSignedBytes` makes of it, to be put at
 * `at + pruneSignatureAt(originCount)`.
 *
 * @shape bytes: room for pruneBytes(originCount) from `at`; pubkey, destination: 32 B; origins: 32 B each
 * @units wallclockMs: ms since the Unix epoch
 * @source agave gossip/src/protocol.rs, PruneData
 * @returns the offset behind the message
 */
export function writePrune(
  bytes: Uint8Array,
  at: number,
  pubkey: Uint8Array,
  pubkeyAt: number,
  origins: Uint8Array,
  originsAt: number,
  originCount: number,
  destination: Uint8Array,
  destinationAt: number,
  wallclockMs: number,
): number {
  let next = writeU32(bytes, at, Message.PRUNE);
  next = copyBytes(pubkey, pubkeyAt, bytes, next, PUBKEY_BYTES);
  next = copyBytes(pubkey, pubkeyAt, bytes, next, PUBKEY_BYTES);
  next = writeU64(bytes, next, originCount);
  next = copyBytes(origins, originsAt, bytes, next, PUBKEY_BYTES * originCount);
  next += SIGNATURE_BYTES;
  next = copyBytes(destination, destinationAt, bytes, next, PUBKEY_BYTES);
  return writeU64(bytes, next, wallclockMs);
}

/** Which bytes of a prune are signed: both forms are on the network, ours is plain as Agave's. */
export type PruneForm = 'plain' | 'prefixed';

const PREFIX = Uint8Array.from(PRUNE_PREFIX, (letter) => letter.charCodeAt(0));

/** Bytes that `writePruneSignedBytes` needs for so many origins, in the longer form. */
export const pruneSignedBytes = (originCount: number): number =>
  8 + PREFIX.length + pruneBytes(originCount) - 4 - PUBKEY_BYTES - SIGNATURE_BYTES;

/**
 * Puts together the bytes that the signature of a prune is over: it sits in the middle of them.
 *
 * @shape packet: a prune at `at`; out: room for pruneSignedBytes(originCount) from `outAt`
 * @source agave gossip/src/protocol.rs, PruneData
 * @returns the offset behind the last byte
 */
export function writePruneSignedBytes(
  packet: Uint8Array,
  at: number,
  originCount: number,
  form: PruneForm,
  out: Uint8Array,
  outAt: number,
): number {
  let next = outAt;
  if (form === 'prefixed') {
    next = writeU64(out, next, PREFIX.length);
    next = copyBytes(PREFIX, 0, out, next, PREFIX.length);
  }
  const signatureAt = pruneSignatureAt(originCount);
  const frontAt = 4 + PUBKEY_BYTES; // the tag and the sender are not signed
  next = copyBytes(packet, at + frontAt, out, next, signatureAt - frontAt);
  const restAt = signatureAt + SIGNATURE_BYTES;
  return copyBytes(packet, at + restAt, out, next, pruneBytes(originCount) - restAt);
}
