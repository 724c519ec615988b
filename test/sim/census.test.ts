import { expect, it } from 'vitest';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { many } from '../nightly.ts';
import { holds, takeCensus } from './census.ts';

const xxhash = await loadXxhash();

/** Networks with each loss. */
const SEEDS = many(3, 8);

it('a newcomer says how many nodes there are, and is as often right as it claims', () => {
  let answers = 0;
  let hits = 0;
  for (const loss of [0, 0.2]) {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const census = takeCensus({ seed, loss, nodes: [20, 150] }, xxhash);
      for (const answer of census) {
        if (answer.coverage === null) continue;
        answers++;
        if (holds(answer)) hits++;
        expect(answer.coverage.known).toBeLessThanOrEqual(answer.truth);
      }
      const { truth, coverage } = census.at(-1)!;
      expect(coverage?.known, `seed=${seed}: it has found them`).toBeGreaterThan(0.97 * truth);
      expect(coverage!.high - coverage!.low, `seed=${seed}`).toBeLessThan(truth / 2);
    }
  }
  expect(answers).toBeGreaterThan(6 * SEEDS);
  expect(hits / answers).toBeGreaterThan(0.9);
});
