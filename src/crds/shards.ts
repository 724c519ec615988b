/**
 * The table divided by hash prefix, as pull filters divide it. A value's hash word is the first eight bytes
 * of its SHA-256 read little-endian; its shard is the 12 most significant bits of that.
 */
import { SHARD_BITS, SHARD_COUNT } from '../shm/layout.ts';
import { readU32 } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';
import { shardOf } from './label.ts';
import type { TableView } from './view.ts';

/** Which part of the table a mask names; one instance is reused. */
export class ShardRange {
  /** Shards `first … first + count − 1`. */
  first = 0;
  count = 0;
  /** Above 12 mask bits the shard holds more than was asked for: test each hash with `inRange`. */
  isPartial = false;
  /** The mask with its low bits set, and these low bits, as unsigned halves. */
  maskLow = 0;
  maskHigh = 0;
  onesLow = 0;
  onesHigh = 0;
  /** Shards that `collectRows` left because they changed under it. */
  abandoned = 0;
}

/**
 * Works out the shards that a mask names. Whatever stands in the low bits of the mask does not matter, and
 * any number of mask bits is fine: above 64 counts as 64.
 *
 * @shape maskLow, maskHigh: unsigned halves of the u64 mask; maskBits: u32
 * @source agave gossip/src/crds_shards.rs, find
 */
export function planShards(
  range: ShardRange,
  maskLow: number,
  maskHigh: number,
  maskBits: number,
): void {
  const ones = 64 - Math.min(64, maskBits); // shifts wrap at 32: each half is worked out by itself
  range.onesLow = ones >= 32 ? 0xffffffff : 2 ** ones - 1;
  range.onesHigh = ones > 32 ? 2 ** (ones - 32) - 1 : 0;
  range.maskLow = (maskLow | range.onesLow) >>> 0;
  range.maskHigh = (maskHigh | range.onesHigh) >>> 0;
  const last = range.maskHigh >>> (32 - SHARD_BITS);
  range.count = maskBits >= SHARD_BITS ? 1 : SHARD_COUNT >>> maskBits;
  range.first = last - range.count + 1;
  range.isPartial = maskBits > SHARD_BITS;
}

/** Does a hash belong to the part of the table that was planned? */
export function inRange(range: ShardRange, hash: Uint8Array, at: number): boolean {
  return (
    (readU32(hash, at) | range.onesLow) >>> 0 === range.maskLow &&
    (readU32(hash, at + 4) | range.onesHigh) >>> 0 === range.maskHigh
  );
}

/** Entries in the shards of a range: what visiting all of them costs. */
export function countEntries(view: TableView, range: ShardRange): number {
  const { shardCount } = view.columns;
  let entries = 0;
  for (let i = 0; i < range.count; i++) entries += shardCount[range.first + i]!;
  return entries;
}

/**
 * Lists the rows of a range, shard by shard in the order of insertion, beginning behind the first `skip`
 * entries and coming round, until all were visited or `rows` is full. On other threads than main the
 * result is a hint: a shard that changes under the walk is left, and counted in `range.abandoned`.
 *
 * @shape rows: as many as the caller can work off
 * @returns how many rows were listed
 */
export function collectRows(
  view: TableView,
  range: ShardRange,
  skip: number,
  rows: Int32Array,
): number {
  const { shardCount } = view.columns;
  let start = 0;
  let begin = skip;
  while (start < range.count && begin >= shardCount[range.first + start]!) {
    begin -= shardCount[range.first + start]!;
    start++;
  }
  if (start === range.count) {
    start = 0;
    begin = 0;
  }
  range.abandoned = 0;
  let listed = 0;
  for (let i = 0; i < range.count && listed < rows.length; i++) {
    const shard = range.first + ((start + i) % range.count);
    listed = collectShard(
      view,
      range,
      shard,
      i === 0 ? begin : 0,
      shardCount[shard]!,
      rows,
      listed,
    );
  }
  if (begin > 0) listed = collectShard(view, range, range.first + start, 0, begin, rows, listed);
  return listed;
}

/** Lists the entries `begin … end − 1` of one shard. @returns how many rows are listed then */
function collectShard(
  view: TableView,
  range: ShardRange,
  shard: number,
  begin: number,
  end: number,
  rows: Int32Array,
  listedBefore: number,
): number {
  const { hash, length } = view.columns;
  let listed = listedBefore;
  let row = view.shards.first(shard);
  for (let i = 0; i < end && row >= 0 && listed < rows.length; i++) {
    const hashAt = row * HASH_BYTES;
    if (length[row] === 0 || shardOf(hash, hashAt) !== shard) {
      range.abandoned++;
      return listed;
    }
    if (i >= begin && (!range.isPartial || inRange(range, hash, hashAt))) rows[listed++] = row;
    row = view.shards.next(row);
  }
  return listed;
}
