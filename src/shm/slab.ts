/**
 * The ring of received batches: filled by whoever receives, claimed and worked off by listen tasks, applied
 * and freed by main in the order of arrival. A batch belongs to one of them at a time, and the words that
 * hand it over lie on lines of their own. What is in a batch is read and written through the columns of
 * the regions `ring` (datagrams) and `records` (their values).
 */
import { assert } from '../util/assert.ts';
import { BATCH_SLOTS, BATCH_VALUES, LINE_I32, RingWord, SLOT_BYTES } from './layout.ts';
import type { RegionColumns } from './regions.ts';

const HEAD = RingWord.HEAD * LINE_I32;
const CLAIM = RingWord.CLAIM * LINE_I32;
const TAIL = RingWord.TAIL * LINE_I32;
const WANT = RingWord.WANT * LINE_I32;
const STOP = RingWord.STOP * LINE_I32;

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

  constructor(ring: RegionColumns<'ring'>) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#batches = ring.done.length / LINE_I32;
  }

  /** Batches that can be filled now. */
  get free(): number {
    return this.#batches - this.#between(TAIL, HEAD);
  }

  /** Batches filled that nobody has claimed. */
  get waiting(): number {
    return this.#between(CLAIM, HEAD);
  }

  /** Batches filled and not yet freed: claimed, worked off or waiting. */
  get used(): number {
    return this.#between(TAIL, HEAD);
  }

  /** Datagrams in a batch. */
  count(batch: number): number {
    return this.#ring.count[batch * LINE_I32]!;
  }

  /** Opens the next batch. @owner the receiver @returns the batch, or -1 when the ring is full */
  open(): number {
    if (this.free === 0) return -1;
    return Atomics.load(this.#words, HEAD) & (this.#batches - 1);
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

  /** Hands the open batch to the listen tasks. @owner the receiver */
  close(batch: number, count: number): void {
    assert(count > 0 && count <= BATCH_SLOTS, 'a batch has 1 to 64 datagrams');
    this.#ring.count[batch * LINE_I32] = count;
    Atomics.store(this.#ring.done, batch * LINE_I32, 0);
    Atomics.add(this.#words, HEAD, 1);
  }

  /** Takes the oldest batch that waits; any number of threads may try. @returns the batch, or -1 */
  claim(): number {
    const words = this.#words;
    for (;;) {
      const claimed = Atomics.load(words, CLAIM);
      if (claimed === Atomics.load(words, HEAD)) return -1;
      const next = (claimed + 1) | 0;
      if (Atomics.compareExchange(words, CLAIM, claimed, next) === claimed) {
        return claimed & (this.#batches - 1);
      }
    }
  }

  /** Hands a batch to main. @owner who claimed it @returns whether main sleeps and must be woken */
  finish(batch: number): boolean {
    Atomics.store(this.#ring.done, batch * LINE_I32, 1);
    return Atomics.compareExchange(this.#words, WANT, 1, 0) === 1;
  }

  /** The oldest batch when it is worked off. @owner main @returns the batch, or -1 */
  next(): number {
    const tail = Atomics.load(this.#words, TAIL);
    if (tail === Atomics.load(this.#words, CLAIM)) return -1;
    const batch = tail & (this.#batches - 1);
    return Atomics.load(this.#ring.done, batch * LINE_I32) === 1 ? batch : -1;
  }

  /** Gives the batch that `next` returned back to the receiver. @owner main */
  release(): void {
    Atomics.add(this.#words, TAIL, 1);
  }

  /** Main is about to sleep; look at `next` once more after this, for what was finished meanwhile. */
  wantWake(): void {
    Atomics.store(this.#words, WANT, 1);
  }

  /** Tells all threads on the ring to return. @owner main */
  stop(): void {
    Atomics.store(this.#words, STOP, 1);
  }

  get stopped(): boolean {
    return Atomics.load(this.#words, STOP) === 1;
  }

  #between(from: number, to: number): number {
    return (Atomics.load(this.#words, to) - Atomics.load(this.#words, from)) | 0;
  }
}
