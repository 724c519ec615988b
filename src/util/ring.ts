import { assert } from './assert.ts';

/** A queue of integers with a fixed number of places, for one thread. */
export class IntRing {
  readonly #cells: Int32Array;
  #first = 0;
  #size = 0;

  constructor(capacity: number) {
    this.#cells = new Int32Array(capacity);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size === this.#cells.length;
  }

  /** The oldest one; the caller has looked whether there is one. */
  get first(): number {
    assert(this.#size > 0, 'nothing is queued');
    return this.#cells[this.#first]!;
  }

  /** Adds at the end; the caller has looked whether there is room. */
  push(value: number): void {
    assert(this.#size < this.#cells.length, 'a queue beyond its capacity');
    this.#cells[(this.#first + this.#size++) % this.#cells.length] = value;
  }

  /** Takes the oldest out; the caller has looked whether there is one. */
  shift(): number {
    const value = this.first;
    this.#first = (this.#first + 1) % this.#cells.length;
    this.#size--;
    return value;
  }
}
