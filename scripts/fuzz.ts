/** Fuzzing in this process: `npm run fuzz -- --minutes 5 --target decoder`. */
import { pathToFileURL } from 'node:url';
import { Command, Option } from 'commander';
import { Progress } from '../src/cli/progress.ts';
import { osRng } from '../src/util/rng.ts';
import { createMarks } from './fuzz/branches.ts';
import { instrument } from './fuzz/instrument.ts';
import type * as Sessions from './fuzz/session.ts';
import type { SessionResult } from './fuzz/session.ts';
import type * as Targets from './fuzz/targets.ts';
import { TARGET_NAMES } from './fuzz/targets.ts';

interface Flags {
  minutes?: string;
  target: string;
  seed?: string;
  count?: string;
  distil: boolean;
  forget: boolean;
  json: boolean;
  missing: boolean;
}

const program = new Command('fuzz')
  .description(
    'Feeds made-up input to one part of Earshot: inputs of the corpus, changed by someone who knows their structure, those kept that do something new. What an oracle objects to is made small and kept in test/fixtures/corpus, where npm test runs it again.',
  )
  .addOption(
    new Option('--target <NAME>', 'what to fuzz').choices(TARGET_NAMES).makeOptionMandatory(),
  )
  .option('--minutes <NUM>', 'how long (default: 1, or until the count)')
  .option('--count <NUM>', 'how many inputs at most')
  .option('--seed <NUM>', 'what everything is drawn from (default: drawn and printed)')
  .option(
    '--distil',
    'at the end write the corpus anew: few short inputs that take all branches and reach all canaries',
    false,
  )
  .option('--forget', 'print what is found, keep it nowhere', false)
  .option('--missing', 'name the branches that no input took', false)
  .option('--json', 'print one JSON document', false)
  .addHelpText(
    'after',
    '\nExit status: 0 when nothing was found and all canaries were reached, else 1.\n\nExample:\n  $ npm run fuzz -- --target decoder --minutes 5',
  )
  .action(run);

await program.parseAsync();

async function run(flags: Flags): Promise<void> {
  const { folder, names } = instrument();
  createMarks(names);
  const load = (path: string): Promise<unknown> => import(pathToFileURL(`${folder}/${path}`).href);
  const { Session } = (await load('scripts/fuzz/session.js')) as typeof Sessions;
  const { loadTarget } = (await load('scripts/fuzz/targets.js')) as typeof Targets;
  const target = await loadTarget(flags.target);
  const progress = new Progress();
  const seed = flags.seed === undefined ? osRng().u32() : number(flags.seed);
  const count = flags.count === undefined ? Number.POSITIVE_INFINITY : number(flags.count);
  const unlimited = flags.count === undefined ? 1 : Number.POSITIVE_INFINITY;
  const session = new Session(target, {
    seed,
    count,
    minutes: flags.minutes === undefined ? unlimited : number(flags.minutes),
    keepFindings: !flags.forget,
    distil: flags.distil,
    report: (line) => {
      if (process.stderr.isTTY && !line.startsWith('FOUND')) progress.show(line);
      else process.stderr.write(`${line}\n`);
    },
  });
  const result = await session.run();
  progress.clear();
  process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : report(result, flags.missing));
  const isClean = result.findings.length === 0 && result.missingCanaries.length === 0;
  if (!isClean || !result.canariesProved) process.exitCode = 1;
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new Error(`${text} is no number`);
  return value;
}

function report(result: SessionResult, missing: boolean): string {
  const { taken, total } = result.branches;
  const lines = [
    `${result.target}, seed ${result.seed}: ${result.inputs.toLocaleString('en')} inputs in ${result.seconds} s, ${result.findings.length} findings`,
    `${taken} of ${total} branches (${((100 * taken) / Math.max(1, total)).toFixed(1)} %), ${result.behaviours} kinds of behaviour, ${result.corpus} inputs kept`,
    `slowest input ${result.slowestMs} ms; canaries: ${result.missingCanaries.length === 0 ? 'all reached' : `not reached ${result.missingCanaries.join(', ')}`}${result.canariesProved ? '' : ', AND THE CHECK IS BROKEN'}`,
    ...result.findings.map(({ why, hex }) => `FOUND ${why}\n  ${hex}`),
    ...(missing ? result.missingBranches.map((name) => `not taken: ${name}`) : []),
  ];
  return `${lines.join('\n')}\n`;
}
