// Follows a journal that is much faster than itself; reports what it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { JournalReader, Reading } from '../../../dist/src/shm/journal.js';
import { attachRegions } from '../../../dist/src/shm/regions.js';

const { handles, stop } = workerData;
const reader = new JournalReader(attachRegions(handles).journal);
const seen = { entries: 0, lapped: 0, mixed: 0, backwards: 0, lost: 0 };
let last = -1;
parentPort.postMessage('ready');
while (Atomics.load(stop, 0) === 0) {
  const reading = reader.next();
  if (reading === Reading.LAPPED) seen.lapped++;
  if (reading !== Reading.ENTRY) continue;
  seen.entries++;
  // The writer derives all fields from one number.
  const { row, version, operation, kind } = reader;
  if (version !== ~row || operation !== row % 251 || kind !== row % 241) seen.mixed++;
  if (row <= last) seen.backwards++;
  last = row;
  if (seen.lapped > 0) stop[1] = 1; // enough
}
seen.lost = reader.lost;
parentPort.postMessage(seen);
