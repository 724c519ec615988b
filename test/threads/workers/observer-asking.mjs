// An observer that gives main every command there is, and one there is not.
import { parentPort } from 'node:worker_threads';
import { serve } from '../../../dist/src/api/comlink.js';
import { ObserverService } from '../../../dist/src/api/observer-service.js';
import { SystemClock } from '../../../dist/src/util/clock.js';

class AskingObserver extends ObserverService {
  async dump(path) {
    await this.commands.nodeFacts();
    await this.commands.dropTable(path);
    return 0;
  }
}

serve(parentPort, new AskingObserver(SystemClock));
