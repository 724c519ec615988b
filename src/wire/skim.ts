/**
 * Finds everything in a datagram that routing needs, without building an object: the one place that
 * decides what is well-formed. Full decoding trusts what was accepted here.
 */
import { equalBytes } from '../util/bytes.ts';
import { Outcome } from '../util/outcome.ts';
import { type KnownValues, NONE_KNOWN, type ValueColumns } from './columns.ts';
import {
  bitVecAt,
  bitVecBlocks,
  bitVecLength,
  clearObjection,
  objection,
  objectionAt,
  objectTo,
  overLimit,
  readBitVec,
  readCount,
  readI32,
  readTag,
  refuse,
  refusedAt,
  refuseShort,
} from './cursor.ts';
import {
  HASH_BYTES,
  Kind,
  Message,
  MIN_MASK_BITS,
  PACKET_BYTES,
  PING_BYTES,
  PREALLOCATION_BYTES,
  PUBKEY_BYTES,
  SIGNATURE_BYTES,
  SMALLEST_VALUE_BYTES,
  VALUES_HEADER_BYTES,
} from './limits.ts';
import { skimOneValue, VALUE_HEADER_BYTES } from './skim-value.ts';

export { canonicalizeValue } from './canonical.ts';
export {
  createValueColumns,
  type KnownValues,
  VALUE_NOT_CANONICAL,
  type ValueColumns,
} from './columns.ts';

const {
  PACKET_EMPTY,
  PACKET_TOO_LONG,
  PACKET_TRAILING_BYTES,
  MESSAGE_UNKNOWN,
  MASK_BITS_TOO_FEW,
  CALLER_NOT_CONTACT_INFO,
  PRUNE_SENDER_MISMATCH,
  WALLCLOCK_OVER_LIMIT,
} = Outcome;

/** 7656 / 696, the size of a value in Agave's memory; one more than a datagram can hold. */
const VALUES_LIMIT = 11;

/** Message-level fields of the last packet skimmed; offsets are absolute. One instance serves every packet. */
export class PacketFields {
  /** One of `Message`, or -1 when the packet was refused before it was known. */
  message = -1;
  /** The sender's key: of the message, or the caller's of a pull request. */
  sender = 0;
  /** Values in the packet, which are rows from `firstRow` on. */
  valueCount = 0;
  /**
   * After a refusal: the byte at fault. That is the first byte of the field that breaks a rule, the byte
   * that breaks the form of a variable-length integer, or `end` where bytes are missing.
   */
  failedAt = 0;

  // Pull request
  keysAt = 0;
  keyCount = 0;
  /** First byte of the first block. */
  bitsAt = 0;
  /** Blocks of 8 bytes. */
  bitBlocks = 0;
  bitLength = 0;
  maskAt = 0;
  /** Any u32 from 6 on; all from 64 on mean the same. NaN at first, so that V8 keeps a double here. */
  maskBits = Number.NaN;

  // Prune; `signatureAt` also of ping and pong
  prunesAt = 0;
  pruneCount = 0;
  signatureAt = 0;
  destinationAt = 0;
  wallclock = Number.NaN;

  /** Ping: its token. Pong: its hash. */
  tokenAt = 0;
}

/**
 * Skims one datagram: everything that Agave checks while decoding it and sanitizing it, in that order.
 *
 * @shape bytes: Uint8Array, may be shared; columns: at least MAX_VALUES rows from `firstRow` on
 * @units at, end: absolute byte offsets
 * @owner the caller owns `packet` and the rows for the duration of the call; after a refusal they hold
 *   whatever was found until then
 * @errors every outcome of the stages decode and sanitize
 * @source agave gossip/src/protocol.rs
 * @returns Outcome.OK or a negative Outcome
 */
export function skim(
  bytes: Uint8Array,
  at: number,
  end: number,
  packet: PacketFields,
  columns: ValueColumns,
  firstRow: number,
  held: KnownValues = NONE_KNOWN,
): number {
  packet.valueCount = 0;
  clearObjection();
  const next = skimMessage(bytes, at, end, packet, columns, firstRow, held);
  const outcome = conclude(next, end);
  if (outcome < 0) packet.failedAt = refusedAt;
  return outcome;
}

/** What came of decoding up to `next`: a refusal, bytes left over, else the first objection if there is one. */
function conclude(next: number, end: number): number {
  if (next < 0) return next;
  if (next < end) return refuse(next, PACKET_TRAILING_BYTES);
  return objection < 0 ? refuse(objectionAt, objection) : objection;
}

/** Skims up to the end of the message. @returns the next offset, or a negative Outcome */
function skimMessage(
  bytes: Uint8Array,
  at: number,
  end: number,
  packet: PacketFields,
  columns: ValueColumns,
  firstRow: number,
  held: KnownValues,
): number {
  packet.message = -1;
  if (end <= at) return refuse(at, PACKET_EMPTY);
  if (end - at > PACKET_BYTES) return refuse(at + PACKET_BYTES, PACKET_TOO_LONG);
  if (end - at < 4) return refuseShort(end);
  const message = readTag(bytes, at);
  if (message > Message.PONG) return refuse(at, MESSAGE_UNKNOWN);
  packet.message = message;
  packet.sender = at + 4;
  switch (message) {
    case Message.PULL_REQUEST:
      return skimPullRequest(bytes, at, end, packet, columns, firstRow);
    case Message.PRUNE:
      return skimPrune(bytes, at, end, packet);
    case Message.PING:
    case Message.PONG:
      if (end - at < PING_BYTES) return refuseShort(end);
      packet.tokenAt = at + 4 + PUBKEY_BYTES;
      packet.signatureAt = at + 4 + PUBKEY_BYTES + HASH_BYTES;
      return at + PING_BYTES;
    default:
      return skimValues(bytes, at, end, packet, columns, firstRow, held);
  }
}

/** A push or a pull response: tag, sender, values. */
function skimValues(
  bytes: Uint8Array,
  at: number,
  end: number,
  packet: PacketFields,
  columns: ValueColumns,
  firstRow: number,
  held: KnownValues,
): number {
  const countAt = at + VALUES_HEADER_BYTES - 8;
  const count = readCount(bytes, countAt, end, VALUES_LIMIT, SMALLEST_VALUE_BYTES);
  if (count < 0) return count;
  let next = at + VALUES_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const row = firstRow + i;
    const known = held.match(bytes, next, end, columns, row);
    next = known > 0 ? next + known : skimOneValue(bytes, next, end, columns, row);
    if (next < 0) return next;
  }
  packet.valueCount = count;
  return next;
}

/** Bloom keys, Bloom bits, number of bits set 8, mask 8, mask bits 4, the caller's contact info. */
function skimPullRequest(
  bytes: Uint8Array,
  at: number,
  end: number,
  packet: PacketFields,
  columns: ValueColumns,
  row: number,
): number {
  const keys = readCount(bytes, at + 4, end, PREALLOCATION_BYTES / 8, 8);
  if (keys < 0) return keys;
  packet.keysAt = at + 12;
  packet.keyCount = keys;
  let next = readBitVec(bytes, at + 12 + 8 * keys, end, PREALLOCATION_BYTES / 8, 8);
  if (next < 0) return next;
  packet.bitsAt = bitVecAt;
  packet.bitBlocks = bitVecBlocks;
  packet.bitLength = bitVecLength;
  if (end - next < 20) return refuseShort(end);
  packet.maskAt = next + 8;
  const maskBitsAt = next + 16;
  packet.maskBits = readI32(bytes, maskBitsAt) >>> 0;
  if (packet.maskBits < MIN_MASK_BITS) objectTo(maskBitsAt, MASK_BITS_TOO_FEW);
  next += 20;
  if (end - next >= VALUE_HEADER_BYTES) {
    // Objected to before anything inside the value is.
    const tagAt = next + SIGNATURE_BYTES;
    if (readTag(bytes, tagAt) !== Kind.CONTACT_INFO) objectTo(tagAt, CALLER_NOT_CONTACT_INFO);
  }
  next = skimOneValue(bytes, next, end, columns, row);
  if (next < 0) return next;
  packet.sender = columns.origin[row]!;
  packet.valueCount = 1;
  return next;
}

/** Sender 32, signer 32, origins, signature 64, destination 32, wallclock 8. */
function skimPrune(bytes: Uint8Array, at: number, end: number, packet: PacketFields): number {
  const signerAt = at + 4 + PUBKEY_BYTES;
  const countAt = signerAt + PUBKEY_BYTES;
  const limit = 239; // 7656 / 32
  if (end < countAt) return refuseShort(end);
  const count = readCount(bytes, countAt, end, limit, PUBKEY_BYTES);
  if (count < 0) return count;
  packet.prunesAt = countAt + 8;
  packet.pruneCount = count;
  packet.signatureAt = packet.prunesAt + count * PUBKEY_BYTES;
  packet.destinationAt = packet.signatureAt + SIGNATURE_BYTES;
  const wallclockAt = packet.destinationAt + PUBKEY_BYTES;
  if (end - wallclockAt < 8) return refuseShort(end);
  packet.wallclock =
    (readI32(bytes, wallclockAt + 4) >>> 0) * 4294967296 + (readI32(bytes, wallclockAt) >>> 0);
  if (!equalBytes(bytes, at + 4, bytes, signerAt, PUBKEY_BYTES)) {
    objectTo(signerAt, PRUNE_SENDER_MISMATCH);
  }
  if (overLimit(bytes, wallclockAt)) objectTo(wallclockAt, WALLCLOCK_OVER_LIMIT);
  return wallclockAt + 8;
}

/**
 * Skims one bare value, signature and data, that must end at `end`: a row of the table, a line of a dump.
 *
 * @shape bytes: may be shared; columns: `row` is within
 * @units at, end: absolute byte offsets
 * @errors every outcome of the stages decode and sanitize that concerns values
 * @returns Outcome.OK or a negative Outcome; `lastRefusalAt` says where
 */
export function skimValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end <= at) return refuse(at, PACKET_EMPTY);
  if (end - at > PACKET_BYTES) return refuse(at + PACKET_BYTES, PACKET_TOO_LONG);
  clearObjection();
  return conclude(skimOneValue(bytes, at, end, columns, row), end);
}

/** The byte at fault of the last refusal by `skim` or `skimValue`, as in `PacketFields.failedAt`. */
export function lastRefusalAt(): number {
  return refusedAt;
}
