/** Fuzzing in this process: `npm run fuzz -- --minutes 5 --target decoder`. */
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { Progress } from '../src/cli/progress.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { chooseVerifier } from '../src/crypto/verify.ts';
import { osRng } from '../src/util/rng.ts';
import { PACKET_BYTES } from '../src/wire/limits.ts';
import { Oracle } from './fuzz/against.ts';
import { createMarks } from './fuzz/branches.ts';
import { instrument } from './fuzz/instrument.ts';
import { claim } from './fuzz/resign.ts';
import type * as Sessions from './fuzz/session.ts';
import type { SessionResult } from './fuzz/session.ts';
import type * as Targets from './fuzz/targets.ts';
import { TARGET_NAMES } from './fuzz/targets.ts';

interface Flags {
  minutes?: number;
  target: string;
  seed?: number;
  count?: number;
  steps?: number;
  distil: boolean;
  forget: boolean;
  json: boolean;
  missing: boolean;
  against?: string;
  sample: number;
}

const program = new Command('fuzz')
  .description(
    'Feeds made-up input to one part of Earshot: inputs of the corpus, changed by someone who knows their structure, those kept that do something new. What an oracle objects to is made small and kept in test/fixtures/corpus, where npm test runs it again.',
  )
  .addOption(
    new Option('--target <NAME>', 'what to fuzz').choices(TARGET_NAMES).makeOptionMandatory(),
  )
  .option('--minutes <NUM>', 'how long (default: 1, or until the count)', number)
  .option('--count <NUM>', 'how many inputs at most', number)
  .option('--steps <NUM>', 'how many steps at most, where an input is a whole story', number)
  .option('--seed <NUM>', 'what everything is drawn from (default: drawn and printed)', number)
  .option(
    '--distil',
    'at the end write the corpus anew: few short inputs that take all branches and reach all canaries',
    false,
  )
  .option('--forget', 'print what is found, keep it nowhere', false)
  .option('--missing', 'name the branches that no input took', false)
  .option(
    '--against <PROGRAM>',
    'for datagrams: a program that reads them in hex, a line each, and answers with validators’ verdicts as JSON lines',
  )
  .option('--sample <NUM>', 'ask it about every so many inputs', number, 64)
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
  const seed = flags.seed ?? osRng().u32();
  const count = flags.count ?? Number.POSITIVE_INFINITY;
  const steps = flags.steps ?? Number.POSITIVE_INFINITY;
  const unlimited =
    Math.min(count, steps) === Number.POSITIVE_INFINITY ? 1 : Number.POSITIVE_INFINITY;
  const judge = flags.against === undefined ? undefined : openJudge(flags.against);
  const session = new Session(target, {
    ...(judge ? { sample: { every: Math.max(1, flags.sample), ask: judge.ask } } : {}),
    seed,
    count,
    steps,
    minutes: flags.minutes ?? unlimited,
    keepFindings: !flags.forget,
    distil: flags.distil,
    report: (line) => {
      if (process.stderr.isTTY && !line.startsWith('FOUND')) progress.show(line);
      else process.stderr.write(`${line}\n`);
    },
  });
  const result = await session.run();
  const judged = await judge?.end();
  progress.clear();
  process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : report(result, flags.missing));
  if (judged) process.stdout.write(judged.words);
  if (judged && judged.disagreements > 0) process.exitCode = 1;
  const isClean = result.findings.length === 0 && result.missingCanaries.length === 0;
  if (!isClean || !result.canariesProved) process.exitCode = 1;
}

/** The other judge: hears inputs as they are and, one in eight, said and signed by a key of ours. */
function openJudge(path: string): {
  ask: (input: Uint8Array) => Promise<void>;
  end: () => Promise<{ words: string; disagreements: number }>;
} {
  const { verifier } = chooseVerifier('auto');
  const oracle = new Oracle(path, verifier);
  const identity = createIdentity(new Uint8Array(32).fill(7));
  let asked = 0;
  return {
    async ask(input) {
      // An empty line is no question; and what is longer reaches no validator whole: its buffer ends there.
      if (input.length === 0 || input.length > PACKET_BYTES) return;
      const claimed = asked++ % 8 === 0 ? claim(input, identity) : undefined;
      await oracle.ask(claimed ?? input);
    },
    async end() {
      await oracle.end();
      const counts = [...oracle.judged].map(([sort, count]) => `${count} ${sort}`).sort();
      const { disagreements } = oracle;
      const shown = disagreements
        .slice(0, 10)
        .map(({ hex, difference }) => `  ${JSON.stringify(difference)}\n    ${hex}\n`);
      const words = `judged by validators' code too: ${counts.join(', ')}; ${disagreements.length} disagreements\n${shown.join('')}`;
      return { words, disagreements: disagreements.length };
    },
  };
}

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0)) throw new InvalidArgumentError('A number is needed.');
  return value;
}

function report(result: SessionResult, missing: boolean): string {
  const { taken, total } = result.branches;
  const lines = [
    `${result.target}, seed ${result.seed}: ${result.inputs.toLocaleString('en')} inputs${result.steps > result.inputs ? ` of ${result.steps.toLocaleString('en')} steps` : ''} in ${result.seconds} s, ${result.findings.length} findings`,
    `${taken} of ${total} branches (${((100 * taken) / Math.max(1, total)).toFixed(1)} %), ${result.behaviours} kinds of behaviour, ${result.corpus} inputs kept`,
    `slowest input ${result.slowestMs} ms; canaries: ${result.missingCanaries.length === 0 ? 'all reached' : `not reached ${result.missingCanaries.join(', ')}`}${result.canariesProved ? '' : ', AND THE CHECK IS BROKEN'}`,
    ...result.findings.map(({ why, hex }) => `FOUND ${why}\n  ${hex}`),
    ...(missing ? result.missingBranches.map((name) => `not taken: ${name}`) : []),
  ];
  return `${lines.join('\n')}\n`;
}
