/** One value: signature, kind, and the bodies of the kinds that are simple enough to share a file. */
import { Outcome } from '../util/outcome.ts';
import { VALUE_NOT_CANONICAL, type ValueColumns } from './columns.ts';
import {
  bitVecBlocks,
  bitVecCanonical,
  bitVecLength,
  objectTo,
  overLimit,
  readBitVec,
  readCount,
  readI32,
  readTag,
  refuse,
  refuseShort,
  skipShort,
} from './cursor.ts';
import {
  HASH_BYTES,
  Kind,
  MAX_DUPLICATE_SHREDS,
  MAX_EPOCH_SLOTS,
  MAX_SLOTS_PER_ENTRY,
  PREALLOCATION_BYTES,
  PUBKEY_BYTES,
  SIGNATURE_BYTES,
} from './limits.ts';
import { skimContactInfo } from './skim-contact-info.ts';
import { skimVote } from './skim-vote.ts';

const {
  VALUE_KIND_REMOVED,
  VALUE_KIND_UNKNOWN,
  LOWEST_SLOT_INDEX,
  SLOTS_TAG_UNKNOWN,
  WALLCLOCK_OVER_LIMIT,
  SLOT_OVER_LIMIT,
  VALUE_INDEX_OVER_LIMIT,
  LOWEST_SLOT_OBSOLETE_FIELDS,
  EPOCH_SLOTS_COUNT_OVER_LIMIT,
  EPOCH_SLOTS_BITMAP_SHAPE,
  SNAPSHOT_INCREMENTAL_NOT_ABOVE_FULL,
  DUPLICATE_SHRED_CHUNK,
} = Outcome;

/** Signature and kind tag in front of every body. */
export const VALUE_HEADER_BYTES = SIGNATURE_BYTES + 4;

/** Smallest entry of EpochSlots: tag 4, first slot 8, number 8, length 8 of no bytes. */
const SMALLEST_ENTRY_BYTES = 28;

/** Slot 8 and hash 32 of an incremental snapshot. */
const SNAPSHOT_BYTES = 8 + HASH_BYTES;

/**
 * Where the origin's public key lies in a value of a kind: behind the header, and behind the index where
 * the kind has one.
 */
export function originOffsetOf(kind: number): number {
  switch (kind) {
    case Kind.VOTE:
    case Kind.LOWEST_SLOT:
    case Kind.EPOCH_SLOTS:
      return VALUE_HEADER_BYTES + 1;
    case Kind.DUPLICATE_SHRED:
      return VALUE_HEADER_BYTES + 2;
    default:
      return VALUE_HEADER_BYTES;
  }
}

/**
 * Skims one value and fills its row. Sanitize failures go to `objectTo`, in Agave's order.
 *
 * @shape bytes: may be shared; columns: `row` is within
 * @units at, end: absolute offsets; more may follow behind the value
 * @errors every decode outcome that concerns values
 * @source behaviour 10.4; agave gossip/src/crds_value.rs, crds_data.rs
 * @returns the offset behind the value, or a negative Outcome
 */
export function skimOneValue(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end - at < VALUE_HEADER_BYTES) return refuseShort(end);
  const tagAt = at + SIGNATURE_BYTES;
  const bodyAt = at + VALUE_HEADER_BYTES;
  const kind = readTag(bytes, tagAt);
  columns.offset[row] = at;
  columns.kind[row] = kind;
  columns.index[row] = 0;
  columns.flags[row] = 0;
  let next = 0;
  switch (kind) {
    case Kind.VOTE:
      next = skimVote(bytes, bodyAt, end, columns, row);
      break;
    case Kind.CONTACT_INFO:
      next = skimContactInfo(bytes, bodyAt, end, columns, row);
      break;
    case Kind.EPOCH_SLOTS:
      next = skimEpochSlots(bytes, bodyAt, end, columns, row);
      break;
    case Kind.LOWEST_SLOT:
      next = skimLowestSlot(bytes, bodyAt, end, columns, row);
      break;
    case Kind.SNAPSHOT_HASHES:
      next = skimSnapshotHashes(bytes, bodyAt, end, columns, row);
      break;
    case Kind.DUPLICATE_SHRED:
      next = skimDuplicateShred(bytes, bodyAt, end, columns, row);
      break;
    case Kind.RESTART_LAST_VOTED_FORK_SLOTS:
      next = skimLastVotedForkSlots(bytes, bodyAt, end, columns, row);
      break;
    case Kind.RESTART_HEAVIEST_FORK:
      next = skimHeaviestFork(bytes, bodyAt, end, columns, row);
      break;
    default:
      // Removed kinds have the tags below 9 that are not above; their length is unknown.
      return refuse(tagAt, kind < 9 ? VALUE_KIND_REMOVED : VALUE_KIND_UNKNOWN);
  }
  if (next < 0) return next;
  columns.length[row] = next - at;
  return next;
}

/** Fills in a fixed-width wallclock and objects to one over the limit. */
function takeWallclock(bytes: Uint8Array, at: number, columns: ValueColumns, row: number): void {
  columns.wallclock[row] = (readI32(bytes, at + 4) >>> 0) * 4294967296 + (readI32(bytes, at) >>> 0);
  if (overLimit(bytes, at)) objectTo(at, WALLCLOCK_OVER_LIMIT);
}

/** Index 1, from 32, root 8, lowest 8, slots, stash, wallclock 8. */
function skimLowestSlot(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end - at < 1 + PUBKEY_BYTES + 16) return refuseShort(end);
  if (bytes[at] !== 0) return refuse(at, LOWEST_SLOT_INDEX);
  columns.origin[row] = at + 1;
  const rootAt = at + 1 + PUBKEY_BYTES;
  const slotsAt = rootAt + 16;
  const slots = readCount(bytes, slotsAt, end, PREALLOCATION_BYTES / 8, 8);
  if (slots < 0) return slots;
  const stashAt = slotsAt + 8 + 8 * slots;
  const stash = readCount(bytes, stashAt, end, PREALLOCATION_BYTES, 1);
  if (stash < 0) return stash;
  const wallclockAt = stashAt + 8 + stash;
  if (end - wallclockAt < 8) return refuseShort(end);
  takeWallclock(bytes, wallclockAt, columns, row);
  if (overLimit(bytes, rootAt + 8)) objectTo(rootAt + 8, SLOT_OVER_LIMIT);
  if ((readI32(bytes, rootAt) | readI32(bytes, rootAt + 4)) !== 0) {
    objectTo(rootAt, LOWEST_SLOT_OBSOLETE_FIELDS);
  }
  if (slots !== 0) objectTo(slotsAt, LOWEST_SLOT_OBSOLETE_FIELDS);
  if (stash !== 0) objectTo(stashAt, LOWEST_SLOT_OBSOLETE_FIELDS);
  return wallclockAt + 8;
}

/** Index 1, from 32, entries, wallclock 8. */
function skimEpochSlots(
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
  let next = at + 1 + PUBKEY_BYTES;
  const entries = readCount(bytes, next, end, PREALLOCATION_BYTES, SMALLEST_ENTRY_BYTES);
  if (entries < 0) return entries;
  next += 8;
  // Index and wallclock are sanitized before the entries, but only known after them.
  entryOutcome = 0;
  for (let i = 0; i < entries; i++) {
    next = skimSlotsEntry(bytes, next, end, columns, row);
    if (next < 0) return next;
  }
  if (end - next < 8) return refuseShort(end);
  if (index >= MAX_EPOCH_SLOTS) objectTo(at, VALUE_INDEX_OVER_LIMIT);
  takeWallclock(bytes, next, columns, row);
  if (entryOutcome !== 0) objectTo(entryOutcomeAt, entryOutcome);
  return next + 8;
}

/** The first sanitize failure among the entries of the current EpochSlots, and where. */
let entryOutcome = 0;
let entryOutcomeAt = 0;

function objectToEntry(at: number, outcome: number): void {
  if (entryOutcome !== 0) return;
  entryOutcome = outcome;
  entryOutcomeAt = at;
}

/** Tag 4, first slot 8, number 8, then deflated bytes or a bit vector. @returns the next offset, or a negative Outcome */
function skimSlotsEntry(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  if (end - at < 20) return refuseShort(end);
  const tag = readTag(bytes, at);
  if (tag > 1) return refuse(at, SLOTS_TAG_UNKNOWN);
  const payloadAt = at + 20;
  if (overLimit(bytes, at + 4)) objectToEntry(at + 4, SLOT_OVER_LIMIT);
  if (readI32(bytes, at + 16) !== 0 || readI32(bytes, at + 12) >>> 0 >= MAX_SLOTS_PER_ENTRY) {
    objectToEntry(at + 12, EPOCH_SLOTS_COUNT_OVER_LIMIT);
  }
  if (tag === 0) {
    const length = readCount(bytes, payloadAt, end, PREALLOCATION_BYTES, 1);
    return length < 0 ? length : payloadAt + 8 + length;
  }
  const next = readBitVec(bytes, payloadAt, end, PREALLOCATION_BYTES, 1);
  if (next < 0) return next;
  // Not a multiple of 8 fails this as well.
  if (bitVecLength !== 8 * bitVecBlocks) objectToEntry(next - 8, EPOCH_SLOTS_BITMAP_SHAPE);
  if (!bitVecCanonical) columns.flags[row] = VALUE_NOT_CANONICAL;
  return next;
}

/** Index 2, from 32, wallclock 8, slot 8, unused 5, number of chunks 1, chunk index 1, chunk. */
function skimDuplicateShred(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  const wallclockAt = at + 2 + PUBKEY_BYTES;
  const chunksAt = wallclockAt + 21;
  if (end < chunksAt + 2) return refuseShort(end);
  const index = bytes[at]! | (bytes[at + 1]! << 8);
  columns.index[row] = index;
  columns.origin[row] = at + 2;
  const length = readCount(bytes, chunksAt + 2, end, PREALLOCATION_BYTES, 1);
  if (length < 0) return length;
  if (index >= MAX_DUPLICATE_SHREDS) objectTo(at, VALUE_INDEX_OVER_LIMIT);
  takeWallclock(bytes, wallclockAt, columns, row);
  if (bytes[chunksAt + 1]! >= bytes[chunksAt]!) objectTo(chunksAt + 1, DUPLICATE_SHRED_CHUNK);
  return chunksAt + 10 + length;
}

/** From 32, full slot 8 and hash 32, incremental ones, wallclock 8. */
function skimSnapshotHashes(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  const fullAt = at + PUBKEY_BYTES;
  const countAt = fullAt + SNAPSHOT_BYTES;
  if (end < countAt) return refuseShort(end);
  columns.origin[row] = at;
  const limit = 191; // 7656 / 40
  const count = readCount(bytes, countAt, end, limit, SNAPSHOT_BYTES);
  if (count < 0) return count;
  const firstAt = countAt + 8;
  const wallclockAt = firstAt + count * SNAPSHOT_BYTES;
  if (end - wallclockAt < 8) return refuseShort(end);
  takeWallclock(bytes, wallclockAt, columns, row);
  if (overLimit(bytes, fullAt)) objectTo(fullAt, SLOT_OVER_LIMIT);
  for (let slotAt = firstAt; slotAt < wallclockAt; slotAt += SNAPSHOT_BYTES) {
    if (overLimit(bytes, slotAt)) objectTo(slotAt, SLOT_OVER_LIMIT);
    if (!isAbove(bytes, slotAt, fullAt)) {
      objectTo(slotAt, SNAPSHOT_INCREMENTAL_NOT_ABOVE_FULL);
    }
  }
  return wallclockAt + 8;
}

/** Whether the u64 at `at` is larger than the one at `other`. */
function isAbove(bytes: Uint8Array, at: number, other: number): boolean {
  for (let i = 7; i >= 0; i--) {
    if (bytes[at + i] !== bytes[other + i]) return bytes[at + i]! > bytes[other + i]!;
  }
  return false;
}

/** From 32, wallclock 8, offsets, last voted slot 8 and hash 32, shred version 2. */
function skimLastVotedForkSlots(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  const wallclockAt = at + PUBKEY_BYTES;
  const tagAt = wallclockAt + 8;
  if (end < tagAt + 4) return refuseShort(end);
  columns.origin[row] = at;
  const tag = readTag(bytes, tagAt);
  if (tag > 1) return refuse(tagAt, SLOTS_TAG_UNKNOWN);
  let next = tagAt + 4;
  if (tag === 0) {
    const runs = readCount(bytes, next, end, PREALLOCATION_BYTES / 2, 1);
    if (runs < 0) return runs;
    next += 8;
    for (let i = 0; i < runs; i++) {
      next = skipShort(bytes, next, end);
      if (next < 0) return next;
    }
  } else {
    next = readBitVec(bytes, next, end, PREALLOCATION_BYTES, 1);
    if (next < 0) return next;
    if (!bitVecCanonical) columns.flags[row] = VALUE_NOT_CANONICAL;
  }
  next += 8 + HASH_BYTES + 2;
  if (next > end) return refuseShort(end);
  takeWallclock(bytes, wallclockAt, columns, row);
  return next;
}

/** From 32, wallclock 8, last slot 8 and hash 32, observed stake 8, shred version 2. */
function skimHeaviestFork(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: ValueColumns,
  row: number,
): number {
  const next = at + PUBKEY_BYTES + 8 + 8 + HASH_BYTES + 8 + 2;
  if (next > end) return refuseShort(end);
  columns.origin[row] = at;
  takeWallclock(bytes, at + PUBKEY_BYTES, columns, row);
  return next;
}
