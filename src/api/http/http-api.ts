/**
 * The HTTP API, put together: in the observer's thread, so that nothing which anybody asks is felt by the
 * node. Main is asked for its numbers at most once a second, and waits for nothing.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import type { Hasher } from '../../crds/label.ts';
import { TableView } from '../../crds/view.ts';
import type { Regions } from '../../shm/regions.ts';
import { SpyError } from '../../util/assert.ts';
import type { Clock } from '../../util/clock.ts';
import type { Remote } from '../comlink.ts';
import { LoopWatch, MainSight, type ReportSource } from '../main-report.ts';
import { type HttpMetrics, metricsText } from '../metrics.ts';
import { NodeList } from '../node-list.ts';
import type { Observer } from '../observer.ts';
import { POLL_MS } from '../observer-api.ts';
import { ClusterNodes } from '../rpc/cluster-nodes.ts';
import { rpcMethods } from '../rpc/methods.ts';
import { VoteAccounts } from '../rpc/vote-accounts.ts';
import { type Bindings, createApp } from './app.ts';
import { HttpError } from './errors.ts';
import { CHANGE_PARAMETERS, Params } from './params.ts';
import { Resources } from './resources.ts';
import { HttpServer, refuse } from './server.ts';
import type { ListenAddress } from './settings.ts';
import { isForeignPage, ResponseSink, WebSocketSink } from './sinks.ts';
import { StreamHub } from './stream-hub.ts';

/** How often the journal is looked at while somebody follows: sooner for a few, as each costs a write. */
const FEW_STREAMS = 16;
const FEW_POLL_MS = 10;
const MANY_POLL_MS = 25;

/** Subscribers have nothing to say to us. */
const MAX_MESSAGE_BYTES = 4_096;

/** A subscriber's socket whose other end is gone is noticed by this. */
const PING_MS = 30_000;

/** How long streams may take to hear the last. */
const CLOSE_MS = 300;

/** At most one line of the log in this time. @source reliability 5, log */
const BUG_MS = 1_000;

/** Answers are counted by route and status, of which there are not many. */
const MAX_COUNTED = 200;

/** Facts about the spy that stay as they are. */
export interface SpyFacts {
  readonly identity: string;
  readonly shredVersion: number;
  /** Whether the cluster lives on private or loopback addresses. */
  readonly allowPrivate: boolean;
  /** What our contact info says of our software. */
  readonly version: string;
  readonly featureSet: number;
  /** When the spy started. @units ms since the Unix epoch; ms of the table's clock */
  readonly startedWallMs: number;
  readonly startedSteadyMs: number;
  /** What the table's clock is ahead of the monotonic one. @units ms */
  readonly steadyOffsetMs: number;
}

/** Where to listen, and what to say of ourselves. */
export interface HttpSetup {
  readonly address: ListenAddress;
  readonly facts: SpyFacts;
}

/** Where it listens, or why it does not. */
export type HttpOpened =
  | { readonly at: ListenAddress }
  | { readonly refused: { readonly code: string; readonly message: string } };

/** What the API is made from. */
export interface HttpApiOptions {
  readonly facts: SpyFacts;
  readonly regions: Regions;
  readonly hasher: Hasher;
  readonly observer: Observer;
  readonly main: Remote<ReportSource>;
  readonly clock: Clock;
  /** How long a reader of a stream may take nothing while much waits. */
  readonly stallMs?: number | undefined;
}

/** @owner the observer's thread */
export class HttpApi {
  /** Answers a request as the server does, but for streams. */
  readonly fetch: (request: Request) => Promise<Response>;
  readonly #options: HttpApiOptions;
  readonly #server: HttpServer;
  readonly #hub: StreamHub;
  readonly #webSockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: false,
  });
  readonly #nodes: NodeList;
  readonly #resources: Resources;
  readonly #main: MainSight;
  readonly #loop = new LoopWatch();
  readonly #requests = new Map<string, number>();
  readonly #rpcErrors = new Map<number, number>();
  readonly #changesByKind = new Map<string, number>();
  #toldMs = Number.NEGATIVE_INFINITY;
  #endCount: () => void = () => {};

  constructor(options: HttpApiOptions) {
    this.#options = options;
    const { facts, regions, hasher, observer, clock, main } = options;
    const fail = (error: unknown): void => this.#bug(error);
    const view = new TableView(regions, hasher);
    const { mirror } = observer;
    this.#main = new MainSight((withUnproved) => main.report(withUnproved), clock);
    this.#nodes = new NodeList({
      regions,
      view,
      mirror,
      identity: facts.identity,
      steadyMs: () => Math.round(clock.monoMs() + facts.steadyOffsetMs),
      startedMs: facts.startedSteadyMs,
      unproved: () => this.#main.unproved(),
    });
    const setPace = (open: number): void => this.#setPace(open);
    this.#hub = new StreamHub(observer.changes, clock, setPace, options.stallMs);
    this.#resources = new Resources({
      observer,
      nodes: this.#nodes,
      main: this.#main,
      clock,
      identity: facts.identity,
      shredVersion: facts.shredVersion,
      startedWallMs: facts.startedWallMs,
      httpCounts: () => this.counts,
    });
    const methods = rpcMethods({
      identity: facts.identity,
      version: facts.version,
      featureSet: facts.featureSet,
      clusterNodes: new ClusterNodes(view, mirror, facts.allowPrivate),
      voteAccounts: new VoteAccounts(view, mirror),
      nodes: () => this.#nodes.judged(this.#nodes.proved()),
      knowsStakes: () => this.#nodes.knowsStakes,
      troubles: () => this.#resources.troubles(),
      genesisHash: () => main.genesisHash(),
    });
    const app = createApp({
      resources: this.#resources,
      methods,
      metrics: () => this.#metrics(),
      stream: (params, lastEventId, bindings) => this.#stream(params, lastEventId, bindings),
      answered: (route, status) => this.#count(`${route} ${status}`),
      rpcRefused: (code) => this.#rpcErrors.set(code, (this.#rpcErrors.get(code) ?? 0) + 1),
      fail,
    });
    this.fetch = async (request) => app.fetch(request);
    const listener = getRequestListener(app.fetch, { overrideGlobalObjects: false });
    this.#server = new HttpServer(
      {
        request: (request, response) => {
          listener(request, response).catch(fail);
        },
        upgrade: (request, socket, head) => this.#upgrade(request, socket, head),
      },
      clock,
    );
  }

  /** Begins to listen. @returns where, with the port that was free @throws SpyError */
  async listen(address: ListenAddress): Promise<ListenAddress> {
    const at = await this.#server.listen(address);
    this.#loop.start();
    this.#endCount = this.#options.observer.changes.subscribe({}, (changes) => {
      for (const { kind } of changes) {
        this.#changesByKind.set(kind, (this.#changesByKind.get(kind) ?? 0) + 1);
      }
    });
    // So that it is known whether main lives, before anybody asks.
    await this.#main.report();
    return at;
  }

  /** Tells the streams that this is the end, and closes. */
  async close(): Promise<void> {
    this.#endCount();
    this.#loop.stop();
    this.#hub.stop();
    this.#webSockets.close();
    await this.#server.close(CLOSE_MS);
  }

  #setPace(open: number): void {
    const few = open <= FEW_STREAMS ? FEW_POLL_MS : MANY_POLL_MS;
    this.#options.observer.start(open === 0 ? POLL_MS : few);
  }

  #stream(params: Params, lastEventId: string | undefined, { incoming, outgoing }: Bindings): void {
    const filter = params.changeFilter();
    const since = sinceOf(params, lastEventId);
    const isEvents = (incoming.headers.accept ?? '').includes('text/event-stream');
    this.#server.goesOn(outgoing);
    outgoing.writeHead(200, {
      'content-type': isEvents ? 'text/event-stream' : 'application/x-ndjson',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      'x-content-type-options': 'nosniff',
    });
    outgoing.flushHeaders();
    const sink = new ResponseSink(outgoing, this.#options.clock);
    const stream = this.#hub.begin(filter, isEvents ? 'events' : 'ndjson', since, sink);
    outgoing.on('drain', () => stream.drained());
    outgoing.once('close', () => stream.closed());
    outgoing.on('error', () => outgoing.destroy());
  }

  /** A request to become a WebSocket. */
  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => socket.destroy());
    try {
      const url = new URL(request.url ?? '/', 'http://localhost');
      if (url.pathname !== '/v1/changes/stream') {
        throw new HttpError(404, 'NO_SUCH_PATH', 'WebSockets are at /v1/changes/stream.');
      }
      if (isForeignPage(request)) {
        refuse(socket, 403, 'Pages of other sites may not connect.');
        return;
      }
      const params = new Params(url.searchParams, CHANGE_PARAMETERS);
      const filter = params.changeFilter();
      const since = sinceOf(params, undefined);
      this.#webSockets.handleUpgrade(request, socket, head, (webSocket) => {
        const { clock } = this.#options;
        const sink = new WebSocketSink(webSocket, clock);
        const stream = this.#hub.begin(filter, 'websocket', since, sink);
        let isThere = true;
        const cancelPings = clock.every(PING_MS, () => {
          if (!isThere) webSocket.terminate();
          isThere = false;
          webSocket.ping();
        });
        webSocket.on('pong', () => {
          isThere = true;
        });
        socket.on('drain', () => stream.drained());
        webSocket.once('close', () => {
          cancelPings();
          stream.closed();
        });
        webSocket.on('error', () => webSocket.terminate());
        this.#count('/v1/changes/stream 101');
      });
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      refuse(socket, error.status === 404 ? 404 : 400, error.message);
    }
  }

  async #metrics(): Promise<string> {
    const { facts, regions, observer } = this.#options;
    const report = await this.#main.report();
    return metricsText({
      regions,
      identity: facts.identity,
      shredVersion: facts.shredVersion,
      startedWallMs: facts.startedWallMs,
      report,
      isReady: (await this.#resources.troubles()).length === 0,
      nodes: this.#nodes.counted(),
      observer: observer.status(),
      observerLoop: this.#loop.take(),
      changes: observer.changes,
      changesByKind: this.#changesByKind,
      http: this.#httpMetrics(),
    });
  }

  #httpMetrics(): HttpMetrics {
    const { counts } = this.#server;
    const { refusedTooMany, refusedAddress, tooSlow, broken } = counts;
    return {
      open: counts.open,
      streams: this.#hub.open,
      streamsOpened: this.#hub.opened,
      gaps: this.#hub.gaps,
      endedSlow: this.#hub.ended.slow,
      refused: { tooMany: refusedTooMany, tooManyOfAddress: refusedAddress, tooSlow, broken },
      requests: this.#requests,
      rpcErrors: this.#rpcErrors,
    };
  }

  /** Connections, streams and answers. */
  get counts(): Record<string, number> {
    const { streams, streamsOpened, gaps, endedSlow } = this.#httpMetrics();
    let answered = 0;
    for (const count of this.#requests.values()) answered += count;
    return { ...this.#server.counts, answered, streams, streamsOpened, gaps, endedSlow };
  }

  /** Tells main's log of a bug, now and then. */
  #bug(error: unknown): void {
    const { clock, main } = this.#options;
    const nowMs = clock.monoMs();
    if (nowMs - this.#toldMs < BUG_MS) return;
    this.#toldMs = nowMs;
    const words = error instanceof Error ? (error.stack ?? error.message) : String(error);
    main.bug(words).catch(() => {}); // main has gone, and its log with it
  }

  #count(key: string): void {
    if (this.#requests.size >= MAX_COUNTED && !this.#requests.has(key)) return;
    this.#requests.set(key, (this.#requests.get(key) ?? 0) + 1);
  }
}

/** Where a reader stopped: what it says itself, or what its browser remembers. @throws HttpError */
function sinceOf(params: Params, lastEventId: string | undefined): number | undefined {
  const isNumber = lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId);
  return isNumber ? Number(lastEventId) : params.whole('since', 0);
}

/** Makes the API and listens; an error becomes words, as its code would get lost between threads. */
export async function openHttp(
  options: HttpApiOptions,
  address: ListenAddress,
): Promise<{ api: HttpApi | undefined; opened: HttpOpened }> {
  const api = new HttpApi(options);
  try {
    return { api, opened: { at: await api.listen(address) } };
  } catch (error) {
    if (!(error instanceof SpyError)) throw error;
    const { code, message } = error;
    return { api: undefined, opened: { refused: { code, message } } };
  }
}
