/** Where the time goes under load: `npm run profile`. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { endChildren } from '../bench/e2e/child.ts';
import { ourGenerator } from '../bench/e2e/generator.ts';
import { freePort, measure } from '../bench/e2e/measure.ts';
import { renderTable } from '../bench/e2e/report.ts';
import { findRow, type Load, ROWS, type Row } from '../bench/e2e/rows.ts';
import { startSpy } from '../bench/e2e/target.ts';
import { ROOT, surroundings } from '../bench/harness.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { CLINIC_TOOLS, type ClinicTool, runClinic } from './profile/clinic.ts';
import { drawFlames } from './profile/flame-svg.ts';
import { readProfile, renderProfile, selfTime } from './profile/self-time.ts';

interface Flags {
  readonly tool: 'cpu-prof' | ClinicTool;
  readonly row: Row;
  readonly seconds: number;
  readonly out: string;
  readonly top: number;
}

const EXAMPLES = `
cpu-prof is Node's own and sees every thread: one .cpuprofile each, which Chrome's DevTools and VS Code open,
a drawing, and a summary as text. The others are clinic's, which draws the main thread as HTML. clinic weighs 158 MB, so
it is no dependency: npx fetches it when it is asked for. By itself it does nothing, silently, unless
NO_INSIGHT=1 is set; this script sets it. doctor cannot tell threads apart: for it all runs on main.

Examples:
  $ npm run profile                                  self time by function and thread, load 20k
  $ npm run profile -- --row 150k --top 30
  $ npm run profile -- --tool flame --out flame      a flame graph of the main thread`;

function row(name: string): Row {
  const found = findRow(name);
  if (found) return found;
  const names = ROWS.map((one) => one.name).join(', ');
  throw new InvalidArgumentError(`Choose from ${names}, or give RATE/UNIQUE/ORIGINS.`);
}

async function run(flags: Flags): Promise<void> {
  const folder = resolve(flags.out);
  mkdirSync(folder, { recursive: true });
  const load = { seconds: flags.seconds, garbage: 0, seed: 1 };
  const { cpu, cores, node, commit } = surroundings('full');
  const head = `${cpu}, ${cores} cores, Node ${node}, commit ${commit}, load ${flags.row.name} for ${flags.seconds} s`;
  process.stdout.write(`${head}\n\n`);
  try {
    const text =
      flags.tool === 'cpu-prof'
        ? await profileThreads(flags, folder, load)
        : `Drawn: ${(await runClinic(flags.tool, folder, flags.row, load)).join(', ')}`;
    process.stdout.write(`${text}\n\nFiles: ${folder}\n`);
    writeFileSync(join(folder, 'summary.txt'), `${head}\n\n${text}\n`);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1;
  } finally {
    endChildren();
  }
}

async function profileThreads(flags: Flags, folder: string, load: Load): Promise<string> {
  const nodeArgs = ['--cpu-prof', '--cpu-prof-dir', folder];
  const old = new Set(readdirSync(folder));
  const spy = await startSpy({ folder, port: await freePort(), nodeArgs });
  let fromUs = 0;
  let toUs = 0;
  const timed = {
    ...spy,
    begin: () => {
      fromUs = nowUs();
      spy.begin();
    },
    end: () => {
      toUs = nowUs();
      return spy.end();
    },
  };
  const measured = await measure(timed, ourGenerator(folder), flags.row, load);
  const files = readdirSync(folder).filter(
    (name) => name.endsWith('.cpuprofile') && !old.has(name),
  );
  const profiles = files.map((name) => readProfile(join(folder, name)));
  const threads = profiles
    .map((profile) => ({ profile, ...selfTime(profile, ROOT, fromUs, toUs) }))
    .sort(
      (a, b) => a.thread.localeCompare(b.thread) || b.totalMs - b.idleMs - a.totalMs + a.idleMs,
    );
  for (const [i, { profile, thread }] of threads.entries()) {
    const title = `${thread}, load ${flags.row.name}`;
    const drawing = drawFlames(profile, ROOT, title, fromUs, toUs);
    writeFileSync(join(folder, `flames-${i + 1}-${thread.replaceAll(' ', '-')}.svg`), drawing);
  }
  return [
    renderTable([measured]),
    'Profiling itself takes processor time; waiting is part of the time below, not of the table.',
    ...threads.map((thread) => renderProfile(thread, flags.top)),
  ].join('\n\n');
}

/** The clock that profiles are written by. */
function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}

process.once('SIGINT', () => {
  endChildren();
  process.exit(130);
});

await new Command('profile')
  .description('Profiles a spy while it is blasted over loopback UDP.')
  .addOption(
    new Option('--tool <NAME>', 'what profiles')
      .choices(['cpu-prof', ...CLINIC_TOOLS])
      .default('cpu-prof'),
  )
  .option('--row <NAME>', 'the load, as in bench:e2e', row, ROWS[0])
  .option('--seconds <SECONDS>', 'how long it lasts', wholeNumber(1, 600), 6)
  .option('--out <FOLDER>', 'where the files go', join(tmpdir(), 'earshot-profile'))
  .option('--top <NUM>', 'functions to show of each thread', wholeNumber(1, 1000), 15)
  .configureHelp({ helpWidth: 100 })
  .addHelpText('after', EXAMPLES)
  .action((flags: Flags) => run(flags))
  .parseAsync();
