import { TableView } from '../../../src/crds/view.ts';
import type { Identity } from '../../../src/crypto/identity.ts';
import { InlinePool, type WorkPool } from '../../../src/node/pools.ts';
import { counterBlock } from '../../../src/shm/counters.ts';
import type { Regions } from '../../../src/shm/regions.ts';
import { BatchRing } from '../../../src/shm/slab.ts';
import { VerifiedSet } from '../../../src/shm/verified.ts';
import { GossipTask } from '../../../src/tasks/gossip.ts';
import { ListenTask } from '../../../src/tasks/listen.ts';
import { RespondTask } from '../../../src/tasks/respond.ts';
import { type SeatTask, TASK_HASHES } from '../../../src/tasks/work.ts';
import { verifier, xxhash } from './harness.ts';

/**
 * A pool whose one task is done when the test says so, as if by a thread; listening is not held up. The
 * node under test thinks that there are threads.
 */
export class HeldPool implements WorkPool {
  readonly threads = 1;
  /** Works asked for, in order. */
  readonly asked: number[] = [];
  readonly #inner: InlinePool;
  #held: { task: SeatTask; done: (reply: number) => void; failed: () => void } | undefined;

  constructor(regions: Regions, identity: Identity) {
    const view = new TableView(regions, xxhash);
    const verified = new VerifiedSet(regions.verified);
    const counters = counterBlock(regions.counters, 0);
    const context = { hashes: TASK_HASHES, beat: () => {} };
    const { publicKey } = identity;
    this.#inner = new InlinePool(new BatchRing(regions.ring), {
      listen: new ListenTask({ regions, counters, verified, verifier, gate: () => true }),
      gossip: new GossipTask({ regions, view, identity, context }),
      respond: new RespondTask({ regions, view, publicKey, counters, context }),
    });
  }

  /** The task under way. */
  get held(): SeatTask | undefined {
    return this.#held?.task;
  }

  runOne(): boolean {
    return this.#inner.runOne();
  }

  runTask(task: SeatTask, done: (reply: number) => void, failed: () => void): void {
    this.asked.push(task.work);
    this.#held = { task, done, failed };
  }

  /** Does the task under way, and those that come of it up to a number. @returns how many were done */
  finish(most = Number.POSITIVE_INFINITY): number {
    let count = 0;
    for (; this.#held && count < most; count++) {
      const { task, done } = this.#held;
      this.#held = undefined;
      this.#inner.runTask(task, done);
    }
    return count;
  }

  /** Lets the task under way fail, as if its thread had died. */
  fail(): void {
    const held = this.#held;
    this.#held = undefined;
    held?.failed();
  }
}
