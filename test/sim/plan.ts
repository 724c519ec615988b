/** What a seed stands for: the whole configuration of one simulated network, drawn before anything runs. */
import type { NodeSizes } from '../../src/node/parts.ts';
import { type Capacities, SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { type LinkFaults, NO_FAULTS } from './network.ts';

/** Where datagrams can be sent to. */
export interface Address {
  readonly ip: number;
  readonly port: number;
}

/** One machine with its node. */
export interface MachinePlan {
  readonly address: Address;
  readonly entrypoints: readonly Address[];
  readonly offsetMs: number;
  readonly rate: number;
  /** Its clock is so wrong that rules keep it out. */
  readonly isSkewed: boolean;
  readonly eager: boolean;
  readonly knowsStakes: boolean;
  /** Lamports. */
  readonly stake: number;
  readonly startMs: number;
  /** Most that a turn of its node, or a piece of work of its threads, waits for the processor. */
  readonly slowMs: number;
  /** Worker threads that listen; 0 when main does everything. */
  readonly threads: number;
  /** Mean time between two values that it publishes, by kind. */
  readonly publishEveryMs: number;
  /** It is honest, but an adversary acts in its name and from its address as well. */
  readonly isInsider: boolean;
  /** Position, in ms of light to the others. */
  readonly position: number;
}

/** Some machines are cut off from the others for a while. */
export interface Cut {
  readonly atMs: number;
  readonly forMs: number;
  /** Machines on the one side; those on the other are cut off from them, or only cannot be told. */
  readonly side: readonly boolean[];
  readonly oneWay: boolean;
}

/** What befalls one machine. */
export type Accident = { readonly machine: number; readonly atMs: number } & (
  | { readonly what: 'restart'; readonly forMs: number }
  | { readonly what: 'leave' }
  | { readonly what: 'move'; readonly to: Address }
  | { readonly what: 'freeze'; readonly forMs: number }
  | { readonly what: 'clock'; readonly byMs: number }
);

/** Everything about one run. */
export interface Plan {
  readonly seed: number;
  readonly machines: readonly MachinePlan[];
  readonly realSignatures: boolean;
  /** Whether promises are checked; large networks are for measuring. */
  readonly isWatched: boolean;
  readonly allowPrivate: boolean;
  readonly faults: LinkFaults;
  readonly accidents: readonly Accident[];
  readonly cuts: readonly Cut[];
  readonly faultyMs: number;
  readonly capacities: Capacities;
  readonly sizes: NodeSizes;
  readonly bytesPerSecond: number;
  /** Share of the pieces of work that end with the death of their thread. */
  readonly deaths: number;
  /** Share of the looks at the socket that find it busy. */
  readonly busySocket: number;
  /** Entries of the stake map that are nobody's, to get above the least for the gate by stake. */
  readonly strangersStaked: number;
  readonly hasStakes: boolean;
  /** So small that not everything fits: only what is pinned can be asked for. */
  readonly isCramped: boolean;
  readonly hasAdversary: boolean;
}

/** What the command line may fix. */
export interface Wishes {
  readonly nodes?: number | undefined;
  readonly seconds?: number | undefined;
  /** Few machines and short trouble: the same promises for a third of the time. */
  readonly small?: boolean | undefined;
}

const SOL = 1_000_000_000;

/** Faults that last longer than peers count as active. */
const LONG_MS = 62_000;

/** Draws the plan of a seed. */
export function drawPlan(seed: number, wishes: Wishes = {}): Plan {
  const rng = seededRng(seed);
  const some = (share: number): boolean => rng.unit() < share;
  const between = (low: number, high: number): number => low + (high - low) * rng.unit();
  const count = wishes.nodes ?? drawCount(rng, wishes.small ?? false);
  const isLong = some(0.03) && count <= 5 && !wishes.small;
  const faultyMs =
    wishes.seconds !== undefined
      ? wishes.seconds * 1_000
      : isLong
        ? between(LONG_MS + 3_000, 85_000)
        : wishes.small
          ? between(1_500, 5_000)
          : between(2_000, count > 12 ? 6_000 : 14_000);
  const allowPrivate = some(0.25);
  const addresses = drawAddresses(rng, count + 4, allowPrivate);
  const hasStakes = some(0.5);
  const isSlow = some(0.2);
  const drifts = some(0.5);
  const skewed = some(0.15) ? 1 + rng.below(count - 1) : -1;
  const late = some(0.3);
  const quiet = some(0.2);
  const deadEntrypoint = some(0.15);
  const isThin = some(0.2);
  const isThreaded = some(0.35);
  const hasAdversary = some(0.3) && count > 3;
  const machines = Array.from({ length: count }, (_, i): MachinePlan => {
    const entrypoints: Address[] = [];
    if (i > 0) entrypoints.push(addresses[0]!);
    if (i === 0 ? some(0.5) : i > 1 && some(0.4)) entrypoints.push(addresses[1]!);
    if (deadEntrypoint && some(0.5)) entrypoints.push(addresses[count]!);
    const isSkewed = i === skewed;
    const offset = drifts ? between(-1_500, 1_500) : 0;
    return {
      address: addresses[i]!,
      entrypoints,
      offsetMs: isSkewed ? offset + (some(0.5) ? 1 : -1) * between(20_000, 3_600_000) : offset,
      rate: drifts ? 1 + between(-5e-4, 5e-4) : 1,
      isSkewed,
      // Eager asking alone would fill a thin line.
      eager: !isThin && some(0.3),
      knowsStakes: hasStakes && some(0.85),
      stake: some(0.3) ? 0 : Math.floor(10 ** between(0, 6)) * SOL,
      startMs: i > 1 && late && some(0.3) ? between(0, faultyMs) : between(0, 200),
      slowMs: isSlow ? between(0, 40) : 0,
      threads: isThreaded ? 1 + rng.below(3) : 0,
      publishEveryMs: quiet ? 20_000 : between(500, 4_000),
      isInsider: hasAdversary && i === count - 1,
      position: between(0, 80),
    };
  });
  const { capacities, sizes, isCramped } = drawSizes(rng, count, isThreaded);
  return {
    seed,
    machines,
    isWatched: true,
    realSignatures: some(0.01) && count <= 6,
    allowPrivate,
    faults: drawFaults(rng),
    accidents: drawAccidents(rng, count, faultyMs, addresses.slice(count + 1)),
    cuts: drawCuts(rng, count, faultyMs),
    faultyMs,
    capacities,
    sizes,
    bytesPerSecond: isThin ? 60_000 : 2_000_000,
    deaths: isThreaded && some(0.4) ? 0.03 : 0,
    busySocket: some(0.15) ? between(0, 0.3) : 0,
    strangersStaked: hasStakes && some(0.2) ? 520 : 0,
    hasStakes,
    isCramped,
    hasAdversary,
  };
}

/** A plan without faults, adversary or stakes, everybody told to ask the first machine first. */
export function calmPlan(
  wishes: Wishes & { readonly seed?: number },
  change: (machine: number) => Partial<MachinePlan> = () => ({}),
): Plan {
  const plan = drawPlan(wishes.seed ?? 1, wishes);
  const first = plan.machines[0]!.address;
  return {
    ...plan,
    machines: plan.machines.map((machine, i) => ({
      ...machine,
      isInsider: false,
      isSkewed: false,
      knowsStakes: false,
      eager: false,
      slowMs: 0,
      threads: 0,
      startMs: 100 * i,
      entrypoints: i === 0 ? [] : [first],
      ...change(i),
    })),
    faults: NO_FAULTS,
    accidents: [],
    cuts: [],
    sizes: { received: plan.sizes.received!, serve: plan.sizes.serve! },
    bytesPerSecond: 2_000_000,
    busySocket: 0,
    deaths: 0,
    hasStakes: false,
    hasAdversary: false,
    isCramped: false,
  };
}

function drawCount(rng: Rng, small: boolean): number {
  const u = rng.unit();
  if (small) return u < 0.8 ? 3 : u < 0.97 ? 4 + rng.below(2) : 6 + rng.below(4);
  if (u < 0.74) return 3 + rng.below(4);
  if (u < 0.94) return 7 + rng.below(6);
  if (u < 0.99) return 13 + rng.below(12);
  return 25 + rng.below(40);
}

/** All on loopback, or each, or every few, at a public address of their own. */
function drawAddresses(rng: Rng, count: number, isPrivate: boolean): Address[] {
  const perIp = 1 + rng.below(4);
  const spread = [1, 0x101, 0x10003][rng.below(3)]!;
  return Array.from({ length: count }, (_, i) => {
    if (isPrivate) return { ip: LOOPBACK_IP, port: 8_000 + i };
    const host = Math.floor(i / perIp);
    return { ip: 0x05000001 + host * spread, port: 8_000 + (i % perIp) };
  });
}

function drawFaults(rng: Rng): LinkFaults {
  const some = (share: number, most: number): number =>
    rng.unit() < share ? most * rng.unit() : 0;
  return {
    ...NO_FAULTS,
    loss: some(0.6, 0.3),
    duplication: some(0.4, 0.5),
    corruption: some(0.3, 0.05),
    reordering: some(0.4, 0.3),
    holdMs: 20 + 480 * rng.unit(),
    jitterMs: some(0.6, 60),
  };
}

function drawSizes(
  rng: Rng,
  count: number,
  isThreaded: boolean,
): { capacities: Capacities; sizes: NodeSizes; isCramped: boolean } {
  const isCramped = rng.unit() < 0.12;
  const labels = count * 24;
  const rows = isCramped
    ? 2 ** Math.floor(Math.log2(labels / 3))
    : 2 ** Math.ceil(Math.log2(labels));
  const roomy = isCramped ? 1 : 2 ** rng.below(3);
  const peers = 2 ** Math.ceil(Math.log2(isCramped ? count * 0.8 : count + 12)) * roomy;
  const trims = isCramped && rng.unit() < 0.5;
  const pick = (low: number, high: number): number => 2 ** (low + rng.below(high - low + 1));
  return {
    capacities: {
      ...SMALL_CAPACITIES,
      tableRows: Math.max(16, rows * roomy),
      peerRows: Math.max(4, peers),
      journalEntries: pick(6, 10),
      verifiedPlaces: pick(6, 11),
      // Threads are handed what one turn received, be it one datagram.
      batches: isThreaded ? 64 : pick(2, 3),
      egressSlots: 512,
      purgedHashes: pick(8, 11),
      failedHashes: pick(8, 11),
      filters: 64,
      waitingHashes: pick(5, 8),
      requests: pick(5, 6),
    },
    sizes: {
      received: { origins: 128, blocks: 256 },
      serve: { packets: 128 },
      unproved: pick(5, 8),
      ...(rng.unit() < 0.2
        ? { originLimits: { values: 6 + rng.below(20), bytes: 192 * 1024 } }
        : {}),
      ...(trims ? { maxPubkeys: Math.max(2, Math.floor(count * 0.7)) } : {}),
    },
    isCramped,
  };
}

/** What befalls the machines. The first one, which everybody asks first, never leaves or moves. */
function drawAccidents(
  rng: Rng,
  machines: number,
  faultyMs: number,
  freeAddresses: readonly Address[],
): Accident[] {
  const accidents: Accident[] = [];
  const any = (): number => rng.below(machines);
  const other = (): number => 2 + rng.below(machines - 2);
  const when = (): number => faultyMs * rng.unit();
  for (let n = times(rng, 0.35); n > 0; n--) {
    accidents.push({ what: 'restart', machine: any(), atMs: when(), forMs: 4_000 * rng.unit() });
  }
  for (let n = times(rng, 0.15); n > 0; n--) {
    accidents.push({ what: 'leave', machine: other(), atMs: when() });
  }
  if (rng.unit() < 0.2) {
    const to = freeAddresses[rng.below(freeAddresses.length)]!;
    accidents.push({ what: 'move', machine: other(), atMs: when(), to });
  }
  for (let n = times(rng, 0.2); n > 0; n--) {
    accidents.push({ what: 'freeze', machine: any(), atMs: when(), forMs: 5_000 * rng.unit() });
  }
  for (let n = times(rng, 0.2); n > 0; n--) {
    const byMs = Math.round(2_000 * (rng.unit() - 0.5));
    accidents.push({ what: 'clock', machine: any(), atMs: when(), byMs });
  }
  return accidents;
}

function drawCuts(rng: Rng, machines: number, faultyMs: number): Cut[] {
  return Array.from({ length: times(rng, 0.35) }, () => {
    const share = rng.unit();
    const atMs = faultyMs * rng.unit();
    // In a long plan the sides shall be apart for so long that they hold each other for dead.
    const isLong = faultyMs > LONG_MS;
    return {
      atMs: isLong ? Math.min(atMs, 2_000) : atMs,
      forMs: isLong ? faultyMs : faultyMs * rng.unit(),
      side: Array.from({ length: machines }, () => rng.unit() < share),
      oneWay: rng.unit() < 0.3,
    };
  });
}

/** Once or twice in so many plans, else never. */
function times(rng: Rng, share: number): number {
  return rng.unit() < share ? 1 + rng.below(2) : 0;
}
