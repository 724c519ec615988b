/**
 * Rewrites accepted values that are not what Agave would write after decoding them. It hashes, verifies and
 * forwards its own form, so only that form may be hashed, verified, stored or sent.
 */
import { writeU64 } from '../util/bytes.ts';
import { VALUE_NOT_CANONICAL, type ValueColumns } from './columns.ts';
import { extensionsAt } from './contact-info.ts';
import { bitVecAt, bitVecLength, readBitVec, readCount, readTag } from './cursor.ts';
import { Kind, PREALLOCATION_BYTES, PUBKEY_BYTES } from './limits.ts';
import { VALUE_HEADER_BYTES } from './skim-value.ts';

/**
 * Rewrites a value to its canonical form in place; it never grows, and what it leaves behind its new end
 * is meaningless. Values that are canonical stay as they are. Clears the flag and updates the length.
 *
 * @shape bytes: may be shared, must be writable; columns: `row` as skim filled it from these bytes
 * @owner the caller owns the bytes of the value
 * @source wincode re-encoding of agave gossip/src/contact_info.rs, epoch_slots.rs, restart_crds_values.rs
 * @returns the new length of the value
 */
export function canonicalizeValue(bytes: Uint8Array, columns: ValueColumns, row: number): number {
  const length = columns.length[row]!;
  if ((columns.flags[row]! & VALUE_NOT_CANONICAL) === 0) return length;
  const at = columns.offset[row]!;
  const end = at + length;
  let newEnd = end;
  switch (columns.kind[row]) {
    case Kind.CONTACT_INFO:
      newEnd = extensionsAt(bytes, at, end);
      bytes[newEnd++] = 0;
      break;
    case Kind.EPOCH_SLOTS:
      newEnd = canonicalizeEpochSlots(bytes, at, end);
      break;
    case Kind.RESTART_LAST_VOTED_FORK_SLOTS:
      newEnd = canonicalizeBitVec(bytes, at + VALUE_HEADER_BYTES + PUBKEY_BYTES + 8 + 4, end);
      break;
  }
  columns.flags[row] = columns.flags[row]! & ~VALUE_NOT_CANONICAL;
  columns.length[row] = newEnd - at;
  return newEnd - at;
}

/** Rewrites the bit vectors of all uncompressed entries. @returns the new end of the value */
function canonicalizeEpochSlots(bytes: Uint8Array, at: number, end: number): number {
  const countAt = at + VALUE_HEADER_BYTES + 1 + PUBKEY_BYTES;
  const entries = readCount(bytes, countAt, end, PREALLOCATION_BYTES, 1);
  let next = countAt + 8;
  let newEnd = end;
  for (let i = 0; i < entries; i++) {
    const payloadAt = next + 20;
    if (readTag(bytes, next) === 0) {
      next = payloadAt + 8 + readCount(bytes, payloadAt, newEnd, PREALLOCATION_BYTES, 1);
    } else {
      newEnd = canonicalizeBitVec(bytes, payloadAt, newEnd);
      next = readBitVec(bytes, payloadAt, newEnd, PREALLOCATION_BYTES, 1);
    }
  }
  return newEnd;
}

/**
 * Cuts surplus blocks off a bit vector of bytes, and all of it but tag and length when no block is left. Bits
 * above its length in the last block stay as they are. @returns the new end of what was before `end`
 */
function canonicalizeBitVec(bytes: Uint8Array, at: number, end: number): number {
  const next = readBitVec(bytes, at, end, PREALLOCATION_BYTES, 1);
  const blocks = Math.ceil(bitVecLength / 8);
  let keptEnd = at + 1;
  if (blocks === 0) bytes[at] = 0;
  else {
    writeU64(bytes, at + 1, blocks);
    keptEnd = bitVecAt + blocks;
  }
  // From the bit length on, which holds for both forms.
  bytes.copyWithin(keptEnd, next - 8, end);
  return end - (next - 8 - keptEnd);
}
