import type { IntervalHistogram } from 'node:perf_hooks';
import type { HearingReport } from '../node/hearing.ts';
import { EGRESS_NAMES } from '../node/outbox.ts';
import type { SpyNode } from '../node/spy.ts';
import type { StakeReport } from '../node/stake-keeper.ts';
import type { StoreReport } from '../node/store-keeper.ts';
import type { ClockReport } from '../node/timekeeper.ts';
import { Counter, counterTotal } from '../shm/counters.ts';
import { OUTCOME_COUNT, outcomeName, outcomeStage } from '../util/outcome.ts';
import { KIND_COUNT, KIND_NAMES } from '../wire/limits.ts';
import { collectTraffic, type TrafficStats } from './traffic.ts';

/** How often the loop's delay is sampled; a sample contains this time itself. @units ms */
export const LOOP_RESOLUTION_MS = 10;

/** Everything a spy counted: the form of `--stats`. */
export interface SpyStats {
  datagrams: {
    received: number;
    /** Thrown away by the kernel because we did not read in time. */
    kernelDropped: number;
    /** Dropped by ourselves under load; part of `received`. */
    shed: number;
    /** Each received datagram is in exactly one of these. */
    outcomes: Record<string, number>;
  };
  /** Values in accepted pushes and pull responses, and what became of each. */
  values: {
    received: number;
    outcomes: Record<string, number>;
    signaturesChecked: number;
    /** Values that needed no check because they had been verified before. */
    signaturesSaved: number;
    /** Of those checked, by table (verifier `known`). */
    signaturesByTable: number;
    /** Tables made for keys that recur. */
    keyTables: number;
    /** Verdicts on signatures that were checked again, and those of them that were wrong. */
    audited: number;
    auditDisagreements: number;
  };
  table: { values: number; byKind: Record<string, number> };
  /** Datagrams sent by sort, and those that found no place in the queue. */
  sent: Record<string, number>;
  sentBytes: number;
  notSent: Record<string, number>;
  /** Datagrams of `sent` that the system refused: no route, no buffer, forbidden. */
  sendFailed: number;
  /** Prunes of others that found something to change in what we push, and the pairs of peer and origin they named. */
  prunes: { obeyed: number; routes: number };
  /** Work besides listening: pull requests that have no outcome yet, and what went wrong. */
  tasks: { requestsWaiting: number; failed: number; pullRoundsSkipped: number };
  /** How knowing the stakes goes; null without a source. */
  stakes: StakeReport | null;
  /** How storing goes; null without a store. */
  store: StoreReport | null;
  /** How the machine's clock stands to that of the network. */
  clock: ClockReport;
  /** Whether others are heard. */
  hearing: HearingReport;
  nodes: { origins: number; unproved: number; proofs: number; activeSet: number };
  /** Who sent what to whom: kinds, origins, relayers, classes of peers. */
  traffic: TrafficStats;
  process: { cpuSeconds: number; maxRssBytes: number; eventLoopDelayP99Ms: number };
}

/** Gathers the counters of a node and of its process. */
export function collectStats(
  node: SpyNode,
  loop: IntervalHistogram,
  stakes: StakeReport | undefined,
  store?: StoreReport,
): SpyStats {
  const { parts, contacts } = node;
  const { transport, view, outbox, regions } = parts;
  const total = (place: number): number => counterTotal(regions.counters, place);
  const packets: Record<string, number> = {};
  const values: Record<string, number> = {};
  let shed = 0;
  for (let i = 0; i < OUTCOME_COUNT; i++) {
    const count = total(i);
    const code = i === 0 ? 0 : -i;
    const stage = outcomeStage(code);
    if (stage === 'shed') shed += count;
    if (count > 0) (stage === 'value' ? values : packets)[outcomeName(code)] = count;
  }
  const { signatures, knownValues } = node.counts();
  const { user, system } = process.cpuUsage();
  return {
    datagrams: {
      received: total(Counter.DATAGRAMS_RECEIVED),
      kernelDropped: transport.kernelDropped(),
      shed,
      outcomes: packets,
    },
    values: {
      received: total(Counter.VALUES_RECEIVED),
      outcomes: values,
      signaturesChecked: signatures,
      signaturesSaved: knownValues,
      signaturesByTable: total(Counter.SIGNATURES_BY_TABLE),
      keyTables: total(Counter.KEY_TABLES_BUILT),
      audited: total(Counter.SIGNATURES_AUDITED),
      auditDisagreements: total(Counter.AUDIT_DISAGREEMENTS),
    },
    table: { values: view.size, byKind: countByKind(node) },
    sent: byClass(outbox.sent),
    sentBytes: outbox.sentBytes.reduce((sum, n) => sum + n, 0),
    notSent: byClass(outbox.dropped),
    sendFailed: transport.failedSends(),
    prunes: { obeyed: total(Counter.PRUNES_OBEYED), routes: total(Counter.ROUTES_PRUNED) },
    tasks: {
      requestsWaiting: node.answers.lane.waiting,
      failed: total(Counter.TASKS_FAILED),
      pullRoundsSkipped: total(Counter.PULL_ROUNDS_SKIPPED),
    },
    stakes: stakes ?? null,
    store: store ?? null,
    clock: parts.clock.report(),
    hearing: parts.hearing.report(),
    nodes: {
      origins: view.peers.size,
      unproved: parts.unproved.size,
      proofs: contacts.proofs,
      activeSet: parts.activeSet.peerCount,
    },
    traffic: collectTraffic(regions, parts.clock.monoMs()),
    process: {
      cpuSeconds: (user + system) / 1e6,
      maxRssBytes: process.resourceUsage().maxRSS * 1024,
      eventLoopDelayP99Ms: Math.max(0, loop.percentile(99) / 1e6 - LOOP_RESOLUTION_MS),
    },
  };
}

function countByKind(node: SpyNode): Record<string, number> {
  const byKind: Record<string, number> = {};
  for (let kind = 0; kind < KIND_COUNT; kind++) {
    const count = node.parts.view.countOfKind(kind);
    const name = KIND_NAMES[kind];
    if (count > 0 && name) byKind[name] = count;
  }
  return byKind;
}

function byClass(counts: Float64Array): Record<string, number> {
  return Object.fromEntries(EGRESS_NAMES.map((name, i) => [name, counts[i]!]));
}
