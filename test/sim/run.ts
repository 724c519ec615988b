/** One seed, from its plan to a verdict. */
import { tableDigest } from '../../src/crds/digest.ts';
import { sha256Hex, type Xxhash } from '../../src/crypto/hash.ts';
import { seededRng } from '../../src/util/rng.ts';
import { Adversary } from './adversary.ts';
import { Cluster } from './cluster.ts';
import { Demands, LOOK_MS } from './convergence.ts';
import { NO_FAULTS } from './network.ts';
import { drawPlan, type Plan, type Wishes } from './plan.ts';
import { Violation } from './violation.ts';

/** A healed network has this long. @source reliability G5 */
const CONVERGE_MS = 60_000;

/** After the last fault, when everybody says something new. */
const PROBE_MS = 2_000;

/** What came of a seed. */
export interface RunResult {
  readonly seed: number;
  readonly nodes: number;
  /** The first promise that was broken, if one was. */
  readonly failure: string | undefined;
  /** Over all tables, counters and every datagram in order: equal for equal seeds. */
  readonly stateHash: string;
  readonly virtualMs: number;
  /** From the end of the faults until everybody had everything. */
  readonly convergedMs: number;
  readonly events: number;
  readonly datagrams: number;
  readonly met: number;
  readonly excused: number;
}

/** Every so many seeds are run twice. @source reliability 7 */
const TWICE_EVERY = 100;

/** Runs a seed, every hundredth twice: the second time it must come to the same. */
export function runChecked(seed: number, xxhash: Xxhash, wishes: Wishes = {}): RunResult {
  const result = runSeed(seed, xxhash, wishes);
  if (seed % TWICE_EVERY !== 0 || result.failure !== undefined) return result;
  const again = runSeed(seed, xxhash, wishes);
  if (again.stateHash === result.stateHash) return result;
  const failure = `at the end: determinism: state ${again.stateHash} instead of ${result.stateHash}`;
  return { ...result, failure };
}

/** Runs a seed. */
export function runSeed(seed: number, xxhash: Xxhash, wishes: Wishes = {}): RunResult {
  return runPlan(drawPlan(seed, wishes), xxhash);
}

/** Runs a plan. It never throws for what nodes do: that is a failure of the plan. */
export function runPlan(plan: Plan, xxhash: Xxhash): RunResult {
  const cluster = new Cluster(plan, xxhash);
  const demands = new Demands(cluster);
  let failure: string | undefined;
  let convergedMs = 0;
  try {
    convergedMs = live(plan, cluster, demands);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const at = (cluster.time.nowMs / 1_000).toFixed(3);
    const words =
      error instanceof Violation
        ? error.message
        : (error.stack ?? error.message).split('\n', 8).join('\n');
    failure = `at ${at} s: ${words}`;
  }
  return {
    seed: plan.seed,
    nodes: plan.machines.length,
    failure,
    stateHash: stateHash(cluster),
    virtualMs: cluster.time.nowMs,
    convergedMs,
    events: cluster.time.executed,
    datagrams: cluster.network.counts.sent,
    met: demands.met,
    excused: demands.excused,
  };
}

/** First the faults, then peace. @returns how long the second phase took */
function live(plan: Plan, cluster: Cluster, demands: Demands): number {
  const { time, machines } = cluster;
  cluster.schedule();
  const insider = machines.find((m) => m.plan.isInsider);
  const adversary = insider && new Adversary(cluster, insider, seededRng(cluster.rng.u32()));
  adversary?.start();
  time.runUntil(plan.faultyMs);
  adversary?.stop();
  cluster.heal({ ...NO_FAULTS, jitterMs: 1 });
  for (const { running } of machines) running?.monitor?.checkAll();
  time.runUntil(plan.faultyMs + PROBE_MS);
  for (const machine of demands.core) {
    cluster.publish(machine, 'Vote');
    cluster.publish(machine, 'SnapshotHashes');
  }
  const deadlineMs = plan.faultyMs + PROBE_MS + CONVERGE_MS;
  for (;;) {
    time.runUntil(time.nowMs + LOOK_MS);
    const { contact, value } = demands.missing();
    if (contact === undefined && value === undefined) break;
    if (time.nowMs < deadlineMs) continue;
    if (contact !== undefined) throw new Violation('convergence', contact);
    break;
  }
  for (const { running } of machines) running?.monitor?.checkAll();
  return time.nowMs - plan.faultyMs;
}

function stateHash(cluster: Cluster): string {
  const parts = [cluster.time.executed, cluster.trafficHash, cluster.network.counts.delivered];
  const tables = cluster.machines.map(({ running }) => {
    if (!running) return 'down';
    const { view, counters } = running.node.parts;
    return `${tableDigest(view)} ${Array.from(counters).join()}`;
  });
  return sha256Hex(new TextEncoder().encode([...parts, ...tables].join('\n'))).slice(0, 16);
}
