import { type NewValues, RECENT_VALUES } from './traffic.ts';

/** Those that may be repeated, and one that was asked for and did not fit into its datagram. */
const KEPT = RECENT_VALUES + 1;

/** New values that are made when they are asked for. */
export class LiveValues implements NewValues {
  readonly length: number;
  readonly #make: () => Uint8Array;
  readonly #recent: Uint8Array[] = [];
  #made = 0;

  constructor(length: number, make: () => Uint8Array) {
    this.length = length;
    this.#make = make;
  }

  /** @throws RangeError for one that comes after the next, or was forgotten */
  at(n: number): Uint8Array {
    if (n === this.#made) {
      this.#recent[n % KEPT] = this.#make();
      this.#made++;
    }
    if (n >= this.#made || n < this.#made - KEPT) {
      throw new RangeError(`value ${n} is not at hand: ${this.#made} were made`);
    }
    return this.#recent[n % KEPT]!;
  }
}
