/** Words that benches and scripts say on standard output. */
import { loadavg } from 'node:os';
import type { RecordableHistogram } from 'node:perf_hooks';
import { surroundings } from './harness.ts';

/** Prints a line. */
export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Where and of what something is measured. */
export function place(): string {
  const { cpu, cores, node, commit } = surroundings('full');
  return `${cpu}, ${cores} cores, load ${loadavg()[0]?.toFixed(1)}, Node ${node}, ${commit}`;
}

/** Milliseconds with one decimal. @units us: microseconds */
export function ms(us: number): string {
  return (us / 1_000).toFixed(1);
}

/** How long something took. @units the histogram is of microseconds */
export function quantiles(h: RecordableHistogram): string {
  return `p50 ${ms(h.percentile(50))}, p99 ${ms(h.percentile(99))}, at most ${ms(h.max)} ms`;
}
