/**
 * Which values were already verified, by the first 16 bytes of their SHA-256: those need no second
 * signature check. Two generations: the older one is forgotten when the newer one is half full, so a
 * value is remembered for one to two times as long as half a generation takes to fill.
 *
 * Main writes, every thread reads. A tag that is being written reads as a miss, never as a hit.
 */
import { readU32 } from '../util/bytes.ts';
import { mixPair } from '../util/keyed-hash.ts';
import type { RegionColumns } from './regions.ts';

const State = { GENERATION: 0, COUNT: 1, REFUSED: 2, SEED: 3 } as const;
const TAG_WORDS = 4;

/** Places looked at before a tag is refused: at half load random tags need about 2. */
const MAX_PROBES = 32;

/** The set as every thread sees it; only SHA-256 identity may excuse a signature check, no shorter hash. */
export class VerifiedSet {
  readonly #state: Float64Array;
  readonly #tags: Int32Array;
  /** Places in a generation. */
  readonly #places: number;

  constructor(verified: RegionColumns<'verified'>) {
    this.#state = verified.state;
    this.#tags = verified.tags;
    this.#places = verified.tags.length / TAG_WORDS / 2;
  }

  /**
   * Sets the key that spreads tags, so that nobody can choose hashes that crowd one place; once, before
   * the first `add`.
   *
   * @units seed: 32 bits
   */
  seed(seed: number): void {
    this.#state[State.SEED] = seed | 0;
  }

  /** Tags in the newer generation. */
  get count(): number {
    return this.#state[State.COUNT]!;
  }

  /** Tags that found no place: their values will be verified again. */
  get refused(): number {
    return this.#state[State.REFUSED]!;
  }

  /**
   * Was the value with this hash verified?
   *
   * @shape hash: 32 bytes of SHA-256 from `at`
   */
  has(hash: Uint8Array, at: number): boolean {
    const current = this.#state[State.GENERATION]!;
    return this.#find(current, hash, at) === FOUND || this.#find(1 - current, hash, at) === FOUND;
  }

  /**
   * Remembers a verified value; never call it before the signature was checked.
   *
   * @owner main
   */
  add(hash: Uint8Array, at: number): void {
    const state = this.#state;
    const generation = state[State.GENERATION]!;
    const place = this.#find(generation, hash, at);
    if (place === FOUND) return;
    if (place === FULL) {
      state[State.REFUSED]! += 1;
      return;
    }
    const tags = this.#tags;
    for (let i = 0; i < TAG_WORDS; i++) tags[place + i] = readU32(hash, at + 4 * i);
    state[State.COUNT]! += 1;
    if (state[State.COUNT]! * 2 >= this.#places) this.#rotate();
  }

  #rotate(): void {
    const older = 1 - this.#state[State.GENERATION]!;
    const words = this.#places * TAG_WORDS;
    this.#tags.fill(0, older * words, (older + 1) * words);
    this.#state[State.GENERATION] = older;
    this.#state[State.COUNT] = 0;
  }

  /** @returns FOUND, FULL, or the first word of the free place where the tag belongs */
  #find(generation: number, hash: Uint8Array, at: number): number {
    const a = readU32(hash, at) | 0;
    const b = readU32(hash, at + 4) | 0;
    const c = readU32(hash, at + 8) | 0;
    const d = readU32(hash, at + 12) | 0;
    const tags = this.#tags;
    const mask = this.#places - 1;
    const first = generation * this.#places;
    let place = mixPair(a, b, this.#state[State.SEED]! | 0) & mask;
    for (let i = 0; i < MAX_PROBES; i++) {
      const word = (first + place) * TAG_WORDS;
      const found = tags[word]!;
      if (found === 0 && tags[word + 1] === 0 && tags[word + 2] === 0 && tags[word + 3] === 0) {
        return word;
      }
      if (found === a && tags[word + 1] === b && tags[word + 2] === c && tags[word + 3] === d) {
        return FOUND;
      }
      place = (place + 1) & mask;
    }
    return FULL;
  }
}

const FOUND = -1;
const FULL = -2;
