// Copies rows of a table that another thread writes, following its journal; reports what it saw.
import { parentPort, workerData } from 'node:worker_threads';
import { Copied, RowCopy, TableView } from '../../../dist/src/crds/view.js';
import { loadXxhash } from '../../../dist/src/crypto/hash.js';
import { JournalReader, Reading } from '../../../dist/src/shm/journal.js';
import { attachRegions } from '../../../dist/src/shm/regions.js';

const { handles, stop, origins } = workerData;
const regions = attachRegions(handles);
const view = new TableView(regions, await loadXxhash());
const journal = new JournalReader(regions.journal);
const copy = new RowCopy();
const words = new Int32Array(copy.bytes.buffer);
const hashWords = new Int32Array(copy.hash.buffer);
const seen = {
  copies: 0,
  torn: 0,
  busy: 0,
  free: 0,
  entries: 0,
  lost: 0,
  found: 0,
  wrongOrigin: 0,
};

// The writer fills value and hash with the number that is also the wallclock, except the origin.
function isTorn() {
  const mark = copy.wallclock | 0;
  if (hashWords.some((word) => word !== mark)) return true;
  for (let i = 10; i < copy.length >> 2; i++) if (words[i] !== mark) return true;
  return copy.bytes.subarray(4, 36).some((byte, i) => byte !== copy.pubkey[i]);
}

function look(row) {
  const copied = view.copyRow(row, copy);
  if (copied === Copied.BUSY) seen.busy++;
  else if (copied === Copied.FREE) seen.free++;
  else {
    seen.copies++;
    if (isTorn()) seen.torn++;
  }
  return copied;
}

parentPort.postMessage('ready');
for (let i = 0; Atomics.load(stop, 0) === 0; i++) {
  if (seen.copies > 100 && seen.found > 0 && seen.entries > 100) stop[1] = 1; // enough
  const reading = journal.next();
  if (reading === Reading.ENTRY) {
    seen.entries++;
    look(journal.row);
    continue;
  }
  look(i % view.highWater);
  const origin = origins.subarray((i % 8) * 32, (i % 8) * 32 + 32);
  const row = view.find(1, i % 4, origin, 0);
  if (row < 0 || look(row) !== Copied.OK) continue;
  seen.found++; // a hint: the row may hold another label by now, but never a mixture
  if (copy.pubkey.some((byte, k) => byte !== copy.bytes[4 + k])) seen.wrongOrigin++;
}
seen.lost = journal.lost;
parentPort.postMessage(seen);
