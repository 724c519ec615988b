/**
 * Doubly linked lists over slot numbers in typed arrays: orders of age and free lists without objects.
 * A slot is in one list at a time, or in none. Lists are numbered from 0.
 */
export class SlotLists {
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #capacity: number;

  /** @units capacity: slots 0 to capacity − 1 */
  constructor(capacity: number, lists: number) {
    this.#capacity = capacity;
    this.#next = new Int32Array(capacity + lists);
    this.#previous = new Int32Array(capacity + lists);
    for (let i = capacity; i < capacity + lists; i++) {
      this.#next[i] = i;
      this.#previous[i] = i;
    }
  }

  /** First slot of a list, −1 when it is empty. */
  first(list: number): number {
    const slot = this.#next[this.#capacity + list]!;
    return slot < this.#capacity ? slot : -1;
  }

  /** The slot behind another, −1 behind the last. */
  after(slot: number): number {
    const next = this.#next[slot]!;
    return next < this.#capacity ? next : -1;
  }

  /** Puts a slot that is in no list at the end of one. */
  append(list: number, slot: number): void {
    const end = this.#capacity + list;
    const last = this.#previous[end]!;
    this.#next[last] = slot;
    this.#previous[slot] = last;
    this.#next[slot] = end;
    this.#previous[end] = slot;
  }

  /** Takes a slot out of the list it is in. */
  remove(slot: number): void {
    const next = this.#next[slot]!;
    const previous = this.#previous[slot]!;
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }

  /** Moves a slot to the end of a list. */
  move(list: number, slot: number): void {
    this.remove(slot);
    this.append(list, slot);
  }
}
