/** What telling many readers of everything costs, by itself: `npm run bench:fan-out`. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { WebSocket } from 'ws';
import type { Unnumbered } from '../src/api/changes.ts';
import { HttpApi } from '../src/api/http/http-api.ts';
import type { MainReport } from '../src/api/main-report.ts';
import { Observer } from '../src/api/observer.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { CrdsTable } from '../src/crds/table.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { SMALL_CAPACITIES } from '../src/shm/layout.ts';
import { createRegions } from '../src/shm/regions.ts';
import { SystemClock } from '../src/util/clock.ts';
import { SEED, surroundings } from './harness.ts';

interface Flags {
  readonly readers: number;
  readonly rate: number;
  readonly seconds: number;
}

/** What readers are told, in their own process. */
interface Order {
  readonly port: number;
  readonly readers: number;
  readonly isWebSocket: boolean;
}

/** Turns in a second, as the observer has them while many follow. */
const TURNS = 40;

/** Connections from one address. @source reliability 5 */
const PER_ADDRESS = 16;

const NODE = 'HiLaH12TpLWcQyqngx6Gn44M8cbqLGGFvx9Xp4Xw7EP1';

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** Reads streams and counts what a change has once: the process that `measure` forks. */
function read({ port, readers, isWebSocket }: Order): void {
  let heard = 0;
  const count = (bytes: Buffer, what: string): void => {
    for (let at = bytes.indexOf(what); at >= 0; at = bytes.indexOf(what, at + 1)) heard++;
  };
  for (let i = 0; i < readers; i++) {
    const localAddress = `127.0.4.${1 + Math.floor(i / PER_ADDRESS)}`;
    const path = '/v1/changes/stream';
    if (isWebSocket) {
      const socket = new WebSocket(`ws://127.0.0.1:${port}${path}`, { localAddress });
      socket.on('message', (data: Buffer) => count(data, '"voted"'));
    } else {
      heard -= 1; // the line that says hello
      get({ port, host: '127.0.0.1', path, localAddress, agent: false }, (response) =>
        response.on('data', (chunk: Buffer) => count(chunk, '\n')),
      );
    }
  }
  process.on('message', () => process.send?.(heard));
}

async function measure(flags: Flags, isWebSocket: boolean): Promise<string> {
  const { readers, rate, seconds } = flags;
  const hasher = await loadXxhash();
  const regions = createRegions(SMALL_CAPACITIES, true);
  new CrdsTable(regions, { xxhash: hasher, hashSeed: SEED });
  const observer = new Observer(regions, hasher, SystemClock);
  const silent = (): Promise<never> => Promise.reject(new Error('nobody asks'));
  const api = new HttpApi({
    facts: {
      identity: NODE,
      shredVersion: 1,
      allowPrivate: true,
      version: '0.0.0',
      featureSet: 0,
      startedWallMs: 0,
      startedSteadyMs: 0,
      steadyOffsetMs: 0,
    },
    regions,
    hasher,
    observer,
    main: { report: silent as () => Promise<MainReport>, genesisHash: silent, bug: silent },
    clock: SystemClock,
  });
  const { port } = await api.listen({ host: '127.0.0.1', port: 0 });
  const child = fork(fileURLToPath(import.meta.url), ['reader'], { serialization: 'advanced' });
  child.send({ port, readers, isWebSocket } satisfies Order);
  while (api.counts['streams'] !== readers) await pause(20);
  const one: Unnumbered = {
    kind: 'voted',
    pubkey: NODE,
    old: 380_000_010,
    new: 380_000_015,
    via: { route: 'push', from: NODE },
    gossip: '203.0.113.5:8001',
    version: '4.4.0',
  };
  const turn = Array.from({ length: Math.round(rate / TURNS) }, () => one);
  const used = process.cpuUsage();
  const startedMs = SystemClock.monoMs();
  for (let i = 1; i <= seconds * TURNS; i++) {
    observer.changes.append(turn, []);
    await pause(Math.max(0, startedMs + (i * 1000) / TURNS - SystemClock.monoMs()));
  }
  const wallS = (SystemClock.monoMs() - startedMs) / 1000;
  const sent = turn.length * seconds * TURNS;
  let heard = -1;
  for (let before = -2; heard !== before && heard < sent * readers; ) {
    before = heard;
    await pause(1_000);
    child.send('how many?');
    [heard] = (await once(child, 'message')) as [number];
  }
  const { user, system } = process.cpuUsage(used);
  const ended = api.counts['endedSlow'];
  child.kill();
  await api.close();
  observer.stop();
  const cpu = ((user + system) / 1e6).toFixed(2);
  return `${sent} changes in ${wallS.toFixed(1)} s to ${readers} readers: ${heard} of ${sent * readers} heard, ${ended} readers ended; ${cpu} s of processor`;
}

async function run(flags: Flags): Promise<void> {
  const where = surroundings('full');
  const load = loadavg()[0]?.toFixed(1);
  process.stdout.write(`${where.cpu}, ${where.cores} cores, load ${load}, ${where.commit}\n`);
  process.stdout.write(`NDJSON: ${await measure(flags, false)}\n`);
  process.stdout.write(`WebSocket: ${await measure(flags, true)}\n`);
}

if (process.argv[2] === 'reader') {
  process.once('message', (order: Order) => read(order));
} else {
  await new Command('fan-out')
    .description(
      'Tells readers in another process of made-up changes, and adds up the processor time.',
    )
    .option('--readers <NUM>', 'readers of the stream', wholeNumber(1, 240), 100)
    .option('--rate <NUM>', 'changes a second', wholeNumber(TURNS, 1_000_000), 10_000)
    .option('--seconds <NUM>', 'how long', wholeNumber(1, 600), 5)
    .action((flags: Flags) => run(flags))
    .parseAsync();
}
