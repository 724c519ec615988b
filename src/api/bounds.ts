/** Every limit of what goes beyond a node, the HTTP API and the store: as `node/bounds` has those of a node. */
import type { Bound } from '../node/bounds.ts';
import { STORE_BYTES } from '../node/store-format.ts';
import type { StoreReport } from '../node/store-keeper.ts';
import { KEPT_CHANGES } from './changes.ts';
import {
  AHEAD_BYTES,
  HEADER_MS,
  MAX_BODY_BYTES,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_PER_ADDRESS,
  MAX_WAITING_BYTES,
  MAX_WAITING_CHANGES,
  REQUEST_MS,
} from './http/limits.ts';
import type { HttpMetrics } from './metrics.ts';
import { MAX_SERIES } from './metrics-text.ts';
import { MAX_PAGE_ROWS } from './observer-api.ts';
import { MAX_BATCH } from './rpc/json-rpc.ts';

/** A change with its text, as it is told to streams. */
const CHANGE_BYTES = 650;

/** What a page or a batch becomes while it is written, before it is compressed. */
const ANSWER_BYTES = 8 * 2 ** 20;

/** A generation of the largest table, in the making: contact infos of all identities, and when they were heard of. */
const GENERATION_BYTES = 16 * 2 ** 20;

/** A limit whose count is in numbers of its own. */
export interface ApiBound<S> extends Omit<Bound, 'count'> {
  readonly count: (source: S) => number;
}

/** How often requests were answered with a status. */
const answers =
  (...statuses: readonly number[]) =>
  ({ requests }: HttpMetrics): number =>
    [...requests]
      .filter(([key]) => statuses.some((status) => key.endsWith(` ${status}`)))
      .reduce((sum, [, count]) => sum + count, 0);

const refused =
  (reason: string) =>
  (http: HttpMetrics): number =>
    http.refused[reason] ?? 0;

/** All limits of the HTTP API. @source reliability 5, API, event subscriber, metrics */
export function listHttpBounds(): readonly ApiBound<HttpMetrics>[] {
  return [...connections(), ...questions(), ...streams()];
}

function connections(): ApiBound<HttpMetrics>[] {
  return [
    {
      item: 'connections of the API',
      limit: MAX_CONNECTIONS,
      unit: 'connections',
      bytes: MAX_CONNECTIONS * (MAX_HEADER_BYTES + MAX_BODY_BYTES),
      onFull: 'the next is told 503 and ended',
      counter: 'http_refused too_many',
      count: refused('tooMany'),
    },
    {
      item: 'connections from an address',
      limit: MAX_PER_ADDRESS,
      unit: 'connections',
      bytes: 0,
      onFull: 'the next is told 429 and ended',
      counter: 'http_refused too_many_of_address',
      count: refused('tooManyOfAddress'),
    },
    {
      item: 'headers of a request',
      limit: HEADER_MS / 1000,
      unit: `seconds, ${MAX_HEADER_BYTES / 1024} KiB`,
      bytes: 0,
      onFull: '408 or 431, and the end of the connection',
      counter: 'http_refused broken',
      count: refused('broken'),
    },
    {
      item: 'answer to a request',
      limit: REQUEST_MS / 1000,
      unit: 'seconds until it is taken, and as many for the request',
      bytes: 2 * ANSWER_BYTES,
      onFull: 'the end of the connection',
      counter: 'http_refused too_slow',
      count: refused('tooSlow'),
    },
  ];
}

function questions(): ApiBound<HttpMetrics>[] {
  return [
    {
      item: 'body of a request',
      limit: MAX_BODY_BYTES,
      unit: 'bytes',
      bytes: 0,
      onFull: 'refused with status 413',
      counter: 'http_requests status 413',
      count: answers(413),
    },
    {
      item: 'requests of a batch',
      limit: MAX_BATCH,
      unit: 'requests',
      bytes: 0,
      onFull: 'refused with error -32600',
      counter: 'http_rpc_errors code -32600',
      count: ({ rpcErrors }) => rpcErrors.get(-32_600) ?? 0,
    },
    {
      item: 'rows of a page',
      limit: MAX_PAGE_ROWS,
      unit: 'rows',
      bytes: 0,
      onFull: 'refused with status 400',
      counter: 'http_requests status 400',
      count: answers(400),
    },
    {
      item: 'series of metrics',
      limit: MAX_SERIES,
      unit: 'series; labels from the wire are the 20 commonest versions',
      bytes: 0,
      onFull: 'left out',
      counter: 'metrics_refused_series',
      count: () => 0, // counted anew in every answer
    },
  ];
}

function streams(): ApiBound<HttpMetrics>[] {
  return [
    {
      item: 'changes waiting for a reader',
      limit: MAX_WAITING_CHANGES,
      unit: `changes or ${MAX_WAITING_BYTES / 2 ** 20} MiB; of them ${AHEAD_BYTES / 1024} KiB and a frame are held for it`,
      bytes: MAX_CONNECTIONS * 2 * AHEAD_BYTES,
      onFull: 'told so and disconnected, when it takes nothing for 5 s',
      counter: 'http_streams_slow',
      count: ({ endedSlow }) => endedSlow,
    },
    {
      item: 'changes kept',
      limit: KEPT_CHANGES,
      unit: 'votes, and as many other changes',
      bytes: 2 * KEPT_CHANGES * CHANGE_BYTES,
      onFull: 'the oldest are forgotten; who asks for them is told of a gap',
      counter: 'http_gaps',
      count: ({ gaps }) => gaps,
    },
  ];
}

/** The limits of the store. @source reliability 5, store */
export function listStoreBounds(): readonly ApiBound<StoreReport>[] {
  return [
    {
      item: 'store',
      limit: STORE_BYTES,
      unit: 'bytes a generation, and there are two',
      bytes: GENERATION_BYTES,
      onFull: 'not written; an alarm until one is',
      counter: 'store_failed',
      count: ({ failed }) => failed,
    },
  ];
}
