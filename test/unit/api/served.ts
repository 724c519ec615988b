/** A node with an observer and the HTTP API, in one thread: asked without sockets, or over real ones. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Remote } from '../../../src/api/comlink.ts';
import { HttpApi } from '../../../src/api/http/http-api.ts';
import { HttpServing } from '../../../src/api/http/serving.ts';
import { urlOf } from '../../../src/api/http/settings.ts';
import type { ReportSource } from '../../../src/api/main-report.ts';
import { Observer } from '../../../src/api/observer.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import type { Clock } from '../../../src/util/clock.ts';
import { buildTowerSync } from '../../../src/wire/vote-transaction.ts';
import { peers, TestNode, xxhash } from '../node/harness.ts';
import type { Peer } from '../node/peer.ts';

/** Three others. */
export const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

const SOME_HASH = 'Vote111111111111111111111111111111111111111';

/** Made-up node and what serves it. */
export class Served {
  readonly test = new TestNode();
  readonly observer: Observer;
  readonly api: HttpApi;
  readonly bugs: string[] = [];
  url = '';

  /** @param clock of the API; the node's own when left out */
  constructor(options: { clock?: Clock; entrypoints?: readonly string[]; stallMs?: number } = {}) {
    const { test } = this;
    const clock = options.clock ?? test.clock;
    test.parts.publisher.refreshContact();
    this.observer = new Observer(test.parts.regions, xxhash, test.clock);
    const loop = monitorEventLoopDelay();
    const serving = new HttpServing({
      address: { host: '127.0.0.1', port: 0 },
      node: test.node,
      loop,
      stakeReport: () => undefined,
      entrypoints: options.entrypoints ?? [],
      stakes: undefined,
      startedMs: 0,
      logger: SILENT_LOGGER,
    });
    const { report, genesisHash } = serving.source;
    const main: Remote<ReportSource> = {
      report: async (withUnproved) => report(withUnproved),
      genesisHash: async () => genesisHash(),
      bug: async (words) => {
        this.bugs.push(words);
      },
    };
    const { facts } = serving.setup;
    const { regions } = test.parts;
    this.api = new HttpApi({
      facts,
      regions,
      hasher: xxhash,
      observer: this.observer,
      main,
      clock,
      stallMs: options.stallMs,
    });
  }

  /** Lets the observer see what the node did. */
  look(): this {
    this.test.settle();
    this.test.parts.table.journal.publish();
    this.observer.poll();
    return this;
  }

  /** The node gets to know peers. */
  meet(...others: readonly Peer[]): this {
    this.test.meet(...others);
    return this.look();
  }

  /** A node of the made-up cluster votes. */
  vote(peer: Peer, slot: number, index = 0, root = slot - 31): this {
    this.test.clock.advance(1);
    const wallclock = this.test.clock.wallMs();
    const transaction = buildTowerSync(() => new Uint8Array(64).fill(1), {
      identity: peer.address,
      voteAccount: peer.address,
      lockouts: [{ slot, confirmations: 1 }],
      root,
      hash: SOME_HASH,
      timestamp: null,
      blockId: SOME_HASH,
      recentBlockhash: SOME_HASH,
    });
    const data = { kind: 'Vote', index, from: peer.address, wallclock, transaction } as const;
    this.test.from(peer, peer.push(peer.value(data)));
    return this.look();
  }

  /** Stakes in lamports become known. */
  stake(...stakes: readonly (readonly [Peer, number])[]): this {
    this.test.node.setStakes(new Stakes(stakes.map(([peer, stake]) => [peer.key, stake] as const)));
    return this;
  }

  /** Asks by GET. */
  async get(path: string, headers: Record<string, string> = {}): Promise<Response> {
    return this.api.fetch(new Request(`http://spy${path}`, { headers }));
  }

  /** The JSON of an answer with status 200. */
  async json<T>(path: string): Promise<T> {
    const response = await this.get(path);
    const text = await response.text();
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Posts a body. */
  async post(body: string, type = 'application/json'): Promise<Response> {
    const headers = { 'content-type': type };
    return this.api.fetch(new Request('http://spy/', { method: 'POST', headers, body }));
  }

  /** Calls a method by JSON-RPC. @returns the whole answer */
  async call(method: string, params?: unknown): Promise<RpcAnswer> {
    const response = await this.post(JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }));
    return (await response.json()) as RpcAnswer;
  }

  /** Opens it on a real socket. */
  async open(): Promise<this> {
    this.url = urlOf(await this.api.listen({ host: '127.0.0.1', port: 0 }));
    return this;
  }
}

/** What comes back from a call. */
export interface RpcAnswer {
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: unknown };
}
