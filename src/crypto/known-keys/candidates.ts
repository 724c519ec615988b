import { copyBytes } from '../../util/bytes.ts';
import { CANDIDATES, type KnownKeysThread } from './memory.ts';

/** Keys that may wait for a table. */
const WAITING = 64;

/** Places that a key may take. With one, a fifth of mainnet's keys would wear each other down. */
const WAYS = 4;

/**
 * Counts accepted signatures by key, in bounded memory, and queues keys that recur. A place belongs to one
 * key at a time; another key that finds all its places taken wears down the lowest count first, so a flood
 * of keys that come once each neither pushes out those that recur nor ever gets to the front itself.
 *
 * All threads count in the same places, without regard for each other: what that costs is a count now and
 * then. The queue is the thread's own.
 */
export class Candidates {
  readonly #threshold: number;
  /** Tags, then counts. */
  readonly #places: Int32Array;
  readonly #queue = new Uint8Array(WAITING * 32);
  #first = 0;
  #count = 0;

  /** @param threshold accepted signatures after which a key is queued, 1 to 255 */
  constructor(threshold: number, thread: KnownKeysThread) {
    this.#threshold = threshold;
    const at = thread.layout.candidates / 4;
    this.#places = thread.words.subarray(at, at + 2 * CANDIDATES);
  }

  /** Keys that wait. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * Notes that a signature of a key was accepted.
   *
   * @param hash of the key, unknown to strangers
   */
  accepted(bytes: Uint8Array, at: number, hash: number): void {
    const places = this.#places;
    const tag = this.#placeOf(hash);
    const count = tag + CANDIDATES;
    if (places[count]! <= 0) {
      places[tag] = hash | 0;
      places[count] = 0;
    } else if (places[tag] !== (hash | 0)) {
      places[count]! -= 1;
      return;
    }
    places[count]! += 1;
    if (places[count]! < this.#threshold) return;
    if (this.#count === WAITING) {
      places[count] = this.#threshold - 1; // the next one tries again
      return;
    }
    places[count] = 0;
    const slot = (this.#first + this.#count++) % WAITING;
    copyBytes(bytes, at, this.#queue, 32 * slot, 32);
  }

  /** The place that counts a key, or else, of those that it may take, the one with the lowest count. */
  #placeOf(hash: number): number {
    const places = this.#places;
    const first = hash & (CANDIDATES - WAYS);
    let lowest = first;
    for (let place = first; place < first + WAYS; place++) {
      const count = places[place + CANDIDATES]!;
      if (count > 0 && places[place] === (hash | 0)) return place;
      if (count < places[lowest + CANDIDATES]!) lowest = place;
    }
    return lowest;
  }

  /** Takes the key that has waited longest. @shape out: room for 32 bytes at `at` */
  take(out: Uint8Array, at: number): boolean {
    if (this.#count === 0) return false;
    copyBytes(this.#queue, 32 * this.#first, out, at, 32);
    this.#first = (this.#first + 1) % WAITING;
    this.#count--;
    return true;
  }
}
