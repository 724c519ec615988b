/** A few small simulated networks. */

import { expect, it } from 'vitest';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { runSeed } from '../../test/sim/run.ts';

const SEEDS = [2, 5, 7];

const xxhash = await loadXxhash();
for (const seed of SEEDS) {
  it(`simulated network ${seed}`, () => {
    expect(runSeed(seed, xxhash, { small: true }).failure).toBeUndefined();
  });
}
