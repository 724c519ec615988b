import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Child } from '../../bench/e2e/child.ts';
import { type Generator, ourGenerator } from '../../bench/e2e/generator.ts';
import { freePort } from '../../bench/e2e/measure.ts';
import { socketState } from '../../bench/e2e/proc.ts';
import { type Load, type Row, SHRED_VERSION } from '../../bench/e2e/rows.ts';
import { pause, within } from '../../bench/e2e/target.ts';
import { ROOT } from '../../bench/harness.ts';

/** What clinic can draw. */
export const CLINIC_TOOLS = ['flame', 'doctor', 'bubbleprof'] as const;
export type ClinicTool = (typeof CLINIC_TOOLS)[number];

/** Fetching it takes its time the first time. */
const OPEN_MS = 300_000;

/** clinic draws after the process has ended. */
const DRAW_MS = 300_000;

/** All threads of a process would write into doctor's one file, which it then cannot read. */
const NO_THREADS = ['--workers', '0', '--receiver', 'dgram'];

/** Version that this was tried with. */
const CLINIC = 'clinic@13.0.0';

/**
 * Runs the spy under clinic while it is blasted. clinic 13 does nothing, silently, unless NO_INSIGHT is
 * set; it weighs 158 MB, so npx fetches it when it is asked for.
 *
 * @returns the pages that it drew
 */
export async function runClinic(
  tool: ClinicTool,
  folder: string,
  row: Row,
  load: Load,
): Promise<string[]> {
  const old = new Set(readdirSync(folder));
  const port = await freePort();
  const spy = ['spy', '--shred-version', String(SHRED_VERSION), '--bind-address', '127.0.0.1'];
  const command = [
    ...['--yes', CLINIC, tool, '--open=false', '--dest', folder, '--'],
    ...[process.execPath, join(ROOT, 'dist', 'src', 'cli', 'main.js'), ...spy],
    ...['--gossip-port', String(port), '--allow-private-addr'],
    ...(tool === 'doctor' ? NO_THREADS : []),
  ];
  const said: string[] = [];
  const child = new Child('npx', command, {
    env: { ...process.env, NO_INSIGHT: '1' },
    onLine: (line) => said.push(line),
  });
  let isRunning = true;
  const ended = child.ended.finally(() => {
    isRunning = false;
  });
  for (let ms = 0; !socketState(port).isOpen; ms += 100) {
    if (!isRunning || ms > OPEN_MS) throw new Error(`clinic did not start: ${said.join('\n')}`);
    await pause(100);
  }
  await pause(3_000); // tools slow the start of threads down
  const generator: Generator = ourGenerator(folder);
  await generator(
    port,
    row,
    load,
    () => {},
    () => {},
  );
  await pause(500);
  process.kill(findSpy(port), 'SIGINT');
  const status = await within(ended, DRAW_MS);
  if (status !== 0) throw new Error(`clinic ended with ${status}: ${said.join('\n')}`);
  return readdirSync(folder).filter((name) => name.endsWith(`${tool}.html`) && !old.has(name));
}

/** The spy among clinic's descendants, by the port that only it was given. */
function findSpy(port: number): number {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const found = pids.filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      const at = words.indexOf('--gossip-port');
      return words[at + 1] === String(port) && !words.includes(CLINIC) && !words.includes('--dest');
    } catch {
      return false; // it has ended meanwhile
    }
  });
  const pid = Number(found.at(-1));
  if (!(pid > 1)) throw new Error('The spy is not to be found among the processes.');
  return pid;
}
