/** Doubly linked lists of rows through columns of the table. Links are row + 1, 0 means none. */

export class Chain {
  readonly #heads: Int32Array;
  readonly #tails: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;

  /** @shape heads, tails: one cell a list; next, previous: one cell a row */
  constructor(heads: Int32Array, tails: Int32Array, next: Int32Array, previous: Int32Array) {
    this.#heads = heads;
    this.#tails = tails;
    this.#next = next;
    this.#previous = previous;
  }

  /** @returns the first row of a list, or -1 */
  first(list: number): number {
    return this.#heads[list]! - 1;
  }

  /** @returns the last row of a list, or -1 */
  last(list: number): number {
    return this.#tails[list]! - 1;
  }

  /** @returns the row behind this one, or -1 */
  next(row: number): number {
    return this.#next[row]! - 1;
  }

  /** @returns the row before this one, or -1 */
  previous(row: number): number {
    return this.#previous[row]! - 1;
  }

  /** Adds a row at the end of a list. */
  append(list: number, row: number): void {
    const last = this.#tails[list]!;
    this.#previous[row] = last;
    this.#next[row] = 0;
    if (last === 0) this.#heads[list] = row + 1;
    else this.#next[last - 1] = row + 1;
    this.#tails[list] = row + 1;
  }

  /** Takes a row out of the list that it is in. */
  unlink(list: number, row: number): void {
    const next = this.#next[row]!;
    const previous = this.#previous[row]!;
    if (previous === 0) this.#heads[list] = next;
    else this.#next[previous - 1] = next;
    if (next === 0) this.#tails[list] = previous;
    else this.#previous[next - 1] = previous;
    this.#next[row] = 0;
    this.#previous[row] = 0;
  }
}
