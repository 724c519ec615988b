import type { Command } from 'commander';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { SpyError } from '../../src/util/assert.ts';
import { type Case, readCases } from './cases.ts';
import { type Difference, firstDifference } from './difference.ts';
import { TableLife } from './table-life.ts';
import { Tally } from './tally.ts';

/** What goes into a step; the rest of its line is what came of it. */
const INPUTS = new Set(['op', 'now', 'messages', 'values', 'filter', 'callerWallclock']);

/** A recorded step, lived and compared. */
export interface JudgedStep {
  step: Case;
  /** Which life of the file, from 1, and which of its steps. */
  life: number;
  number: number;
  difference: Difference | undefined;
}

/** Lives all lives of the files. After its first difference the rest of a life is left out: it follows. */
export async function* liveTables(files: readonly string[]): AsyncGenerator<JudgedStep> {
  const xxhash = await loadXxhash();
  let life: TableLife | undefined;
  let lives = 0;
  let number = 0;
  for await (const step of readCases(files)) {
    if (step.json['op'] === 'start') {
      life = new TableLife(step.json, xxhash);
      lives++;
      number = 0;
      continue;
    }
    if (lives === 0) {
      throw new SpyError('NOT_A_CASE', `${step.place}: a life begins with a line of op 'start'.`);
    }
    if (!life) continue;
    const difference = compareStep(step.json, life.step(step.json));
    if (difference) life = undefined;
    yield { step, life: lives, number: ++number, difference };
  }
}

/** Compares what came of a step with what is recorded of it. */
export function compareStep(
  recorded: Record<string, unknown>,
  came: Record<string, unknown>,
): Difference | undefined {
  const theirs: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(recorded)) {
    if (!INPUTS.has(name)) theirs[name] = value;
  }
  // Recorded without stakes, prunes were decided by chance.
  const ours = theirs['prunes'] === null ? { ...came, prunes: null } : came;
  return firstDifference(theirs, ours);
}

/** Adds `vectors table FILE…`; `judged` hears whether all cases agree. */
export function registerTable(program: Command, judged: (isClean: boolean) => void): void {
  program
    .command('table')
    .summary('lives of a table, step by step as validator code lived them')
    .argument('<FILE...>', "lines of {'op','now',…,'after'}, gzipped or plain")
    .action(async (files: string[]) => {
      const tally = new Tally('steps', 10);
      for await (const { step, life, number, difference } of liveTables(files)) {
        tally.add(String(step.json['op']), difference, () => {
          return `${step.place} life ${life}, step ${number}, ${String(step.json['op'])}`;
        });
      }
      process.stdout.write(tally.report());
      judged(tally.clean);
    });
}
