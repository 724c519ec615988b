import type { HashQueue } from '../crds/hash-queue.ts';
import type { TableView } from '../crds/view.ts';
import { assert } from '../util/assert.ts';
import { readU32 } from '../util/bytes.ts';
import type { Rng } from '../util/rng.ts';
import { type FilterParts, filterBytes } from '../wire/encode.ts';
import { HASH_BYTES, PACKET_BYTES } from '../wire/limits.ts';
import { type BloomShape, bloomAdd } from './bloom.ts';
import type { Deck } from './sample.ts';

/** False positives of our filters. @source behaviour 0.3 */
const FALSE_RATE = 0.1;
/** Keys that the size of a filter is reckoned with; 3 come out. @source behaviour 0.3 */
const RECKONED_KEYS = 8;

/**
 * Filters are made for at least so many values, however few the table has: it keeps mask_bits at 6 or
 * more, and receivers refuse fewer. @source behaviour 0.3, 3.4
 */
export const MIN_FILTER_ITEMS = 65_536;

/** One in so many partitions is asked for at a time, up to a number. @source behaviour 0.3, 3.4 */
const SAMPLE_ONE_IN = 8;
export const MAX_FILTERS = 1_024;

/** Beyond 65,536 partitions a table would have a hundred million values. */
const MAX_MASK_BITS = 16;

const MAX_KEYS = 8;

/** Shape of a pull filter, and how many hashes it is good for. */
export interface FilterShape extends BloomShape {
  readonly maxItems: number;
}

/**
 * The largest filter that fits into a datagram beside the caller's contact info.
 *
 * @units callerBytes: size of the signed contact info
 * @source behaviour 3.4; agave gossip/src/crds_gossip_pull.rs, get_max_bloom_filter_bytes
 */
export function filterShape(callerBytes: number): FilterShape {
  const room = PACKET_BYTES - 4 - callerBytes;
  for (let maxBytes = PACKET_BYTES; maxBytes > 0; maxBytes--) {
    const shape = shapeFor(8 * maxBytes);
    if (filterBytes(shape.keyCount, shape.bitLength) <= room) return shape;
  }
  assert(false, `no filter fits beside a contact info of ${callerBytes} bytes`);
}

/** Shape of a filter of at most so many bits. @source behaviour 3.4 */
function shapeFor(maxBits: number): FilterShape {
  const bitsPerItem = -RECKONED_KEYS / Math.log(1 - Math.exp(Math.log(FALSE_RATE) / RECKONED_KEYS));
  const maxItems = Math.ceil(maxBits / bitsPerItem);
  const ideal = Math.ceil((maxItems * Math.log(FALSE_RATE)) / Math.log(1 / 2 ** Math.LN2));
  const bitLength = Math.max(1, Math.min(maxBits, ideal));
  const keyCount = Math.max(1, Math.round((bitLength / maxItems) * Math.LN2));
  return { maxItems, bitLength, keyCount };
}

/**
 * By how many leading bits of their hash values are divided among filters.
 *
 * @units items: values in the table, purged and failed hashes together
 * @source behaviour 3.4
 */
export function maskBitsFor(items: number, maxItems: number): number {
  const wanted = Math.ceil(Math.log2(Math.max(MIN_FILTER_ITEMS, items) / maxItems));
  return Math.min(MAX_MASK_BITS, Math.max(0, wanted));
}

/** How many of the 2^maskBits partitions are asked for at a time. @source behaviour 3.4 */
export function filtersPerRound(maskBits: number): number {
  return Math.min(MAX_FILTERS, Math.ceil(2 ** maskBits / SAMPLE_ONE_IN));
}

/** Upper half of the mask of a partition; the lower one is all ones. @source behaviour 3.4; wire 5.3 */
export function maskHigh(partition: number, maskBits: number): number {
  return maskBits === 0 ? 0xffffffff : ((partition + 1) * 2 ** (32 - maskBits) - 1) >>> 0;
}

/**
 * Builds the filters of one round of pull requests: for each chosen partition, which hashes of it we
 * have. Hashes are offered all; those of other partitions fall through.
 *
 * @source behaviour 3.4
 */
export class FilterBuilder {
  /** The filters of this round: the first `count`. They keep their memory for the next round. */
  readonly filters: FilterParts[] = [];
  count = 0;
  maskBits = 0;
  /** Filter of each partition, −1 for those not asked for. */
  #filterOf = new Int32Array(0);
  #shift = 0;
  readonly #rng: Rng;
  readonly #deck: Deck;
  readonly #chosen = new Uint32Array(MAX_FILTERS);

  /** @param deck which partitions come next; kept, so that over rounds each comes once before any again */
  constructor(rng: Rng, deck: Deck) {
    this.#rng = rng;
    this.#deck = deck;
  }

  /**
   * Starts a round: chooses partitions and empties a filter for each, with keys of its own.
   *
   * @units items: of `maskBitsFor`; count: partitions to ask for, as many as Agave would when left out
   * @source behaviour 3.4
   */
  start(shape: FilterShape, items: number, count?: number): void {
    this.maskBits = maskBitsFor(items, shape.maxItems);
    this.#shift = 32 - this.maskBits;
    const partitions = 2 ** this.maskBits;
    if (this.#filterOf.length !== partitions) this.#filterOf = new Int32Array(partitions);
    this.#filterOf.fill(-1);
    this.count = Math.min(count ?? filtersPerRound(this.maskBits), partitions, MAX_FILTERS);
    this.#deck.deal(partitions, this.count, this.#rng, this.#chosen);
    for (let i = 0; i < this.count; i++) {
      const partition = this.#chosen[i]!;
      this.#filterOf[partition] = i;
      this.filters[i] ??= emptyFilter();
      const filter = this.filters[i]!;
      filter.keyCount = shape.keyCount;
      filter.bitLength = shape.bitLength;
      filter.bitsSet = 0;
      filter.maskLow = 0xffffffff;
      filter.maskHigh = maskHigh(partition, this.maskBits);
      filter.maskBits = this.maskBits;
      filter.bits.fill(0, 0, KEYS_AT);
      this.#rng.fill(filter.keys, 0, 8 * shape.keyCount);
    }
  }

  /** Notes that we have the value with this hash. @shape hashes: 32 bytes from hashAt */
  add(hashes: Uint8Array, hashAt: number): void {
    const partition = this.maskBits === 0 ? 0 : readU32(hashes, hashAt + 4) >>> this.#shift;
    const i = this.#filterOf[partition]!;
    if (i < 0) return;
    const filter = this.filters[i]!;
    filter.bitsSet += bloomAdd(
      filter.bits,
      KEYS_AT,
      filter.keyCount,
      0,
      filter.bitLength,
      hashes,
      hashAt,
    );
  }

  /** Adds every value of the table. On other threads a row that changes meanwhile may be missed. */
  addTable(view: TableView): void {
    const { length, hash } = view.columns;
    const end = view.highWater;
    for (let row = 0; row < end; row++) if (length[row] !== 0) this.add(hash, row * HASH_BYTES);
  }

  /** Adds hashes of values we do not want again: purged or failed. @source behaviour 2.10 */
  addQueue(queue: HashQueue): void {
    const size = queue.size;
    for (let i = 0; i < size; i++) this.add(queue.hashes, queue.hashOffset(i));
  }
}

/** Keys stand behind the bits in one buffer, so that both are one array for `bloomAdd`. */
const KEYS_AT = PACKET_BYTES;

function emptyFilter(): FilterParts {
  const buffer = new Uint8Array(KEYS_AT + 8 * MAX_KEYS);
  return {
    keys: buffer.subarray(KEYS_AT),
    keyCount: 0,
    bits: buffer,
    bitLength: 0,
    bitsSet: 0,
    maskLow: 0,
    maskHigh: 0,
    maskBits: 0,
  };
}
