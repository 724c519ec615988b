/** Every limit of a node in one place: what it is, what happens beyond it, and where that is counted. */
import { NETWORK_LIMITS } from '../crds/evict.ts';
import { MAX_PUBKEYS } from '../crds/expire.ts';
import { ORIGIN_LIMITS } from '../crds/table.ts';
import { KNOWN_KEYS_DEFAULTS } from '../crypto/verify-known.ts';
import { BUDGET_CELLS, SCAN_ALL_REFILL_PER_SECOND } from '../gossip/budget.ts';
import { PROOF_CAPACITY } from '../gossip/ping.ts';
import {
  PING_DESTINATIONS,
  PING_QUEUE,
  PINGS_PER_IP,
  PINGS_PER_SECOND,
} from '../gossip/ping-limits.ts';
import { MAX_FILTER_KEYS } from '../gossip/policy.ts';
import { MAX_RESPONSE_PACKETS, MAX_SCANNED } from '../gossip/pull-serve.ts';
import { MAX_PUSHES } from '../gossip/push.ts';
import { BLOCK_RELAYERS, RECEIVED_BLOCKS, RECEIVED_ORIGINS } from '../gossip/received-cache.ts';
import { UNPROVED_CAPACITY } from '../gossip/unproved.ts';
import { Counter, counterTotal } from '../shm/counters.ts';
import { BATCH_SLOTS, type Capacities, DEFAULT_CAPACITIES, PLACE_BYTES } from '../shm/layout.ts';
import { totalBytes } from '../shm/plan.ts';
import { SpyError } from '../util/assert.ts';
import { Outcome } from '../util/outcome.ts';
import { INFLATE_BYTES } from '../wire/limits.ts';
import { DEFAULT_OUTBOX } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import { SIGHTINGS } from './sightings.ts';
import { RECEIVE_BUFFER_BYTES } from './udp.ts';

/** What the whole process may take: resident memory, external buffers included. @source reliability 5 */
export const MEMORY_CEILING_BYTES = 2 ** 30;

/** Node itself, the program, its native libraries: 86 MiB resident in a node that nobody speaks to. */
const RUNTIME_BYTES = 96 * 2 ** 20;

/** A thread with its heap: 17 MiB resident when idle, and room for what it has not collected. */
const THREAD_BYTES = 28 * 2 ** 20;

/** All that tables for known keys may take, at the default: docs/known-keys.md. */
const KNOWN_KEYS_BYTES = 64 * 2 ** 20;

/** Room for main's heap beyond what is listed here. */
const HEAP_BYTES = 64 * 2 ** 20;

/** One limit. */
export interface Bound {
  readonly item: string;
  readonly limit: number;
  readonly unit: string;
  /** What it may take outside the shared regions. @units bytes */
  readonly bytes: number;
  /** What happens beyond it. */
  readonly onFull: string;
  /** What is counted then, and how often it happened. */
  readonly counter: string;
  readonly count: (parts: NodeParts) => number;
}

const outcomes =
  (...codes: readonly number[]) =>
  (parts: NodeParts): number => {
    const { values } = parts.regions.counters;
    const stride = parts.counters.length;
    let sum = 0;
    for (let at = 0; at < values.length; at += stride) {
      for (const code of codes) sum += values[at - code] ?? 0;
    }
    return sum;
  };

const evicted = (parts: NodeParts): number =>
  parts.counters[Counter.VALUES_EVICTED]! + parts.counters[Counter.VALUES_TRIMMED]!;

/** All limits of a node with these capacities. @source reliability 5 */
export function listBounds(capacities: Capacities = DEFAULT_CAPACITIES): readonly Bound[] {
  return [
    ...received(capacities),
    ...served(capacities),
    ...kept(capacities),
    ...hashes(capacities),
    ...remembered(),
    ...sent(capacities),
  ];
}

function received({ batches }: Capacities): Bound[] {
  return [
    {
      item: 'kernel receive buffer',
      limit: RECEIVE_BUFFER_BYTES,
      unit: 'bytes, asked for; a warning below the half',
      bytes: 0,
      onFull: 'the kernel drops what comes',
      counter: 'datagrams.kernelDropped',
      count: (parts) => parts.transport.kernelDropped(),
    },
    {
      item: 'receive ring',
      limit: batches * BATCH_SLOTS,
      unit: 'datagrams, none older than 2 s',
      bytes: 0,
      onFull: 'what comes is dropped, by class from 40 % full on',
      counter: 'outcomes SHED_*',
      count: outcomes(
        Outcome.SHED_RING_FULL,
        Outcome.SHED_TOO_OLD,
        Outcome.SHED_PULL_REQUEST,
        Outcome.SHED_PUSH_UNPROVED,
        Outcome.SHED_PUSH,
        Outcome.SHED_PULL_RESPONSE,
      ),
    },
  ];
}

function served({ requests }: Capacities): Bound[] {
  return [
    {
      item: 'pull requests that wait',
      limit: requests,
      unit: 'requests',
      bytes: 0,
      onFull: 'refused',
      counter: 'outcome PULL_REQUEST_OVER_BUDGET',
      count: outcomes(Outcome.PULL_REQUEST_OVER_BUDGET),
    },
    {
      item: 'keys of a filter in a pull request',
      limit: MAX_FILTER_KEYS,
      unit: 'hash keys',
      bytes: 0,
      onFull: 'refused',
      counter: 'outcome PULL_REQUEST_OVER_BUDGET',
      count: outcomes(Outcome.PULL_REQUEST_OVER_BUDGET),
    },
    {
      item: 'entries looked at for callers without stake',
      limit: SCAN_ALL_REFILL_PER_SECOND,
      unit: 'entries times keys a second',
      bytes: 0,
      onFull: 'refused',
      counter: 'outcome PULL_REQUEST_OVER_BUDGET',
      count: outcomes(Outcome.PULL_REQUEST_OVER_BUDGET),
    },
    {
      item: 'entries looked at for a pull request',
      limit: MAX_SCANNED,
      unit: 'values, from a random start',
      bytes: 0,
      onFull: 'the rest is not looked at',
      counter: 'datagrams served',
      count: (parts) => parts.outbox.sent[5]!,
    },
    {
      item: 'datagrams in answer to a pull request',
      limit: MAX_RESPONSE_PACKETS,
      unit: 'datagrams, within a budget of bytes',
      bytes: 0,
      onFull: 'the rest is not sent',
      counter: 'notSent.pullResponse',
      count: (parts) => parts.outbox.dropped[5]!,
    },
    {
      item: 'slots inflated from an EpochSlots',
      limit: INFLATE_BYTES,
      unit: 'bytes, only when somebody asks',
      bytes: 0,
      onFull: 'the value is refused',
      counter: 'none: it never happens on receipt',
      count: () => 0,
    },
  ];
}

function kept({ tableRows, peerRows }: Capacities): Bound[] {
  return [
    {
      item: 'table',
      limit: tableRows,
      unit: `values of at most ${PLACE_BYTES} bytes`,
      bytes: 0,
      onFull: 'whole identities leave: least stake, unproved, youngest, from crowded networks',
      counter: 'VALUES_EVICTED, VALUES_TRIMMED',
      count: evicted,
    },
    {
      item: 'identities',
      limit: Math.min(peerRows, MAX_PUBKEYS * 1.1),
      unit: 'identities',
      bytes: 0,
      onFull: 'as for the table',
      counter: 'VALUES_EVICTED, VALUES_TRIMMED',
      count: evicted,
    },
    {
      item: 'values of an origin',
      limit: ORIGIN_LIMITS.values,
      unit: `values of together ${ORIGIN_LIMITS.bytes} bytes`,
      bytes: 0,
      onFull: 'its oldest leave, and what is older still is refused',
      counter: 'table.evicted, outcome VALUE_ORIGIN_FULL',
      count: (parts) => parts.table.evicted + outcomes(Outcome.VALUE_ORIGIN_FULL)(parts),
    },
    {
      item: 'unstaked identities of a /24',
      limit: NETWORK_LIMITS.per24,
      unit: `identities, ${NETWORK_LIMITS.per16} of a /16`,
      bytes: 0,
      onFull: 'one of the group leaves',
      counter: 'VALUES_EVICTED',
      count: evicted,
    },
  ];
}

function hashes({ purgedHashes, failedHashes, verifiedPlaces }: Capacities): Bound[] {
  return [
    {
      item: 'hashes of what was replaced',
      limit: purgedHashes,
      unit: 'hashes, for 60 s',
      bytes: 0,
      onFull: 'the oldest are forgotten',
      counter: 'purged.overflowed',
      count: (parts) => parts.table.purged.overflowed,
    },
    {
      item: 'hashes of what was pulled in vain',
      limit: failedHashes,
      unit: 'hashes, for 20 s',
      bytes: 0,
      onFull: 'the oldest are forgotten',
      counter: 'failed.overflowed',
      count: (parts) => parts.table.failed.overflowed,
    },
    {
      item: 'hashes of what was verified',
      limit: verifiedPlaces,
      unit: 'hashes in two generations',
      bytes: 0,
      onFull: 'the older generation is forgotten',
      counter: 'verified.refused',
      count: (parts) => parts.verified.refused,
    },
  ];
}

function remembered(): Bound[] {
  return [
    {
      item: 'tables for known keys',
      limit: KNOWN_KEYS_DEFAULTS.keys,
      unit: 'keys of 13.5 KiB, one set for all threads',
      bytes: KNOWN_KEYS_BYTES,
      onFull: 'the longest unused gives way, if it was idle; else a key goes without',
      counter: 'KEY_TABLES_BUILT',
      count: (parts) => counterTotal(parts.regions.counters, Counter.KEY_TABLES_BUILT),
    },
    {
      item: 'contact infos that wait for a proof',
      limit: UNPROVED_CAPACITY,
      unit: 'contact infos, for 60 s',
      bytes: UNPROVED_CAPACITY * 1_100,
      onFull: 'the longest unheard leaves',
      counter: 'unproved.evicted',
      count: (parts) => parts.unproved.evicted,
    },
    {
      item: 'proofs of addresses',
      limit: PROOF_CAPACITY,
      unit: 'pairs of key and address, for 1,280 s',
      bytes: PROOF_CAPACITY * 96,
      onFull: 'the oldest leaves: an unproved one when these are more than a sixteenth',
      counter: 'pings.evicted',
      count: (parts) => parts.pings.evicted,
    },
    {
      item: 'who delivered what first',
      limit: RECEIVED_ORIGINS,
      unit: `origins with together ${RECEIVED_BLOCKS * BLOCK_RELAYERS} relayers`,
      bytes: RECEIVED_ORIGINS * 64 + RECEIVED_BLOCKS * (32 + BLOCK_RELAYERS * 36),
      onFull: 'the longest unused leaves',
      counter: 'received.evicted',
      count: (parts) => parts.received.evicted,
    },
    {
      item: 'when identities were first heard of',
      limit: SIGHTINGS,
      unit: 'identities',
      bytes: SIGHTINGS * 180,
      onFull: 'the longest known is forgotten',
      counter: 'sightings.forgotten',
      count: (parts) => parts.sightings.forgotten,
    },
    {
      item: 'cells of limits by address',
      limit: BUDGET_CELLS,
      unit: 'cells, chosen by a keyed hash',
      bytes: BUDGET_CELLS * 16 * 2,
      onFull: 'addresses share a cell',
      counter: 'outcome PING_OVER_BUDGET',
      count: outcomes(Outcome.PING_OVER_BUDGET),
    },
  ];
}

function sent({ egressSlots }: Capacities): Bound[] {
  const refusedPings = (parts: NodeParts): number => parts.pings.limits.skipped;
  return [
    {
      item: 'datagrams that wait to leave',
      limit: egressSlots,
      unit: `datagrams, ${DEFAULT_OUTBOX.bytesPerSecond} bytes a second`,
      bytes: 0,
      onFull: 'pull responses go first, then pushes, requests, prunes, pings; pongs last',
      counter: 'notSent by class',
      count: (parts) => parts.outbox.dropped.reduce((sum, n) => sum + n, 0),
    },
    {
      item: 'pings to an address',
      limit: 2,
      unit: 'pings in 20 s, the second after 2 s',
      bytes: PING_DESTINATIONS * 96,
      onFull: 'not sent; offered again later',
      counter: 'pings.limits.skipped',
      count: refusedPings,
    },
    {
      item: 'pings to an IP',
      limit: PINGS_PER_IP,
      unit: 'pings in 20 s',
      bytes: 0,
      onFull: 'not sent; offered again later',
      counter: 'pings.limits.skipped',
      count: refusedPings,
    },
    {
      item: 'pings to anybody',
      limit: PINGS_PER_SECOND,
      unit: `pings a second; ${PING_QUEUE} addresses wait`,
      bytes: PING_QUEUE * 4,
      onFull: 'they wait, then are not queued',
      counter: 'pings.limits.skipped',
      count: refusedPings,
    },
    {
      item: 'pushes of a round',
      limit: MAX_PUSHES,
      unit: 'values to peers',
      bytes: MAX_PUSHES * 8,
      onFull: 'the rest waits for the next round',
      counter: 'none: nothing is lost',
      count: () => 0,
    },
  ];
}

/**
 * The most that a node may take: shared regions, tables of main, threads, Node itself.
 *
 * @units bytes
 */
export function expectedBytes(capacities: Capacities, threads: number): number {
  const tables = listBounds(capacities).reduce((sum, { bytes }) => sum + bytes, 0);
  return totalBytes(capacities) + tables + threads * THREAD_BYTES + HEAP_BYTES + RUNTIME_BYTES;
}

/** @throws SpyError MEMORY_CEILING when a node with these capacities could outgrow its ceiling */
export function checkMemory(capacities: Capacities, threads: number): void {
  const bytes = expectedBytes(capacities, threads);
  if (bytes <= MEMORY_CEILING_BYTES) return;
  const [need, ceiling] = [bytes, MEMORY_CEILING_BYTES].map((b) => `${Math.ceil(b / 2 ** 20)} MiB`);
  throw new SpyError(
    'MEMORY_CEILING',
    `With ${threads} threads and ${capacities.tableRows} values this could take ${need}, and the ceiling is ${ceiling}. Take fewer --workers.`,
  );
}
