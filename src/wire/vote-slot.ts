import {
  readCount,
  readI32,
  readShort,
  readTag,
  readVarint,
  shortBytes,
  varint,
} from './cursor.ts';
import { HASH_BYTES, PUBKEY_BYTES, SIGNATURE_BYTES } from './limits.ts';
import { VALUE_HEADER_BYTES } from './skim-value.ts';
import { VOTE_FORMS, VoteForm } from './skim-vote.ts';

/** Slots at and above this are nobody's: they would not be exact as numbers. */
const TOO_HIGH = 2 ** 53;

/**
 * The last slot that a vote is for, read from a value that skim accepted, without decoding the rest.
 *
 * @shape bytes: may be shared
 * @units at, end: absolute offsets of the whole value, signature included
 * @source agave vote/src/vote_transaction.rs, last_voted_slot
 * @returns the slot, or -1 when there is none
 */
export function lastVotedSlot(bytes: Uint8Array, at: number, end: number): number {
  const data = voteDataAt(bytes, at, end);
  const form = VOTE_FORMS[readTag(bytes, data)]!;
  const slot =
    form === VoteForm.COMPACT
      ? lastCompactSlot(bytes, data + 4, end)
      : lastListedSlot(bytes, data + 4, end, form === VoteForm.SLOTS ? 8 : 12);
  return slot < TOO_HIGH ? slot : -1;
}

/** Where the data of the first instruction begin. */
function voteDataAt(bytes: Uint8Array, at: number, end: number): number {
  let next = at + VALUE_HEADER_BYTES + 1 + PUBKEY_BYTES;
  const signatures = readShort(bytes, next, end);
  next += shortBytes(signatures) + signatures * SIGNATURE_BYTES + 3;
  const keys = readShort(bytes, next, end);
  next += shortBytes(keys) + keys * PUBKEY_BYTES + HASH_BYTES;
  next += shortBytes(readShort(bytes, next, end)) + 1;
  const accounts = readShort(bytes, next, end);
  next += shortBytes(accounts) + accounts;
  return next + shortBytes(readShort(bytes, next, end));
}

function lastListedSlot(bytes: Uint8Array, at: number, end: number, stride: number): number {
  const count = readCount(bytes, at, end, 0xffff, stride);
  return count <= 0 ? -1 : readSlot(bytes, at + 8 + (count - 1) * stride);
}

/** The slots are distances: from the root, then each from the one before. */
function lastCompactSlot(bytes: Uint8Array, at: number, end: number): number {
  const isRootless = readI32(bytes, at) === -1 && readI32(bytes, at + 4) === -1;
  let slot = isRootless ? 0 : readSlot(bytes, at);
  const count = readShort(bytes, at + 8, end);
  if (count <= 0) return -1;
  let next = at + 8 + shortBytes(count);
  for (let i = 0; i < count; i++) {
    next = readVarint(bytes, next, end) + 1; // a byte of confirmations
    slot += varint[1]! * 4294967296 + varint[0]!;
  }
  return slot;
}

function readSlot(bytes: Uint8Array, at: number): number {
  return (readI32(bytes, at + 4) >>> 0) * 4294967296 + (readI32(bytes, at) >>> 0);
}
