import type { Command } from 'commander';
import { Progress } from '../../src/cli/progress.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { CENSUS_MS, type CensusAnswer, holds, takeCensus } from '../../test/sim/census.ts';
import { parseCount } from '../vectors/options.ts';

interface Flags {
  seed: number;
  seeds: number;
  loss: number[];
  least: number;
  most: number;
  knows: number;
  deaf: number;
  json: boolean;
}

/** How the answers at one moment did. */
interface Row {
  readonly loss: number;
  readonly afterMs: number;
  /** Answers, and those whose interval held the truth. */
  readonly answers: number;
  readonly hits: number;
  /** Means over the answers, as shares of the truth: what was known, the width of the interval, the error. */
  readonly known: number;
  readonly width: number;
  readonly error: number;
}

/** Adds `coverage`. */
export function registerCoverage(program: Command): void {
  program
    .command('coverage')
    .description(
      'Has a node join networks whose size is known and asks it how many nodes there are: how often does its interval hold the truth?',
    )
    .option('--seed <NUM>', 'the first seed', parseCount, 1)
    .option('--seeds <NUM>', 'how many networks for each rate of loss', parseCount, 200)
    .option('--loss <SHARES>', 'rates of loss', parseShares, [0, 0.1, 0.3])
    .option('--least <NUM>', 'smallest network', parseCount, 20)
    .option('--most <NUM>', 'largest network', parseCount, 600)
    .option('--knows <SHARE>', 'what each node knows of the others, at least', Number, 0.95)
    .option('--deaf <SHARE>', 'nodes that do not answer', Number, 0.05)
    .option('--json', 'print one JSON document', false)
    .action(async (flags: Flags) => {
      const startMs = SystemClock.monoMs();
      const rows = await measure(flags);
      const seconds = ((SystemClock.monoMs() - startMs) / 1000).toFixed(1);
      process.stdout.write(flags.json ? `${JSON.stringify(rows)}\n` : report(rows, flags, seconds));
    });
}

const parseShares = (text: string): number[] => text.split(',').map(Number);

async function measure(flags: Flags): Promise<Row[]> {
  const { seed: first, seeds, least, most, knows, deaf } = flags;
  const xxhash = await loadXxhash();
  const progress = new Progress();
  const rows: Row[] = [];
  for (const loss of flags.loss) {
    const answers: CensusAnswer[] = [];
    for (let seed = first; seed < first + seeds; seed++) {
      progress.show(`${100 * loss} % lost: ${seed - first + 1} of ${seeds} networks`);
      answers.push(...takeCensus({ seed, loss, nodes: [least, most], knows, deaf }, xxhash));
      await new Promise<void>((resolve) => SystemClock.soon(resolve));
    }
    for (const afterMs of CENSUS_MS) {
      const asked = answers.filter((answer) => answer.afterMs === afterMs);
      rows.push(rowOf(loss, afterMs, asked));
    }
  }
  progress.clear();
  return rows;
}

function rowOf(loss: number, afterMs: number, asked: readonly CensusAnswer[]): Row {
  const given = asked.flatMap(({ truth, coverage }) => (coverage ? [{ truth, coverage }] : []));
  const mean = (of: (one: (typeof given)[number]) => number): number =>
    given.reduce((sum, one) => sum + of(one), 0) / Math.max(1, given.length);
  return {
    loss,
    afterMs,
    answers: given.length,
    hits: asked.filter((answer) => holds(answer)).length,
    known: mean(({ truth, coverage }) => coverage.known / truth),
    width: mean(({ truth, coverage }) => (coverage.high - coverage.low) / truth),
    error: mean(({ truth, coverage }) => coverage.nodes / truth - 1),
  };
}

function report(rows: readonly Row[], { seeds }: Flags, seconds: string): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(8);
  const lines = rows.map(
    ({ loss, afterMs, answers, hits, known, width, error }) =>
      `${percent(loss)}  ${(afterMs / 1000).toFixed(1).padStart(6)} s  ${String(answers).padStart(7)}  ${percent(hits / Math.max(1, answers))}  ${percent(known)}  ${percent(width)}  ${percent(error)}`,
  );
  const hits = rows.reduce((sum, row) => sum + row.hits, 0);
  const answers = rows.reduce((sum, row) => sum + row.answers, 0);
  return [
    `${seeds} networks for each rate of loss, in ${seconds} s; intervals claim 95 %`,
    '    lost     after  answers    held it     known     width     error',
    ...lines,
    `all: ${hits} of ${answers} held the truth,${percent(hits / Math.max(1, answers))}`,
    '',
  ].join('\n');
}
