import { SLOT_BYTES } from '../shm/layout.ts';
import { UnsignedMessages } from '../tasks/messages.ts';
import { type SeatTask, TASK_SIGNATURES, Work } from '../tasks/work.ts';
import { IntRing } from '../util/ring.ts';
import { HASH_BYTES, PING_BYTES } from '../wire/limits.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import type { Lane } from './seat.ts';

/** Pongs that may wait to be signed: a quarter of a second's, at 135 µs each. */
const MAX_PONGS = 2_048;

/** Prunes that may wait. */
const MAX_PRUNES = 256;

/** Pings that are signed beforehand. Their number bounds how many slots they hold. */
const MAX_PINGS = 64;

/**
 * Datagrams that need our signature. Pongs and prunes are written here and leave when they are signed.
 * Pings are signed beforehand, since their signature says nothing of where they go: so one leaves at the
 * moment at which the limits on pings allow it.
 */
export class Signer implements Lane {
  readonly #parts: NodeParts;
  readonly #messages: UnsignedMessages;
  readonly #pongs = new IntRing(MAX_PONGS);
  readonly #prunes = new IntRing(MAX_PRUNES);
  readonly #pings = new IntRing(MAX_PINGS);
  readonly #token = new Uint8Array(HASH_BYTES);
  readonly #task: SeatTask = { work: Work.SIGN, first: 0, count: 0, seed: 0 };
  /** Pings that are wanted and neither signed nor being signed. */
  #wanted = 0;
  /** Pings in the task under way. */
  #signing = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#messages = new UnsignedMessages(parts.identity.publicKey);
  }

  get isWaiting(): boolean {
    return this.#pongs.size > 0 || this.#prunes.size > 0 || this.#wanted > 0;
  }

  /** Pings that are signed and go nowhere yet. */
  get pings(): number {
    return this.#pings.size;
  }

  /** Answers a ping whose token lies at `tokenAt`. @returns whether it found a place */
  pong(ping: Uint8Array, tokenAt: number, ip: number, port: number): boolean {
    const { outbox } = this.#parts;
    const slot = this.#reserve(this.#pongs, Egress.PONG);
    if (slot < 0) return false;
    const length = this.#messages.pong(outbox.bytes, outbox.at(slot), ping, tokenAt);
    outbox.describe(slot, length, ip, port, Egress.PONG);
    this.#pongs.push(slot);
    return true;
  }

  /** Asks a relayer to stop. @shape origins: 32 bytes each; destination: 32 bytes */
  prune(
    origins: Uint8Array,
    count: number,
    destination: Uint8Array,
    wallclockMs: number,
    ip: number,
    port: number,
  ): void {
    const { outbox } = this.#parts;
    const slot = this.#reserve(this.#prunes, Egress.PRUNE);
    if (slot < 0) return;
    const at = outbox.at(slot);
    const { bytes } = outbox;
    const length = this.#messages.prune(bytes, at, origins, count, destination, 0, wallclockMs);
    outbox.describe(slot, length, ip, port, Egress.PRUNE);
    this.#prunes.push(slot);
  }

  /** Says how many pings could leave now. */
  wantPings(count: number): void {
    this.#wanted = Math.max(0, Math.min(count, MAX_PINGS) - this.#pings.size - this.#signing);
  }

  /** Nobody waits for a ping: gives back those that were signed. */
  dropPings(): void {
    this.#wanted = 0;
    while (this.#pings.size > 0) this.#parts.outbox.release(this.#pings.shift());
  }

  /** Slot of the signed ping that `takePing` takes; there is one. */
  get nextPing(): number {
    return this.#pings.first;
  }

  /** Takes a signed ping. @returns its slot, which is reserved */
  takePing(): number {
    return this.#pings.shift();
  }

  begin(): SeatTask | undefined {
    const { orders } = this.#parts.regions;
    let count = 0;
    while (count < TASK_SIGNATURES && this.#pongs.size > 0) {
      orders.slot[count++] = this.#pongs.shift();
    }
    while (count < TASK_SIGNATURES && this.#wanted > 0) {
      const slot = this.#writePing();
      this.#wanted = slot < 0 ? 0 : this.#wanted - 1;
      if (slot < 0) break;
      orders.slot[count++] = slot;
      this.#signing++;
    }
    while (count < TASK_SIGNATURES && this.#prunes.size > 0) {
      orders.slot[count++] = this.#prunes.shift();
    }
    this.#task.count = count;
    return count > 0 ? this.#task : undefined;
  }

  done(reply: number): void {
    const { outbox, regions } = this.#parts;
    this.#signing = 0;
    for (let i = 0; i < reply; i++) {
      const slot = regions.orders.slot[i]!;
      if (outbox.columns.class[slot] === Egress.PING) this.#pings.push(slot);
      else outbox.queue(slot);
    }
  }

  failed(): void {
    const { orders } = this.#parts.regions;
    this.#signing = 0;
    for (let i = 0; i < this.#task.count; i++) this.#giveUp(orders.slot[i]!);
  }

  stop(): void {
    this.dropPings();
    while (this.#pongs.size > 0) this.#giveUp(this.#pongs.shift());
    while (this.#prunes.size > 0) this.#giveUp(this.#prunes.shift());
  }

  #giveUp(slot: number): void {
    const { outbox } = this.#parts;
    outbox.dropped[outbox.columns.class[slot]!]!++;
    outbox.release(slot);
  }

  #reserve(queue: IntRing, egress: number): number {
    const { outbox } = this.#parts;
    if (!queue.isFull) return outbox.reserve(egress);
    outbox.dropped[egress]!++;
    return -1;
  }

  #writePing(): number {
    const { outbox, pings } = this.#parts;
    if (outbox.free === 0) return -1;
    const slot = outbox.reserve(Egress.PING);
    if (slot < 0) return -1;
    pings.drawToken(this.#token);
    this.#messages.ping(outbox.bytes, slot * SLOT_BYTES, this.#token);
    outbox.describe(slot, PING_BYTES, 0, 0, Egress.PING);
    return slot;
  }
}
