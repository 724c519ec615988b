import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build.ts'],
    testTimeout: 60_000,
    pool: 'forks',
    // Test files share processes: a fresh one for each of 130 files took as long as half the tests.
    isolate: false,
  },
});
