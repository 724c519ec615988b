import { parentPort } from 'node:worker_threads';
import { serve } from '../src/api/comlink.ts';
import { ObserverService } from '../src/api/observer-service.ts';
import { SystemClock } from '../src/util/clock.ts';

if (!parentPort) throw new Error('the observer runs in a thread of its own');
serve(parentPort, new ObserverService(SystemClock));
