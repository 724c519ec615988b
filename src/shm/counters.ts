/**
 * Counters: each thread adds to a block of its own, anybody may read them, approximately. The first
 * counters are the outcomes of packets and values, by code; what else is counted has its name here.
 */
import { assert } from '../util/assert.ts';
import { OUTCOME_COUNT, outcomeName } from '../util/outcome.ts';
import { COUNTERS_PER_THREAD, THREAD_COUNT } from './layout.ts';
import type { RegionColumns } from './regions.ts';

/** Outcomes have the places 0 to 127 (−code), everything else follows. */
const FIRST_OTHER = 128;

/** Other things that are counted. Append, never reorder: the number is the place. */
const OTHER_NAMES = [
  'DATAGRAMS_RECEIVED',
  'DATAGRAMS_SENT',
  'BYTES_RECEIVED',
  'BYTES_SENT',
  'SEND_FAILED',
  'KERNEL_DROPPED',
  'SIGNATURES_CHECKED',
  'SIGNATURES_SAVED',
  'VALUES_RECEIVED',
  'VALUES_EVICTED',
  'VALUES_TIMED_OUT',
  'VALUES_TRIMMED',
  'ROWS_BUSY',
  'SHARDS_ABANDONED',
  'JOURNAL_LOST',
  'INVARIANTS_VIOLATED',
  'TASKS_FAILED',
  'PULL_ROUNDS_SKIPPED',
  'SIGNATURES_BY_TABLE',
  'KEY_TABLES_BUILT',
  'SIGNATURES_AUDITED',
  'AUDIT_DISAGREEMENTS',
  'THREADS_WITHOUT_TABLES',
  'PRUNES_OBEYED',
  'ROUTES_PRUNED',
] as const;

/** Name of a counter that is no outcome. */
export type CounterName = (typeof OTHER_NAMES)[number];

/** Place of each counter that is no outcome, in a thread's block. */
export const Counter = Object.freeze(
  Object.fromEntries(OTHER_NAMES.map((name, i) => [name, FIRST_OTHER + i])),
) as Readonly<Record<CounterName, number>>;

assert(OUTCOME_COUNT <= FIRST_OTHER, 'more outcomes than places for them');
assert(FIRST_OTHER + OTHER_NAMES.length <= COUNTERS_PER_THREAD, 'more counters than places');

/**
 * The block of one thread: `block[-outcome]! += 1` counts an outcome, `block[Counter.NAME]! += n` the rest.
 *
 * @owner that thread
 */
export function counterBlock(counters: RegionColumns<'counters'>, thread: number): Float64Array {
  assert(thread >= 0 && thread < THREAD_COUNT, `there is no thread ${thread}`);
  return counters.values.subarray(thread * COUNTERS_PER_THREAD, (thread + 1) * COUNTERS_PER_THREAD);
}

/** One counter, over all threads. */
export function counterTotal(counters: RegionColumns<'counters'>, place: number): number {
  let total = 0;
  for (let thread = 0; thread < THREAD_COUNT; thread++) {
    total += counters.values[thread * COUNTERS_PER_THREAD + place]!;
  }
  return total;
}

/** All outcomes that happened, by name, over all threads. */
export function outcomeCounts(counters: RegionColumns<'counters'>): Record<string, number> {
  const counts: Record<string, number> = {};
  for (let i = 0; i < OUTCOME_COUNT; i++) {
    const total = counterTotal(counters, i);
    if (total > 0) counts[outcomeName(i === 0 ? 0 : -i)] = total;
  }
  return counts;
}

/** Everything else that is counted, by name, over all threads, zeros included. */
export function otherCounts(counters: RegionColumns<'counters'>): Record<CounterName, number> {
  return Object.fromEntries(
    OTHER_NAMES.map((name) => [name, counterTotal(counters, Counter[name])]),
  ) as Record<CounterName, number>;
}
