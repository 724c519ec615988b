import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { type WatchdogLimits, watchMain } from '../src/node/watchdog.ts';
import { attachRegions, type RegionHandles } from '../src/shm/regions.ts';

const { handles, limits, over } = workerData as {
  handles: RegionHandles;
  limits: WatchdogLimits;
  over: SharedArrayBuffer;
};
const isOver = new Int32Array(over);
watchMain({
  heartbeats: attachRegions(handles).control.heartbeats,
  limits,
  sleep: (ms) => Atomics.wait(isOver, 0, 0, ms),
  isOver: () => Atomics.load(isOver, 0) === 1,
  say(line) {
    try {
      writeSync(2, line);
    } catch {
      // Nobody reads it.
    }
  },
  kill: () => process.kill(process.pid, 'SIGABRT'),
});
