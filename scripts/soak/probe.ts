/** Loaded into the spy (`node --import`): tells its heap, right after collecting it, and its loop's delay. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';

const RESOLUTION_MS = 5;

/** What is asked for is answered with. */
export interface Sample {
  readonly rssBytes: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  readonly loopP50Ms: number;
  readonly loopP99Ms: number;
  readonly loopMaxMs: number;
}

if (isMainThread) {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const loop = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  loop.enable();
  const ms = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
  process.on('message', () => {
    const [loopP50Ms, loopP99Ms, loopMaxMs] = [
      ms(loop.percentile(50)),
      ms(loop.percentile(99)),
      ms(loop.max),
    ];
    collect();
    const { rss, heapUsed, external } = process.memoryUsage();
    loop.reset(); // without the pause that collecting was
    process.send?.({
      ...{ rssBytes: rss, heapBytes: heapUsed, externalBytes: external },
      ...{ loopP50Ms, loopP99Ms, loopMaxMs },
    } satisfies Sample);
  });
  process.channel?.unref(); // it keeps nobody from ending
}
