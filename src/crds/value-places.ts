import { PLACE_BYTES, SMALL_PLACE_BYTES } from '../shm/layout.ts';
import type { RegionColumns } from '../shm/regions.ts';
import { TableState } from '../shm/table-cells.ts';
import { assert } from '../util/assert.ts';

/** Cells of the state that belong to the places of one size. */
interface SizeClass {
  readonly bytes: number;
  /** Where its first place begins. */
  readonly from: number;
  /** First free place that was in use before, plus one. */
  readonly freeHead: number;
  /** Places at and above this were never used. */
  readonly highWater: number;
}

/**
 * Where the bytes of values lie. There are places of two sizes, as many of each as rows, so that no row is
 * ever without one; memory is only taken by those that were used. Most values, votes among them, fit into
 * the small ones: with one size for all they would take three times as much.
 *
 * Free places are lists through their own first bytes. A reader that still looks at a place which is given
 * to another row notices by the version of the row that it read the place of.
 *
 * @owner the table
 */
export class ValuePlaces {
  readonly #c: RegionColumns<'table'>;
  readonly #words: Int32Array;
  readonly #small: SizeClass;
  readonly #large: SizeClass;

  constructor(columns: RegionColumns<'table'>) {
    const { bytes, length } = columns;
    this.#c = columns;
    this.#words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    this.#small = {
      bytes: SMALL_PLACE_BYTES,
      from: 0,
      freeHead: TableState.SMALL_FREE_HEAD,
      highWater: TableState.SMALL_HIGH_WATER,
    };
    this.#large = {
      bytes: PLACE_BYTES,
      from: length.length * SMALL_PLACE_BYTES,
      freeHead: TableState.LARGE_FREE_HEAD,
      highWater: TableState.LARGE_HIGH_WATER,
    };
  }

  /**
   * Gives a row without a value a place.
   *
   * @units length: bytes of the value it is for
   */
  take(row: number, length: number): void {
    const { state, place } = this.#c;
    const size = length <= SMALL_PLACE_BYTES ? this.#small : this.#large;
    const free = state[size.freeHead]! - 1;
    if (free >= 0) {
      place[row] = size.from + free * size.bytes;
      state[size.freeHead] = this.#words[place[row]! / 4]!;
      return;
    }
    const fresh = state[size.highWater]!;
    assert(fresh < this.#c.length.length, 'as many places as rows');
    state[size.highWater] = fresh + 1;
    place[row] = size.from + fresh * size.bytes;
  }

  /** Gives a row that has a value a place for another one: its own if that is of the right size. */
  exchange(row: number, length: number): void {
    const isSmall = this.#c.place[row]! < this.#large.from;
    if (isSmall === length <= SMALL_PLACE_BYTES) return;
    this.release(row);
    this.take(row, length);
  }

  /** T3: every value has a place of the right size to itself, every other place is free. @returns the first violation */
  findViolation(): string | undefined {
    const { length, place, state } = this.#c;
    const used = new Map<number, number>();
    for (let row = 0; row < state[TableState.HIGH_WATER]!; row++) {
      if (length[row] === 0) continue;
      const at = place[row]!;
      const size = length[row]! <= SMALL_PLACE_BYTES ? this.#small : this.#large;
      const number = (at - size.from) / size.bytes;
      if (!Number.isInteger(number) || number < 0 || number >= state[size.highWater]!) {
        return `T3 row ${row}: its ${length[row]} bytes lie at ${at}`;
      }
      if (used.has(at)) return `T3 row ${row}: lies where row ${used.get(at)} lies`;
      used.set(at, row);
    }
    let count = used.size;
    for (const size of [this.#small, this.#large]) {
      count -= state[size.highWater]!;
      for (let link = state[size.freeHead]!; link !== 0; ) {
        const at = size.from + (link - 1) * size.bytes;
        if (used.has(at)) return `T3 free places: ${at} is in use, or listed twice`;
        used.set(at, -1);
        link = this.#words[at / 4]!;
        count++;
      }
    }
    return count === 0
      ? undefined
      : `T3 free places: ${Math.abs(count)} too ${count < 0 ? 'few' : 'many'}`;
  }

  /** Takes the place of a row back. */
  release(row: number): void {
    const { state, place } = this.#c;
    const at = place[row]!;
    const size = at < this.#large.from ? this.#small : this.#large;
    this.#words[at / 4] = state[size.freeHead]!;
    state[size.freeHead] = (at - size.from) / size.bytes + 1;
  }
}
