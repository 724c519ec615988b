/**
 * Open addressing over (row + 1, tag) pairs: linear probing with a limit, backward-shift deletion. The tag
 * is the whole 32-bit hash of the key, so the home of an entry is known without its key.
 *
 * One writer. Readers in other threads may miss an entry that is being moved: for them it gives hints.
 */

/** Steps from home before an insertion is refused: at half load random keys stay below 20. */
export const MAX_PROBES = 64;

/** From tag to row. Equal tags occur: the caller compares keys, with `first` and `next`. */
export class ProbeIndex {
  readonly #entries: Int32Array;
  readonly #mask: number;

  /** @shape entries: two cells a place, a power of two of places, at least twice the rows */
  constructor(entries: Int32Array) {
    this.#entries = entries;
    this.#mask = entries.length / 2 - 1;
  }

  /** The row of the entry in a place. */
  rowAt(place: number): number {
    return this.#entries[place * 2]! - 1;
  }

  /** @returns the first place that holds this tag, or -1 */
  first(tag: number): number {
    return this.#seek(tag, 0);
  }

  /** @returns the next place behind `place` that holds this tag, or -1 */
  next(tag: number, place: number): number {
    return this.#seek(tag, ((place - tag) & this.#mask) + 1);
  }

  /** @returns the place where an entry with this tag would go, or -1 when there is none within the limit */
  free(tag: number): number {
    const entries = this.#entries;
    for (let step = 0; step < MAX_PROBES; step++) {
      const place = (tag + step) & this.#mask;
      if (entries[place * 2] === 0) return place;
    }
    return -1;
  }

  /** Fills a place that `free` returned for this tag. */
  insert(place: number, tag: number, row: number): void {
    this.#entries[place * 2 + 1] = tag;
    this.#entries[place * 2] = row + 1;
  }

  /** Takes an entry out and moves those behind it that may come closer to their home. */
  remove(tag: number, row: number): boolean {
    const entries = this.#entries;
    const mask = this.#mask;
    let hole = this.first(tag);
    while (hole >= 0 && entries[hole * 2] !== row + 1) hole = this.next(tag, hole);
    if (hole < 0) return false;
    for (let place = (hole + 1) & mask; entries[place * 2] !== 0; place = (place + 1) & mask) {
      const fromHome = (place - entries[place * 2 + 1]!) & mask;
      if (fromHome < ((place - hole) & mask)) continue; // the hole lies before its home
      entries[hole * 2 + 1] = entries[place * 2 + 1]!;
      entries[hole * 2] = entries[place * 2]!;
      hole = place;
    }
    entries[hole * 2] = 0;
    entries[hole * 2 + 1] = 0;
    return true;
  }

  /** Steps that the entry with this tag and row is away from its home; -1 when it is not there. */
  distance(tag: number, row: number): number {
    let place = this.first(tag);
    while (place >= 0 && this.rowAt(place) !== row) place = this.next(tag, place);
    return place < 0 ? -1 : (place - tag) & this.#mask;
  }

  /** Places in use, counted. */
  countUsed(): number {
    let count = 0;
    for (let i = 0; i < this.#entries.length; i += 2) if (this.#entries[i] !== 0) count++;
    return count;
  }

  #seek(tag: number, fromStep: number): number {
    const entries = this.#entries;
    for (let step = fromStep; step < MAX_PROBES; step++) {
      const place = (tag + step) & this.#mask;
      if (entries[place * 2] === 0) return -1;
      if (entries[place * 2 + 1] === tag) return place;
    }
    return -1;
  }
}
