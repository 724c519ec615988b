import type { ProvedAddresses } from '../gossip/proved-addresses.ts';
import { BATCH_SLOTS, LINE_I32, SLOT_BYTES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { type BatchRing, packetOf } from '../shm/slab.ts';
import { readU32 } from '../util/bytes.ts';
import type { Clock } from '../util/clock.ts';
import { Outcome } from '../util/outcome.ts';
import { Message } from '../wire/limits.ts';

/** What waited longer says nothing of use any more. @source architecture 4.3; reliability 5 */
const MAX_AGE_MS = 2_000;

/**
 * Share of the ring that must be free for a class to be looked at; below it the class is dropped, the
 * least missed first. Pongs, pings and prunes always are. @source architecture 7
 */
const FREE_FOR_PULL_REQUEST = 0.6;
const FREE_FOR_STRANGERS = 0.4;
const FREE_FOR_PUSH = 0.2;
const FREE_FOR_PULL_RESPONSE = 0.1;

/** Batches without a push of a proved address after which strangers count like everybody else. */
const FORGET_PROVED_BATCHES = 64;

/** Packets of strangers in a batch that also has pushes of proved addresses: a quarter. @source architecture 4.2 */
const STRANGERS_BESIDE_OTHERS = BATCH_SLOTS / 4;

/** Says which datagrams of a batch are not worth their work while there is too much of it. */
export class Shedder {
  readonly #regions: Regions;
  readonly #ring: BatchRing;
  readonly #addresses: ProvedAddresses;
  readonly #clock: Clock;
  readonly #isProved = new Uint8Array(BATCH_SLOTS);
  /** Batches since the last one with a push of a proved address. */
  #sinceProved = FORGET_PROVED_BATCHES;
  /** By slot of the batch planned last: 0, or the outcome to drop it with. */
  readonly outcome = new Int16Array(BATCH_SLOTS);

  constructor(regions: Regions, ring: BatchRing, addresses: ProvedAddresses, clock: Clock) {
    this.#regions = regions;
    this.#ring = ring;
    this.#addresses = addresses;
    this.#clock = clock;
  }

  /** Looks at a batch before its work begins. */
  plan(batch: number): void {
    const { ring } = this.#regions;
    const nowMs = this.#clock.monoMs();
    this.outcome.fill(0);
    const free = this.#ring.free / this.#ring.capacity;
    const count = ring.count[batch * LINE_I32]!;
    const isLate = nowMs - ring.arrival[packetOf(batch, 0)]! > MAX_AGE_MS;
    // Then strangers are held to their share of the signature checks.
    const isPressed = this.#ring.isBehind;
    if (!isLate && !isPressed && free >= FREE_FOR_PULL_REQUEST) return;
    const proved = this.#countProved(batch, count, nowMs);
    this.#sinceProved = proved > 0 ? 0 : this.#sinceProved + 1;
    // Strangers give way to proved peers; where there are none, nobody gains by it.
    const allEqual = this.#sinceProved >= FORGET_PROVED_BATCHES;
    let strangers = 0;
    for (let slot = 0; slot < count; slot++) {
      const packet = packetOf(batch, slot);
      const isProved = this.#isProved[slot] === 1;
      if (nowMs - ring.arrival[packet]! > MAX_AGE_MS) {
        this.outcome[slot] = Outcome.SHED_TOO_OLD;
        continue;
      }
      const message = ring.length[packet]! < 4 ? -1 : readU32(ring.bytes, packet * SLOT_BYTES);
      this.outcome[slot] = shedBy(message, isProved || allEqual, free);
      if (message !== Message.PUSH || isProved || !isPressed || proved === 0) continue;
      if (++strangers > STRANGERS_BESIDE_OTHERS) this.outcome[slot] = Outcome.SHED_PUSH_UNPROVED;
    }
  }

  /** @returns how many pushes of proved addresses the batch has */
  #countProved(batch: number, count: number, nowMs: number): number {
    const { ring } = this.#regions;
    let pushes = 0;
    for (let slot = 0; slot < count; slot++) {
      const packet = packetOf(batch, slot);
      const isProved = this.#addresses.isLikelyProved(ring.ip[packet]!, ring.port[packet]!, nowMs);
      this.#isProved[slot] = isProved ? 1 : 0;
      if (isProved && readU32(ring.bytes, packet * SLOT_BYTES) === Message.PUSH) pushes++;
    }
    return pushes;
  }
}

/** The outcome of a datagram of a class when so much of the ring is free; 0 when it is worked on. */
function shedBy(message: number, isProved: boolean, free: number): number {
  if (message === Message.PULL_REQUEST && free < FREE_FOR_PULL_REQUEST) {
    return Outcome.SHED_PULL_REQUEST;
  }
  if (message === Message.PUSH) {
    if (!isProved && free < FREE_FOR_STRANGERS) return Outcome.SHED_PUSH_UNPROVED;
    if (free < FREE_FOR_PUSH) return Outcome.SHED_PUSH;
  }
  if (message === Message.PULL_RESPONSE && !isProved && free < FREE_FOR_PULL_RESPONSE) {
    return Outcome.SHED_PULL_RESPONSE;
  }
  return 0;
}
