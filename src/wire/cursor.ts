/**
 * Bounds-checked reads of the protocol's variable parts. Each returns a value or the next offset, or a
 * negative Outcome; what does not fit into one small integer is left in a variable of this module. Nothing
 * here allocates: results above 2^31 would be boxed when returned, so they never are.
 *
 * One call of `skim` runs to its end before the next begins, so one set of these variables is enough.
 */
import { Outcome } from '../util/outcome.ts';

const {
  PACKET_TRUNCATED,
  COUNT_OVER_LIMIT,
  VARINT_NOT_CANONICAL,
  VARINT_OVERFLOW,
  OPTION_TAG_UNKNOWN,
  BITVEC_OVER_CAPACITY,
} = Outcome;

/** The byte at fault of the last refusal. @units absolute byte offset */
export let refusedAt = 0;

/** Notes where a refusal happened. @returns the outcome given */
export function refuse(at: number, outcome: number): number {
  refusedAt = at;
  return outcome;
}

/** Refuses because the bytes end too soon; `end` is the first that is not there. */
export function refuseShort(end: number): number {
  return refuse(end, PACKET_TRUNCATED);
}

/** The first sanitize failure of the packet, 0 while there is none. */
export let objection = 0;
/** The field that the objection is about. @units absolute byte offset */
export let objectionAt = 0;

/**
 * Notes a sanitize failure and lets decoding go on: Agave decodes the whole packet before it sanitizes
 * any of it, so that a decode failure further on wins.
 */
export function objectTo(at: number, outcome: number): void {
  if (objection !== 0) return;
  objection = outcome;
  objectionAt = at;
}

/** Forgets the objection of the packet before. */
export function clearObjection(): void {
  objection = 0;
}

/**
 * A u32 as a signed number, which never has to be boxed when V8 does not inline the call; `>>> 0` where it
 * is used makes it the number it is.
 */
export function readI32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/**
 * A u32 tag of which only values below 255 mean anything; the caller has checked that 4 bytes are there.
 * @returns the tag, or 255 for any from 255 on
 */
export function readTag(bytes: Uint8Array, at: number): number {
  return (bytes[at + 1]! | bytes[at + 2]! | bytes[at + 3]!) === 0 ? bytes[at]! : 255;
}

/**
 * A short_vec length or a LEB128 u16, which have the same encodings: at most 3 bytes, shortest form only.
 * Its size follows from its value: `shortBytes`.
 *
 * @errors PACKET_TRUNCATED, VARINT_NOT_CANONICAL, VARINT_OVERFLOW
 * @source solana-sdk short-vec/src/wincode.rs, wincode-varint/src/lib.rs
 * @returns the value, or a negative Outcome
 */
export function readShort(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return refuseShort(end);
  const first = bytes[at]!;
  return first < 0x80 ? first : readLongShort(bytes, at, end);
}

function readLongShort(bytes: Uint8Array, at: number, end: number): number {
  if (at + 1 >= end) return refuseShort(end);
  const second = bytes[at + 1]!;
  if (second === 0) return refuse(at + 1, VARINT_NOT_CANONICAL);
  const low = (bytes[at]! & 0x7f) | ((second & 0x7f) << 7);
  if (second < 0x80) return low;
  if (at + 2 >= end) return refuseShort(end);
  const third = bytes[at + 2]!;
  if (third === 0) return refuse(at + 2, VARINT_NOT_CANONICAL);
  if (third > 3) return refuse(at + 2, VARINT_OVERFLOW);
  return low | (third << 14);
}

/** Bytes that `readShort` took for a value. */
export function shortBytes(value: number): number {
  return value < 0x80 ? 1 : value < 0x4000 ? 2 : 3;
}

/** Passes over a LEB128 u16. @returns the next offset, or a negative Outcome */
export function skipShort(bytes: Uint8Array, at: number, end: number): number {
  const value = readShort(bytes, at, end);
  return value < 0 ? value : at + shortBytes(value);
}

/** Low and high half of what `readVarint` read last. */
export const varint = new Uint32Array(2);

/**
 * A LEB128 u64: at most 10 bytes, shortest form only. Leaves the value in `varint`.
 *
 * @errors PACKET_TRUNCATED, VARINT_NOT_CANONICAL, VARINT_OVERFLOW
 * @source solana-sdk wincode-varint/src/lib.rs
 * @returns the next offset, or a negative Outcome
 */
export function readVarint(bytes: Uint8Array, at: number, end: number): number {
  let low = 0;
  let high = 0;
  for (let i = 0; i < 10; i++) {
    if (at + i >= end) return refuseShort(end);
    const byte = bytes[at + i]!;
    const group = byte & 0x7f;
    if (i < 4) low |= group << (7 * i);
    else if (i === 4) {
      low |= group << 28;
      high = group >>> 4;
    } else high |= group << (7 * i - 32);
    if (byte >= 0x80) continue;
    if (byte === 0 && i > 0) return refuse(at + i, VARINT_NOT_CANONICAL);
    // The tenth byte begins at bit 63: only one more bit fits.
    if (i === 9 && byte > 1) return refuse(at + i, VARINT_OVERFLOW);
    varint[0] = low;
    varint[1] = high;
    return at + i + 1;
  }
  return refuse(at + 9, VARINT_OVERFLOW);
}

/**
 * A u64 count of a collection, compared with Agave's limit on allocations and with the bytes that are
 * left before anybody multiplies with it.
 *
 * @units limit: elements; elementBytes: the smallest encoding of one
 * @errors PACKET_TRUNCATED, COUNT_OVER_LIMIT
 * @returns the count, or a negative Outcome
 */
export function readCount(
  bytes: Uint8Array,
  at: number,
  end: number,
  limit: number,
  elementBytes: number,
): number {
  if (end - at < 8) return refuseShort(end);
  // Limits are below 2^16, so the upper six bytes have to be zero.
  const rest =
    bytes[at + 2]! |
    bytes[at + 3]! |
    bytes[at + 4]! |
    bytes[at + 5]! |
    bytes[at + 6]! |
    bytes[at + 7]!;
  const count = bytes[at]! | (bytes[at + 1]! << 8);
  if (rest !== 0 || count > limit) return refuse(at, COUNT_OVER_LIMIT);
  if (count * elementBytes > end - at - 8) return refuse(at, PACKET_TRUNCATED);
  return count;
}

/** Passes over an optional 8-byte integer. @returns the next offset, or a negative Outcome */
export function skipOptionalU64(bytes: Uint8Array, at: number, end: number): number {
  if (at >= end) return refuseShort(end);
  const tag = bytes[at]!;
  if (tag > 1) return refuse(at, OPTION_TAG_UNKNOWN);
  const next = at + 1 + 8 * tag;
  return next > end ? refuseShort(end) : next;
}

/** First block of the bit vector read last. @units absolute byte offset */
export let bitVecAt = 0;
/** Blocks of the bit vector read last. */
export let bitVecBlocks = 0;
/** Bits of the bit vector read last. */
export let bitVecLength = 0;
/** Whether the bit vector read last is what an encoder writes: no surplus block, none at all for no bits. */
export let bitVecCanonical = true;

/**
 * A bit vector with blocks of `blockBytes` bytes. Leaves its shape in the `bitVec…` variables.
 *
 * @errors PACKET_TRUNCATED, OPTION_TAG_UNKNOWN, COUNT_OVER_LIMIT, BITVEC_OVER_CAPACITY
 * @source bv 0.11 as wincode encodes it, wincode src/schema/external/bv.rs
 * @returns the next offset, or a negative Outcome
 */
export function readBitVec(
  bytes: Uint8Array,
  at: number,
  end: number,
  limit: number,
  blockBytes: number,
): number {
  if (at >= end) return refuseShort(end);
  const tag = bytes[at]!;
  if (tag > 1) return refuse(at, OPTION_TAG_UNKNOWN);
  let next = at + 1;
  let blocks = 0;
  if (tag === 1) {
    blocks = readCount(bytes, next, end, limit, blockBytes);
    if (blocks < 0) return blocks;
    next += 8;
  }
  bitVecAt = next;
  bitVecBlocks = blocks;
  next += blocks * blockBytes;
  if (end - next < 8) return refuseShort(end);
  const rest =
    bytes[next + 2]! |
    bytes[next + 3]! |
    bytes[next + 4]! |
    bytes[next + 5]! |
    bytes[next + 6]! |
    bytes[next + 7]!;
  const length = bytes[next]! | (bytes[next + 1]! << 8); // a datagram has room for fewer than 2^16 bits
  const blockBits = 8 * blockBytes;
  if (rest !== 0 || length > blocks * blockBits) return refuse(next, BITVEC_OVER_CAPACITY);
  bitVecLength = length;
  bitVecCanonical = blocks === 0 ? tag === 0 : length > (blocks - 1) * blockBits;
  return next + 8;
}

/**
 * Whether the u64 at `at` is 10^15 (0x38d7e_a4c68000) or more, the bound on wallclocks and slots.
 * @source agave gossip/src/crds_data.rs, MAX_WALLCLOCK and MAX_SLOT
 */
export function overLimit(bytes: Uint8Array, at: number): boolean {
  const high = readI32(bytes, at + 4);
  if (high !== 0x38d7e) return high < 0 || high > 0x38d7e; // negative: the top bit is set
  // The lowest byte of the bound is zero, so the one at `at` cannot matter.
  return (bytes[at + 1]! | (bytes[at + 2]! << 8) | (bytes[at + 3]! << 16)) >= 0xa4c680;
}
