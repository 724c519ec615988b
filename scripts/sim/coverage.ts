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

/** How a group of answers did. */
interface Row {
  readonly group: string;
  /** Answers, and those whose interval held the truth. */
  readonly answers: number;
  readonly hits: number;
  /** Means over the answers, as shares of the truth: what was known, the width of the interval, the error. */
  readonly known: number;
  readonly width: number;
  /** Of half of the answers it is narrower. */
  readonly middleWidth: number;
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
  const answers: CensusAnswer[] = [];
  const rows: Row[] = [];
  for (const loss of flags.loss) {
    const withLoss: CensusAnswer[] = [];
    for (let seed = first; seed < first + seeds; seed++) {
      progress.show(`${100 * loss} % lost: ${seed - first + 1} of ${seeds} networks`);
      withLoss.push(...takeCensus({ seed, loss, nodes: [least, most], knows, deaf }, xxhash));
      await new Promise<void>((resolve) => SystemClock.soon(resolve));
    }
    const name = `${100 * loss} % lost`;
    for (const afterMs of CENSUS_MS) {
      const asked = withLoss.filter((answer) => answer.afterMs === afterMs);
      rows.push(rowOf(`${name}, ${afterMs / 1000} s`, asked));
    }
    rows.push(rowOf(name, withLoss));
    answers.push(...withLoss);
  }
  progress.clear();
  for (const [name, isIn] of GROUPS) rows.push(rowOf(name, answers.filter(isIn)));
  return rows;
}

/** Answers of all rates of loss. Where nobody is unknown, what is known is the truth and in every interval. */
const GROUPS: readonly (readonly [name: string, isIn: (answer: CensusAnswer) => boolean])[] = [
  ['early, to 2 s', ({ afterMs }) => afterMs <= 2_000],
  ['middle, to 4 s', ({ afterMs }) => afterMs > 2_000 && afterMs <= 4_000],
  ['late', ({ afterMs }) => afterMs > 4_000],
  ['some unknown', ({ truth, coverage }) => truth > (coverage?.known ?? truth)],
  ['none unknown', ({ truth, coverage }) => truth === coverage?.known],
  ['one number', ({ coverage }) => coverage !== null && coverage.low === coverage.high],
  ['all', () => true],
];

function rowOf(group: string, asked: readonly CensusAnswer[]): Row {
  const given = asked.flatMap(({ truth, coverage }) => (coverage ? [{ truth, coverage }] : []));
  const mean = (of: (one: (typeof given)[number]) => number): number =>
    given.reduce((sum, one) => sum + of(one), 0) / Math.max(1, given.length);
  const width = ({ truth, coverage }: (typeof given)[number]): number =>
    (coverage.high - coverage.low) / truth;
  const widths = given.map(width).sort((a, b) => a - b);
  return {
    group,
    answers: given.length,
    hits: asked.filter((answer) => holds(answer)).length,
    known: mean(({ truth, coverage }) => coverage.known / truth),
    width: mean(width),
    middleWidth: widths[widths.length >> 1] ?? 0,
    error: mean(({ truth, coverage }) => coverage.nodes / truth - 1),
  };
}

function report(rows: readonly Row[], { seeds }: Flags, seconds: string): string {
  const percent = (share: number): string => `${(100 * share).toFixed(1)} %`.padStart(10);
  const lines = rows
    .filter(({ answers }) => answers > 0)
    .map(
      ({ group, answers, hits, known, width, middleWidth, error }) =>
        `${group.padEnd(18)}${String(answers).padStart(7)}${percent(hits / answers)}${percent(known)}${percent(middleWidth)}${percent(width)}${percent(error)}`,
    );
  return [
    `${seeds} networks for each rate of loss, in ${seconds} s; intervals claim 95 %`,
    'group             answers   held it     known     width  (mean)       error',
    ...lines,
    '',
  ].join('\n');
}
