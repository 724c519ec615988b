import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Where the files are that take longest, those first that do. All others take less than a second. */
const LONGEST = [
  'test/sim/sim.test.ts',
  'test/tidy.test.ts',
  'test/threads/',
  'test/process/',
  'test/cli/',
  'test/bench.test.ts',
  'test/sim/',
  'test/vectors.test.ts',
  'test/unit/cli/',
  'test/fuzz/',
];

/**
 * Begins with what takes longest: a long file at the end would run alone. Knows nothing of earlier runs,
 * so that a clean clone is as fast.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => {
      const path = relative(this.ctx.config.root, moduleId);
      const found = LONGEST.findIndex((start) => path.startsWith(start));
      return found < 0 ? LONGEST.length : found;
    };
    return [...files].sort((a, b) => rank(a) - rank(b) || (a.moduleId < b.moduleId ? -1 : 1));
  }
}
