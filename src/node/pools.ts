import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { type Identity, identitySeed } from '../crypto/identity.ts';
import type { KnownKeysShare, VerifierName } from '../crypto/verify.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { BatchRing, NOBODY } from '../shm/slab.ts';
import type { GossipTask } from '../tasks/gossip.ts';
import type { ListenTask } from '../tasks/listen.ts';
import type { RespondTask } from '../tasks/respond.ts';
import { type SeatTask, Work } from '../tasks/work.ts';
import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import { Outcome } from '../util/outcome.ts';
import type { Logger } from './ports.ts';
import { FATAL_FAILURES, Restarts, SHRINK_FAILURES, threadsDie } from './restarts.ts';
import type { TaskRunner } from './seat.ts';
import { workerUrl } from './worker-url.ts';

/** Main counts and claims as thread 0, the receiver as 1; pool threads follow. */
export const RECEIVE_THREAD = 1;
const FIRST_POOL_THREAD = 2;

/** Most pool threads there are counters for, the seat not counted. */
export const MAX_POOL_THREADS = 12;

/** Number of the seat that is not for listening, whichever thread it is. */
const SEAT_THREAD = FIRST_POOL_THREAD + MAX_POOL_THREADS;

/**
 * A slice or task that shows no sign of life in so many looks of main's hangs: 600 ms, not counting time in
 * which main itself was late, so that another one serves within a second. One that no thread has begun in 10 s
 * never will be.
 *
 * @source architecture 8; reliability 8, G11
 */
export const HANG_LOOKS = 3;
const LOST_LOOKS = 50;
/** Before its first sign of life a thread loads code and tries its verifier, on a busy machine for long. */
const START_LOOKS = 15;
export const WATCH_MS = 200;

/** Heap of a worker thread. It uses 20 MB; its larger arrays are outside the heap. */
const WORKER_HEAP_MB = 128;

/** How long slices may take to end when all stops. */
const STOP_MS = 1_000;

/** How long the first slices may take to come back. */
const START_MS = 10_000;

/** Who works off received batches, and the tasks of the seat. */
export interface WorkPool extends TaskRunner {
  /** Threads that listen; 0 when main does everything itself. */
  readonly threads: number;
  /** Works off one batch on main. @returns whether there was one */
  runOne(): boolean;
}

/** The work of all threads, on one. */
export interface InlineTasks {
  readonly listen: ListenTask;
  readonly gossip: GossipTask;
  readonly respond: RespondTask;
}

/** Main does all work itself: small machines, tests, simulations. */
export class InlinePool implements WorkPool {
  readonly threads = 0;
  readonly #ring: BatchRing;
  readonly #tasks: InlineTasks;

  constructor(ring: BatchRing, tasks: InlineTasks) {
    this.#ring = ring;
    this.#tasks = tasks;
  }

  runOne(): boolean {
    const batch = this.#ring.claim();
    if (batch < 0) return false;
    this.#tasks.listen.run(batch);
    this.#ring.finish(batch);
    return true;
  }

  runTask(task: SeatTask, done: (reply: number) => void): void {
    const { gossip, respond } = this.#tasks;
    const { work, first, count, seed } = task;
    done(work === Work.RESPOND ? respond.run(first, count, seed) : gossip.run(work, first, count));
  }
}

/** How threads are set up. */
export interface ThreadPoolOptions {
  readonly threads: number;
  readonly verifier: VerifierName;
  /** Tables that the threads share, of the verifier `known`. */
  readonly knownKeys?: KnownKeysShare | undefined;
  /** Called with Node's number of a thread that is no more. */
  readonly threadDied?: ((threadId: number) => void) | undefined;
  /** Who we are; its secret goes to the threads that sign, and nowhere else. */
  readonly identity: Identity;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a batch is worked off while main sleeps. */
  readonly wake: () => void;
  /** Called when threads keep dying. */
  readonly fail: (error: Error) => void;
  /** Files that the threads run instead of ours; for tests of what happens when those fail. */
  readonly files?: Partial<Record<PoolFile, URL>>;
}

/** The entry files of the pool. */
type PoolFile = 'listen' | 'gossip' | 'respond';

/**
 * A piscina pool that keeps listen slices going and has one seat more, for one task at a time. It
 * replaces threads that die and ends those that hang.
 */
export class ThreadPool implements WorkPool {
  readonly #regions: Regions;
  readonly #ring: BatchRing;
  readonly #options: ThreadPoolOptions;
  readonly #pool: Piscina;
  readonly #slices: Promise<void>[] = [];
  readonly #restarts: Restarts;
  readonly #beats = new Map<number, { count: number; looks: number }>();
  #threads: number;
  /** The task in the seat, and whether it is under way. */
  #task: Promise<void> = Promise.resolve();
  #isSeatBusy = false;
  #stopped = false;
  #cancelWatch: () => void = () => {};
  /** Looks at which main waited for a batch that is nobody's. */
  #strayLooks = 0;
  constructor(regions: Regions, options: ThreadPoolOptions) {
    this.#regions = regions;
    this.#ring = new BatchRing(regions.ring);
    this.#options = options;
    this.#threads = options.threads;
    this.#restarts = new Restarts(options.clock);
    this.#pool = new Piscina({
      filename: this.#file('listen'),
      minThreads: options.threads + 1,
      maxThreads: options.threads + 1,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: 'sync',
      recordTiming: false,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MB },
      workerData: {
        handles: regions.handles,
        verifier: options.verifier,
        knownKeys: options.knownKeys,
        publicKey: options.identity.publicKey,
        seed: identitySeed(options.identity),
      },
    });
    this.#pool.on('message', options.wake);
    this.#pool.on('error', () => {}); // the rejected slice or task tells of it
  }

  get threads(): number {
    return this.#threads;
  }

  /** Threads that died or were ended. */
  get failed(): number {
    return this.#restarts.total;
  }

  runOne(): boolean {
    return false;
  }

  /** Starts the slices; resolves when every thread has worked one. @throws SpyError WORKERS_DO_NOT_START */
  async start(): Promise<void> {
    const first: Promise<unknown>[] = [];
    for (let i = 0; i < this.#options.threads; i++) {
      const thread = FIRST_POOL_THREAD + i;
      const run = this.#pool.run({ thread });
      first.push(run);
      this.#slices.push(this.#keep(thread, run));
    }
    first.push(this.#warm());
    const { clock } = this.#options;
    const late = new Promise<never>((_, reject) => {
      const cancel = clock.after(START_MS, () =>
        reject(
          new SpyError(
            'WORKERS_DO_NOT_START',
            'The worker threads do not start. Try --workers 0, and report it with the version of Node.',
          ),
        ),
      );
      Promise.allSettled(first).then(cancel, cancel);
    });
    await Promise.race([Promise.allSettled(first), late]);
    this.#cancelWatch = clock.every(WATCH_MS, () => this.#watch());
  }

  /** Lets the slices end and the threads go. The ring was told to stop before. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelWatch();
    const { clock } = this.#options;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(STOP_MS, resolve);
    });
    await Promise.race([Promise.allSettled([...this.#slices, this.#task]), late]);
    cancel(); // a timer left behind would hold the process
    await this.#pool.destroy();
  }

  runTask(task: SeatTask, done: (reply: number) => void, failed: () => void): void {
    if (this.#stopped) return; // what waits is given up when the node stops
    this.#isSeatBusy = true;
    this.#task = this.#run(task).then(
      (reply) => {
        this.#isSeatBusy = false;
        done(reply);
      },
      (error: Error) => {
        this.#isSeatBusy = false;
        if (!this.#stopped) {
          this.#mourn(SEAT_THREAD);
          this.#countFailure(error, 0);
        }
        failed();
      },
    );
  }

  /** Loads what the seat needs, by tasks that do nothing. */
  async #warm(): Promise<void> {
    for (const work of [Work.SIGN, Work.RESPOND]) {
      await this.#run({ work, first: 0, count: 0, seed: 0 });
    }
  }

  #run(task: SeatTask): Promise<number> {
    const { work, first, count, seed } = task;
    const filename = this.#file(work === Work.RESPOND ? 'respond' : 'gossip');
    this.#expect(SEAT_THREAD);
    return this.#pool.run({ thread: SEAT_THREAD, work, first, count, seed }, { filename });
  }

  #file(name: PoolFile): string {
    return (this.#options.files?.[name] ?? workerUrl(name)).href;
  }

  /** Starts the next slice when one has ended, for as long as the pool lives. */
  async #keep(thread: number, first: Promise<unknown>): Promise<void> {
    let run = first;
    while (!this.#stopped) {
      try {
        await run;
      } catch (error) {
        if (this.#stopped) return;
        if (!this.#recover(thread, error as Error)) return;
      }
      if (this.#stopped) return;
      this.#expect(thread);
      run = this.#pool.run({ thread });
    }
  }

  /** Something is to begin under a number of ours: nothing is known of it until a thread has begun. */
  #expect(thread: number): void {
    const { heartbeats, threadIds } = this.#regions.control;
    this.#beats.delete(thread);
    threadIds[thread] = 0;
    Atomics.store(heartbeats, thread * LINE_I32, 0);
  }

  /** Tells that whichever thread had this number of ours is no more. */
  #mourn(thread: number): void {
    const threadId = this.#regions.control.threadIds[thread]!;
    if (threadId !== 0) this.#options.threadDied?.(threadId);
  }

  /** Gives up what a dead thread held. @returns whether its slice goes on */
  #recover(thread: number, error: Error): boolean {
    this.#mourn(thread);
    const lost = this.#abandon(thread);
    const lately = this.#countFailure(error, lost);
    if (lately >= FATAL_FAILURES) return false;
    if (lately < SHRINK_FAILURES || this.#threads === 1) return true;
    this.#threads--;
    const { threads } = this;
    this.#options.logger.error({ threads }, 'too many dead threads: going on with fewer');
    return false;
  }

  /** @returns datagrams lost */
  #abandon(thread: number): number {
    const lost = this.#ring.abandon(thread, Outcome.TASK_FAILED);
    this.#options.wake();
    return lost;
  }

  /** @returns how many failures there were within a minute, or FATAL_FAILURES when it is no use */
  #countFailure(error: Error, lost: number): number {
    const { logger, fail } = this.#options;
    const lately = this.#restarts.note();
    logger.error({ error: error.message, lost }, 'a worker thread died; another takes its place');
    if (lately < FATAL_FAILURES) return lately;
    fail(threadsDie('WORKERS_DIE', `Worker threads keep dying: ${error.message}`, error));
    return lately;
  }

  /** Ends threads whose slice or task shows no sign of life. */
  #watch(): void {
    for (let i = 0; i < this.#options.threads; i++) this.#look(FIRST_POOL_THREAD + i);
    if (this.#isSeatBusy) this.#look(SEAT_THREAD);
    this.#strayLooks = this.#ring.isStray ? this.#strayLooks + 1 : 0;
    if (this.#strayLooks === HANG_LOOKS) this.#abandon(NOBODY);
  }

  #look(thread: number): void {
    const { heartbeats, threadIds } = this.#regions.control;
    const count = Atomics.load(heartbeats, thread * LINE_I32);
    const beat = this.#beats.get(thread);
    if (!beat || beat.count !== count) {
      this.#beats.set(thread, { count, looks: 0 });
      return;
    }
    beat.looks++;
    const threadId = threadIds[thread]!;
    if (threadId !== 0 && beat.looks >= (count === 0 ? START_LOOKS : HANG_LOOKS)) {
      this.#beats.delete(thread);
      this.#end(threadId);
    } else if (beat.looks === LOST_LOOKS) {
      this.#options.fail(threadsDie('WORKERS_DIE', 'Worker threads do not start any more.', beat));
    }
  }

  #end(threadId: number): void {
    const worker = (this.#pool.threads as Worker[]).find((w) => w.threadId === threadId);
    if (!worker) return;
    this.#options.logger.error({ threadId }, 'a worker thread hangs and is ended');
    worker.terminate().catch(() => {}); // its slice or task rejects either way
  }
}
