import { Counter } from '../shm/counters.ts';
import { BATCH_SLOTS } from '../shm/layout.ts';
import { Outcome } from '../util/outcome.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import type { NodeParts } from './parts.ts';

/**
 * Puts received datagrams into the ring, where a receive thread does not. Whatever cannot be a message
 * ends here; everything else is decided later.
 */
export class Ingress {
  readonly #parts: NodeParts;
  #batch = -1;
  #slots = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Datagrams in the batch that is not handed over yet. */
  get gathered(): number {
    return this.#slots;
  }

  /** Takes one datagram. @units ip: IPv4 as a number */
  accept(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    const { counters, ring, clock } = this.#parts;
    counters[Counter.DATAGRAMS_RECEIVED]!++;
    counters[Counter.BYTES_RECEIVED]! += length;
    const outcome = length === 0 ? Outcome.PACKET_EMPTY : this.#place(length, ip, port);
    if (outcome !== Outcome.OK) {
      this.#parts.count(outcome);
      return;
    }
    ring.put(this.#batch, this.#slots++, bytes.subarray(at, at + length), ip, port, clock.monoMs());
    if (this.#slots === BATCH_SLOTS) this.seal();
  }

  /**
   * Hands what is there to the listen tasks, unless they are behind: a ring of batches with one datagram
   * each is soon full, and then requests are shed that there was room for.
   */
  offer(): void {
    if (!this.#parts.ring.isBehind) this.seal();
  }

  /** Hands over what is there, full batch or not. */
  seal(): void {
    if (this.#slots === 0) return;
    this.#parts.ring.close(this.#batch, this.#slots);
    this.#batch = -1;
    this.#slots = 0;
  }

  #place(length: number, ip: number, port: number): number {
    if (length > PACKET_BYTES) return Outcome.PACKET_TOO_LONG;
    if (ip === 0 || port === 0) return Outcome.SOURCE_UNUSABLE;
    if (this.#batch < 0) this.#batch = this.#parts.ring.open();
    return this.#batch < 0 ? Outcome.SHED_RING_FULL : Outcome.OK;
  }
}
