/**
 * What those who abuse the HTTP API cost the gossip of a spy: `npm run build && node dist/bench/api-abuse.js`.
 * The same load twice, in peace and beside floods of calls, slow clients, deaf ones and nonsense.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { wholeNumber } from '../src/cli/options.ts';
import { Child, endChildren } from './e2e/child.ts';
import { ourGenerator } from './e2e/generator.ts';
import { freePort, type Measured, measure } from './e2e/measure.ts';
import { findRow } from './e2e/rows.ts';
import { startSpy } from './e2e/target.ts';
import { ROOT } from './harness.ts';
import { place, print } from './report.ts';

interface Flags {
  readonly row: string;
  readonly seconds: number;
  readonly seed: number;
}

/** One load on a spy with an API. @returns what was measured, and what the abusers say */
async function once(flags: Flags, folder: string, isAbused: boolean): Promise<[Measured, unknown]> {
  const row = findRow(flags.row);
  if (!row) throw new Error('--row is rate/unique/origins.');
  const http = `127.0.0.1:${await freePort()}`;
  const spyArgs = ['--http', http];
  const target = await startSpy({ folder, port: await freePort(), spyArgs });
  let abuser: Child | undefined;
  const inner = ourGenerator(folder);
  const begin = (onBegin: () => void): void => {
    onBegin();
    if (!isAbused) return;
    const file = join(ROOT, 'dist', 'bench', 'api-abuse', 'abuser.js');
    abuser = new Child(process.execPath, [file, `http://${http}`], { keepOutput: true });
  };
  const end = (onEnd: () => void): void => {
    onEnd();
    abuser?.process.kill('SIGTERM');
  };
  const load = { seconds: flags.seconds, garbage: 0, seed: flags.seed };
  const measured = await measure(
    target,
    (port, one, wanted, onBegin, onEnd) =>
      inner(
        port,
        one,
        wanted,
        () => begin(onBegin),
        () => end(onEnd),
      ),
    row,
    load,
  );
  await abuser?.ended;
  return [measured, abuser?.lastJson()];
}

function tell(words: string, { sent, rate, lost, shed, missing, loopP99Ms }: Measured): void {
  const dropped = Object.values(shed).reduce((sum, n) => sum + n, 0);
  const classes = dropped === 0 ? '' : ` ${JSON.stringify(shed)}`;
  const share = ((100 * (lost + dropped)) / sent).toFixed(3);
  const delay = loopP99Ms?.toFixed(1);
  print(
    `load ${loadavg()[0]?.toFixed(1)}, ${words}: ${sent} datagrams at ${Math.round(rate)}/s; dropped by the kernel ${lost}, shed ${dropped}${classes} (${share} %); values missing ${missing}; loop delay p99 ${delay} ms`,
  );
}

async function run(flags: Flags): Promise<void> {
  print(place());
  const folder = mkdtempSync(join(tmpdir(), 'earshot-abuse-'));
  try {
    const [peace] = await once(flags, folder, false);
    tell('in peace', peace);
    const [abused, report] = await once(flags, folder, true);
    tell('abused', abused);
    print(`the abusers: ${JSON.stringify(report)}`);
  } finally {
    endChildren();
    rmSync(folder, { recursive: true, force: true });
  }
}

await new Command('api-abuse')
  .description('Blasts a spy while its HTTP API is abused, and tells what was lost.')
  .option('--row <NAME>', 'the load: rate/unique/origins', '5000/1500/1000')
  .option('--seconds <SECONDS>', 'how long', wholeNumber(1, 600), 30)
  .option('--seed <NUM>', 'of the traffic', wholeNumber(0, 2 ** 31), 1)
  .action((flags: Flags) => run(flags))
  .parseAsync();
