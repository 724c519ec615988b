import { OutBudget } from '../gossip/budget.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { RequestState } from '../shm/task-cells.ts';
import { type SeatTask, TASK_ANSWERS, TASK_REQUESTS, Work } from '../tasks/work.ts';
import { Outcome } from '../util/outcome.ts';
import { SMALLEST_PULL_RESPONSE_BYTES } from '../wire/limits.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import type { Lane } from './seat.ts';

/**
 * Pull requests that were admitted, from their copy to their answers. Each gets its outcome here, since
 * only its task knows whether there was enough left to answer it with.
 */
export class Responder implements Lane {
  /** Pull requests served. */
  served = 0;
  readonly #parts: NodeParts;
  readonly #budget = new OutBudget();
  readonly #task: SeatTask = { work: Work.RESPOND, first: 0, count: 0, seed: 0 };
  readonly #capacity: number;
  /** Requests ever taken in, and ever done with. */
  #taken = 0;
  #over = 0;
  /** Bytes and egress slots that the task under way was given. */
  #granted = 0;
  #slots = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    this.#capacity = parts.regions.capacities.requests;
  }

  /** Requests that have no outcome yet. */
  get waiting(): number {
    return this.#taken - this.#over;
  }

  get isWaiting(): boolean {
    return this.waiting > 0;
  }

  /** Whether there is room for another request. */
  get isFull(): boolean {
    return this.waiting === this.#capacity;
  }

  /** How many values may leave now. @source behaviour 4.2 */
  valuesLeft(monoMs: number): number {
    this.#budget.refill(monoMs, this.#parts.table.stakes.size);
    return Math.floor((this.#budget.bytes + this.#granted) / SMALLEST_PULL_RESPONSE_BYTES);
  }

  /** Copies a request that was admitted; the caller has looked whether there is room. */
  take(packet: number, callerWallclock: number): void {
    const { requests, ring } = this.#parts.regions;
    const place = this.#taken++ % this.#capacity;
    const at = packet * SLOT_BYTES;
    const length = ring.length[packet]!;
    requests.length[place] = length;
    requests.ip[place] = ring.ip[packet]!;
    requests.port[place] = ring.port[packet]!;
    requests.wallclock[place] = callerWallclock;
    requests.bytes.set(ring.bytes.subarray(at, at + length), place * SLOT_BYTES);
  }

  begin(): SeatTask | undefined {
    const { clock, outbox, regions, rng, table } = this.#parts;
    const { state } = regions.requests;
    const staked = table.stakes.size;
    const values = this.#budget.refill(clock.monoMs(), staked);
    this.#slots = Math.min(TASK_ANSWERS, outbox.free, values);
    if (this.#slots === 0) {
      this.#refuse(this.waiting, Outcome.PULL_REQUEST_OVER_BUDGET);
      return undefined;
    }
    for (let i = 0; i < this.#slots; i++) {
      const slot = outbox.reserve(Egress.PULL_RESPONSE);
      outbox.columns.class[slot] = Egress.PULL_RESPONSE;
      regions.orders.slot[i] = slot;
    }
    this.#granted = this.#budget.takeAll();
    state[RequestState.NOW_MS] = clock.wallMs();
    state[RequestState.BYTES] = this.#granted;
    state[RequestState.STAKED_COUNT] = staked;
    state[RequestState.SLOTS] = this.#slots;
    this.#task.first = this.#over % this.#capacity;
    this.#task.count = Math.min(TASK_REQUESTS, this.waiting);
    this.#task.seed = rng.u32();
    return this.#task;
  }

  done(reply: number): void {
    const { outbox, regions } = this.#parts;
    const { outcome, state } = regions.requests;
    const used = state[RequestState.USED]!;
    for (let i = 0; i < used; i++) outbox.queue(regions.orders.slot[i]!);
    this.#giveBack(used, state[RequestState.BYTES]!);
    outbox.dropped[Egress.PULL_RESPONSE]! += state[RequestState.DROPPED]!;
    for (let i = 0; i < reply; i++) {
      const became = outcome[this.#over++ % this.#capacity]!;
      this.#parts.count(became);
      if (became === Outcome.OK) this.served++;
    }
  }

  failed(): void {
    this.#giveBack(0, this.#granted);
    this.#refuse(this.#task.count, Outcome.TASK_FAILED);
  }

  stop(): void {
    this.#refuse(this.waiting, Outcome.SHED_STOPPING);
  }

  #giveBack(usedSlots: number, bytes: number): void {
    const { outbox, regions, table } = this.#parts;
    for (let i = usedSlots; i < this.#slots; i++) outbox.release(regions.orders.slot[i]!);
    this.#budget.giveBack(bytes, table.stakes.size);
    this.#granted = 0;
    this.#slots = 0;
  }

  #refuse(count: number, outcome: number): void {
    for (let i = 0; i < count; i++) this.#parts.count(outcome);
    this.#over += count;
  }
}
