// Stands in for the receive thread: says that it reads, and dies. The last two cells of the counters, where
// no thread counts, say how many shall die and in which way; the next one is the real one.
import { parentPort, workerData } from 'node:worker_threads';
import { attachRegions } from '../../../dist/src/shm/regions.js';
import { WAYS } from './ways-to-die.mjs';

const { counters, control } = attachRegions(workerData.handles);
const { values } = counters;
const LEFT = values.length - 1;
const WAY = values.length - 2;

if (values[LEFT] > 0) {
  values[LEFT] -= 1;
  parentPort.postMessage('ready');
  Atomics.add(control.heartbeats, 16 * workerData.thread, 1);
  setTimeout(WAYS[values[WAY]], 20);
} else {
  await import('../../../dist/workers/receive.js');
}
