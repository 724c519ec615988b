/**
 * Loaded into the spy before anything else (`node --import`): names its threads, so that the kernel's
 * accounts can be told apart, and measures its event loop over exactly the time that is asked for.
 */
import { writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';

/** How often the delay is looked at; a look contains this time itself. */
const RESOLUTION_MS = 1;

/** What `end` is answered with. */
export interface LoopDelay {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

if (isMainThread) {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  process.on('message', (message) => {
    if (message === 'begin') {
      histogram.enable();
      histogram.reset();
      return;
    }
    const ms = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    const delay: LoopDelay = {
      p50Ms: ms(histogram.percentile(50)),
      p99Ms: ms(histogram.percentile(99)),
      maxMs: ms(histogram.max),
    };
    histogram.disable();
    process.send?.(delay);
  });
  process.channel?.unref(); // it keeps nobody from ending
} else {
  const file = basename(process.argv[1] ?? '', '.js');
  // Threads of the pool run the pool's own file, all others one of ours that is named for its role.
  writeFileSync('/proc/thread-self/comm', file === 'worker' ? 'pool' : file);
}
