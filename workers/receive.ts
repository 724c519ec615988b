import { parentPort, workerData } from 'node:worker_threads';
import { receiveUntilStopped } from '../src/node/receive.ts';
import { loadSyscalls } from '../src/node/syscalls.ts';
import { counterBlock } from '../src/shm/counters.ts';
import { attachRegions, type RegionHandles } from '../src/shm/regions.ts';
import { SystemClock } from '../src/util/clock.ts';

const { handles, descriptor, thread } = workerData as {
  handles: RegionHandles;
  descriptor: number;
  thread: number;
};
const system = loadSyscalls();
if (typeof system === 'string') throw new Error(system);
const regions = attachRegions(handles);
const counters = counterBlock(regions.counters, thread);
parentPort?.postMessage('ready');
receiveUntilStopped({
  system,
  descriptor,
  regions,
  thread,
  counters,
  clock: SystemClock,
  wake: () => parentPort?.postMessage('wake'),
});
