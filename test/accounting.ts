/** Promise C3, for every test that has a node: what came in ended in exactly one outcome, to the packet. */
import type { SpyStats } from '../src/api/stats.ts';
import type { SpyNode } from '../src/node/spy.ts';
import { RingWord } from '../src/shm/control-words.ts';
import { Counter, counterTotal } from '../src/shm/counters.ts';
import { COUNTERS_PER_THREAD, LINE_I32, THREAD_COUNT } from '../src/shm/layout.ts';
import { packetOf } from '../src/shm/slab.ts';
import { OUTCOME_COUNT, outcomeStage } from '../src/util/outcome.ts';

/** What a node has counted. */
export interface Account {
  /** Datagrams received, and what became of them. */
  readonly received: number;
  readonly outcomes: number;
  /** In the open batch or the ring, or admitted and not yet served. */
  readonly waiting: number;
  readonly values: number;
  readonly valueOutcomes: number;
}

/** Places of the outcomes of values, and of those of datagrams. */
const PLACES = Array.from({ length: OUTCOME_COUNT }, (_, i) => i);
const isOfValue = (place: number): boolean => outcomeStage(place === 0 ? 0 : -place) === 'value';
const OF_VALUES = Uint8Array.from(PLACES.filter(isOfValue));
const OF_DATAGRAMS = Uint8Array.from(PLACES.filter((place) => !isOfValue(place)));

/**
 * The account of a node, over all its threads.
 *
 * @param threads how many of them may have counted outcomes
 */
export function accountOf(node: SpyNode, threads = THREAD_COUNT): Account {
  const { regions } = node.parts;
  let outcomes = 0;
  let valueOutcomes = 0;
  const { values } = regions.counters;
  for (let thread = 0; thread < threads; thread++) {
    const block = thread * COUNTERS_PER_THREAD;
    for (let i = 0; i < OF_VALUES.length; i++) valueOutcomes += values[block + OF_VALUES[i]!]!;
    for (let i = 0; i < OF_DATAGRAMS.length; i++) outcomes += values[block + OF_DATAGRAMS[i]!]!;
  }
  return {
    received: counterTotal(regions.counters, Counter.DATAGRAMS_RECEIVED),
    outcomes,
    waiting: node.gathered + inRing(node) + node.answers.lane.waiting,
    values: counterTotal(regions.counters, Counter.VALUES_RECEIVED),
    valueOutcomes,
  };
}

/** The difference, in words; undefined when there is none. */
export function imbalance(account: Account): string | undefined {
  const { received, outcomes, waiting, values, valueOutcomes } = account;
  const sum = outcomes + waiting;
  if (sum !== received) {
    return `${outcomes} outcomes and ${waiting} waiting for ${received} received`;
  }
  return values === valueOutcomes ? undefined : `${valueOutcomes} outcomes for ${values} values`;
}

/** The same of a process, by what it wrote with `--stats`. */
export function imbalanceOfStats({ datagrams, tasks, values }: SpyStats): string | undefined {
  const total = (counts: Readonly<Record<string, number>>): number =>
    Object.values(counts).reduce((sum, n) => sum + n, 0);
  return imbalance({
    received: datagrams.received,
    outcomes: total(datagrams.outcomes),
    waiting: tasks.requestsWaiting,
    values: values.received,
    valueOutcomes: total(values.outcomes),
  });
}

/** Calls back for each slot that waits in the ring. @returns how many do */
export function inRing(node: SpyNode, see: (packet: number) => void = () => {}): number {
  const { regions } = node.parts;
  const { words, count, order } = regions.ring;
  const { batches } = regions.capacities;
  const head = words[RingWord.HEAD * LINE_I32]!;
  let waiting = 0;
  for (let i = words[RingWord.TAIL * LINE_I32]!; i !== head; i = (i + 1) | 0) {
    const batch = order[i & (batches - 1)]!;
    const slots = count[batch * LINE_I32]!;
    for (let slot = 0; slot < slots; slot++) see(packetOf(batch, slot));
    waiting += slots;
  }
  return waiting;
}
