import { BatchRing } from '../../../dist/src/shm/slab.js';
import good from '../../../dist/workers/listen.js';
import { dying, isDone, regions } from './dying.mjs';

const ring = new BatchRing(regions.ring);

// It dies with a batch in its hands, for which it waits.
export default dying(2, good, ({ thread }) => {
  let batch = -1;
  while (batch < 0 && !ring.stopped) {
    ring.waitForBatch(50);
    if (isDone()) return false; // another one has died instead
    batch = ring.claim(thread);
  }
  return batch >= 0;
});
