/** Branches as instrumented code marks them: one byte each, 1 once it was taken. */

/** Marks are looked at by words: after most inputs none is new. */
const WORD_BYTES = 4;

/** What the instrumented tree and its fuzzer share; absent in ordinary code. */
interface Marks {
  readonly hits: Uint8Array;
  /** `src/wire/skim.ts:120 then`, by place. */
  readonly names: readonly string[];
}

/** Makes the marks; once, before any instrumented module is loaded. */
export function createMarks(names: readonly string[]): void {
  (globalThis as { earshotMarks?: Marks }).earshotMarks = {
    hits: new Uint8Array(Math.ceil(names.length / WORD_BYTES) * WORD_BYTES),
    names,
  };
}

/** Which branches have ever been taken, of those that lead the search. Without marks there are none. */
export class Branches {
  readonly #hits: Uint8Array;
  /** Branches that were taken, and those that do not count. */
  readonly #seen: Uint8Array;
  readonly #hitWords: Int32Array;
  readonly #seenWords: Int32Array;
  readonly #names: readonly string[];
  /** Branches that count lie side by side, as marks are given out file by file. */
  readonly #first: number;
  readonly #last: number;
  readonly #counts: Uint8Array;
  /** How many count, and how many of them were taken. */
  readonly total: number;
  taken = 0;

  constructor(files: RegExp) {
    const marks = (globalThis as { earshotMarks?: Marks }).earshotMarks;
    this.#names = marks?.names ?? [];
    this.#hits = marks?.hits ?? new Uint8Array(0);
    this.#counts = Uint8Array.from(this.#names, (name) => (files.test(name) ? 1 : 0));
    this.#seen = new Uint8Array(this.#hits.length).fill(1);
    for (const [i, counts] of this.#counts.entries()) this.#seen[i] = 1 - counts;
    this.#hitWords = new Int32Array(this.#hits.buffer);
    this.#seenWords = new Int32Array(this.#seen.buffer);
    this.#first = Math.max(0, this.#counts.indexOf(1));
    this.#last = this.#counts.lastIndexOf(1);
    this.total = this.#counts.reduce((sum, one) => sum + one, 0);
  }

  /** Forgets what was taken since the last look. */
  clear(): void {
    this.#hits.fill(0, this.#first, this.#last + 1);
  }

  /** @returns how many branches were taken for the first time since `clear` */
  gained(): number {
    const hits = this.#hitWords;
    const seen = this.#seenWords;
    let fresh = 0;
    const last = Math.floor(this.#last / WORD_BYTES);
    for (let word = Math.floor(this.#first / WORD_BYTES); word <= last; word++) {
      if ((hits[word]! & ~seen[word]!) === 0) continue;
      for (let i = word * WORD_BYTES; i < (word + 1) * WORD_BYTES; i++) {
        if (this.#hits[i]! <= this.#seen[i]!) continue;
        this.#seen[i] = 1;
        fresh++;
      }
    }
    this.taken += fresh;
    return fresh;
  }

  /** Places of the branches taken since `clear`. */
  current(): number[] {
    const places: number[] = [];
    for (let i = this.#first; i <= this.#last; i++) {
      if (this.#hits[i] === 1 && this.#counts[i] === 1) places.push(i);
    }
    return places;
  }

  /** Names of branches that were never taken. */
  missing(): string[] {
    return this.#names.filter((_, i) => this.#counts[i] === 1 && this.#seen[i] === 0);
  }
}
