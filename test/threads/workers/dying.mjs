// Wraps a worker of the pool. The last three cells of the counters, where no thread counts, say how many
// tasks shall die, of which worker, and in which way.
import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { LINE_I32 } from '../../../dist/src/shm/layout.js';
import { attachRegions } from '../../../dist/src/shm/regions.js';
import { WAYS } from './ways-to-die.mjs';

export const regions = attachRegions(workerData.handles);
const { values } = regions.counters;
const LEFT = values.length - 1;
const WORKER = values.length - 2;
const WAY = values.length - 3;

/** Whether nobody shall die any more. */
export function isDone() {
  return values[LEFT] <= 0;
}

/** @param prepare what a task does before it dies; it does not when this is not true */
export function dying(worker, good, prepare) {
  return (task) => {
    if (values[LEFT] === 0 || values[WORKER] !== worker || !prepare(task)) return good(task);
    values[LEFT] -= 1;
    const { heartbeats, threadIds } = regions.control;
    threadIds[task.thread] = threadId;
    Atomics.add(heartbeats, task.thread * LINE_I32, 1); // it had begun
    return WAYS[values[WAY]]();
  };
}
