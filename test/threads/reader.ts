/** Runs a reading worker beside a writing loop, for as long as a thread test may take. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { SystemClock } from '../../src/util/clock.ts';

/**
 * Starts the worker, calls `write` again and again for `ms`, stops the worker.
 *
 * @returns what the worker reported, and how often `write` was called
 */
export async function readWhile<Seen>(
  script: string,
  data: object,
  ms: number,
  write: (turn: number) => void,
): Promise<{ seen: Seen; turns: number }> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(`workers/${script}`, import.meta.url), {
    workerData: { ...data, stop },
  });
  try {
    await once(worker, 'message');
    const end = SystemClock.monoMs() + ms;
    let turns = 0;
    while (SystemClock.monoMs() < end) write(turns++);
    Atomics.store(stop, 0, 1);
    const [seen] = (await once(worker, 'message')) as [Seen];
    return { seen, turns };
  } finally {
    await worker.terminate();
  }
}
