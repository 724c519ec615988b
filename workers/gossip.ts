import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { TableView } from '../src/crds/view.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { LINE_I32 } from '../src/shm/layout.ts';
import { attachRegions, type RegionHandles } from '../src/shm/regions.ts';
import { GossipTask } from '../src/tasks/gossip.ts';
import { type SeatTask, TASK_HASHES } from '../src/tasks/work.ts';

const { handles, seed } = workerData as { handles: RegionHandles; seed: Uint8Array };
const regions = attachRegions(handles);
const { heartbeats, threadIds } = regions.control;
const view = new TableView(regions, await loadXxhash());
const identity = createIdentity(seed);
seed.fill(0);
let seat = 0;
const beat = (): void => {
  Atomics.add(heartbeats, seat * LINE_I32, 1);
};
const task = new GossipTask({ regions, view, identity, context: { hashes: TASK_HASHES, beat } });

/** One task of the seat whose number main gives. */
export default ({ thread, work, first, count }: SeatTask & { thread: number }): number => {
  seat = thread;
  threadIds[thread] = threadId;
  beat();
  return task.run(work, first, count);
};
