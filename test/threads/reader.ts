/** Runs a reading worker beside a writing loop, for as long as a thread test may take. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SystemClock } from '../../src/util/clock.ts';

/** As often at least is written, however slow the machine is. */
const LEAST_TURNS = 20;

/** So long at most a worker is waited for that has not seen enough. */
const PATIENCE_MS = 20_000;

/**
 * Starts the worker, calls `write` again and again for `ms` and until the worker has seen enough, stops it.
 *
 * @returns what the worker reported, and how often `write` was called
 */
export async function readWhile<Seen>(
  script: string,
  data: object,
  ms: number,
  write: (turn: number) => void,
): Promise<{ seen: Seen; turns: number }> {
  const stop = new Int32Array(new SharedArrayBuffer(8));
  const worker = new Worker(new URL(`workers/${script}`, import.meta.url), {
    workerData: { ...data, stop },
  });
  try {
    await once(worker, 'message');
    const startedMs = SystemClock.monoMs();
    const isOver = (): boolean => {
      const tookMs = SystemClock.monoMs() - startedMs;
      const isEnough = Atomics.load(stop, 1) === 1 && turns >= LEAST_TURNS;
      return tookMs > (isEnough ? ms : PATIENCE_MS);
    };
    let turns = 0;
    while (!isOver()) write(turns++);
    Atomics.store(stop, 0, 1);
    const [seen] = (await once(worker, 'message')) as [Seen];
    return { seen, turns };
  } finally {
    await worker.terminate();
  }
}
