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

/** Most that the network may take to know itself, and that a value may take. */
const WARM_MS = 600_000;
const SPREAD_MS = 120_000;

interface Flags {
  nodes: number;
  values: number;
  push: boolean;
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
      'Measures how fast one new value reaches a large network without faults, of tables of 4,096 rows.',
    )
    .option('--nodes <NUM>', 'how many nodes', parseCount, 200)
    .option('--values <NUM>', 'how many values, one after the other', parseCount, 5)
    .option('--no-push', 'lose all pushes: asking alone must do')
    .option('--seed <NUM>', 'what is drawn', parseCount, 1)
    .option('--json', 'print one JSON document', false)
    .action(async (flags: Flags) => {
      const result = await spread(flags);
      process.stdout.write(flags.json ? `${JSON.stringify(result)}\n` : report(flags, result));
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
  if (!flags.push) network.isLost = (bytes) => bytes[0] === Message.PUSH;
  const spreads: Spread[] = [];
  for (let i = 0; i < flags.values; i++) {
    progress.show(`value ${i + 1} of ${flags.values}`);
    spreads.push(spreadOne(cluster, i));
  }
  progress.clear();
  const memory = process.memoryUsage();
  return {
    nodes: machines.length,
    warmMs,
    known,
    spreads,
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

function report(flags: Flags, result: Awaited<ReturnType<typeof spread>>): string {
  const lines = [
    `${result.nodes} nodes knew ${(100 * result.known).toFixed(1)} % of each other after ${seconds(result.warmMs)} virtual; ${result.datagrams} datagrams, ${seconds(result.wallMs)} of real time, ${(result.rssBytes / 2 ** 30).toFixed(2)} GiB`,
    `a new value${flags.push ? '' : ', pushes lost,'} reached`,
  ];
  for (const { halfMs, most99Ms, allMs } of result.spreads) {
    const when = (ms: number | null): string =>
      ms === null ? 'never' : `${seconds(ms)} (${Math.ceil(ms / ROUND_MS)} rounds)`;
    lines.push(`  half in ${when(halfMs)}, 99 % in ${when(most99Ms)}, all in ${when(allMs)}`);
  }
  return `${lines.join('\n')}\n`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
