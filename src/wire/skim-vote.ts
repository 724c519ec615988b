/**
 * Votes: a legacy transaction whose first instruction has to be a vote. Agave parses it while decoding, so
 * that whatever is wrong in there refuses the whole packet.
 */
import { Outcome } from '../util/outcome.ts';
import type { ValueColumns } from './columns.ts';
import {
  objectTo,
  overLimit,
  readCount,
  readI32,
  readShort,
  readTag,
  readVarint,
  refuse,
  refuseShort,
  shortBytes,
  skipOptionalU64,
  varint,
} from './cursor.ts';
import {
  HASH_BYTES,
  MAX_INSTRUCTIONS,
  MAX_VOTES,
  PUBKEY_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts';

const {
  PACKET_TRUNCATED,
  COUNT_OVER_LIMIT,
  TRANSACTION_HEADER,
  TRANSACTION_INDEX,
  VOTE_NO_INSTRUCTION,
  VOTE_NOT_VOTE_PROGRAM,
  VOTE_NO_ACCOUNT,
  VOTE_INSTRUCTION_UNKNOWN,
  VOTE_INSTRUCTION_MALFORMED,
  VOTE_SLOT_OVERFLOW,
  VALUE_INDEX_OVER_LIMIT,
  WALLCLOCK_OVER_LIMIT,
} = Outcome;

/** Vote111111111111111111111111111111111111111 @source solana-sdk sdk-ids/src/lib.rs, vote */
export const VOTE_PROGRAM = Uint8Array.from(
  [0x07, 0x61, 0x48, 0x1d, 0x35, 0x74, 0x74, 0xbb, 0x7c, 0x4d, 0x76, 0x24, 0xeb, 0xd3, 0xbd, 0xb3]
    .concat([0xd8, 0x35, 0x5e, 0x73, 0xd1, 0x10, 0x43, 0xfc, 0x0d, 0xa3, 0x53, 0x80])
    .concat([0, 0, 0, 0]),
);

/** How a vote instruction lists the slots it votes for. */
export const VoteForm = Object.freeze({ NONE: 0, SLOTS: 1, LOCKOUTS: 2, COMPACT: 3 });

/**
 * Form by tag of the vote instruction; the tags not listed carry no vote.
 * @source solana-sdk vote-interface/src/instruction.rs
 */
export const VOTE_FORMS = byTag({
  2: VoteForm.SLOTS, // Vote
  6: VoteForm.SLOTS, // VoteSwitch
  8: VoteForm.LOCKOUTS, // UpdateVoteState
  9: VoteForm.LOCKOUTS, // UpdateVoteStateSwitch
  12: VoteForm.COMPACT, // CompactUpdateVoteState
  13: VoteForm.COMPACT, // CompactUpdateVoteStateSwitch
  14: VoteForm.COMPACT, // TowerSync
  15: VoteForm.COMPACT, // TowerSyncSwitch
});

/** Bytes behind the timestamp: the proof of a switch of forks, the block id of a tower sync, or both. */
const TAIL_BYTES = byTag({ 6: 32, 9: 32, 13: 32, 14: 32, 15: 64 });

function byTag(entries: Readonly<Record<number, number>>): Uint8Array {
  const table = new Uint8Array(256);
  for (const [tag, value] of Object.entries(entries)) table[Number(tag)] = value;
  return table;
}

/**
 * Skims the body of a vote: index, origin, transaction, wallclock.
 *
 * @shape bytes: may be shared; columns: `row` is within
 * @units at: absolute offset behind the kind tag
 * @source agave vote/src/vote_parser.rs, solana-sdk transaction/src/lib.rs and message/src/legacy.rs
 * @returns the offset behind the value, or a negative Outcome
 */
export function skimVote(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end - at < 1 + PUBKEY_BYTES) return refuseShort(end);
  const index = bytes[at]!;
  columns.index[row] = index;
  columns.origin[row] = at + 1;
  const wallclockAt = skimTransaction(bytes, at + 1 + PUBKEY_BYTES, end);
  if (wallclockAt < 0) return wallclockAt;
  if (end - wallclockAt < 8) return refuseShort(end);
  if (index >= MAX_VOTES) objectTo(at, VALUE_INDEX_OVER_LIMIT);
  columns.wallclock[row] =
    (readI32(bytes, wallclockAt + 4) >>> 0) * 4294967296 + (readI32(bytes, wallclockAt) >>> 0);
  if (overLimit(bytes, wallclockAt)) objectTo(wallclockAt, WALLCLOCK_OVER_LIMIT);
  return wallclockAt + 8;
}

/** Skims a legacy transaction that has to be a vote. @returns the next offset, or a negative Outcome */
function skimTransaction(bytes: Uint8Array, at: number, end: number): number {
  // hot: most values on the network are votes, and splitting would hand six numbers around
  const signatures = readShort(bytes, at, end);
  if (signatures < 0) return signatures;
  let next = at + shortBytes(signatures);
  if (signatures * SIGNATURE_BYTES > end - next) return refuse(at, PACKET_TRUNCATED);
  next += signatures * SIGNATURE_BYTES;

  if (end - next < 3) return refuseShort(end);
  const headerAt = next;
  const signers = bytes[next]!;
  const readonlySigned = bytes[next + 1]!;
  const readonlyUnsigned = bytes[next + 2]!;
  next += 3;
  const keys = readShort(bytes, next, end);
  if (keys < 0) return keys;
  const keysAt = next + shortBytes(keys);
  if (keys * PUBKEY_BYTES > end - keysAt) return refuse(next, PACKET_TRUNCATED);
  if (signers !== signatures || signers + readonlyUnsigned > keys || readonlySigned >= signers) {
    return refuse(headerAt, TRANSACTION_HEADER);
  }
  next = keysAt + keys * PUBKEY_BYTES;
  if (end - next < HASH_BYTES) return refuseShort(end);
  next += HASH_BYTES;

  const instructionsAt = next;
  const instructions = readShort(bytes, next, end);
  if (instructions < 0) return instructions;
  if (instructions > MAX_INSTRUCTIONS) return refuse(next, COUNT_OVER_LIMIT);
  if (instructions === 0) return refuse(next, VOTE_NO_INSTRUCTION);
  next += shortBytes(instructions);
  let dataAt = 0;
  let dataEnd = 0;
  for (let i = 0; i < instructions; i++) {
    next = skimInstruction(bytes, next, end, keys);
    if (next < 0) return next;
    if (i > 0) continue;
    dataAt = instructionDataAt;
    dataEnd = next;
  }

  const firstAt = instructionsAt + shortBytes(instructions);
  const programAt = keysAt + bytes[firstAt]! * PUBKEY_BYTES;
  for (let i = 0; i < PUBKEY_BYTES; i++) {
    if (bytes[programAt + i] !== VOTE_PROGRAM[i]) return refuse(programAt, VOTE_NOT_VOTE_PROGRAM);
  }
  if (bytes[firstAt + 1] === 0) return refuse(firstAt + 1, VOTE_NO_ACCOUNT);
  const outcome = skimVoteInstruction(bytes, dataAt, dataEnd);
  if (outcome === PACKET_TRUNCATED || outcome === COUNT_OVER_LIMIT) {
    return VOTE_INSTRUCTION_MALFORMED; // what ended too soon is the instruction, not the packet
  }
  return outcome < 0 ? outcome : next;
}

/** Where the data of the instruction skimmed last begin; they reach to its end. */
let instructionDataAt = 0;

/** Skims one instruction of a transaction with `keys` keys. @returns the next offset, or a negative Outcome */
function skimInstruction(bytes: Uint8Array, at: number, end: number, keys: number): number {
  if (at >= end) return refuseShort(end);
  const program = bytes[at]!;
  // Key 0 pays the fee and cannot be a program.
  if (program === 0 || program >= keys) return refuse(at, TRANSACTION_INDEX);
  let next = at + 1;
  const accounts = readShort(bytes, next, end);
  if (accounts < 0) return accounts;
  const accountsAt = next + shortBytes(accounts);
  if (accounts > end - accountsAt) return refuse(next, PACKET_TRUNCATED);
  next = accountsAt + accounts;
  for (let i = accountsAt; i < next; i++) {
    if (bytes[i]! >= keys) return refuse(i, TRANSACTION_INDEX);
  }
  const length = readShort(bytes, next, end);
  if (length < 0) return length;
  instructionDataAt = next + shortBytes(length);
  if (length > end - instructionDataAt) return refuse(next, PACKET_TRUNCATED);
  return instructionDataAt + length;
}

/** Skims the data of a vote instruction; more bytes may follow it. @returns a next offset or a negative Outcome */
function skimVoteInstruction(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 4) return refuseShort(end);
  const tag = readTag(bytes, at);
  const form = VOTE_FORMS[tag]!;
  if (form === VoteForm.NONE) return refuse(at, VOTE_INSTRUCTION_UNKNOWN);
  let next = at + 4;
  if (form === VoteForm.COMPACT) {
    next = skimCompactLockouts(bytes, next, end);
    if (next < 0) return next;
  } else {
    const lockoutBytes = form === VoteForm.SLOTS ? 8 : 12;
    const count = readCount(bytes, next, end, 0xffff, lockoutBytes);
    if (count < 0) return count;
    next += 8 + count * lockoutBytes;
    if (form === VoteForm.LOCKOUTS) {
      next = skipOptionalU64(bytes, next, end); // root
      if (next < 0) return next;
    }
  }
  if (end - next < HASH_BYTES) return refuseShort(end);
  next = skipOptionalU64(bytes, next + HASH_BYTES, end); // timestamp
  if (next < 0) return next;
  next += TAIL_BYTES[tag]!;
  return next > end ? refuseShort(end) : next;
}

/**
 * Skims a root and the lockouts given as distances from it, whose sum has to stay within 64 bits. The sum is
 * kept as two halves, each a number below 2^33 before its carry is taken off.
 * @returns the next offset, or a negative Outcome
 */
function skimCompactLockouts(bytes: Uint8Array, at: number, end: number): number {
  if (end - at < 8) return refuseShort(end);
  let low = readI32(bytes, at) >>> 0;
  let high = readI32(bytes, at + 4) >>> 0;
  if (low === 0xffffffff && high === 0xffffffff) {
    low = 0; // no root
    high = 0;
  }
  const count = readShort(bytes, at + 8, end);
  if (count < 0) return count;
  let next = at + 8 + shortBytes(count);
  for (let i = 0; i < count; i++) {
    const offsetAt = next;
    if (next < end && bytes[next]! < 0x80) {
      low += bytes[next]!;
      next++;
    } else {
      next = readVarint(bytes, next, end);
      if (next < 0) return next;
      low += varint[0]!;
      high += varint[1]!;
    }
    if (low >= 0x100000000) {
      low -= 0x100000000;
      high++;
    }
    if (high >= 0x100000000) return refuse(offsetAt, VOTE_SLOT_OVERFLOW);
    if (next >= end) return refuseShort(end);
    next++; // confirmations
  }
  return next;
}
