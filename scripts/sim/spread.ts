import type { Command } from 'commander';
import { Progress } from '../../src/cli/progress.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { ROUND_MS } from '../../src/node/rounds.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { Kind, Message } from '../../src/wire/limits.ts';
import { Cluster, type Machine } from '../../test/sim/cluster.ts';
import { calmPlan } from '../../test/sim/plan.ts';
import { parseCount } from '../vectors/options.ts';

/** Starts are spread over so long, and everybody is asked by those who come later. */
const START_MS = 10_000;

/** Time between two rounds of pull requests. @source behaviour 0.3 */
const PULL_MS = 5 * ROUND_MS;

/** Most that the network may take to know itself, and that a value may take. */
const WARM_MS = 600_000;
const SPREAD_MS = 120_000;

interface Flags {
  nodes: number;
  values: number;
  seed: number;
  json: boolean;
}

/** How one value got round. */
interface Spread {
  /** Virtual time from its publication to half, 99 % and all of the nodes; null when it took too long. */
  halfMs: number | null;
  most99Ms: number | null;
  allMs: number | null;
}

/** Adds `spread`. */
export function registerSpread(program: Command): void {
  program
    .command('spread')
    .description(
      'Measures how fast one new value reaches a large network without faults, of tables of 4,096 rows; then the same with all pushes lost, so that asking alone must do.',
    )
    .option('--nodes <NUM>', 'how many nodes', parseCount, 200)
    .option('--values <NUM>', 'how many values, one after the other', parseCount, 5)
    .option('--seed <NUM>', 'what is drawn', parseCount, 1)
    .option('--json', 'print one JSON document', false)
    .action(async (flags: Flags) => {
      const result = await spread(flags);
      process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : report(result));
    });
}

async function spread(flags: Flags) {
  const cluster = new Cluster(largePlan(flags), await loadXxhash());
  const progress = new Progress();
  const { machines, time, network } = cluster;
  const startMs = SystemClock.monoMs();
  cluster.schedule();
  let known = 0;
  while (time.nowMs < WARM_MS && known < 0.99) {
    time.runUntil(time.nowMs + 1_000);
    known = shareKnown(machines);
    progress.show(`${seconds(time.nowMs)}: ${(100 * known).toFixed(1)} % know each other`);
  }
  const warmMs = time.nowMs;
  const measure = (what: string): Spread[] =>
    Array.from({ length: flags.values }, (_, i) => {
      progress.show(`${what}: value ${i + 1} of ${flags.values}`);
      return spreadOne(cluster, i);
    });
  const pushed = measure('as ever');
  network.isLost = (bytes) => bytes[0] === Message.PUSH;
  const pulled = measure('pushes lost');
  progress.clear();
  const memory = process.memoryUsage();
  return {
    nodes: machines.length,
    warmMs,
    known,
    pushed,
    pulled,
    datagrams: network.counts.sent,
    wallMs: Math.round(SystemClock.monoMs() - startMs),
    rssBytes: memory.rss,
    tableBytes: memory.arrayBuffers,
  };
}

function largePlan({ nodes, seed }: Flags) {
  const capacities = { ...SMALL_CAPACITIES, peerRows: 2_048 };
  const plan = calmPlan({ nodes, seconds: 1, seed }, () => ({ publishEveryMs: 1e12 }));
  const { machines } = plan;
  return {
    ...plan,
    capacities,
    isWatched: false,
    realSignatures: false,
    allowPrivate: false,
    machines: machines.map((machine, i) => ({
      ...machine,
      address: { ip: 0x05000001 + 0x101 * i, port: 8_000 },
      startMs: (START_MS * i) / nodes,
      // The first few are asked by the rest, as on any cluster.
      entrypoints: i === 0 ? [] : [{ ip: 0x05000001 + 0x101 * (i % Math.min(i, 8)), port: 8_000 }],
    })),
  };
}

/** Which share of all pairs of nodes have met. */
function shareKnown(machines: readonly Machine[]): number {
  let pairs = 0;
  for (const { running } of machines) {
    pairs += running?.node.parts.view.countOfKind(Kind.CONTACT_INFO) ?? 0;
  }
  return pairs / machines.length ** 2;
}

/** Has one node say something and looks every round who has heard of it. */
function spreadOne(cluster: Cluster, i: number): Spread {
  const { machines, time } = cluster;
  const origin = machines[(i * 7_919) % machines.length]!;
  const key = origin.identity.publicKey;
  cluster.publish(origin, 'LowestSlot');
  const own = origin.running!.node.parts.view;
  const row = own.find(Kind.LOWEST_SLOT, 0, key, 0);
  const wallclock = own.columns.wallclock[row]!;
  const startMs = time.nowMs;
  const result: Spread = { halfMs: null, most99Ms: null, allMs: null };
  while (result.allMs === null && time.nowMs - startMs < SPREAD_MS) {
    time.runUntil(time.nowMs + ROUND_MS);
    let count = 0;
    for (const { running } of machines) {
      const { view } = running!.node.parts;
      const found = view.find(Kind.LOWEST_SLOT, 0, key, 0);
      if (found >= 0 && view.columns.wallclock[found] === wallclock) count++;
    }
    const sinceMs = Math.round(time.nowMs - startMs);
    if (count * 2 >= machines.length) result.halfMs ??= sinceMs;
    if (count >= 0.99 * machines.length) result.most99Ms ??= sinceMs;
    if (count === machines.length) result.allMs = sinceMs;
  }
  return result;
}

function report(result: Awaited<ReturnType<typeof spread>>): string {
  const { nodes, known, warmMs, datagrams, wallMs, rssBytes, pushed, pulled } = result;
  const when = (ms: number | null, roundMs: number): string =>
    ms === null ? 'never' : `${seconds(ms)} (${Math.ceil(ms / roundMs)} rounds)`;
  const lines = (spreads: readonly Spread[], roundMs: number): string[] =>
    spreads.map(
      ({ halfMs, most99Ms, allMs }) =>
        `  half in ${when(halfMs, roundMs)}, 99 % in ${when(most99Ms, roundMs)}, all in ${when(allMs, roundMs)}`,
    );
  return [
    `${nodes} nodes knew ${(100 * known).toFixed(1)} % of each other after ${seconds(warmMs)} virtual; ${datagrams} datagrams, ${seconds(wallMs)} of real time, ${(rssBytes / 2 ** 30).toFixed(2)} GiB`,
    'a new value reached (gossip rounds of 0.1 s)',
    ...lines(pushed, ROUND_MS),
    'with all pushes lost (pull rounds of 0.5 s)',
    ...lines(pulled, PULL_MS),
    '',
  ].join('\n');
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
