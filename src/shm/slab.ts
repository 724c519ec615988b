/**
 * The ring of received batches: filled by whoever receives, claimed and worked off by listen tasks, applied
 * and freed by main in the order of arrival. A batch belongs to one of them at a time, and the words that
 * hand it over lie on lines of their own. The receiver takes the batch that was given back last, which is
 * still in the processor's caches: what a load does not need of the ring is never touched. What is in a
 * batch is read and written through the columns of the regions `ring` (datagrams) and `records` (values).
 *
 * Takes the place of the reference's queues Q1 and Q2. @source behaviour 1.2; architecture 0
 */
import { assert } from '../util/assert.ts';
import { RingWord } from './control-words.ts';
import { BATCH_SLOTS, BATCH_VALUES, LINE_I32, SLOT_BYTES } from './layout.ts';
import type { RegionColumns } from './regions.ts';

const HEAD = RingWord.HEAD * LINE_I32;
const CLAIM = RingWord.CLAIM * LINE_I32;
const TAIL = RingWord.TAIL * LINE_I32;
const WANT = RingWord.WANT * LINE_I32;
const STOP = RingWord.STOP * LINE_I32;

/** Owner of a batch that nobody has claimed: whoever had it the round before may die meanwhile. */
export const NOBODY = -1;

/** Batches that wait beyond what listen tasks come to at once. */
const BEHIND_BATCHES = 4;

/** What main waits for, in the word WANT; 0 when it is awake. */
const WANT_DONE = 1;
const WANT_BATCH = 2;

/** The datagram that a record's value came in, given the batch's column of slots. */
export function packetOfRecord(row: number, slots: Uint16Array): number {
  return Math.floor(row / BATCH_VALUES) * BATCH_SLOTS + slots[row]!;
}

/** Where a slot of a batch lies in the columns of datagrams. */
export function packetOf(batch: number, slot: number): number {
  return batch * BATCH_SLOTS + slot;
}

/** Where the values of a batch begin in the columns of records. */
export function firstRecordOf(batch: number): number {
  return batch * BATCH_VALUES;
}

/** The words of the ring as operations; each thread makes its own over the same region. */
export class BatchRing {
  readonly #ring: RegionColumns<'ring'>;
  readonly #words: Int32Array;
  readonly #batches: number;
  /** Of the receiver: free batches, the one given back last on top; none are counted before the first `open`. */
  readonly #stack: Int32Array;
  #stackSize = -1;
  /** Batches ever released, as far as they are on the stack. */
  #collected = 0;

  constructor(ring: RegionColumns<'ring'>) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#batches = ring.done.length / LINE_I32;
    this.#stack = new Int32Array(this.#batches);
  }

  /** Batches in the ring. */
  get capacity(): number {
    return this.#batches;
  }

  /** Batches that can be filled now. */
  get free(): number {
    return this.#batches - this.#between(TAIL, HEAD);
  }

  /** Batches filled that nobody has claimed. */
  get waiting(): number {
    return this.#between(CLAIM, HEAD);
  }

  /** Whether listening is behind: then another batch is better filled than handed over with little in it. */
  get isBehind(): boolean {
    return this.waiting >= BEHIND_BATCHES;
  }

  /** Batches filled and not yet freed: claimed, worked off or waiting. */
  get used(): number {
    return this.#between(TAIL, HEAD);
  }

  /** Datagrams in a batch. */
  count(batch: number): number {
    return this.#ring.count[batch * LINE_I32]!;
  }

  /** Opens the next batch, the same until it is closed. @owner the receiver @returns the batch, or -1 when the ring is full */
  open(): number {
    if (this.#stackSize < 0) this.#takeStock();
    const tail = Atomics.load(this.#words, TAIL);
    for (; this.#collected !== tail; this.#collected = (this.#collected + 1) | 0) {
      this.#stack[this.#stackSize++] = this.#at(this.#collected);
    }
    return this.#stackSize === 0 ? -1 : this.#stack[this.#stackSize - 1]!;
  }

  /**
   * Copies a datagram into a slot of the open batch.
   *
   * @owner the receiver
   * @units ip: IPv4 as a big-endian number; arrivalMs: monotonic
   */
  put(
    batch: number,
    slot: number,
    datagram: Uint8Array,
    ip: number,
    port: number,
    arrivalMs: number,
  ): void {
    assert(datagram.length <= SLOT_BYTES && slot < BATCH_SLOTS, 'a datagram beyond its slot');
    const ring = this.#ring;
    const packet = packetOf(batch, slot);
    ring.bytes.set(datagram, packet * SLOT_BYTES);
    ring.length[packet] = datagram.length;
    ring.ip[packet] = ip;
    ring.port[packet] = port;
    ring.arrival[packet] = arrivalMs;
  }

  /**
   * Hands the open batch to the listen tasks.
   *
   * @owner the receiver
   * @returns whether main listens by itself, sleeps, and must be woken
   */
  close(batch: number, count: number): boolean {
    assert(count > 0 && count <= BATCH_SLOTS, 'a batch has 1 to 64 datagrams');
    assert(batch === this.#stack[this.#stackSize - 1], 'only the open batch can be closed');
    const words = this.#words;
    this.#stackSize--;
    this.#ring.order[Atomics.load(words, HEAD) & (this.#batches - 1)] = batch;
    this.#ring.count[batch * LINE_I32] = count;
    Atomics.store(this.#ring.owner, batch * LINE_I32, NOBODY);
    Atomics.store(this.#ring.done, batch * LINE_I32, 0);
    Atomics.add(words, HEAD, 1);
    if (words.buffer instanceof SharedArrayBuffer) Atomics.notify(words, HEAD);
    return Atomics.compareExchange(words, WANT, WANT_BATCH, 0) === WANT_BATCH;
  }

  /**
   * Waits until a batch may be there to be claimed. Returns early for no reason at times.
   *
   * @owner a listen task on a thread of its own
   */
  waitForBatch(timeoutMs: number): void {
    const words = this.#words;
    const head = Atomics.load(words, HEAD);
    if (Atomics.load(words, CLAIM) !== head || this.stopped) return;
    Atomics.wait(words, HEAD, head, timeoutMs);
  }

  /**
   * Takes the oldest batch that waits; any number of threads may try.
   *
   * @units thread: who claims, for the case that it dies with the batch
   * @returns the batch, or -1
   */
  claim(thread = 0): number {
    const words = this.#words;
    for (;;) {
      const claimed = Atomics.load(words, CLAIM);
      if (claimed === Atomics.load(words, HEAD)) return -1;
      const next = (claimed + 1) | 0;
      if (Atomics.compareExchange(words, CLAIM, claimed, next) === claimed) {
        const batch = this.#at(claimed);
        Atomics.store(this.#ring.owner, batch * LINE_I32, thread);
        return batch;
      }
    }
  }

  /**
   * Gives up what a thread had claimed when it died: its batches count as worked off, without a value,
   * each datagram ending in `outcome`.
   *
   * @owner main, when that thread is gone
   * @returns datagrams lost
   */
  abandon(thread: number, outcome: number): number {
    const ring = this.#ring;
    let lost = 0;
    const end = Atomics.load(this.#words, CLAIM);
    for (let n = Atomics.load(this.#words, TAIL); n !== end; n = (n + 1) | 0) {
      const batch = this.#at(n);
      if (Atomics.load(ring.done, batch * LINE_I32) === 1) continue;
      if (Atomics.load(ring.owner, batch * LINE_I32) !== thread) continue;
      for (let slot = 0; slot < this.count(batch); slot++) {
        ring.outcome[packetOf(batch, slot)] = outcome;
        ring.rowCount[packetOf(batch, slot)] = 0;
        lost++;
      }
      Atomics.store(ring.done, batch * LINE_I32, 1);
    }
    return lost;
  }

  /**
   * Whether main waits for a batch that was claimed by nobody it knows: by a thread that is just about to
   * say so, or that died in this moment.
   */
  get isStray(): boolean {
    const tail = Atomics.load(this.#words, TAIL);
    if (tail === Atomics.load(this.#words, CLAIM)) return false;
    const at = this.#at(tail) * LINE_I32;
    return Atomics.load(this.#ring.done, at) !== 1 && Atomics.load(this.#ring.owner, at) === NOBODY;
  }

  /** Hands a batch to main. @owner who claimed it @returns whether main sleeps and must be woken */
  finish(batch: number): boolean {
    Atomics.store(this.#ring.done, batch * LINE_I32, 1);
    return Atomics.compareExchange(this.#words, WANT, WANT_DONE, 0) === WANT_DONE;
  }

  /** The oldest batch when it is worked off. @owner main @returns the batch, or -1 */
  next(): number {
    const tail = Atomics.load(this.#words, TAIL);
    if (tail === Atomics.load(this.#words, CLAIM)) return -1;
    const batch = this.#at(tail);
    return Atomics.load(this.#ring.done, batch * LINE_I32) === 1 ? batch : -1;
  }

  /** Gives the batch that `next` returned back to the receiver. @owner main */
  release(): void {
    Atomics.add(this.#words, TAIL, 1);
  }

  /**
   * Main is about to sleep and wishes to be woken: by a batch that is worked off, or, where it listens
   * by itself, by one that was received. Look once more after this, for what happened meanwhile.
   */
  wantWake(listensItself: boolean): void {
    Atomics.store(this.#words, WANT, listensItself ? WANT_BATCH : WANT_DONE);
  }

  /** Tells all threads on the ring to return. @owner main */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
    if (this.#words.buffer instanceof SharedArrayBuffer) Atomics.notify(this.#words, HEAD);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  /** The batch that came as the n-th. */
  #at(n: number): number {
    return this.#ring.order[n & (this.#batches - 1)]!;
  }

  /** Whoever received before may have died: free is what is not on its way from receiver to main. */
  #takeStock(): void {
    const tail = Atomics.load(this.#words, TAIL);
    const head = Atomics.load(this.#words, HEAD);
    const isUsed = new Uint8Array(this.#batches);
    for (let n = tail; n !== head; n = (n + 1) | 0) isUsed[this.#at(n)] = 1;
    this.#stackSize = 0;
    for (let batch = this.#batches - 1; batch >= 0; batch--) {
      if (isUsed[batch] === 0) this.#stack[this.#stackSize++] = batch;
    }
    this.#collected = tail;
  }

  #between(from: number, to: number): number {
    return (Atomics.load(this.#words, to) - Atomics.load(this.#words, from)) | 0;
  }
}
