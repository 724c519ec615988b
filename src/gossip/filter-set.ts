import { FILTER_BYTES } from '../shm/layout.ts';
import type { RegionColumns } from '../shm/regions.ts';
import { FilterState } from '../shm/task-cells.ts';
import { assert } from '../util/assert.ts';
import { readU32 } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import type { FilterParts } from '../wire/encode.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import { type BloomShape, bloomAdd } from './bloom.ts';

/** Keys stand behind the bits, so that both are one array for `bloomAdd`. */
const KEYS_AT = PACKET_BYTES;
const MAX_KEYS = (FILTER_BYTES - KEYS_AT) / 8;

/** Upper half of the mask of a partition; the lower one is all ones. @source behaviour 3.4; wire 5.3 */
export function maskHigh(partition: number, maskBits: number): number {
  return maskBits === 0 ? 0xffffffff : ((partition + 1) * 2 ** (32 - maskBits) - 1) >>> 0;
}

/**
 * The filters of one round of pull requests: for each chosen partition, which hashes of it we have.
 * They lie in shared memory and pass from main to one task after the other, each on any thread; every
 * one has a set of its own over the same columns.
 *
 * @source behaviour 3.4
 */
export class FilterSet {
  readonly #columns: RegionColumns<'filters'>;
  readonly #parts: FilterParts[] = [];
  /** Filter of each partition, -1 for those not asked for; of the round below. */
  #filterOf = new Int32Array(0);
  #round = 0;
  #shift = 0;

  constructor(columns: RegionColumns<'filters'>) {
    this.#columns = columns;
  }

  /** Filters of this round. */
  get count(): number {
    return this.#columns.state[FilterState.COUNT]!;
  }

  /** By how many leading bits of their hash values are divided among partitions. */
  get maskBits(): number {
    return this.#columns.state[FilterState.MASK_BITS]!;
  }

  /**
   * Empties a filter for each partition, with keys of its own.
   *
   * @owner main, between two rounds
   * @shape partitions: at least `count`, which is at most what the region has room for
   */
  open(
    shape: BloomShape,
    maskBits: number,
    partitions: Uint32Array,
    count: number,
    rng: Rng,
  ): void {
    const { state, bytes, partition, bitsSet } = this.#columns;
    assert(count <= partition.length && shape.keyCount <= MAX_KEYS, 'more filters than have room');
    state[FilterState.ROUND] = (state[FilterState.ROUND]! + 1) | 0;
    state[FilterState.COUNT] = count;
    state[FilterState.MASK_BITS] = maskBits;
    state[FilterState.KEY_COUNT] = shape.keyCount;
    state[FilterState.BIT_LENGTH] = shape.bitLength;
    for (let i = 0; i < count; i++) {
      const at = i * FILTER_BYTES;
      partition[i] = partitions[i]!;
      bitsSet[i] = 0;
      bytes.fill(0, at, at + KEYS_AT);
      rng.fill(bytes, at + KEYS_AT, at + KEYS_AT + 8 * shape.keyCount);
    }
    this.look();
  }

  /** Takes over a round that another thread may have opened. Call it before `filterOf` and `add`. */
  look(): void {
    const { state, partition } = this.#columns;
    if (this.#round === state[FilterState.ROUND]) return;
    this.#round = state[FilterState.ROUND]!;
    this.#shift = 32 - this.maskBits;
    const partitions = 2 ** this.maskBits;
    if (this.#filterOf.length !== partitions) this.#filterOf = new Int32Array(partitions);
    this.#filterOf.fill(-1);
    for (let i = 0; i < this.count; i++) this.#filterOf[partition[i]!] = i;
  }

  /** @shape hashes: 32 bytes from hashAt @returns the filter that a hash belongs to, -1 for none */
  filterOf(hashes: Uint8Array, hashAt: number): number {
    const word = readU32(hashes, hashAt + 4);
    return this.#filterOf[this.#shift === 32 ? 0 : word >>> this.#shift]!;
  }

  /** Notes in filter `i` that we have the value with this hash. */
  add(i: number, hashes: Uint8Array, hashAt: number): void {
    const { state, bytes, bitsSet } = this.#columns;
    const at = i * FILTER_BYTES;
    bitsSet[i] =
      bitsSet[i]! +
      bloomAdd(
        bytes,
        at + KEYS_AT,
        state[FilterState.KEY_COUNT]!,
        at,
        state[FilterState.BIT_LENGTH]!,
        hashes,
        hashAt,
      );
  }

  /** Filter `i` as it is written into a pull request; valid until the next round. */
  filter(i: number): FilterParts {
    const { state, bytes, partition, bitsSet } = this.#columns;
    this.#parts[i] ??= emptyParts(bytes, i * FILTER_BYTES);
    const parts = this.#parts[i]!;
    parts.keyCount = state[FilterState.KEY_COUNT]!;
    parts.bitLength = state[FilterState.BIT_LENGTH]!;
    parts.bitsSet = bitsSet[i]!;
    parts.maskBits = this.maskBits;
    parts.maskHigh = maskHigh(partition[i]!, this.maskBits);
    return parts;
  }
}

function emptyParts(bytes: Uint8Array, at: number): FilterParts {
  return {
    keys: bytes.subarray(at + KEYS_AT, at + FILTER_BYTES),
    keyCount: 0,
    bits: bytes.subarray(at, at + KEYS_AT),
    bitLength: 0,
    bitsSet: 0,
    maskLow: 0xffffffff,
    maskHigh: 0,
    maskBits: 0,
  };
}
