/**
 * The goals of reliability that hold for every change: `npm run goals`. Each is measured as it stands, or judged by
 * another suite; docs/reliability.md has the greater ones.
 */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Command } from 'commander';
import { endChildren } from '../bench/e2e/child.ts';
import { place } from '../bench/report.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { Progress } from '../src/cli/progress.ts';
import { renderTable } from '../src/cli/table.ts';
import { SystemClock } from '../src/util/clock.ts';
import { instrument } from './fuzz/instrument.ts';
import { computedJobs } from './goals/computed.ts';
import { counted, type Figure, type Job, JUDGED_ELSEWHERE } from './goals/goal.ts';
import { measuredJobs } from './goals/measured.ts';

interface Flags {
  readonly only?: readonly string[];
  readonly seed: number;
  readonly json?: boolean;
}

const progress = new Progress();
const running = new Set<Job>();

function say(line: string): void {
  progress.clear();
  process.stderr.write(`${line}\n`);
  showRunning();
}

function showRunning(): void {
  progress.show([...running].map(({ words }) => words).join(', '));
}

/** Does a job. @returns its figures; one that failed without any is a figure that does not hold */
async function work(job: Job): Promise<readonly Figure[]> {
  running.add(job);
  showRunning();
  const startMs = SystemClock.monoMs();
  try {
    return await job.run();
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return [counted(job.goals.join(', '), job.words, 'an answer', why, false)];
  } finally {
    running.delete(job);
    say(`${job.words}: ${((SystemClock.monoMs() - startMs) / 1_000).toFixed(0)} s`);
  }
}

/** Takes jobs off a list until it is empty. */
async function worker(jobs: Job[]): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (let job = jobs.shift(); job !== undefined; job = jobs.shift()) {
    figures.push(...(await work(job)));
  }
  return figures;
}

/** Of the first of its goals: one that failed may name several. */
const numberOf = ({ goal }: Figure): number => Number.parseInt(goal.slice(1), 10);

const verdict = ({ holds, isTiming }: Figure): string =>
  holds ? 'holds' : isTiming ? 'missed' : 'BROKEN';

function render(figures: readonly Figure[]): string {
  const column = (name: keyof Figure, head: string) => ({
    name,
    head,
    cell: (figure: Figure) => figure[name],
  });
  const columns = [
    column('goal', 'GOAL'),
    column('what', 'MEASURE'),
    column('aim', 'AIM'),
    column('got', 'FOUND'),
    { name: 'verdict', head: '', cell: verdict },
  ];
  const page = { columns: process.stdout.columns ?? Number.POSITIVE_INFINITY, expendable: ['aim'] };
  return renderTable(figures, columns, page);
}

async function run(flags: Flags): Promise<void> {
  const isWanted = ({ goals }: Job): boolean =>
    flags.only === undefined || goals.some((goal) => flags.only?.includes(goal));
  const computed = computedJobs(flags.seed).filter(isWanted);
  const measured = measuredJobs().filter(isWanted);
  say(place());
  if (computed.length > 0) instrument(); // once, before several want it
  const workers = Array.from({ length: availableParallelism() }, () => worker(computed));
  const parts = await Promise.all([worker(measured), ...workers]);
  progress.clear();
  const figures = parts.flat().sort((a, b) => numberOf(a) - numberOf(b));
  const broken = figures.filter(({ holds, isTiming }) => !holds && !isTiming).length;
  if (flags.json) process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  else {
    process.stdout.write(`${render(figures)}\n`);
    for (const [goal, where] of JUDGED_ELSEWHERE) process.stdout.write(`${goal}: ${where}\n`);
  }
  const file = process.env['COUNTS_FILE'];
  if (file !== undefined)
    writeFileSync(file, `${figures.length - broken} passed, ${broken} failed\n`);
  process.exitCode = broken === 0 ? 0 : 1;
}

process.once('SIGINT', () => {
  endChildren();
  process.exit(130);
});

const goals = (text: string): string[] => text.toUpperCase().split(',');

await new Command('goals')
  .description(
    'Measures the goals of reliability that hold for every change. Takes seven minutes on two cores.',
  )
  .option('--only <GOALS>', 'these only, divided by commas', goals)
  .option('--seed <NUM>', 'what computing is drawn from', wholeNumber(0, 2 ** 31), 1)
  .option('--json', 'one JSON document on stdout')
  .addHelpText(
    'after',
    `
What depends on the machine is told as held or missed and fails nothing.

Exit status: 0 when nothing is broken, else 1.

Examples:
  $ npm run goals
  $ npm run goals -- --only G7,G11
  $ npm run goals -- --only G1,G2,G6 --seed 7    other inputs`,
  )
  .action((flags: Flags) => run(flags))
  .parseAsync();
