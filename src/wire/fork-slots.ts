import { assert } from '../util/assert.ts';
import { fromHex, toHex } from '../util/bytes.ts';
import type { ForkOffsets } from './decoded.ts';
import { MAX_FORK_SLOTS } from './limits.ts';

/** Bytes that producers give to the offsets. @source agave gossip/src/restart_crds_values.rs */
const PAYLOAD_BYTES = 824;

/**
 * The slots of a fork, oldest first: position p stands for the last voted slot less p.
 *
 * @source agave gossip/src/restart_crds_values.rs, RestartLastVotedForkSlots::to_slots
 */
export function forkSlots(offsets: ForkOffsets, lastVotedSlot: bigint): bigint[] {
  const slots: bigint[] = [];
  if (offsets.form === 'Raw') {
    const bits = fromHex(offsets.bitmap.blocks ?? '');
    assert(bits !== undefined, 'blocks are hex');
    for (let p = 0; p < offsets.bitmap.bits && slots.length < MAX_FORK_SLOTS; p++) {
      if (BigInt(p) > lastVotedSlot) break;
      if ((bits[p >>> 3]! >>> (p & 7)) & 1) slots.push(lastVotedSlot - BigInt(p));
    }
  } else {
    let position = 0;
    for (const [i, run] of offsets.runs.entries()) {
      const end = position + run;
      if (i % 2 === 0) {
        for (let p = position; p < end && slots.length < MAX_FORK_SLOTS; p++) {
          if (BigInt(p) > lastVotedSlot) break;
          slots.push(lastVotedSlot - BigInt(p));
        }
      }
      position = end;
    }
  }
  return slots.reverse();
}

/**
 * Describes a fork by whichever form covers more of it, as validators do: run lengths where they reach
 * further back than a bitmap of the same bytes.
 *
 * @shape slots: of the fork, none above `lastVotedSlot`, in any order
 * @source agave gossip/src/restart_crds_values.rs, RestartLastVotedForkSlots::new
 */
export function packForkSlots(slots: readonly bigint[], lastVotedSlot: bigint): ForkOffsets {
  const positions = [...new Set(slots)]
    .map((slot) => Number(lastVotedSlot - slot))
    .filter((position) => position >= 0 && position < MAX_FORK_SLOTS)
    .sort((a, b) => a - b);
  const runs = runLengths(positions);
  const covered = runs.reduce((sum, run) => sum + run, 0);
  if (covered > 8 * PAYLOAD_BYTES) return { form: 'RunLength', runs };
  const bits = Math.min((positions.at(-1) ?? -1) + 1, 8 * PAYLOAD_BYTES);
  if (bits === 0) return { form: 'Raw', bitmap: { bits: 0, blocks: null } };
  const bitmap = new Uint8Array(Math.ceil(bits / 8));
  for (const p of positions) if (p < bits) bitmap[p >>> 3]! |= 1 << (p & 7);
  return { form: 'Raw', bitmap: { bits, blocks: toHex(bitmap) } };
}

/** Runs of ones and zeros in turn, ones first, as many as the payload has room for. */
function runLengths(positions: readonly number[]): number[] {
  const runs: number[] = [];
  let room = PAYLOAD_BYTES;
  let at = 0;
  const add = (run: number): boolean => {
    room -= run < 0x80 ? 1 : run < 0x4000 ? 2 : 3;
    if (room < 0) return false;
    runs.push(run);
    return true;
  };
  for (let i = 0; i < positions.length; ) {
    const start = positions[i]!;
    let end = start;
    while (i < positions.length && positions[i] === end) {
      end++;
      i++;
    }
    // A fork that lacks the last voted slot itself begins with an empty run of ones.
    if (start > at && ((runs.length === 0 && !add(0)) || !add(start - at))) break;
    if (!add(end - start)) break;
    at = end;
  }
  return runs;
}
