import { Worker } from 'node:worker_threads';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import type { Clock } from '../util/clock.ts';
import { HANG_LOOKS, RECEIVE_THREAD, WATCH_MS } from './pools.ts';
import type { Logger } from './ports.ts';
import { FATAL_FAILURES, Restarts, threadsDie } from './restarts.ts';
import { workerUrl } from './worker-url.ts';

/** Heap of the thread. It uses 5 MB; what it fills lies in shared memory. */
const HEAP_MB = 32;

/** A read lasts at most 200 ms; a thread that needs longer to end hangs. @source architecture 8 */
const STOP_MS = 1_000;

/** Looks that it may take until it reads: as long as the pool may take to start. */
const STARTING_LOOKS = 40;

/** How the thread is set up. */
export interface ReceiveThreadOptions {
  readonly regions: Regions;
  /** Of the socket, which stays open whatever happens to the thread. */
  readonly descriptor: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when a batch came in while main, which listens itself, sleeps. */
  readonly wake: () => void;
  /** Called when it keeps dying. */
  readonly fail: (error: Error) => void;
  /** What the thread runs instead of ours; for tests of what happens when that fails. */
  readonly file?: URL;
}

/**
 * The thread that fills the ring from the socket's descriptor. It ends when the ring says stop; when it ends
 * before, or shows no sign of life for a second, another takes its place: meanwhile the kernel keeps what
 * comes in. What it had read and not handed over is lost, and was not counted as received.
 */
export class ReceiveThread {
  readonly #options: ReceiveThreadOptions;
  readonly #restarts: Restarts;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #stopping = false;
  #beat = 0;
  #looks = 0;
  #cancelWatch: () => void = () => {};

  private constructor(options: ReceiveThreadOptions) {
    this.#options = options;
    this.#restarts = new Restarts(options.clock);
  }

  /** Starts it; resolves when it reads. @throws what keeps it from starting */
  static async start(options: ReceiveThreadOptions): Promise<ReceiveThread> {
    const thread = new ReceiveThread(options);
    await thread.#spawn();
    thread.#cancelWatch = options.clock.every(WATCH_MS, () => thread.#look());
    return thread;
  }

  /** How often it died or was ended. */
  get failed(): number {
    return this.#restarts.total;
  }

  /** Waits for its end, a second at most; the ring was told to stop before. */
  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelWatch();
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(STOP_MS, resolve);
    });
    await Promise.race([this.#ended, late]);
    cancel();
    await this.#worker?.terminate();
  }

  #spawn(): Promise<void> {
    const { regions, descriptor, wake, file = workerUrl('receive') } = this.#options;
    const workerData = { handles: regions.handles, descriptor, thread: RECEIVE_THREAD };
    const resourceLimits = { maxOldGenerationSizeMb: HEAP_MB };
    const worker = new Worker(file, { workerData, resourceLimits });
    this.#worker = worker;
    this.#looks = -STARTING_LOOKS;
    let cause: Error | undefined;
    return new Promise((resolve, reject) => {
      let isUp = false;
      worker.on('error', (error) => {
        cause = error;
      });
      this.#ended = new Promise((ended) => {
        worker.once('exit', () => {
          ended();
          if (isUp) this.#died(cause);
          else reject(cause ?? new Error('the receive thread ended before it began'));
        });
      });
      worker.once('message', () => {
        isUp = true;
        worker.on('message', wake);
        resolve();
      });
    });
  }

  #died(cause: Error | undefined): void {
    if (this.#stopping) return;
    const { logger, fail } = this.#options;
    const why = cause?.message ?? 'it ended by itself';
    logger.error({ error: why }, 'the receive thread died; another takes its place');
    if (this.#restarts.note() >= FATAL_FAILURES) {
      fail(threadsDie('RECEIVER_DIES', `The receive thread keeps dying: ${why}`, cause));
      return;
    }
    this.#spawn().catch((error: Error) => this.#died(error));
  }

  /** Ends it when it hangs. */
  #look(): void {
    const beat = Atomics.load(this.#options.regions.control.heartbeats, RECEIVE_THREAD * LINE_I32);
    if (beat !== this.#beat) {
      this.#beat = beat;
      this.#looks = 0;
      return;
    }
    if (++this.#looks < HANG_LOOKS) return;
    this.#looks = Number.NEGATIVE_INFINITY; // until the next one is spawned
    this.#options.logger.error({}, 'the receive thread hangs and is ended');
    this.#worker?.terminate().catch(() => {}); // its exit tells of it either way
  }
}
