/** Drives the worker, ends it where it hangs, and starts it again. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Covered, type Line, type Order, type Status, THOROUGH_MS } from './protocol.ts';

/** Silence after which a mutant counts as endless; no test takes longer than 1 s. @units ms of processor */
const SILENT_MS = 2_500;

/** Loading and counting takes longer. */
const LOAD_MS = 240_000;

/** How often is looked. */
const LOOK_MS = 200;

/** What came of a mutant. */
export interface Fate {
  readonly status: Status;
  /** The test that noticed. */
  readonly by: string | undefined;
}

/** A layer's sandbox and its tests. */
export interface Sandbox {
  readonly folder: string;
  readonly tests: readonly string[];
  readonly mutants: number;
  /** See `Order`. */
  readonly budgetMs: number;
}

const running = new Set<ChildProcess>();

/** Ends whatever still runs. */
export function endWorkers(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Cases of a property: a mistake that takes more is for `npm test` to find. */
const PROPERTY_CASES = 40;

/** One worker with one order. @returns what the mutant was that it was at when it ended, -1 for none */
async function work(
  { folder, tests, mutants, budgetMs }: Sandbox,
  order: Pick<Order, 'ids' | 'coverage' | 'fromStart'>,
  onLine: (line: Line) => void,
): Promise<number> {
  const path = join(folder, 'order.json');
  writeFileSync(path, JSON.stringify({ tests, mutants, budgetMs, ...order } satisfies Order));
  const child = spawn(
    process.execPath,
    [
      '--max-old-space-size=1500',
      '--disable-warning=ExperimentalWarning',
      'scripts/mutants/worker.js',
      path,
    ],
    {
      cwd: folder,
      stdio: ['ignore', 'pipe', process.env['MUTANTS_DEBUG'] ? 'inherit' : 'ignore'],
      env: { ...process.env, CASES: String(PROPERTY_CASES) },
    },
  );
  running.add(child);
  let at = -1;
  let limitMs = LOAD_MS;
  let fromMs = 0;
  const timer = setInterval(() => {
    const ms = processorMs(child.pid);
    if (ms - fromMs > limitMs) child.kill('SIGKILL');
  }, LOOK_MS);
  for await (const text of createInterface({ input: child.stdout! })) {
    const line = JSON.parse(text) as Line;
    fromMs = processorMs(child.pid);
    limitMs = order.fromStart ? LOAD_MS / 8 : SILENT_MS;
    if ('begin' in line) at = line.begin;
    if ('end' in line) at = -1;
    onLine(line);
  }
  clearInterval(timer);
  running.delete(child);
  return at;
}

/** Processor time of a process until now: other work on the machine must not make a mutant endless. */
function processorMs(pid: number | undefined): number {
  try {
    const words = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(words[11]) + Number(words[12])) * 10;
  } catch {
    return 0; // it has ended
  }
}

/** Finds out which test reaches what. */
export async function cover(sandbox: Sandbox): Promise<Covered> {
  let found: Covered | undefined;
  await work(sandbox, { ids: [], fromStart: false }, (line) => {
    if ('covered' in line) found = line.covered;
  });
  if (found === undefined)
    throw new Error('The tests could not be run. MUTANTS_DEBUG=1 says more.');
  writeFileSync(join(sandbox.folder, 'coverage.json'), JSON.stringify(found));
  return found;
}

/** Runs mutants. @param onFate called for each, once or twice: the later time counts */
export async function runMutants(
  sandbox: Sandbox,
  covered: Covered,
  ids: readonly number[],
  onFate: (id: number, fate: Fate) => void,
): Promise<void> {
  const coverage = join(sandbox.folder, 'coverage.json');
  const reached = new Set(covered.tests.flatMap((one) => one.reached.map(([id]) => id)));
  const atLoad = new Set(covered.atLoad);
  const isThorough = sandbox.budgetMs >= THOROUGH_MS;
  const fromStart: number[] = [];
  for (const id of ids) {
    if (reached.has(id)) continue;
    if (atLoad.has(id)) fromStart.push(id);
    else onFate(id, { status: 'unreached', by: undefined });
  }
  let left = ids.filter((id) => reached.has(id));
  while (left.length > 0) {
    const done = new Set<number>();
    let spoilt = -1;
    const note = (id: number, fate: Fate): void => {
      done.add(id);
      if (fate.status === 'survived' && atLoad.has(id) && isThorough) fromStart.push(id);
      onFate(id, fate);
    };
    const stuck = await work(sandbox, { ids: left, coverage, fromStart: false }, (line) => {
      if ('end' in line) note(line.end, line);
      if ('spoilt' in line) spoilt = line.spoilt;
    });
    if (spoilt < 0 && stuck >= 0) note(stuck, { status: 'endless', by: undefined });
    if (done.size === 0 && spoilt < 0) throw new Error('A worker did nothing.');
    left = left.filter((id) => !done.has(id));
  }
  for (const id of fromStart) {
    let isTold = false;
    const stuck = await work(sandbox, { ids: [id], coverage, fromStart: true }, (line) => {
      if (!('end' in line)) return;
      isTold = true;
      onFate(id, line);
    });
    if (isTold) continue;
    if (stuck !== id) throw new Error('A worker did not start.');
    onFate(id, { status: 'endless', by: undefined });
  }
}
