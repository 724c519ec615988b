import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { many } from './nightly.ts';
import { LongestFirst } from './sequence.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    // Only what hangs takes so long, however busy the machine is.
    testTimeout: many(120_000, 1_200_000),
    pool: 'forks',
    // Test files share processes: a fresh one for each of 130 files took as long as half the tests.
    isolate: false,
    // Of two cores the runner would use one. Those that wait for processes and threads leave room for one more.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
  },
});
