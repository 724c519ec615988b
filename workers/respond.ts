import { threadId } from 'node:worker_threads';
import { workerData } from 'piscina';
import { TableView } from '../src/crds/view.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { counterBlock } from '../src/shm/counters.ts';
import { LINE_I32 } from '../src/shm/layout.ts';
import { attachRegions, type RegionHandles } from '../src/shm/regions.ts';
import { RespondTask } from '../src/tasks/respond.ts';
import { type SeatTask, TASK_HASHES } from '../src/tasks/work.ts';

const { handles, publicKey } = workerData as { handles: RegionHandles; publicKey: Uint8Array };
const regions = attachRegions(handles);
const { heartbeats, threadIds } = regions.control;
const view = new TableView(regions, await loadXxhash());
let seat = 0;
let task: RespondTask | undefined;
const beat = (): void => {
  Atomics.add(heartbeats, seat * LINE_I32, 1);
};

/** One task of the seat whose number main gives. */
export default ({ thread, first, count, seed }: SeatTask & { thread: number }): number => {
  seat = thread;
  threadIds[thread] = threadId;
  beat();
  task ??= new RespondTask({
    regions,
    view,
    publicKey,
    counters: counterBlock(regions.counters, thread),
    context: { hashes: TASK_HASHES, beat },
  });
  return task.run(first, count, seed);
};
