/**
 * Values that come in again. Two of three are copies of what the table holds at that moment: all their
 * bytes prove it, and then structure, hash, signature and label are known without looking at any of them.
 */

import type { Regions } from '../shm/regions.ts';
import { beginRead, endRead } from '../shm/seqlock.ts';
import { equalSpan, viewOf } from '../shm/span.ts';
import { TableState } from '../shm/table-cells.ts';
import { readU32 } from '../util/bytes.ts';
import { mixPair } from '../util/keyed-hash.ts';
import type { KnownValues, ValueColumns } from '../wire/columns.ts';
import { HASH_BYTES, SIGNATURE_BYTES } from '../wire/limits.ts';
import { originOffsetOf } from '../wire/skim-value.ts';

const HASH_WORDS = HASH_BYTES / 4;

/** A value is found by the first 64 bits of its signature, mixed with a secret so that nobody aims. */
export function signaturePlace(
  bytes: Uint8Array,
  at: number,
  seed: number,
  places: number,
): number {
  return mixPair(readU32(bytes, at) | 0, readU32(bytes, at + 4) | 0, seed) & (places - 1);
}

/** Looks received values up by their bytes, from any thread; the table may change meanwhile. */
export class HeldValues implements KnownValues {
  readonly #table: Regions['table'];
  readonly #records: Regions['records'];
  readonly #tableView: DataView;
  readonly #ringView: DataView;
  /** The hashes of table and records by words. */
  readonly #from: Int32Array;
  readonly #to: Int32Array;

  constructor(regions: Pick<Regions, 'table' | 'records' | 'ring'>) {
    this.#table = regions.table;
    this.#records = regions.records;
    this.#tableView = viewOf(regions.table.bytes);
    this.#ringView = viewOf(regions.ring.bytes);
    this.#from = wordsOf(regions.table.hash);
    this.#to = wordsOf(regions.records.hash);
  }

  /**
   * Fills the record of a value that the table holds, its hash included, and notes the row in `held`.
   *
   * @shape bytes: those of the ring; columns: the records
   * @returns the length of the value, or 0 when the table does not hold it, or holds it no more
   */
  match(bytes: Uint8Array, at: number, end: number, columns: ValueColumns, record: number): number {
    // hot: for every value that comes in
    const c = this.#table;
    const { held, heldVersion } = this.#records;
    held[record] = 0;
    if (end - at < SIGNATURE_BYTES) return 0;
    const seed = c.state[TableState.HASH_SEED]!;
    const row = c.signatures[signaturePlace(bytes, at, seed, c.signatures.length)]! - 1;
    if (row < 0) return 0;
    const version = beginRead(c.version, row);
    const length = c.length[row]!;
    if ((version & 1) !== 0 || length === 0 || length > end - at) return 0;
    if (!equalSpan(this.#ringView, at, this.#tableView, c.place[row]!, length)) return 0;
    const kind = c.kind[row]!;
    columns.offset[record] = at;
    columns.length[record] = length;
    columns.kind[record] = kind;
    columns.index[record] = c.index[row]!;
    columns.flags[record] = 0;
    columns.wallclock[record] = c.wallclock[row]!;
    columns.origin[record] = at + originOffsetOf(kind);
    for (let i = 0; i < HASH_WORDS; i++) {
      this.#to[record * HASH_WORDS + i] = this.#from[row * HASH_WORDS + i]!;
    }
    if (!endRead(c.version, row, version)) return 0;
    held[record] = row + 1;
    heldVersion[record] = version;
    return length;
  }
}

function wordsOf(bytes: Uint8Array): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
}
