import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Enough for the optimizing compiler, on every version of Node. */
const WARM_ITEMS = 100_000;

/**
 * Measures what a function leaves on the heap. Every window begins right behind a collection and is
 * short enough that none falls into it; what the meter itself leaves is subtracted. The median window
 * counts, so that a compilation in the background does not.
 *
 * @param items how many items one call works through; a call should leave less than 500 kB
 * @returns bytes per item
 */
export function bytesPerItem(run: () => unknown, items: number, windows: number): number {
  for (let i = 0; i < WARM_ITEMS / items; i++) run(); // so that it is compiled as in production
  const own = median(windows, () => undefined);
  return Math.max(0, median(windows, run) - own) / items;
}

function median(windows: number, run: () => unknown): number {
  const left = new Float64Array(windows);
  for (let i = 0; i < windows; i++) {
    collect();
    const before = process.memoryUsage().heapUsed;
    run();
    left[i] = process.memoryUsage().heapUsed - before;
  }
  return left.sort()[windows >> 1] ?? 0;
}
