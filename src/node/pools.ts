import type { Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import type { VerifierName } from '../crypto/verify.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { BatchRing } from '../shm/slab.ts';
import type { ListenTask } from '../tasks/listen.ts';
import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import { Outcome } from '../util/outcome.ts';
import type { Logger } from './ports.ts';
import { workerUrl } from './worker-url.ts';

/** Main counts and claims as thread 0, the receiver as 1; pool threads follow. */
export const RECEIVE_THREAD = 1;
const FIRST_POOL_THREAD = 2;

/** Most pool threads there are counters for. */
export const MAX_POOL_THREADS = 12;

/**
 * A slice that shows no sign of life in so many looks of main's hangs: a second, not counting time in
 * which main itself was late. @source architecture 8
 */
const HANG_LOOKS = 4;
const WATCH_MS = 250;

/** How long slices may take to end when all stops. */
const STOP_MS = 1_000;

/** How long the first slices may take to come back. */
const START_MS = 10_000;

/** Failures that cost the pool a thread, and those that end the process. @source reliability 5 */
const SHRINK_FAILURES = 5;
const SHRINK_MS = 60_000;
const FATAL_FAILURES = 20;
const FATAL_MS = 600_000;

/** Exit status when worker threads keep dying. */
const EXIT_THREADS = 3;

/** Who works off received batches. */
export interface ListenPool {
  /** Threads that listen; 0 when main does it itself. */
  readonly threads: number;
  /** Works off one batch on main. @returns whether there was one */
  runOne(): boolean;
}

/** Main listens itself: small machines, tests, simulations. */
export class InlinePool implements ListenPool {
  readonly threads = 0;
  readonly #ring: BatchRing;
  readonly #task: ListenTask;

  constructor(ring: BatchRing, task: ListenTask) {
    this.#ring = ring;
    this.#task = task;
  }

  runOne(): boolean {
    const batch = this.#ring.claim();
    if (batch < 0) return false;
    this.#task.run(batch);
    this.#ring.finish(batch);
    return true;
  }
}

/** How threads are set up. */
export interface ThreadPoolOptions {
  readonly threads: number;
  readonly verifier: VerifierName;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a batch is worked off while main sleeps. */
  readonly wake: () => void;
  /** Called when threads keep dying. */
  readonly fail: (error: Error) => void;
}

/** A piscina pool that keeps listen slices going, replaces threads that die and ends those that hang. */
export class ThreadPool implements ListenPool {
  readonly #regions: Regions;
  readonly #ring: BatchRing;
  readonly #options: ThreadPoolOptions;
  readonly #pool: Piscina;
  readonly #slices: Promise<void>[] = [];
  readonly #failures: number[] = [];
  readonly #beats = new Map<number, { count: number; looks: number }>();
  #threads: number;
  #stopped = false;
  #cancelWatch: () => void = () => {};
  /** Threads that died or were ended. */
  failed = 0;

  constructor(regions: Regions, options: ThreadPoolOptions) {
    this.#regions = regions;
    this.#ring = new BatchRing(regions.ring);
    this.#options = options;
    this.#threads = options.threads;
    this.#pool = new Piscina({
      filename: workerUrl('listen').href,
      minThreads: options.threads,
      maxThreads: options.threads,
      idleTimeout: Number.POSITIVE_INFINITY,
      concurrentTasksPerWorker: 1,
      atomics: 'sync',
      recordTiming: false,
      workerData: { handles: regions.handles, verifier: options.verifier },
    });
    this.#pool.on('message', options.wake);
    this.#pool.on('error', () => {}); // the rejected slice tells of it
  }

  get threads(): number {
    return this.#threads;
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
    await Promise.race([Promise.allSettled(this.#slices), late]);
    cancel(); // a timer left behind would hold the process
    await this.#pool.destroy();
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
      this.#beats.delete(thread);
      run = this.#pool.run({ thread });
    }
  }

  /** Gives up what a dead thread held. @returns whether its slice goes on */
  #recover(thread: number, error: Error): boolean {
    const { clock, logger, wake, fail } = this.#options;
    const lost = this.#ring.abandon(thread, Outcome.TASK_FAILED);
    this.failed++;
    wake();
    const nowMs = clock.monoMs();
    this.#failures.push(nowMs);
    while (this.#failures.length > FATAL_FAILURES) this.#failures.shift();
    const within = (ms: number): number => this.#failures.filter((at) => nowMs - at < ms).length;
    logger.error({ error: error.message, lost }, 'a worker thread died; another takes its place');
    if (within(FATAL_MS) >= FATAL_FAILURES) {
      fail(
        new SpyError('WORKERS_DIE', `Worker threads keep dying: ${error.message}`, {
          cause: error,
          exitStatus: EXIT_THREADS,
        }),
      );
      return false;
    }
    if (within(SHRINK_MS) < SHRINK_FAILURES || this.#threads === 1) return true;
    this.#threads--;
    logger.error({ threads: this.#threads }, 'too many dead threads: going on with fewer');
    return false;
  }

  /** Ends threads whose slice shows no sign of life. */
  #watch(): void {
    const { heartbeats, threadIds } = this.#regions.control;
    for (let i = 0; i < this.#options.threads; i++) {
      const thread = FIRST_POOL_THREAD + i;
      const count = Atomics.load(heartbeats, thread * LINE_I32);
      const beat = this.#beats.get(thread);
      if (!beat || beat.count !== count) {
        this.#beats.set(thread, { count, looks: 0 });
      } else if (++beat.looks >= HANG_LOOKS) {
        this.#beats.delete(thread);
        this.#end(threadIds[thread] ?? 0);
      }
    }
  }

  #end(threadId: number): void {
    const worker = (this.#pool.threads as Worker[]).find((w) => w.threadId === threadId);
    if (!worker) return;
    this.#options.logger.error({ threadId }, 'a worker thread hangs and is ended');
    worker.terminate().catch(() => {}); // its slice rejects either way
  }
}
