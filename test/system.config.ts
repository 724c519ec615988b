import { defineConfig } from 'vitest/config';
import { COMMON, SYSTEM } from './suites.ts';

/** `npm run test:system`: real threads, processes and sockets. */
export default defineConfig({
  test: { ...COMMON, globalSetup: ['test/compile.ts'], include: SYSTEM },
});
