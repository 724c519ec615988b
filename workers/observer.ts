import { getPriority, setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { serve } from '../src/api/comlink.ts';
import { ObserverService } from '../src/api/observer-service.ts';
import { SystemClock } from '../src/util/clock.ts';

if (!parentPort) throw new Error('the observer runs in a thread of its own');
/** A third of the weight of those that work datagrams off: where there is too much of both, hearing goes before telling. */
const NICE = 5;

// On Linux the number 0 is this thread, elsewhere the whole process. Nobody may become less nice than they are.
if (process.platform === 'linux' && getPriority(0) < NICE) setPriority(0, NICE);
serve(parentPort, new ObserverService(SystemClock));
