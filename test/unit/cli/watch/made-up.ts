/** A spy on a made-up cluster of mainnet's size, as the live view sees it: always the same. */

import type { NodeChange } from '../../../../src/api/changes.ts';
import type { Coverage } from '../../../../src/api/coverage.ts';
import type { Liveness, LivenessEvidence } from '../../../../src/api/liveness.ts';
import type { NodeInfo } from '../../../../src/api/nodes.ts';
import type { SpyStats } from '../../../../src/api/stats.ts';
import type { Datagrams, KindTraffic, TrafficStats } from '../../../../src/api/traffic.ts';
import {
  hear,
  startState,
  type WatchSample,
  type WatchState,
} from '../../../../src/cli/watch/state.ts';
import { toBase58 } from '../../../../src/util/base58.ts';
import { type Rng, seededRng } from '../../../../src/util/rng.ts';

const NODES = 3_712;

/** 2026-11-21T12:00:00Z. */
export const NOON_MS = 1_795_262_400_000;

const VERSIONS: readonly (readonly [string, number])[] = [
  ['4.4.0', 46],
  ['4.3.2', 22],
  ['0.1004.40404', 14],
  ['4.4.1', 9],
  ['4.3.0', 4],
  ['4.5.0-beta.1', 3],
  ['1.2.0', 2],
];

const CLIENTS: readonly (readonly [string, number])[] = [
  ['JitoLabs', 51],
  ['Agave', 21],
  ['Frankendancer', 14],
  ['Firedancer', 6],
  ['AgaveBam', 5],
  ['HarmonicFrankendancer', 3],
];

function choose(rng: Rng, among: readonly (readonly [string, number])[]): string {
  let left = rng.below(100);
  for (const [name, share] of among) {
    left -= share;
    if (left < 0) return name;
  }
  return among[0]![0];
}

function madeUpLife(rng: Rng, isProved: boolean): Liveness {
  const verdict = !isProved ? 'unreachable' : rng.below(40) === 0 ? 'quiet' : 'alive';
  const answered = isProved ? { agoMs: 5_000, roundTripMs: 2 + rng.below(240) } : null;
  const evidence: LivenessEvidence = {
    heardMs: 4_000,
    signedMs: 5_000,
    answered,
    unanswered: isProved ? 0 : 4,
    votes: null,
    epochSlots: null,
    via: null,
    otherInstance: null,
  };
  return { verdict, because: 'made up', evidence };
}

function madeUpNode(rng: Rng, i: number): NodeInfo {
  const key = new Uint8Array(32);
  rng.fill(key);
  const ip = `${11 + rng.below(200)}.${rng.below(256)}.${rng.below(256)}.${1 + rng.below(254)}`;
  const stake = i % 3 === 0 ? 0 : Math.floor(12_000_000 / (1 + i)) + rng.below(2_000);
  const isProved = i % 90 !== 0;
  return {
    pubkey: toBase58(key, 0, 32),
    proved: isProved,
    stake,
    liveness: madeUpLife(rng, isProved),
    firstSeenMs: 500 + rng.below(4_000),
    lastSeenMs: 742_000 + rng.below(12_000),
    gossip: `${ip}:8001`,
    tvu: i % 3 === 0 ? null : `${ip}:8002`,
    rpc: null,
    tpuQuic: null,
    version: choose(rng, VERSIONS),
    client: choose(rng, CLIENTS),
    clientId: 3,
    commit: '00000000',
    featureSet: 1,
    shredVersion: 50_093,
    wallclock: NOON_MS,
    outset: '0',
    sockets: [],
  };
}

/** 97 % of what there is. */
const COVERAGE: Coverage = {
  nodes: 3_784,
  low: 3_752,
  high: 3_831,
  confidence: 0.95,
  known: 3_671,
  samples: 96,
  captured: 402,
  recaptured: 390,
};

/** All nodes. */
export function madeUpNodes(count = NODES): NodeInfo[] {
  const rng = seededRng(7);
  return Array.from({ length: count }, (_, i) => madeUpNode(rng, i));
}

/** A kind of which so much was heard in so many seconds. */
function kind(
  seconds: number,
  perSecond: number,
  size: number,
  copies: number,
  held: number,
): KindTraffic {
  const fresh = Math.round((seconds * perSecond) / (1 + copies));
  const all = Math.round(seconds * perSecond);
  const amount = (values: number): { values: number; bytes: number } => ({
    values,
    bytes: values * size,
  });
  return {
    pushed: amount(all - Math.round(seconds)),
    pulled: amount(Math.round(seconds)),
    fresh: amount(fresh),
    copies: amount(all - fresh),
    outdated: 0,
    refused: 0,
    relayed: amount(fresh * 5),
    served: amount(Math.round(seconds * 2)),
    held: amount(held),
  };
}

/** What was counted after so many seconds. */
export function madeUpTraffic(seconds: number): TrafficStats {
  const packets = (perSecond: number, size: number): Datagrams => ({
    packets: Math.round(seconds * perSecond),
    bytes: Math.round(seconds * perSecond) * size,
  });
  const [first, second, third] = madeUpNodes(3) as [NodeInfo, NodeInfo, NodeInfo];
  return {
    seconds,
    kinds: {
      Vote: kind(seconds, 8_204, 472, 5.1, 41_210),
      EpochSlots: kind(seconds, 1_411, 912, 4.4, 30_118),
      ContactInfo: kind(seconds, 1_012, 401, 5.9, 3_671),
      DuplicateShred: kind(seconds, 61, 1_102, 4.8, 9_120),
      LowestSlot: kind(seconds, 212, 165, 5.2, 2_902),
      SnapshotHashes: kind(seconds, 304, 244, 5, 1_602),
    },
    classes: {
      unproved: { in: packets(120, 900), out: packets(14, 132) },
      unstaked: { in: packets(1_240, 980), out: packets(1_900, 1_090) },
      staked: { in: packets(3_610, 1_110), out: packets(3_204, 1_101) },
      entrypoint: { in: packets(9, 1_200), out: packets(2, 1_232) },
    },
    received: {
      pullRequest: packets(212, 1_232),
      pullResponse: packets(64, 1_150),
      push: packets(4_480, 1_080),
      prune: packets(31, 480),
      ping: packets(18, 132),
      pong: packets(19, 132),
      refused: packets(155, 610),
    },
    sent: {
      pong: packets(18, 132),
      ping: packets(20, 132),
      prune: packets(44, 420),
      pullRequest: packets(88, 1_232),
      push: packets(4_700, 1_090),
      pullResponse: packets(250, 1_180),
    },
    stakesKnown: true,
    originCount: 3_690,
    voterCount: 1_290,
    relayerCount: 801,
    origins: [
      { pubkey: first.pubkey, stake: 1, values: 41_202, bytes: 19_411_022, fresh: 6_710 },
      { pubkey: second.pubkey, stake: 2, values: 30_118, bytes: 14_222_010, fresh: 5_020 },
    ],
    relayers: [
      {
        pubkey: third.pubkey,
        stake: 3,
        packets: 91_000,
        bytes: 98_400_112,
        values: 250_114,
        fresh: 51_902,
        copies: 198_000,
      },
    ],
  };
}

/** A sample so many seconds after the start. */
export function madeUpSample(seconds: number): WatchSample {
  const traffic = madeUpTraffic(seconds);
  const received = Object.values(traffic.kinds).reduce(
    (n, k) => n + k.pushed.values + k.pulled.values,
    0,
  );
  const stats = {
    datagrams: { received: 0, kernelDropped: 0, shed: 1_204, outcomes: {} },
    values: { received, outcomes: {}, signaturesChecked: 0, signaturesSaved: 0 },
    notSent: { push: 12 },
    traffic,
  };
  return {
    atMs: seconds * 1_000,
    wallMs: NOON_MS + seconds * 1_000,
    elapsedMs: seconds * 1_000,
    summary: { proved: 3_671, unproved: 41, validators: 1_402, values: 88_623 },
    // Of all that a spy counts, the view shows these.
    stats: stats as unknown as SpyStats,
    coverage: COVERAGE,
  };
}

/** Some changes, oldest first. */
export function madeUpChanges(): NodeChange[] {
  const [first, second, third] = madeUpNodes(3) as [NodeInfo, NodeInfo, NodeInfo];
  const head = (node: NodeInfo, seq: number) => ({
    seq,
    at: NOON_MS + 740_000 + seq * 1_000,
    pubkey: node.pubkey,
    via: { route: 'push', from: null } as const,
    gossip: node.gossip,
    version: node.version,
  });
  const state = (node: NodeInfo) => ({ ...node, voted: null, snapshot: null });
  return [
    { ...head(first, 1), kind: 'appeared', old: null, new: state(first) },
    { ...head(second, 2), kind: 'version', old: '4.3.2', new: '4.4.0' },
    { ...head(third, 3), kind: 'voted', old: null, new: 380_000_000 },
    { ...head(third, 4), kind: 'disappeared', old: state(third), new: null },
    { ...head(first, 5), kind: 'moved', old: '192.0.2.1:8001', new: '192.0.2.9:8001' },
    { ...head(second, 6), kind: 'duplicateInstance', old: '1', new: '2' },
  ];
}

/** The view after twelve and a half minutes. */
export function madeUpState(wishes: Partial<WatchState> = {}): WatchState {
  let state = startState({
    identity: madeUpNodes(1)[0]!.pubkey,
    gossip: '203.0.113.7:8001',
    shredVersion: 50_093,
    cluster: 'mainnet',
  });
  for (let seconds = 744; seconds <= 754; seconds += 0.5) {
    const wobble = seconds + Math.sin(seconds * 2) / 8;
    state = hear(state, {
      kind: 'sample',
      sample: { ...madeUpSample(wobble), atMs: seconds * 1_000, elapsedMs: seconds * 1_000 },
    });
  }
  state = hear(state, { kind: 'nodes', nodes: madeUpNodes() });
  state = hear(state, { kind: 'changes', changes: madeUpChanges() });
  return { ...state, ...wishes };
}
