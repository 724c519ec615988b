import { assert } from '../util/assert.ts';

/** No entry at this position. */
export const EMPTY = -1;

/**
 * Open addressing from a keyed hash to a slot number: linear probing, at most half full, deletion by
 * shifting back. Keys live with the owner, who compares them; the probe is his loop, so that it stays
 * free of calls:
 *
 *     for (let p = index.start(hash); (slot = slots[p]!) !== EMPTY; p = (p + 1) & index.mask)
 *       if (index.hashes[p] === hash && isSame(slot)) …
 */
export class HashIndex {
  /** Slot numbers by position, EMPTY where there is none. */
  readonly slots: Int32Array;
  /** Hash of the entry at the same position. */
  readonly hashes: Uint32Array;
  readonly mask: number;

  /** @units capacity: most entries at once */
  constructor(capacity: number) {
    let size = 2;
    while (size < 2 * capacity) size *= 2;
    this.slots = new Int32Array(size).fill(EMPTY);
    this.hashes = new Uint32Array(size);
    this.mask = size - 1;
  }

  /** First position to look at. */
  start(hash: number): number {
    return (hash & this.mask) >>> 0;
  }

  /** Adds an entry that is not there yet. */
  add(hash: number, slot: number): void {
    let p = this.start(hash);
    while (this.slots[p] !== EMPTY) p = (p + 1) & this.mask;
    this.slots[p] = slot;
    this.hashes[p] = hash;
  }

  /** Removes an entry that is there. */
  remove(hash: number, slot: number): void {
    const { slots, hashes, mask } = this;
    let hole = this.start(hash);
    while (slots[hole] !== slot) {
      assert(slots[hole] !== EMPTY, 'a hash index lost an entry');
      hole = (hole + 1) & mask;
    }
    for (let p = (hole + 1) & mask; slots[p] !== EMPTY; p = (p + 1) & mask) {
      // An entry may move back into the hole unless its own start lies behind it.
      const distance = (p - this.start(hashes[p]!)) & mask;
      if (distance < ((p - hole) & mask)) continue;
      slots[hole] = slots[p]!;
      hashes[hole] = hashes[p]!;
      hole = p;
    }
    slots[hole] = EMPTY;
  }

  /** Forgets all entries. */
  clear(): void {
    this.slots.fill(EMPTY);
  }
}
