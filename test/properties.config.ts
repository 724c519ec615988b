import { defineConfig } from 'vitest/config';
import { COMMON } from './suites.ts';

/**
 * `npm run test:properties`: every property with CASES cases (10,000 unless said), drawn from SEED where it is given.
 *
 * @source reliability G6
 */
export default defineConfig({
  test: {
    ...COMMON,
    testTimeout: 3_600_000,
    env: { CASES: process.env['CASES'] ?? '10000' },
    setupFiles: ['test/properties-seed.ts'],
    include: [
      'test/prop/**/*.test.ts',
      'test/unit/{api/csv,api/liveness,node/outbox,wire/decode,wire/inflate}.test.ts',
    ],
  },
});
