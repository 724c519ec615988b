/**
 * How soon a node serves again when its listen thread dies, and what is lost by it, many times over:
 * `npm run build && node dist/scripts/thread-deaths.js`. The node has a real socket and real threads; each
 * thread dies with a batch in its hands.
 */
import { loadavg } from 'node:os';
import { createHistogram } from 'node:perf_hooks';
import { Command } from 'commander';
import { pause } from '../bench/e2e/target.ts';
import { print, quantiles } from '../bench/report.ts';
import { wholeNumber } from '../src/cli/options.ts';
import { findViolation } from '../src/crds/invariants.ts';
import { loadXxhash } from '../src/crypto/hash.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { createVerifier } from '../src/crypto/verify.ts';
import { ThreadPool } from '../src/node/pools.ts';
import { SILENT_LOGGER } from '../src/node/ports.ts';
import { FATAL_MS } from '../src/node/restarts.ts';
import { SpyNode } from '../src/node/spy.ts';
import { UdpTransport } from '../src/node/udp.ts';
import { ourVersion } from '../src/node/version.ts';
import { DEFAULT_CAPACITIES, SMALL_CAPACITIES } from '../src/shm/layout.ts';
import type { Regions } from '../src/shm/regions.ts';
import { type Clock, SystemClock } from '../src/util/clock.ts';
import { LOOPBACK_IP } from '../src/util/ipv4.ts';
import { osRng } from '../src/util/rng.ts';
import { accountOf, imbalance } from '../test/accounting.ts';
import { CLUSTER } from '../test/unit/node/peer.ts';
import { Caller } from './thread-deaths/caller.ts';

/** Between two pings of the caller. */
const PING_MS = 2;
/** Between two deaths: the thread that has died is replaced meanwhile, or is not. */
const LEAST_PAUSE_MS = 50;
const MORE_PAUSE_MS = 400;
/** A node that does not serve again in so long never will. */
const DEADLINE_MS = 20_000;

/** Ways to die, as the worker of the tests numbers them. */
const WAYS = { throws: 0, exits: 1, hangs: 2 } as const;
const LISTEN = 2;
const DYING = new URL('../../test/threads/workers/dying-listen.mjs', import.meta.url);

/** A node whose listen threads die on demand. */
class Subject {
  readonly node: SpyNode;
  readonly port: number;
  readonly #pool: ThreadPool;
  readonly #transport: UdpTransport;
  readonly errors: Error[] = [];
  deaths = 0;

  private constructor(
    transport: UdpTransport,
    port: number,
    xxhash: Awaited<ReturnType<typeof loadXxhash>>,
  ) {
    this.#transport = transport;
    this.port = port;
    const identity = createIdentity();
    // To whoever counts deaths there are ten minutes between two: else the node would end at the twentieth.
    const clock: Clock = {
      ...SystemClock,
      monoMs: () => SystemClock.monoMs() + this.deaths * FATAL_MS,
    };
    let pool: ThreadPool | undefined;
    const createPool = (regions: Regions): ThreadPool => {
      pool = new ThreadPool(regions, {
        threads: 1,
        verifier: 'sodium',
        identity,
        clock,
        logger: SILENT_LOGGER,
        wake: () => this.node.pump(),
        fail: (error) => this.errors.push(error),
        files: { listen: DYING },
      });
      return pool;
    };
    this.node = new SpyNode(
      {
        identity,
        shredVersion: CLUSTER,
        version: ourVersion(),
        entrypoints: [],
        allowPrivate: true,
        eager: false,
        capacities: { ...SMALL_CAPACITIES, batches: DEFAULT_CAPACITIES.batches },
        sockets: [{ key: 0, ip: LOOPBACK_IP, port }],
      },
      {
        transport,
        clock: SystemClock,
        rng: osRng(),
        logger: SILENT_LOGGER,
        xxhash,
        createPool,
        verifier: createVerifier('sodium'),
      },
    );
    this.#pool = pool!;
  }

  static async open(): Promise<Subject> {
    const transport = new UdpTransport({ bindAddress: '127.0.0.1', port: 0 });
    const xxhash = await loadXxhash();
    let made: Subject | undefined;
    const { port } = await transport.open((bytes, at, length, ip, from) =>
      made?.node.receive(bytes, at, length, ip, from),
    );
    made = new Subject(transport, port, xxhash);
    await made.#pool.start();
    made.node.start();
    made.node.pump();
    return made;
  }

  /** Lets the next thread that has claimed a batch die. @returns when it does */
  async die(way: number): Promise<number> {
    const { values } = this.node.parts.regions.counters;
    this.deaths++;
    values.set([way, LISTEN, 1], values.length - 3);
    const endMs = SystemClock.monoMs() + DEADLINE_MS;
    while (values.at(-1) !== 0 && SystemClock.monoMs() < endMs) await pause(1);
    return SystemClock.monoMs();
  }

  get failed(): number {
    return this.#pool.failed;
  }

  async close(): Promise<void> {
    this.node.parts.ring.stop();
    await this.#pool.stop();
    this.node.stop();
    await this.#transport.close();
  }
}

/** How soon a node served again, of many times. */
interface Served {
  readonly count: number;
  readonly p99Ms: number;
  /** Entries that the table had before and not after. */
  readonly lost: number;
}

/** What `--json` prints. */
export interface DeathsReport {
  /** By the way to die; those that were not asked for are left out. */
  readonly served: Readonly<Partial<Record<keyof typeof WAYS, Served>>>;
  /** Whether nothing was lost, and all is accounted for. */
  readonly holds: boolean;
}

type Say = (line: string) => void;

/** The same without any death: what the machine itself takes. */
async function measurePeace(caller: Caller, count: number, say: Say): Promise<void> {
  const histogram = createHistogram();
  for (let i = 0; i < count; i++) {
    await pause(LEAST_PAUSE_MS);
    const nowMs = SystemClock.monoMs();
    const served = await caller.servedAfter(nowMs, DEADLINE_MS);
    histogram.record(Math.max(1, Math.round((served - nowMs) * 1_000)));
  }
  say(
    `load ${loadavg()[0]?.toFixed(1)}; without a death the next datagram is served after ${quantiles(histogram)}`,
  );
}

/** Lets threads die in a way. */
async function measure(
  subject: Subject,
  caller: Caller,
  words: keyof typeof WAYS,
  count: number,
  say: Say,
): Promise<Served> {
  const histogram = createHistogram();
  const rng = osRng();
  let lost = 0;
  for (let i = 0; i < count; i++) {
    await pause(LEAST_PAUSE_MS + rng.below(MORE_PAUSE_MS));
    const before = subject.node.parts.view.size;
    const diedMs = await subject.die(WAYS[words]);
    const served = await caller.servedAfter(diedMs, DEADLINE_MS);
    histogram.record(Math.max(1, Math.round((served - diedMs) * 1_000)));
    lost += Math.max(0, before - subject.node.parts.view.size);
  }
  say(
    `${count} times the listen thread ${words}: the next datagram is served after ${quantiles(histogram)}; ${lost} entries lost`,
  );
  return { count, p99Ms: histogram.percentile(99) / 1_000, lost };
}

interface Flags {
  readonly count: number;
  readonly throws: number;
  readonly hangs: number;
  readonly json?: boolean;
}

async function run(flags: Flags): Promise<boolean> {
  const say: Say = flags.json ? (line) => process.stderr.write(`${line}\n`) : print;
  const subject = await Subject.open();
  const caller = await Caller.open(subject.port, PING_MS);
  const { parts } = subject.node;
  const endMs = SystemClock.monoMs() + DEADLINE_MS;
  while (parts.view.size < caller.values && SystemClock.monoMs() < endMs) await pause(10);
  await pause(LEAST_PAUSE_MS);
  const before = { pings: caller.pings, pongs: caller.pongs };
  await measurePeace(caller, flags.count, say);
  const times = { exits: flags.count, throws: flags.throws, hangs: flags.hangs };
  const served: Partial<Record<keyof typeof WAYS, Served>> = {};
  for (const words of ['exits', 'throws', 'hangs'] as const) {
    if (times[words] > 0) {
      served[words] = await measure(subject, caller, words, times[words], say);
    }
  }
  const lost = Object.values(served).reduce((sum, one) => sum + one.lost, 0);
  caller.close();
  await pause(500);
  const { outcomes } = subject.node.counts();
  const broken = imbalance(accountOf(subject.node)) ?? findViolation(parts.table);
  const shed = Object.entries(outcomes).reduce(
    (sum, [name, n]) => (name.startsWith('SHED_') ? sum + n : sum),
    0,
  );
  const pings = caller.pings - before.pings;
  const unheard = pings - (caller.pongs - before.pongs);
  say(
    `${subject.failed} threads died; ${outcomes['TASK_FAILED'] ?? 0} datagrams were in their hands, ${shed} were shed; ${pings} pings, ${unheard} without a pong; ${parts.view.size} values held; ${broken ?? 'all is accounted for'}`,
  );
  for (const error of subject.errors) say(error.message);
  await subject.close();
  const holds = lost === 0 && broken === undefined && subject.errors.length === 0;
  if (flags.json) print(JSON.stringify({ served, holds } satisfies DeathsReport));
  return holds;
}

const program = new Command('thread-deaths')
  .description('Kills the listen thread of a node again and again.')
  .option('--count <NUM>', 'threads that end', wholeNumber(1, 100_000), 500)
  .option('--throws <NUM>', 'slices that throw; their thread lives on', wholeNumber(0, 100_000), 50)
  .option('--hangs <NUM>', 'hangs, each of which takes a second', wholeNumber(0, 100_000), 50)
  .option('--json', 'one JSON document on stdout');
program.parse();
process.exitCode = (await run(program.opts())) ? 0 : 1;
