import type { Candidates } from './candidates.ts';
import type { KeyDirectory } from './directory.ts';
import type { KnownKeysThread } from './memory.ts';

/** Tables made at a time, in the lanes of vectors; fewer cost as much. */
const GROUP = 4;

/** Batches for which less than a group waits for company. At a few hundred a second they are a moment. */
const PATIENCE = 64;

/**
 * Makes tables for keys that wait, four at a time, in steps of 20 µs: rows are computed one by one, all
 * inverted together, and stored one by one on the way back.
 */
export class TableBuilder {
  /** Tables made. */
  built = 0;
  readonly #thread: KnownKeysThread;
  readonly #directory: KeyDirectory;
  readonly #candidates: Candidates;
  readonly #owner: number;
  readonly #rows: number;
  readonly #keys = new Uint8Array(GROUP * 32);
  /** Slots of the group in the making; empty when there is none. */
  #slots: number[] = [];
  #usable = 0;
  #step = 0;
  #patience = PATIENCE;

  /** @param owner number of this thread, above 0 and unlike any other living one's */
  constructor(
    thread: KnownKeysThread,
    directory: KeyDirectory,
    candidates: Candidates,
    owner: number,
  ) {
    this.#thread = thread;
    this.#directory = directory;
    this.#candidates = candidates;
    this.#owner = owner;
    this.#rows = thread.code.table_rows();
  }

  /** Whether a step would do something. */
  get hasWork(): boolean {
    if (this.#slots.length > 0) return true;
    const { waiting } = this.#candidates;
    return waiting >= GROUP || (waiting > 0 && this.#patience <= 0);
  }

  /** Tells that a batch went by. */
  wait(): void {
    if (this.#candidates.waiting > 0) this.#patience--;
  }

  /** Does up to `count` steps. @returns whether anything was done */
  work(count: number): boolean {
    if (!this.hasWork) return false;
    if (this.#slots.length === 0 && !this.#begin()) return false;
    for (let i = 0; i < count && this.#slots.length > 0; i++) this.#advance();
    return true;
  }

  /** Ends what was begun, so that another thread may build: 0.3 ms at most. */
  finish(): void {
    while (this.#slots.length > 0) this.#advance();
  }

  /** Collects keys and slots for a group. */
  #begin(): boolean {
    const { code, area, bytes } = this.#thread;
    const directory = this.#directory;
    if (!directory.lock(this.#owner)) return false;
    const slots: number[] = [];
    while (slots.length < GROUP && this.#candidates.take(this.#keys, 32 * slots.length)) {
      const at = 32 * slots.length;
      // Another thread may have made its table meanwhile.
      if (directory.find(this.#keys, at, directory.hash(this.#keys, at)) >= 0) continue;
      if (this.#isInGroup(slots.length)) continue;
      const slot = directory.claim(slots);
      if (slot < 0) break;
      slots.push(slot);
    }
    this.#patience = PATIENCE;
    if (slots.length === 0) {
      directory.unlock(this.#owner);
      return false;
    }
    for (let lane = 0; lane < GROUP; lane++) {
      const at = lane < slots.length ? 32 * lane : 0;
      bytes.set(this.#keys.subarray(at, at + 32), area + code.keys_at() + 32 * lane);
    }
    this.#slots = slots;
    this.#step = 0;
    return true;
  }

  /** Whether the key at this place of the group is there already. */
  #isInGroup(index: number): boolean {
    const key = Buffer.from(this.#keys.buffer, 32 * index, 32);
    for (let i = 0; i < index; i++) {
      if (key.equals(this.#keys.subarray(32 * i, 32 * i + 32))) return true;
    }
    return false;
  }

  /** Begin, every row, invert, every row backwards, publish. */
  #advance(): void {
    const { code, area } = this.#thread;
    if (!this.#directory.isLockedBy(this.#owner)) {
      this.#slots = []; // they are whoever builds now's
      return;
    }
    const rows = this.#rows;
    const step = this.#step++;
    if (step === 0) this.#usable = code.table_begin(area);
    else if (step <= rows) code.table_row(area, step - 1);
    else if (step === rows + 1) code.table_invert(area);
    else if (step <= 2 * rows + 1) {
      const table = (lane: number): number =>
        this.#directory.tableOf(this.#slots[lane] ?? this.#slots[0]!);
      code.table_store(area, 2 * rows + 1 - step, table(0), table(1), table(2), table(3));
    } else this.#publish();
  }

  #publish(): void {
    for (const [lane, slot] of this.#slots.entries()) {
      // A key that was accepted decodes and is of large order; one that is not keeps its slot closed.
      if ((this.#usable & (1 << lane)) === 0) continue;
      this.#directory.publish(slot, this.#keys, 32 * lane);
      this.built++;
    }
    this.#slots = [];
    this.#directory.unlock(this.#owner);
  }
}
