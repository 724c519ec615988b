// The observer's thread with a way to go for every question: what `from` says happens to the thread.
import { parentPort } from 'node:worker_threads';
import { serve } from '../../../dist/src/api/comlink.js';
import { ObserverService } from '../../../dist/src/api/observer-service.js';
import { SystemClock } from '../../../dist/src/util/clock.js';

class MoodyObserver extends ObserverService {
  query({ from }, limit) {
    if (from === 'hang') for (;;);
    if (from === 'exit') process.exit(7);
    if (from === 'throw') setImmediate(() => throwIt('thrown on purpose'));
    if (from === 'fill') for (const all = []; ; ) all.push({ all: new Array(1_000).fill(from) });
    return super.query({}, limit);
  }
}

function throwIt(words) {
  throw new Error(words);
}

serve(parentPort, new MoodyObserver(SystemClock));
