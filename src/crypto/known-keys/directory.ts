import { copyBytes, equalBytes } from '../../util/bytes.ts';
import { KeyedHash } from '../../util/keyed-hash.ts';
import { HEADER_STRIDE, Header, type KnownKeysThread } from './memory.ts';

/** Places looked at before a key counts as absent: at 40 % load one needs about 1.3. */
const MAX_PROBES = 32;

/**
 * A table gives way to another only after so many signatures per slot went by without it: what is in use
 * stays, however many fresh keys there are, and more keys than slots do not chase each other.
 */
const IDLE_ROUNDS = 16;

/**
 * Which key has its table in which slot, for all threads. One thread at a time, the builder, changes it;
 * everybody reads at any time. A slot's version is odd while its table is made. Who reads notes the
 * version, reads, and asks afterwards whether it still holds: if not, what was read is worth nothing.
 */
export class KeyDirectory {
  /** Version of the slot that `find` returned last. */
  foundVersion = 0;
  readonly #thread: KnownKeysThread;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #hash: KeyedHash;
  readonly #header: number;
  readonly #places: number;
  readonly #mask: number;
  readonly #versions: number;
  readonly #used: number;
  readonly #keys: number;
  readonly #slots: number;

  constructor(thread: KnownKeysThread) {
    const { layout, words, bytes, handle } = thread;
    this.#thread = thread;
    this.#words = words;
    this.#bytes = bytes;
    this.#header = layout.header / 4;
    this.#places = layout.places / 4;
    this.#mask = layout.placeCount - 1;
    this.#versions = layout.versions / 4;
    this.#used = layout.used / 4;
    this.#keys = layout.keys;
    this.#slots = handle.keys;
    this.#hash = new KeyedHash(this.#read(Header.SEED_LOW), this.#read(Header.SEED_HIGH));
  }

  /** Keys with a table. */
  get size(): number {
    return this.#read(Header.SIZE);
  }

  /** Whether tables are no longer to be trusted. */
  get isOff(): boolean {
    return this.#read(Header.OFF) !== 0;
  }

  /** Ends the use of tables, in all threads and for good. */
  switchOff(): void {
    Atomics.store(this.#words, this.#header + Header.OFF * HEADER_STRIDE, 1);
  }

  /** Hash of a key, secret to the outside. */
  hash(bytes: Uint8Array, at: number): number {
    return this.#hash.pubkey(bytes, at);
  }

  /** Address of the key of a slot. */
  keyOf(slot: number): number {
    return this.#keys + 32 * slot;
  }

  /** Address of the table of a slot. */
  tableOf(slot: number): number {
    const { tables, tableBytes } = this.#thread.layout;
    return tables + slot * tableBytes;
  }

  /** Counts signatures; what `used` is measured in. @returns the count before */
  advance(signatures: number): number {
    return Atomics.add(this.#words, this.#header + Header.TICK * HEADER_STRIDE, signatures);
  }

  /** @returns the slot of a key, -1 when it has none; `foundVersion` is its version then */
  find(bytes: Uint8Array, at: number, hash: number): number {
    const words = this.#words;
    for (let i = 0; i < MAX_PROBES; i++) {
      const slot = words[this.#places + ((hash + i) & this.#mask)]! - 1;
      if (slot < 0) return -1;
      const version = Atomics.load(words, this.#versions + slot);
      if ((version & 1) !== 0) continue;
      if (!equalBytes(bytes, at, this.#bytes, this.keyOf(slot), 32)) continue;
      this.foundVersion = version;
      return slot;
    }
    return -1;
  }

  /** Whether a slot is as it was when it had this version. A read-modify-write: no earlier read can slip behind it. */
  holds(slot: number, version: number): boolean {
    return (
      Atomics.compareExchange(this.#words, this.#versions + slot, version, version) === version
    );
  }

  /** Notes that a table was used. */
  touch(slot: number, tick: number): void {
    this.#words[this.#used + slot] = tick;
  }

  /** Becomes the builder unless another thread is. @param owner not 0, never another living thread's */
  lock(owner: number): boolean {
    const at = this.#header + Header.BUILDER * HEADER_STRIDE;
    return Atomics.compareExchange(this.#words, at, 0, owner) === 0;
  }

  /** Whether this is still the builder. Who was given up for dead and is not must leave off. */
  isLockedBy(owner: number): boolean {
    return this.#read(Header.BUILDER) === owner;
  }

  /** @owner the builder, or whoever knows that it died */
  unlock(owner: number): void {
    const at = this.#header + Header.BUILDER * HEADER_STRIDE;
    Atomics.compareExchange(this.#words, at, owner, 0);
  }

  /**
   * Takes a slot for a new table: a free one, else the one unused for longest if that is long enough.
   *
   * @owner the builder
   * @param taken slots claimed and not yet published
   * @returns -1 when all are in use
   */
  claim(taken: readonly number[]): number {
    const free = this.#free(taken);
    const slot = free >= 0 ? free : this.#idlest(taken);
    if (slot < 0) return -1;
    const words = this.#words;
    const version = Atomics.load(words, this.#versions + slot);
    // A slot that is odd was left by a builder that died.
    if ((version & 1) === 0) {
      Atomics.add(words, this.#versions + slot, 1);
      if (version > 0) this.#remove(slot);
    }
    return slot;
  }

  /** Makes a table known to everybody. @owner the builder, which has claimed the slot and filled its table */
  publish(slot: number, bytes: Uint8Array, at: number): void {
    const words = this.#words;
    copyBytes(bytes, at, this.#bytes, this.keyOf(slot), 32);
    this.touch(slot, this.#read(Header.TICK));
    Atomics.add(words, this.#versions + slot, 1);
    const home = this.hash(bytes, at);
    for (let i = 0; i <= this.#mask; i++) {
      const place = this.#places + ((home + i) & this.#mask);
      if (words[place] !== 0) continue;
      Atomics.store(words, place, slot + 1);
      Atomics.add(words, this.#header + Header.SIZE * HEADER_STRIDE, 1);
      return;
    }
  }

  /** A slot that holds no table: never used, or left by a builder that died. */
  #free(taken: readonly number[]): number {
    const words = this.#words;
    for (let slot = 0; slot < this.#slots; slot++) {
      const version = words[this.#versions + slot]!;
      if (version !== 0 && (version & 1) === 0) continue;
      if (!taken.includes(slot)) return slot;
    }
    return -1;
  }

  #idlest(taken: readonly number[]): number {
    const words = this.#words;
    const now = this.#read(Header.TICK);
    let best = -1;
    let longest = this.#slots * IDLE_ROUNDS;
    for (let slot = 0; slot < this.#slots; slot++) {
      const idle = (now - words[this.#used + slot]!) >>> 0;
      if (idle <= longest || taken.includes(slot)) continue;
      longest = idle;
      best = slot;
    }
    return best;
  }

  /** Takes a slot out of the index and closes the gap, so that no search ends early. */
  #remove(slot: number): void {
    const words = this.#words;
    const mask = this.#mask;
    let hole = this.hash(this.#bytes, this.keyOf(slot)) & mask;
    for (let i = 0; words[this.#places + hole] !== slot + 1; i++) {
      if (i > mask) return; // a builder died between the two steps
      hole = (hole + 1) & mask;
    }
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const moved = words[this.#places + next]! - 1;
      if (moved < 0) break;
      const home = this.hash(this.#bytes, this.keyOf(moved)) & mask;
      if (((next - home) & mask) < ((next - hole) & mask)) continue;
      Atomics.store(words, this.#places + hole, moved + 1);
      hole = next;
    }
    Atomics.store(words, this.#places + hole, 0);
    Atomics.sub(words, this.#header + Header.SIZE * HEADER_STRIDE, 1);
  }

  #read(name: number): number {
    return Atomics.load(this.#words, this.#header + name * HEADER_STRIDE);
  }
}
