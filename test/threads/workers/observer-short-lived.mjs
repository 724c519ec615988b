// An observer's thread that starts well and dies at once, every time.
import { parentPort } from 'node:worker_threads';
import { serve } from '../../../dist/src/api/comlink.js';
import { ObserverService } from '../../../dist/src/api/observer-service.js';
import { SystemClock } from '../../../dist/src/util/clock.js';

class ShortLivedObserver extends ObserverService {
  async start(setup, commands) {
    await super.start(setup, commands);
    setTimeout(() => process.exit(3), 1);
  }
}

serve(parentPort, new ShortLivedObserver(SystemClock));
