import { Command } from 'commander';
import { alloc } from './alloc.bench.ts';
import { bloom } from './bloom.bench.ts';
import {
  formatResult,
  type Mode,
  measure,
  type Result,
  type Suite,
  surroundings,
} from './harness.ts';
import { knownKeys } from './known-keys.bench.ts';
import { listen } from './listen.bench.ts';
import { pull } from './pull.bench.ts';
import { table } from './table.bench.ts';
import { traffic } from './traffic.bench.ts';
import { verify } from './verify.bench.ts';
import { wire } from './wire.bench.ts';

const SUITES: readonly Suite[] = [
  wire,
  verify,
  knownKeys,
  listen,
  table,
  pull,
  bloom,
  traffic,
  alloc,
];

interface Options {
  readonly json?: boolean;
  readonly smoke?: boolean;
}

/** A name is a suite's, or part of a question's; none asks for everything. */
function select(names: readonly string[]): readonly Suite[] {
  if (!names.every((name) => SUITES.some((suite) => suite.name === name))) return SUITES;
  return names.length === 0 ? SUITES : SUITES.filter(({ name }) => names.includes(name));
}

function isWanted(names: readonly string[], suite: string, question: string): boolean {
  if (names.length === 0) return true;
  return names.some((name) => name === suite || question.includes(name));
}

async function run(names: readonly string[], options: Options): Promise<void> {
  const mode: Mode = options.smoke ? 'smoke' : 'full';
  const where = surroundings(mode);
  const print = (line: string): void => {
    if (!options.json) process.stdout.write(`${line}\n`);
  };
  print(`${where.cpu}, ${where.cores} cores, ${where.platform}`);
  print(`Node ${where.node}, commit ${where.commit}, ${where.mode}, seed ${where.seed}\n`);

  const results: Result[] = [];
  const summaries: Record<string, unknown> = {};
  for (const suite of select(names)) {
    for (const question of await suite.questions(mode)) {
      if (!isWanted(names, suite.name, question.name)) continue;
      const result = measure(suite.name, question, mode);
      results.push(result);
      print(formatResult(result));
    }
    const own = results.filter((result) => result.suite === suite.name);
    if (own.length > 0) Object.assign(summaries, suite.summary?.(own));
  }
  if (options.json)
    process.stdout.write(`${JSON.stringify({ ...summaries, ...where, results }, null, 2)}\n`);
  if (results.length === 0) {
    const known = SUITES.map(({ name }) => name).join(', ');
    process.stderr.write(`No question matches ${names.join(', ')}. The suites are: ${known}.\n`);
    process.exitCode = 1;
  }
}

await new Command('bench')
  .description('Measures what one packet, value or signature costs.')
  .argument('[names...]', 'suites, or parts of the name of a question; all when left out')
  .option('--json', 'one JSON document on stdout')
  .option('--smoke', 'a moment each, to see that all still run')
  .action(run)
  .parseAsync();
