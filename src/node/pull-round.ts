import type { FilterSet } from '../gossip/filter-set.ts';
import { FilterPlan, filterShape, filtersPerRound, maskBitsFor } from '../gossip/pull-request.ts';
import { Deck } from '../gossip/sample.ts';
import { FilterRange, FilterState } from '../shm/task-cells.ts';
import { type SeatTask, Work } from '../tasks/work.ts';
import { assert } from '../util/assert.ts';
import { copyBytes } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import type { Lane } from './seat.ts';

/** Where a pull request goes. @units ip: IPv4 as a number */
export interface PullTarget {
  readonly ip: number;
  readonly port: number;
}

const Phase = { IDLE: 0, FILL: 1, REQUEST: 2 } as const;

/**
 * One round of pull requests: filters are planned here, filled with what we have by as many tasks as it
 * takes, then written into datagrams by a last one, which signs our contact info for all of them.
 */
export class PullRound implements Lane {
  /** Pull requests sent. */
  sent = 0;
  readonly #parts: NodeParts;
  readonly #plan: FilterPlan;
  readonly #onIdle: () => void;
  readonly #task: SeatTask = { work: Work.FILL, first: 0, count: 0, seed: 0 };
  #phase: number = Phase.IDLE;
  #end = 0;
  /** The filters from here on are samples. */
  #samples = 0;
  #targets: PullTarget[] = [];

  /** @param onIdle called when another round may begin */
  constructor(parts: NodeParts, onIdle: () => void) {
    this.#parts = parts;
    this.#plan = new FilterPlan(parts.regions.filters, parts.rng, new Deck());
    this.#onIdle = onIdle;
  }

  /** Whether a round may begin. */
  get isIdle(): boolean {
    return this.#phase === Phase.IDLE;
  }

  get isWaiting(): boolean {
    return !this.isIdle;
  }

  /** The filters of the last round, or of the one under way. */
  get filters(): FilterSet {
    return this.#plan.set;
  }

  /**
   * Chooses the partitions of a round, when none is under way. Contact infos that wait for their address
   * belong to what we have: a validator has to be told again, we keep them.
   *
   * @units count: partitions to ask for, as many as Agave would when left out
   * @param isEager whether the table fills: then more of the filters leave out the contact infos we have
   * @returns how many filters there are: 0 up to this less 1
   */
  open(count?: number, isEager = false): number {
    assert(this.isIdle, 'one round at a time');
    const { coverage, options, publisher, regions, table, unproved, view } = this.#parts;
    const { range, state, contact } = regions.filters;
    const { purged, failed } = table;
    const length = publisher.writeContact(contact);
    const items = view.size + unproved.size + purged.size + failed.size;
    const shape = filterShape(length);
    const maskBits = maskBitsFor(items, shape.maxItems);
    const wanted = Math.min(count ?? filtersPerRound(maskBits), regions.filters.partition.length);
    const samples = options.census ? coverage.grant(wanted, maskBits, isEager) : 0;
    this.#plan.start(shape, items, count, samples);
    this.#samples = this.#plan.set.count - samples;
    state[FilterState.SAMPLES] = samples;
    state[FilterState.CONTACT_LENGTH] = length;
    range[FilterRange.ROWS] = view.highWater;
    range[FilterRange.PURGED_FIRST] = purged.first;
    range[FilterRange.PURGED_COUNT] = purged.size;
    range[FilterRange.FAILED_FIRST] = failed.first;
    range[FilterRange.FAILED_COUNT] = failed.size;
    range[FilterRange.WAITING] = this.#listWaiting();
    this.#end = view.highWater + purged.size + failed.size + range[FilterRange.WAITING]!;
    return this.#plan.set.count;
  }

  /** Begins to fill the filters, to send filter i to target i, and all of them to somebody beside. */
  ask(targets: readonly PullTarget[], beside?: PullTarget): void {
    if (targets.length === 0) return;
    this.#targets = [...targets];
    if (this.#parts.options.census) this.#openSamples();
    if (beside) for (let i = targets.length; i > 0; i--) this.#targets.push(beside);
    this.#task.first = 0;
    this.#phase = this.#end === 0 ? Phase.REQUEST : Phase.FILL;
  }

  begin(): SeatTask | undefined {
    if (this.#phase === Phase.FILL) {
      this.#task.work = Work.FILL;
      return this.#task;
    }
    this.#task.work = Work.REQUEST;
    this.#task.count = this.#reserve();
    if (this.#task.count > 0) return this.#task;
    this.#finish();
    return undefined;
  }

  done(reply: number): void {
    if (this.#phase === Phase.FILL) {
      this.#task.first = reply;
      if (reply === this.#end) this.#phase = Phase.REQUEST;
      return;
    }
    const { outbox, regions } = this.#parts;
    for (let i = 0; i < reply; i++) outbox.queue(regions.orders.slot[i]!);
    this.sent += reply;
    this.#finish();
  }

  failed(): void {
    const { outbox, regions } = this.#parts;
    if (this.#phase === Phase.REQUEST) {
      for (let i = 0; i < this.#task.count; i++) {
        outbox.dropped[Egress.PULL_REQUEST]!++;
        outbox.release(regions.orders.slot[i]!);
      }
    }
    this.#finish();
  }

  stop(): void {
    this.#phase = Phase.IDLE;
  }

  /**
   * Opens the samples. Nobody is asked for the same partition at the same time as usual: the answer, of
   * what we lack alone, would be taken for a part of the sample.
   */
  #openSamples(): void {
    const { coverage, regions } = this.#parts;
    const { maskBits } = this.#plan.set;
    const { partition } = regions.filters;
    const targets = this.#targets;
    const usual = Math.min(this.#samples, targets.length);
    for (let i = usual; i < targets.length; i++) {
      const part = partition[i]!;
      const target = this.#find(i, (one) => !coverage.isUsualUnderWay(one, part));
      if (target) coverage.ask(target, maskBits, part);
      targets[i] = target ?? targets[i]!;
    }
    for (let i = 0; i < usual; i++) {
      const part = partition[i]!;
      targets[i] = this.#find(i, (one) => !coverage.isAsked(one, part)) ?? targets[i]!;
      coverage.noteUsual(targets[i]!, part);
    }
  }

  /** The first target from one on that will do. */
  #find(from: number, isGood: (target: PullTarget) => boolean): PullTarget | undefined {
    const targets = this.#targets;
    for (let k = 0; k < targets.length; k++) {
      const target = targets[(from + k) % targets.length]!;
      if (isGood(target)) return target;
    }
    return undefined;
  }

  #finish(): void {
    this.#phase = Phase.IDLE;
    this.#onIdle();
  }

  /** Reserves a slot for each request, as many as there are. */
  #reserve(): number {
    const { outbox, regions } = this.#parts;
    const slots = regions.orders.slot;
    const count = Math.min(this.#targets.length, slots.length);
    for (let i = 0; i < count; i++) {
      const slot = outbox.reserve(Egress.PULL_REQUEST);
      if (slot < 0) return i;
      const { ip, port } = this.#targets[i]!;
      outbox.describe(slot, 0, ip, port, Egress.PULL_REQUEST); // its length comes from the task
      slots[i] = slot;
    }
    return count;
  }

  /** Copies the hashes of waiting contact infos that belong to a filter. @returns how many */
  #listWaiting(): number {
    const { regions, unproved } = this.#parts;
    const { waiting } = regions.filters;
    const room = regions.capacities.waitingHashes;
    let count = 0;
    for (const { hash } of unproved.values()) {
      if (count === room) break; // the rest may be sent to us once more
      const filter = this.#plan.set.filterOf(hash, 0);
      if (filter < 0 || filter >= this.#samples) continue;
      copyBytes(hash, 0, waiting, count++ * HASH_BYTES, HASH_BYTES);
    }
    return count;
  }
}
