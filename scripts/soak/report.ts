import type { Sample } from './probe.ts';
import { type Slope, theilSen } from './slope.ts';

/** A sample with when it was taken. */
export interface TimedSample extends Sample {
  readonly hours: number;
}

/** One thing that must not grow. */
export interface Growth {
  readonly what: string;
  readonly unit: string;
  readonly first: number;
  readonly last: number;
  readonly perHour: Slope;
  /** Most that the upper end of the interval may be; undefined where there is no goal. */
  readonly limit: number | undefined;
  readonly holds: boolean;
}

const MEGABYTE = 2 ** 20;

/** Upper bounds for slopes. @source reliability G18: post-GC heap at 5,000 packets/s, RSS over 72 h */
const LIMITS = { heapMegabytes: 2, externalMegabytes: 2 } as const;

/** The median of the last samples, which one wild one does not move. */
function typical(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** Fits what was measured after warming up. */
export function fitGrowth(samples: readonly TimedSample[]): readonly Growth[] {
  const hours = samples.map((sample) => sample.hours);
  const edge = Math.max(1, Math.floor(samples.length / 10));
  const grow = (
    what: string,
    unit: string,
    limit: number | undefined,
    pick: (sample: Sample) => number,
  ): Growth => {
    const values = samples.map(pick);
    const perHour = theilSen(hours, values);
    return {
      what,
      unit,
      first: typical(values.slice(0, edge)),
      last: typical(values.slice(-edge)),
      perHour,
      limit,
      holds: limit === undefined || perHour.high < limit,
    };
  };
  return [
    grow('resident memory', 'MiB', undefined, ({ rssBytes }) => rssBytes / MEGABYTE),
    grow(
      'heap after collecting',
      'MiB',
      LIMITS.heapMegabytes,
      ({ heapBytes }) => heapBytes / MEGABYTE,
    ),
    grow(
      'external memory',
      'MiB',
      LIMITS.externalMegabytes,
      ({ externalBytes }) => externalBytes / MEGABYTE,
    ),
    grow('loop delay, median', 'ms', undefined, ({ loopP50Ms }) => loopP50Ms),
    grow('loop delay, p99', 'ms', undefined, ({ loopP99Ms }) => loopP99Ms),
  ];
}

/** A line for each. */
export function render(growths: readonly Growth[]): string {
  const number = (n: number): string => n.toFixed(2).padStart(9);
  const lines = growths.map(({ what, unit, first, last, perHour, limit, holds }) => {
    const { slope, low, high } = perHour;
    const goal = limit === undefined ? '' : `, goal below ${limit}: ${holds ? 'holds' : 'BROKEN'}`;
    return `${what.padEnd(22)} ${number(first)} → ${number(last)} ${unit}; ${number(slope)} ${unit}/h (95 %: ${low.toFixed(2)} to ${high.toFixed(2)})${goal}`;
  });
  return `${lines.join('\n')}\n`;
}
