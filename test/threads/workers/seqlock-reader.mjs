// Reads one row under its version until told to stop; reports what it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { beginRead, endRead } from '../../../dist/src/shm/seqlock.js';

const { versions, row, stop } = workerData;
const seen = { copies: 0, torn: 0, caught: 0, odd: 0, last: 0 };
const copy = new Int32Array(row.length);
parentPort.postMessage('ready');
while (Atomics.load(stop, 0) === 0) {
  const version = beginRead(versions, 0);
  if ((version & 1) !== 0) {
    seen.odd++;
    continue;
  }
  for (let i = 0; i < row.length; i++) copy[i] = row[i];
  const isTorn = copy.some((word) => word !== copy[0]);
  if (!endRead(versions, 0, version)) {
    if (isTorn) seen.caught++;
    continue;
  }
  seen.copies++;
  if (isTorn) seen.torn++;
  seen.last = copy[0];
  if (seen.copies > 100 && seen.odd + seen.caught > 0) stop[1] = 1; // enough
}
parentPort.postMessage(seen);
