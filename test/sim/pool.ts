/** Worker threads of a node on virtual time: they take their time, overtake each other, and die. */
import { TableView } from '../../src/crds/view.ts';
import type { Xxhash } from '../../src/crypto/hash.ts';
import type { Identity } from '../../src/crypto/identity.ts';
import type { Verifier } from '../../src/crypto/verifier.ts';
import { ProvedAddresses } from '../../src/gossip/proved-addresses.ts';
import type { WorkPool } from '../../src/node/pools.ts';
import { counterBlock } from '../../src/shm/counters.ts';
import type { Regions } from '../../src/shm/regions.ts';
import { BatchRing } from '../../src/shm/slab.ts';
import { VerifiedSet } from '../../src/shm/verified.ts';
import { createGate } from '../../src/tasks/gate.ts';
import { GossipTask } from '../../src/tasks/gossip.ts';
import { ListenTask } from '../../src/tasks/listen.ts';
import { RespondTask } from '../../src/tasks/respond.ts';
import { Shedder } from '../../src/tasks/shed.ts';
import { INLINE_HASHES, type SeatTask, Work } from '../../src/tasks/work.ts';
import { Outcome } from '../../src/util/outcome.ts';
import type { Rng } from '../../src/util/rng.ts';
import type { SimClock } from './time.ts';

/** First number of a pool thread; main is 0, a receiver 1. */
const FIRST_THREAD = 2;

/** What the threads of a node are given. */
export interface SimPoolParts {
  readonly threads: number;
  readonly identity: Identity;
  readonly verifier: Verifier;
  readonly xxhash: Xxhash;
  readonly clock: SimClock;
  readonly rng: Rng;
  /** Most that a piece of work takes. */
  readonly slowMs: number;
  /** Share of the pieces of work that end with the death of their thread. */
  readonly deaths: () => number;
  /** Tells main that a batch is worked off. */
  readonly wake: () => void;
}

/** The same tasks as worker threads run, over the same regions, each at a time of its own. */
export class SimPool implements WorkPool {
  readonly threads: number;
  readonly #parts: SimPoolParts;
  readonly #ring: BatchRing;
  readonly #listens: ListenTask[] = [];
  readonly #gossip: GossipTask;
  readonly #respond: RespondTask;
  readonly #isBusy: boolean[] = [];
  #isStopped = false;

  constructor(regions: Regions, parts: SimPoolParts) {
    const { verifier, identity, xxhash, clock } = parts;
    this.threads = parts.threads;
    this.#parts = parts;
    this.#ring = new BatchRing(regions.ring);
    const view = new TableView(regions, xxhash);
    const verified = new VerifiedSet(regions.verified);
    const gate = createGate(view, regions.control);
    const addresses = new ProvedAddresses(regions.addresses);
    const shedder = new Shedder(regions, this.#ring, addresses, clock);
    for (let i = 0; i < parts.threads; i++) {
      const counters = counterBlock(regions.counters, FIRST_THREAD + i);
      this.#listens.push(new ListenTask({ regions, counters, verified, verifier, gate, shedder }));
      this.#isBusy.push(false);
    }
    const context = { hashes: INLINE_HASHES, beat: () => {} };
    const counters = counterBlock(regions.counters, FIRST_THREAD + parts.threads);
    const { publicKey } = identity;
    this.#gossip = new GossipTask({ regions, view, identity, context });
    const limits = { packets: 128 };
    this.#respond = new RespondTask({ regions, view, publicKey, counters, context, limits });
  }

  /** Threads that may count, main included: one more than listen, for the seat. */
  get counting(): number {
    return FIRST_THREAD + this.threads + 1;
  }

  runOne(): boolean {
    return false;
  }

  /** Idle threads look into the ring; due whenever something may have come. */
  poke(): void {
    if (this.#isStopped) return;
    for (const [i, task] of this.#listens.entries()) {
      if (this.#isBusy[i]) continue;
      const batch = this.#ring.claim(FIRST_THREAD + i);
      if (batch < 0) return;
      this.#isBusy[i] = true;
      this.#later(() => this.#finish(i, batch, task));
    }
  }

  runTask(task: SeatTask, done: (reply: number) => void, failed: () => void): void {
    const { work, first, count, seed } = task;
    this.#later(() => {
      const dies = this.#dies();
      // Whoever dies may have written all, or nothing.
      const writes = !dies || this.#parts.rng.unit() < 0.5;
      const reply = writes ? this.#run(work, first, count, seed) : 0;
      this.#later(() => (dies ? failed() : done(reply)));
    });
  }

  /** Ends the threads: what they are at is finished at once, the task in the seat is lost. */
  stop(): void {
    this.#isStopped = true;
    for (let i = 0; i < this.threads; i++) {
      if (this.#isBusy[i]) this.#ring.abandon(FIRST_THREAD + i, Outcome.TASK_FAILED);
    }
  }

  #run(work: number, first: number, count: number, seed: number): number {
    if (work === Work.RESPOND) return this.#respond.run(first, count, seed);
    return this.#gossip.run(work, first, count);
  }

  #finish(thread: number, batch: number, task: ListenTask): void {
    this.#isBusy[thread] = false;
    if (this.#dies()) {
      this.#ring.abandon(FIRST_THREAD + thread, Outcome.TASK_FAILED);
      this.#parts.wake();
      return;
    }
    task.run(batch);
    if (this.#ring.finish(batch)) this.#parts.wake();
  }

  #dies(): boolean {
    const share = this.#parts.deaths();
    return share > 0 && this.#parts.rng.unit() < share;
  }

  #later(callback: () => void): void {
    const { clock, rng, slowMs } = this.#parts;
    clock.after(slowMs * rng.unit(), () => {
      if (!this.#isStopped) callback();
    });
  }
}
