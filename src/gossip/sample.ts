import { assert } from '../util/assert.ts';

/** A source of uniform integers in [0, bound); every Rng is one. */
export interface Draw {
  below(bound: number): number;
}

/**
 * Weights are u64 in Agave. Here they are doubles, exact below 2^53: log-stake weights reach 625 and
 * packet scores 46,080, so the sums of this protocol never come near.
 */
const MAX_TOTAL = Number.MAX_SAFE_INTEGER;

/**
 * Draws indices without replacement with a chance in proportion to their weights; those of weight
 * zero come last, in random order. One instance is filled anew for each use and keeps its memory.
 *
 * @source behaviour 12; agave gossip/src/weighted_shuffle.rs
 */
export class WeightedShuffle {
  /** Fenwick tree: node i (from 1) sums the weights of the i & −i indices that end at i − 1. */
  readonly #tree: Float64Array;
  readonly #weights: Float64Array;
  readonly #zeros: Uint32Array;
  #zeroCount = 0;
  #count = 0;
  #total = 0;
  #topStep = 0;

  /** @units capacity: most weights at once */
  constructor(capacity: number) {
    this.#tree = new Float64Array(capacity + 1);
    this.#weights = new Float64Array(capacity);
    this.#zeros = new Uint32Array(capacity);
  }

  /** Sum of the weights that have not been drawn. */
  get total(): number {
    return this.#total;
  }

  /**
   * Starts over with the first `count` weights. A weight whose addition would leave the range of
   * exact numbers counts as zero, as Agave treats one that would overflow its u64.
   *
   * @shape weights: non-negative integers
   */
  fill(weights: ArrayLike<number>, count: number): void {
    assert(count <= this.#weights.length, 'weighted shuffle beyond its capacity');
    this.#count = count;
    this.#zeroCount = 0;
    this.#total = 0;
    this.#topStep = count === 0 ? 0 : 1 << (31 - Math.clz32(count));
    this.#tree.fill(0, 0, count + 1);
    for (let i = 0; i < count; i++) {
      let weight = weights[i]!;
      if (weight > MAX_TOTAL - this.#total) weight = 0;
      this.#weights[i] = weight;
      if (weight === 0) this.#zeros[this.#zeroCount++] = i;
      this.#total += weight;
      const node = i + 1;
      this.#tree[node] = this.#tree[node]! + weight;
      const parent = node + (node & -node);
      if (parent <= count) this.#tree[parent] = this.#tree[parent]! + this.#tree[node]!;
    }
  }

  /** Takes an index out, so that it will not be drawn; nothing happens if it was drawn already. */
  remove(index: number): void {
    assert(index < this.#count, 'no such index in the shuffle');
    if (this.#weights[index] !== 0) {
      this.#subtract(index);
      return;
    }
    const zeros = this.#zeros;
    const at = zeros.subarray(0, this.#zeroCount).indexOf(index);
    if (at < 0) return;
    zeros.copyWithin(at, at + 1, this.#zeroCount);
    this.#zeroCount--;
  }

  /** @returns the next index, or −1 when all were drawn */
  next(draw: Draw): number {
    if (this.#total > 0) {
      const index = this.#find(draw.below(this.#total));
      this.#subtract(index);
      return index;
    }
    if (this.#zeroCount === 0) return -1;
    const at = draw.below(this.#zeroCount);
    const index = this.#zeros[at]!;
    this.#zeros[at] = this.#zeros[--this.#zeroCount]!;
    return index;
  }

  /** A draw with replacement: what `next` would say, nothing removed. @returns index, or −1 */
  first(draw: Draw): number {
    if (this.#total > 0) return this.#find(draw.below(this.#total));
    return this.#zeroCount === 0 ? -1 : this.#zeros[draw.below(this.#zeroCount)]!;
  }

  /** Smallest index whose running sum exceeds `x`. */
  #find(x: number): number {
    let node = 0;
    for (let step = this.#topStep; step > 0; step >>>= 1) {
      const next = node + step;
      if (next <= this.#count && this.#tree[next]! <= x) {
        x -= this.#tree[next]!;
        node = next;
      }
    }
    return node;
  }

  #subtract(index: number): void {
    const weight = this.#weights[index]!;
    this.#weights[index] = 0;
    this.#total -= weight;
    for (let node = index + 1; node <= this.#count; node += node & -node) {
      this.#tree[node] = this.#tree[node]! - weight;
    }
  }
}

/**
 * Deals distinct numbers in [0, size) in a random order, over and over in the same: so each comes again after
 * exactly as many others, and not after up to twice as many, as from a deck that is shuffled each time.
 */
export class Deck {
  #cards = new Uint32Array(0);
  #next = 0;

  /**
   * Deals `count` numbers into `out`.
   *
   * @units size: how many numbers there are; a size other than the last one starts a new deck
   * @shape out: at least `count` elements
   */
  deal(size: number, count: number, draw: Draw, out: Uint32Array): void {
    assert(count <= size && count <= out.length, 'more cards than the deck has');
    if (this.#cards.length !== size) this.#order(size, draw);
    for (let i = 0; i < count; i++) {
      out[i] = this.#cards[this.#next]!;
      this.#next = this.#next + 1 === size ? 0 : this.#next + 1;
    }
  }

  #order(size: number, draw: Draw): void {
    const cards = Uint32Array.from({ length: size }, (_, i) => i);
    for (let left = size; left > 1; left--) {
      const at = draw.below(left);
      const card = cards[at]!;
      cards[at] = cards[left - 1]!;
      cards[left - 1] = card;
    }
    this.#cards = cards;
    this.#next = 0;
  }
}
