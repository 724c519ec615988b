/** Simulated networks, one for each seed: `npm run sim -- --seed 1 --seeds 1000`. */
import { execFileSync, fork } from 'node:child_process';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { Progress } from '../src/cli/progress.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { SystemClock } from '../src/util/clock.ts';
import { type RunResult, runChecked } from '../test/sim/run.ts';
import { registerCoverage } from './sim/coverage.ts';
import { registerSpread } from './sim/spread.ts';
import { parseCount } from './vectors/options.ts';

/** Failures that are told at length. */
const MOST_SHOWN = 12;

/** What the command line says. */
interface Flags {
  seed: number;
  seeds: number;
  step: number;
  nodes?: number;
  seconds?: number;
  small: boolean;
  jobs: number;
  json: boolean;
}

/** Everything about many seeds. */
interface Summary {
  seeds: number;
  failures: { seed: number; words: string }[];
  wallMs: number;
  nodes: number;
  datagrams: number;
  virtualMs: number;
  met: number;
  excused: number;
  /** How long healed networks took until nothing was missing. */
  convergedMs: { mean: number; worst: number };
  /** Of the seed with the highest number, so that two summaries can be told apart. */
  stateHash: string;
}

const program = new Command('sim')
  .enablePositionalOptions()
  .description(
    'Runs whole networks of nodes on virtual time. Each seed draws the number of nodes, their sizes, and the faults that befall them; promises are checked after every step, and everybody must agree within 60 virtual seconds after the last fault.',
  )
  .option('--seed <NUM>', 'the first seed', parseCount, 1)
  .option('--seeds <NUM>', 'how many seeds', parseCount, 1)
  .option('--step <NUM>', 'from one seed to the next', parseCount, 1)
  .option('--nodes <NUM>', 'nodes in each network, instead of 3 to 64 as drawn', parseCount)
  .option('--seconds <NUM>', 'virtual seconds of faults, instead of 2 to 85 as drawn', parseCount)
  .option('--small', 'few nodes and short faults, as in npm test', false)
  .option('--jobs <NUM>', 'processes to spread the seeds over', parseCount, cpus().length)
  .option('--json', 'print one JSON document', false)
  .addHelpText(
    'after',
    '\nA failure prints its seed, the promise that was broken, and when. Exit status: 0 when all seeds are clean, else 1.\n\nExamples:\n  $ npm run sim -- --seed 1 --seeds 10000\n  $ npm run sim -- --seed 4711',
  )
  .action(run);

registerSpread(program);
registerCoverage(program);
await program.parseAsync();

async function run(flags: Flags): Promise<void> {
  const startMs = SystemClock.monoMs();
  const progress = new Progress();
  const results: RunResult[] = [];
  const take = (result: RunResult): void => {
    results.push(result);
    const failed = results.filter(({ failure }) => failure !== undefined).length;
    if (result.failure !== undefined && !flags.json && failed <= MOST_SHOWN) {
      progress.clear();
      process.stdout.write(`${words(flags, result)}\n`);
    }
    progress.show(`${results.length} of ${flags.seeds} seeds, ${failed} failed`);
  };
  if (process.send || flags.jobs < 2 || flags.seeds < 2) await work(flags, take);
  else await Promise.all(Array.from({ length: flags.jobs }, (_, job) => hire(flags, job, take)));
  progress.clear();
  if (process.send) return;
  const summary = summarize(flags, results, SystemClock.monoMs() - startMs);
  process.stdout.write(flags.json ? `${JSON.stringify(summary)}\n` : `${report(summary)}\n`);
  if (summary.failures.length > 0 || results.length !== flags.seeds) process.exitCode = 1;
}

/** Runs the seeds here. */
async function work(flags: Flags, take: (result: RunResult) => void): Promise<void> {
  const xxhash = await loadXxhash();
  // Whoever hired us may have been ended: nobody wants the rest then.
  const leave = (): never => process.exit(1);
  process.once('disconnect', leave);
  for (let i = 0; i < flags.seeds; i++) {
    const result = runChecked(flags.seed + i * flags.step, xxhash, flags);
    if (process.send) process.send(result);
    else take(result);
    await new Promise<void>((resolve) => SystemClock.soon(resolve));
  }
  process.off('disconnect', leave); // to listen is to stay
}

/** Has another process run every `jobs`-th seed. */
function hire(flags: Flags, job: number, take: (result: RunResult) => void): Promise<void> {
  const { jobs, seeds, step } = flags;
  const share = Math.ceil((seeds - job) / jobs);
  if (share <= 0) return Promise.resolve();
  const args = ['--seed', flags.seed + job * step, '--seeds', share, '--step', step * jobs];
  for (const name of ['nodes', 'seconds'] as const) {
    if (flags[name] !== undefined) args.push(`--${name}`, flags[name]);
  }
  if (flags.small) args.push('--small');
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), args.map(String));
    child.on('message', (result) => take(result as RunResult));
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`a process ended with ${signal ?? `status ${code}`}`));
    });
  });
}

function words({ nodes, seconds, small }: Flags, { seed, failure }: RunResult): string {
  const same = [
    nodes === undefined ? '' : ` --nodes ${nodes}`,
    seconds === undefined ? '' : ` --seconds ${seconds}`,
    small ? ' --small' : '',
  ];
  return `seed=${seed}${same.join('')} ${failure}`;
}

function summarize(flags: Flags, results: readonly RunResult[], wallMs: number): Summary {
  const sum = (of: (result: RunResult) => number): number =>
    results.reduce((total, result) => total + of(result), 0);
  const last = results.reduce((a, b) => (a.seed > b.seed ? a : b));
  return {
    seeds: results.length,
    failures: results.flatMap((result) =>
      result.failure === undefined ? [] : [{ seed: result.seed, words: words(flags, result) }],
    ),
    wallMs: Math.round(wallMs),
    nodes: sum(({ nodes }) => nodes),
    datagrams: sum(({ datagrams }) => datagrams),
    virtualMs: Math.round(sum(({ virtualMs }) => virtualMs)),
    met: sum(({ met }) => met),
    excused: sum(({ excused }) => excused),
    convergedMs: {
      mean: Math.round(sum(({ convergedMs }) => convergedMs) / results.length),
      worst: Math.round(Math.max(...results.map(({ convergedMs }) => convergedMs))),
    },
    stateHash: last.stateHash,
  };
}

function report(summary: Summary): string {
  const { seeds, failures, nodes, datagrams, virtualMs, wallMs, met, excused } = summary;
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1);
  return [
    `${seeds} seeds, ${failures.length} failed, commit ${commit()}: ${nodes} nodes lived ${seconds(virtualMs)} virtual s and sent ${datagrams} datagrams, in ${seconds(wallMs)} s`,
    `all agreed after ${seconds(summary.convergedMs.mean)} s on average, ${seconds(summary.convergedMs.worst)} s at worst; ${met} values where they belong, ${excused} not to be had in that time; state ${summary.stateHash}`,
  ].join('\n');
}

function commit(): string {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], { encoding: 'utf8' }).trim();
  } catch {
    return 'unknown'; // not a checkout
  }
}
