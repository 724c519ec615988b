import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { SpyStats } from '../../src/index.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { ROOT } from '../harness.ts';
import { Child } from './child.ts';
import type { LoopDelay } from './probe.ts';
import { socketState } from './proc.ts';
import { SHRED_VERSION } from './rows.ts';

/** How long a target may take to open its socket, and to end. */
const OPEN_MS = 20_000;
const END_MS = 30_000;

/** Behind the opening of the socket: threads come up. */
const SETTLE_MS = 700;

/** What is left of a target when it has ended. */
export interface TargetEnd {
  /** Values in its table. */
  readonly table: number;
  /** Values of others. */
  readonly held: number;
  /** Their SHA-256, where the target tells. */
  readonly hashes?: readonly string[];
  readonly stats?: SpyStats;
}

/** A node that is blasted. */
export interface Target {
  readonly name: 'ours' | 'agave';
  readonly pid: number;
  readonly port: number;
  /** The load begins: what is measured inside begins too. */
  begin(): void;
  /** The load has ended. */
  end(): Promise<LoopDelay | undefined>;
  stop(): Promise<TargetEnd>;
}

/** How the spy is started; the profiler adds to it. */
export interface SpyStart {
  readonly nodeArgs?: readonly string[];
  readonly spyArgs?: readonly string[];
  readonly folder: string;
  readonly port: number;
}

/** What Node runs for a spy on this machine alone, which waits for others. */
export function loopbackSpy(port: number): string[] {
  return [
    ...[join(ROOT, 'dist', 'src', 'cli', 'main.js'), 'spy'],
    ...['--shred-version', String(SHRED_VERSION), '--bind-address', '127.0.0.1'],
    ...['--gossip-port', String(port), '--allow-private-addr'],
  ];
}

/** Starts `earshot spy` as an operator would, with what it takes to wait for others on this machine. */
export async function startSpy(start: SpyStart): Promise<Target> {
  const { folder, port } = start;
  const stats = join(folder, `stats-${port}.json`);
  const dump = join(folder, `dump-${port}.jsonl`);
  const probe = pathToFileURL(join(ROOT, 'dist', 'bench', 'e2e', 'probe.js')).href;
  const child = new Child(
    process.execPath,
    [
      ...(start.nodeArgs ?? []),
      ...['--import', probe],
      ...loopbackSpy(port),
      ...['--stats', stats, '--dump', dump],
      ...(start.spyArgs ?? []),
    ],
    { channel: true },
  );
  await opened(child, port);
  return {
    name: 'ours',
    pid: child.pid,
    port,
    begin: () => {
      child.process.send('begin');
    },
    end: () =>
      new Promise((resolve) => {
        child.process.once('message', (delay) => resolve(delay as LoopDelay));
        child.process.send('end');
      }),
    async stop() {
      child.process.kill('SIGINT');
      const status = await within(child.ended, END_MS);
      if (status !== 0)
        throw new Error(`The spy ended with ${status}: ${child.complaints.join('\n')}`);
      return readEnd(stats, dump, port);
    },
  };
}

function readEnd(stats: string, dump: string, port: number): TargetEnd {
  const all = readFileSync(dump, 'utf8').trim().split('\n');
  const values = all.map((line) => JSON.parse(line) as DumpedValue);
  const own = values.find(({ contactInfo }) => contactInfo?.gossip === `127.0.0.1:${port}`);
  const ownKey = own?.contactInfo?.pubkey;
  const others = values.filter(({ from, contactInfo }) => (from ?? contactInfo?.pubkey) !== ownKey);
  return {
    table: values.length,
    held: others.length,
    hashes: others.map(({ sha256 }) => sha256),
    stats: JSON.parse(readFileSync(stats, 'utf8')) as SpyStats,
  };
}

interface DumpedValue {
  readonly sha256: string;
  readonly from?: string;
  readonly contactInfo?: { readonly pubkey: string; readonly gossip: string | null };
}

/** Starts the node of `agave-peer`. */
export async function startAgave(program: string, port: number): Promise<Target> {
  const args = ['node', '--port', String(port), '--shred-version', String(SHRED_VERSION)];
  const child = new Child(program, [...args, '--seconds', '3600'], { keepOutput: true });
  await opened(child, port);
  while (child.output.trim() === '') await pause(100);
  const valuesNow = (): number => (child.lastJson() as { values: number }).values;
  const own = valuesNow();
  return {
    name: 'agave',
    pid: child.pid,
    port,
    begin: () => {},
    end: async () => undefined,
    async stop() {
      await pause(1_200); // it speaks once a second
      const table = valuesNow();
      child.process.kill('SIGTERM');
      await within(child.ended, END_MS);
      return { table, held: table - own };
    },
  };
}

async function opened(child: Child, port: number): Promise<void> {
  const deadlineMs = SystemClock.monoMs() + OPEN_MS;
  let hasEnded = false;
  child.ended.then(
    () => {
      hasEnded = true;
    },
    () => {
      hasEnded = true;
    },
  );
  while (!socketState(port).isOpen) {
    if (hasEnded || SystemClock.monoMs() > deadlineMs) {
      await within(child.ended, 100).catch((error: Error) => child.complaints.push(error.message));
      throw new Error(`The target did not open its socket: ${child.complaints.join('\n')}`);
    }
    await pause(50);
  }
  await pause(SETTLE_MS);
}

/** Waits. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => SystemClock.after(ms, resolve));
}

/** Waits for something, but not for longer. @throws Error when it takes longer */
export function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let cancel = (): void => {};
  const late = new Promise<never>((_, reject) => {
    cancel = SystemClock.after(limitMs, () => reject(new Error(`not within ${limitMs} ms`)));
  });
  return Promise.race([work, late]).finally(() => cancel());
}
