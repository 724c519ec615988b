import { Worker } from 'node:worker_threads';
import type { Regions } from '../shm/regions.ts';
import { SpyError } from '../util/assert.ts';
import { RECEIVE_THREAD } from './pools.ts';
import { workerUrl } from './worker-url.ts';

/** The thread that fills the ring from the socket's descriptor. It ends when the ring says stop. */
export class ReceiveThread {
  readonly #ended: Promise<void>;
  #stopping = false;

  private constructor(worker: Worker, fail: (error: Error) => void) {
    this.#ended = new Promise((resolve) => worker.once('exit', () => resolve()));
    worker.on('error', (cause) => {
      fail(new SpyError('RECEIVER_DIED', `The receive thread died: ${cause.message}`, { cause }));
    });
    worker.once('exit', () => {
      if (!this.#stopping)
        fail(new SpyError('RECEIVER_DIED', 'The receive thread ended by itself.'));
    });
  }

  /**
   * Starts it; resolves when it reads.
   *
   * @param wake called when a batch came in while main, which listens itself, sleeps
   */
  static start(
    regions: Regions,
    descriptor: number,
    wake: () => void,
    fail: (error: Error) => void,
  ): Promise<ReceiveThread> {
    const workerData = { handles: regions.handles, descriptor, thread: RECEIVE_THREAD };
    const worker = new Worker(workerUrl('receive'), { workerData });
    return new Promise((resolve, reject) => {
      worker.once('error', reject);
      worker.once('message', () => {
        worker.off('error', reject);
        worker.on('message', wake);
        resolve(new ReceiveThread(worker, fail));
      });
    });
  }

  /** Waits for its end; the ring was told to stop before. A read lasts at most 200 ms. */
  stop(): Promise<void> {
    this.#stopping = true;
    return this.#ended;
  }
}
