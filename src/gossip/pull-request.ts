import type { RegionColumns } from '../shm/regions.ts';
import { assert } from '../util/assert.ts';
import type { Rng } from '../util/rng.ts';
import { filterBytes } from '../wire/encode.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import type { BloomShape } from './bloom.ts';
import { FilterSet } from './filter-set.ts';
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

/**
 * Plans the filters of one round of pull requests: which partitions are asked for, and an empty filter
 * with keys of its own for each.
 *
 * @source behaviour 3.4
 */
export class FilterPlan {
  /** The filters of this round: the first `count`. They keep their memory for the next round. */
  readonly set: FilterSet;
  readonly #rng: Rng;
  readonly #deck: Deck;
  readonly #chosen: Uint32Array;

  /** @param deck which partitions come next; kept, so that each comes again after all others */
  constructor(columns: RegionColumns<'filters'>, rng: Rng, deck: Deck) {
    this.set = new FilterSet(columns);
    this.#rng = rng;
    this.#deck = deck;
    this.#chosen = new Uint32Array(Math.min(MAX_FILTERS, columns.partition.length));
  }

  /**
   * Starts a round.
   *
   * @units items: of `maskBitsFor`; count: partitions to ask for, as many as Agave would when left out
   * @param drawn how many of these partitions, which come last, are drawn whatever was asked for before
   * @source behaviour 3.4
   */
  start(shape: FilterShape, items: number, count?: number, drawn = 0): void {
    const maskBits = maskBitsFor(items, shape.maxItems);
    const wanted = count ?? filtersPerRound(maskBits);
    const filters = Math.min(wanted, 2 ** maskBits, this.#chosen.length);
    this.#deck.deal(2 ** maskBits, filters - drawn, this.#rng, this.#chosen);
    const planned = drawn > 0 ? this.#draw(2 ** maskBits, filters - drawn, drawn) : filters;
    this.set.open(shape, maskBits, this.#chosen, planned, this.#rng);
  }

  /** Puts partitions behind those that were dealt, less the ones that are among these. @returns how many now */
  #draw(partitions: number, dealt: number, drawn: number): number {
    const extra = new Set<number>();
    while (extra.size < drawn) extra.add(this.#rng.below(partitions));
    const others = [...this.#chosen.subarray(0, dealt)].filter((one) => !extra.has(one));
    this.#chosen.set([...others, ...extra]);
    return others.length + drawn;
  }
}
