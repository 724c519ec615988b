/** The whole spy under load over real sockets: `npm run bench:e2e`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { wholeNumber } from '../src/cli/options.ts';
import { endChildren } from './e2e/child.ts';
import { agaveGenerator, type Generator, ourGenerator } from './e2e/generator.ts';
import { freePort, type Measured, measure } from './e2e/measure.ts';
import { median, renderRatios, renderTable, renderWarmUp } from './e2e/report.ts';
import { findRow, ROWS, type Row } from './e2e/rows.ts';
import { startAgave, startSpy } from './e2e/target.ts';
import { surroundings } from './harness.ts';

interface Flags {
  readonly row?: readonly Row[];
  readonly runs: number;
  readonly seconds: number;
  readonly garbage: number;
  readonly seed: number;
  readonly against?: string;
  readonly generator?: 'ours' | 'agave';
  readonly json?: boolean;
}

const EXAMPLES = `
Loads: ${ROWS.map((r) => `${r.name} (${r.unique} new values a second, ${r.origins} nodes)`).join(', ')}.
Linux only: processor time and losses are read from /proc. Everything stays within 127.0.0.0/8.
Columns main to engine are CPU seconds per million datagrams received, by threads; engine is what V8 and
libuv do beside ours. Values in and verified include the warm-up, everything else is of the blast alone.
Loads of ten seconds and more also tell how the nodes warm up.

Examples:
  $ npm run bench:e2e                                    all loads once
  $ npm run bench:e2e -- --row 150k --runs 5             one load, medians of five
  $ npm run bench:e2e -- --against ~/bin/agave-peer      beside Agave's node, with the ratios
  $ npm run bench:e2e -- --row 5000/1000/500             5,000 datagrams and 1,000 new values a second, 500 nodes
  $ npm run bench:e2e -- --row 20k --garbage 0.5         every second datagram is no good`;

function collectRows(text: string, previous: readonly Row[] = []): readonly Row[] {
  const found = text.split(',').map(findRow);
  if (!found.every((row) => row !== undefined)) {
    const names = ROWS.map(({ name }) => name).join(', ');
    throw new InvalidArgumentError(`Choose from ${names}, or give RATE/UNIQUE/ORIGINS.`);
  }
  return [...previous, ...found];
}

async function run(flags: Flags): Promise<void> {
  const { runs, row: rows = ROWS } = flags;
  const where = surroundings('full');
  const print = (line: string): void => {
    (flags.json ? process.stderr : process.stdout).write(`${line}\n`);
  };
  print(`${where.cpu}, ${where.cores} cores, ${where.platform}, load ${loadavg()[0]?.toFixed(1)}`);
  print(
    `Node ${where.node}, commit ${where.commit}, seed ${flags.seed}, ${runs} run(s) of ${flags.seconds} s\n`,
  );
  const folder = mkdtempSync(join(tmpdir(), 'earshot-e2e-'));
  const all: Measured[] = [];
  try {
    await measureAll(flags, rows, folder, all);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exitCode = 1; // what was measured before is printed
  } finally {
    endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
  const results = rows.flatMap(({ name }) =>
    (['agave', 'ours'] as const).flatMap((target) => {
      const same = all.filter((one) => one.row === name && one.target === target);
      return same.length > 0 ? [median(same)] : [];
    }),
  );
  if (flags.json) {
    const { seed, seconds, garbage } = flags;
    const asked = { seed, runs, seconds, garbage };
    process.stdout.write(`${JSON.stringify({ ...where, ...asked, results, all }, null, 2)}\n`);
    return;
  }
  print(renderTable(results));
  for (const line of [...renderRatios(results), ...renderWarmUp(results)]) print(line);
}

async function measureAll(
  flags: Flags,
  rows: readonly Row[],
  folder: string,
  all: Measured[],
): Promise<void> {
  const { runs, against } = flags;
  const generator = chooseGenerator(flags, folder);
  for (let turn = 0; turn < runs; turn++) {
    for (const row of rows) {
      // The other one first, then ours, so that both have the same neighbours on the machine.
      if (against !== undefined) {
        const other = await startAgave(against, await freePort());
        all.push(await measure(other, generator, row, flags));
      }
      const target = await startSpy({ folder, port: await freePort() });
      all.push(await measure(target, generator, row, flags));
    }
  }
}

function chooseGenerator({ generator, against }: Flags, folder: string): Generator {
  const wanted = generator ?? (against === undefined ? 'ours' : 'agave');
  if (wanted === 'ours') return ourGenerator(folder);
  if (against === undefined) throw new Error('--generator agave needs --against PATH.');
  return agaveGenerator(against);
}

process.once('SIGINT', () => {
  endChildren();
  process.exit(130);
});

await new Command('bench:e2e')
  .description('Blasts a spy over loopback UDP and tells what it costs.')
  .option('--row <NAME>', 'a load; repeatable, or divided by commas (default: all)', collectRows)
  .option('--runs <NUM>', 'measure each so often, print medians', wholeNumber(1, 99), 1)
  .option('--seconds <SECONDS>', 'how long each load lasts', wholeNumber(1, 3_600), 6)
  .option('--garbage <SHARE>', 'share of datagrams that are no good', Number, 0)
  .option('--seed <NUM>', 'of the traffic', wholeNumber(0, 2 ** 31), 1)
  .option('--against <PATH>', 'also measure the node of this agave-peer, on the same traffic')
  .addOption(
    new Option('--generator <NAME>', 'who sends (default: ours; agave with --against)').choices([
      'ours',
      'agave',
    ]),
  )
  .option('--json', 'one JSON document on stdout, every run in it')
  .configureHelp({ helpWidth: 100 })
  .addHelpText('after', EXAMPLES)
  .action((flags: Flags) => run(flags))
  .parseAsync();
