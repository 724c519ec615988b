import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';
import { LongestFirst } from './sequence.ts';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // Test files share processes: a fresh one for each of 130 files took as long as half the tests.
    isolate: false,
    // Of two cores the runner would use one. Those that wait for processes and threads leave room for one more.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: LongestFirst },
  },
});
