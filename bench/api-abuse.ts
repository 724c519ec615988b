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
  readonly json?: boolean;
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

/** Datagrams that were not worked on, of all that were sent. */
function droppedOf({ lost, shed }: Measured): number {
  return Object.values(shed).reduce((sum, n) => sum + n, lost);
}

function tell(words: string, measured: Measured): void {
  const { sent, rate, lost, shed, missing, loopP99Ms } = measured;
  const dropped = droppedOf(measured);
  const classes = dropped === lost ? '' : ` ${JSON.stringify(shed)}`;
  const share = ((100 * dropped) / sent).toFixed(3);
  const delay = loopP99Ms?.toFixed(1);
  print(
    `load ${loadavg()[0]?.toFixed(1)}, ${words}: ${sent} datagrams at ${Math.round(rate)}/s; dropped by the kernel ${lost}, shed ${dropped - lost}${classes} (${share} %); values missing ${missing}; loop delay p99 ${delay} ms`,
  );
}

/** What `--json` prints. */
export interface AbuseReport {
  /** Shares of datagrams dropped by kernel and spy. */
  readonly droppedInPeace: number;
  readonly droppedAbused: number;
  /** What the abusers did, by sort. */
  readonly abusers: unknown;
}

async function run(flags: Flags): Promise<void> {
  if (!flags.json) print(place());
  const folder = mkdtempSync(join(tmpdir(), 'earshot-abuse-'));
  try {
    const [peace] = await once(flags, folder, false);
    if (!flags.json) tell('in peace', peace);
    const [abused, abusers] = await once(flags, folder, true);
    if (flags.json) {
      const droppedInPeace = droppedOf(peace) / peace.sent;
      const droppedAbused = droppedOf(abused) / abused.sent;
      print(JSON.stringify({ droppedInPeace, droppedAbused, abusers } satisfies AbuseReport));
      return;
    }
    tell('abused', abused);
    print(`the abusers: ${JSON.stringify(abusers)}`);
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
  .option('--json', 'one JSON document on stdout')
  .action((flags: Flags) => run(flags))
  .parseAsync();
