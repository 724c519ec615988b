/** Tests the tests, mistake by mistake: `npm run mutants -- --layer wire`. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, Option } from 'commander';
import { ROOT } from '../bench/harness.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { cover, endWorkers, type Fate, runMutants } from './mutants/driver.ts';
import { instrument, type Mutant } from './mutants/instrument.ts';
import { THOROUGH_MS } from './mutants/protocol.ts';
import { countFates, nameOf, reasonOf, renderCounts, renderOpen } from './mutants/report.ts';
import { LAYERS, type Layer, makeSandbox } from './mutants/sandbox.ts';

interface Flags {
  readonly layer: Layer;
  readonly file?: string;
  readonly again: boolean;
  readonly budget: number;
  readonly out: string;
}

/** Tests of a mutant end after so long, as they take without it; the few that are left deserve more. */
const BUDGET_MS = 400;

const EXAMPLES = `
StrykerJS's instrumenter (26 MB) makes the mistakes; it is fetched into the folder the first time. All
mistakes of a layer are compiled into one copy of it, and for each the tests that reach it run in one
process, the fastest first, until one fails. docs/mutants.md says what is left out and what came of it.

Exit status: 0 when every mutant was noticed or is explained, else 1.

Examples:
  $ npm run mutants -- --layer wire
  $ npm run mutants -- --layer crds --file src/crds/evict.ts
  $ npm run mutants -- --layer wire --again --budget 0   what survived the last time, with all tests`;

/** Of the last run, by what names a mutant also after lines have moved. */
type Kept = Record<string, Fate>;

/** The same words may stand in a file more than once. */
function keysOf(mutants: readonly Mutant[]): Map<number, string> {
  const seen = new Map<string, number>();
  return new Map(
    mutants.map((one) => {
      const name = `${one.file} ${one.mutator} ${nameOf(one)}`;
      const count = (seen.get(name) ?? 0) + 1;
      seen.set(name, count);
      return [one.id, `${name} #${count}`];
    }),
  );
}

async function run({ layer, file, again, budget, out }: Flags): Promise<void> {
  const folder = resolve(out);
  mkdirSync(folder, { recursive: true });
  const instrumented = await instrument(ROOT, `src/${layer}`, join(folder, 'stryker'));
  if (file !== undefined && !instrumented.mutants.some((one) => one.file === file)) {
    process.stderr.write(`${file} has no mutants: give a file of src/${layer}, from the root.\n`);
    process.exitCode = 1;
    return;
  }
  const sandbox = {
    ...makeSandbox(ROOT, join(folder, layer), layer, instrumented),
    budgetMs: budget === 0 ? THOROUGH_MS : budget,
  };
  const keptIn = join(folder, `${layer}.json`);
  const kept = existsSync(keptIn) ? (JSON.parse(readFileSync(keptIn, 'utf8')) as Kept) : {};
  const keys = keysOf(instrumented.mutants);
  const wanted = instrumented.mutants.filter((one) => {
    if (file !== undefined && one.file !== file) return false;
    const old = kept[keys.get(one.id)!];
    if (!again || old === undefined) return true;
    return /survived|unreached/.test(old.status) && reasonOf(one) === undefined;
  });
  const covered = await cover(sandbox);
  for (const { name, ms, problem, isOut } of covered.tests) {
    if (isOut) process.stdout.write(`left out: ${name}: ${problem ?? `${Math.round(ms)} ms`}\n`);
  }
  const { tests, atLoad } = covered;
  const usedMs = tests.reduce((sum, { ms, isOut }) => sum + (isOut ? 0 : ms), 0);
  process.stdout.write(
    `${wanted.length} of ${instrumented.mutants.length} mutants (${instrumented.ignored} left out), ${tests.length} tests of ${Math.round(usedMs)} ms, ${atLoad.length} mutants reached while loading\n`,
  );
  const current = new Set(keys.values());
  for (const key of Object.keys(kept)) if (!current.has(key)) delete kept[key];
  const fates = new Map<number, Fate>();
  for (const { id } of instrumented.mutants) {
    const old = kept[keys.get(id)!];
    if (old !== undefined && again) fates.set(id, old);
  }
  const from = process.hrtime.bigint();
  let told = 0;
  const ids = wanted.map(({ id }) => id);
  await runMutants(sandbox, covered, ids, (id, fate) => {
    fates.set(id, fate);
    kept[keys.get(id)!] = { status: fate.status, by: fate.by };
    if (++told % 5 === 0) writeFileSync(keptIn, JSON.stringify(kept));
    if (told % 25 !== 0) return;
    const seconds = Number((process.hrtime.bigint() - from) / 1_000_000_000n);
    process.stdout.write(`${told} of ${ids.length} after ${seconds} s\n`);
  });
  writeFileSync(keptIn, JSON.stringify(kept));
  const chosen = instrumented.mutants.filter((one) => file === undefined || one.file === file);
  const open = renderOpen(chosen, fates);
  const table = renderCounts(countFates(chosen, fates));
  writeFileSync(join(folder, `${layer}-open.txt`), `${open}\n`);
  writeFileSync(join(folder, `${layer}.md`), `${table}\n`);
  process.stdout.write(`\n${open}\n\n${table}\n\nFiles: ${folder}\n`);
  process.exitCode = open === '' ? 0 : 1;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    endWorkers();
    process.exit(130);
  });
}

await new Command('mutants')
  .description(
    'Makes small mistakes in a layer, one at a time, and lists those that no test notices.',
  )
  .addOption(
    new Option('--layer <NAME>', 'which layer').choices(Object.keys(LAYERS)).makeOptionMandatory(),
  )
  .option('--file <PATH>', 'mutants of this file only, from the root of the repository')
  .option('--again', 'only those that survived the last time unexplained, or are new', false)
  .option(
    '--budget <MS>',
    'milliseconds of tests for each mutant, the fastest first; 0 for all of them',
    wholeNumber(0, 1_000_000),
    BUDGET_MS,
  )
  .option('--out <FOLDER>', 'where sandbox and results go', join(tmpdir(), 'earshot-mutants'))
  .configureHelp({ helpWidth: 100 })
  .addHelpText('after', EXAMPLES)
  .action((flags: Flags) => run(flags))
  .parseAsync();
