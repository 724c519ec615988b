import { configDefaults, defineConfig } from 'vitest/config';
import { COMMON, SYSTEM } from './suites.ts';

/** `npm test`: what the process of the tests checks by itself, within a minute. */
export default defineConfig({
  test: {
    ...COMMON,
    globalSetup: ['test/build.ts'],
    include: ['test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, ...SYSTEM],
  },
});
