/** What the two suites have in common, and which files belong to which. */
import { availableParallelism } from 'node:os';
import type { ViteUserConfig } from 'vitest/config';
import { many } from './nightly.ts';
import { LongestFirst } from './sequence.ts';

/**
 * Files whose tests wait for threads and processes of their own, and the ones that read all of the source. The
 * simulation starts some too, but only computes.
 */
export const SYSTEM = [
  'test/threads/**/*.test.ts',
  'test/process/**/*.test.ts',
  'test/cli/**/*.test.ts',
  'test/{bench,deploy,package,replay,tidy,tidy-promises,wasm}.test.ts',
];

/** How both are run. */
export const COMMON: NonNullable<ViteUserConfig['test']> = {
  root: new URL('..', import.meta.url).pathname,
  // Only what hangs takes so long, however busy the machine is.
  testTimeout: many(120_000, 1_200_000),
  pool: 'forks',
  // Test files share processes: a fresh one for each of 130 files took as long as half the tests.
  isolate: false,
  // Of two cores the runner would use one. Those that wait for processes and threads leave room for one more.
  maxWorkers: availableParallelism() + 1,
  sequence: { sequencer: LongestFirst },
};
