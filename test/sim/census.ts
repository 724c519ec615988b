/** A node joins a network of known size: does what it says of that size hold the truth? */
import { type Coverage, nodeCoverage } from '../../src/api/coverage.ts';
import type { Xxhash } from '../../src/crypto/hash.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { seededRng } from '../../src/util/rng.ts';
import { Cluster } from './cluster.ts';
import { Mesh } from './mesh.ts';
import { NO_FAULTS } from './network.ts';
import { calmPlan, type Plan } from './plan.ts';

const SHRED_VERSION = 20_126;

/** The mesh has so long a past that every node has signed something. */
const STARTED_MS = 20_000;

/** When the newcomer is asked, after it joined. */
export const CENSUS_MS = [500, 1_000, 2_000, 4_000, 8_000, 16_000] as const;

/** What it said at one of these moments. */
export interface CensusAnswer {
  readonly afterMs: number;
  /** Nodes there are, without the newcomer. */
  readonly truth: number;
  /** Null when it had drawn nothing yet. */
  readonly coverage: Coverage | null;
}

/** What a network is to be like. */
export interface CensusWishes {
  readonly seed: number;
  /** Share of datagrams that get lost. */
  readonly loss: number;
  /** From so many nodes to so many. */
  readonly nodes?: readonly [number, number];
  /** Share of the others that each node knows at least. */
  readonly knows?: number;
  /** Share of nodes that do not answer. */
  readonly deaf?: number;
}

/** Whether an answer holds the truth; undefined when there was none. */
export function holds({ truth, coverage }: CensusAnswer): boolean | undefined {
  return coverage === null ? undefined : coverage.low <= truth && truth <= coverage.high;
}

/** Has a node join a network, and asks it now and then for the number of the others. */
export function takeCensus(wishes: CensusWishes, xxhash: Xxhash): CensusAnswer[] {
  const [least, most] = wishes.nodes ?? [20, 600];
  const rng = seededRng(wishes.seed ^ 0x0ce75a5);
  // As many small networks as large ones.
  const nodes = Math.round(least * (most / least) ** rng.unit());
  const cluster = new Cluster(censusPlan(wishes.seed), xxhash);
  const { time, network, machines } = cluster;
  const { knows = 0.95, deaf = 0.05 } = wishes;
  new Mesh(time, network, rng, xxhash, { nodes, shredVersion: SHRED_VERSION, knows, deaf });
  network.faults = { ...NO_FAULTS, loss: wishes.loss, jitterMs: 20 };
  time.runUntil(STARTED_MS);
  cluster.start(machines[0]!);
  return CENSUS_MS.map((afterMs) => {
    time.runUntil(STARTED_MS + afterMs);
    return { afterMs, truth: nodes, coverage: nodeCoverage(machines[0]!.running!.node) };
  });
}

/** One machine, told of the first nodes of the mesh. */
function censusPlan(seed: number): Plan {
  const plan = calmPlan({ nodes: 3, seconds: 1, seed, small: true }, () => ({
    publishEveryMs: 1e12,
    eager: true,
  }));
  const entrypoints = [0, 1, 2].map((i) => ({ ip: 0x05000001 + 0x101 * i, port: 8_001 }));
  const address = { ip: 0x04000001, port: 8_000 };
  return {
    ...plan,
    machines: [{ ...plan.machines[0]!, address, entrypoints }],
    capacities: { ...SMALL_CAPACITIES, peerRows: 4_096, tableRows: 8_192 },
    sizes: {},
    isWatched: false,
    realSignatures: false,
    allowPrivate: false,
  };
}
