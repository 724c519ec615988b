import { deflateRawSync } from 'node:zlib';
import { assert } from '../util/assert.ts';
import { fromHex, toHex } from '../util/bytes.ts';
import type { EpochSlotsEntryData } from './decoded.ts';
import { inflate } from './inflate.ts';
import { MAX_SLOT } from './limits.ts';

/** Bytes of data that producers keep an EpochSlots value at. @source agave gossip/src/crds_data.rs */
const DATA_BYTES = 928;

/** Origin 32 + wallclock 8 + count 8. */
const FIXED_BYTES = 48;

/** What producers set aside for the head of the next entry, whichever form it takes in the end. */
const ENTRY_BYTES = 29;

/** Of a deflated entry, before its payload: tag 4 + first slot 8 + num 8 + length 8. */
const COMPRESSED_HEAD_BYTES = 28;

/**
 * The slots that one entry names.
 *
 * @units firstSlot: below 10^15 in every value that was accepted; from there on no slot is named
 * @source agave gossip/src/epoch_slots.rs, CompressedSlots::to_slots
 */
export function entrySlots(entry: EpochSlotsEntryData): number[] {
  const first = Number(entry.firstSlot);
  if (first >= MAX_SLOT) return [];
  const payload = entry.form === 'Flate2' ? entry.compressed : (entry.bitmap.blocks ?? '');
  const bytes = fromHex(payload);
  assert(bytes !== undefined, 'the payload of an entry is hex');
  const bits = entry.form === 'Flate2' ? inflate(bytes) : bytes;
  if (!bits) return [];
  const length = entry.form === 'Flate2' ? 8 * bits.length : entry.bitmap.bits;
  const end = Math.min(length, Number(entry.num));
  const slots: number[] = [];
  for (let k = 0; k < end; k++) {
    if ((bits[k >>> 3]! >>> (k & 7)) & 1) slots.push(first + k);
  }
  return slots;
}

/** Entries for a value, and how many of the slots they hold. */
export interface PackedSlots {
  entries: EpochSlotsEntryData[];
  taken: number;
}

/**
 * Packs slots the way validators do: a bitmap as large as there is room for; when it has no place for the
 * next slot it is deflated, and what that saves is the room of another. The first bitmap has 851 bytes, so
 * no entry spans the 16,384 slots that would be refused.
 *
 * @shape slots: best in rising order; one below the first of an entry opens another
 * @source agave gossip/src/epoch_slots.rs, EpochSlots::fill
 */
export function packSlots(slots: readonly number[]): PackedSlots {
  const entries: EpochSlotsEntryData[] = [];
  let used = 0;
  let taken = 0;
  while (taken < slots.length) {
    const room = DATA_BYTES - (FIXED_BYTES + used) - ENTRY_BYTES;
    if (room <= 0) break;
    const bitmap = new Uint8Array(room);
    const first = slots[taken]!;
    let num = 0;
    for (; taken < slots.length; taken++) {
      const offset = slots[taken]! - first;
      if (offset < 0 || offset >= 8 * room) break;
      bitmap[offset >>> 3]! |= 1 << (offset & 7);
      num = Math.max(num, offset + 1);
    }
    const packed = taken < slots.length ? deflateRawSync(bitmap, { level: 9 }) : undefined;
    if (!packed || packed.length > room) {
      entries.push(uncompressedEntry(first, num, bitmap));
      break;
    }
    entries.push({ form: 'Flate2', firstSlot: first, num, compressed: toHex(packed) });
    used += COMPRESSED_HEAD_BYTES + packed.length;
  }
  return { entries, taken };
}

function uncompressedEntry(
  firstSlot: number,
  num: number,
  bitmap: Uint8Array,
): EpochSlotsEntryData {
  const blocks = toHex(bitmap);
  return { form: 'Uncompressed', firstSlot, num, bitmap: { bits: 8 * bitmap.length, blocks } };
}
