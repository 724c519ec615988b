/** A spy as programs hold it: its node, its sockets, and the thread that follows its table. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { Identity } from '../crypto/identity.ts';
import type { JoinFacts } from '../node/join.ts';
import { egressBudget } from '../node/outbox.ts';
import type { OwnValues } from '../node/own-values.ts';
import type { NodePorts } from '../node/parts.ts';
import type { Logger } from '../node/ports.ts';
import { Runtime } from '../node/runtime.ts';
import type { SpyNode } from '../node/spy.ts';
import type { StakeKeeper } from '../node/stake-keeper.ts';
import type { StoreKeeper } from '../node/store-keeper.ts';
import { ourVersion } from '../node/version.ts';
import { Counter, counterTotal } from '../shm/counters.ts';
import { assert } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { formatAddress, formatIp } from '../util/ipv4.ts';
import type { ValueData } from '../wire/decoded.ts';
import type { ChangeBatch } from './change.ts';
import { ChangeEvents, type EventName, type EventOf } from './change-events.ts';
import type { ChangeEvent, ChangesOptions } from './change-reader.ts';
import { ObserverClient } from './client.ts';
import { type Coverage, nodeCoverage } from './coverage.ts';
import { HttpServing } from './http/serving.ts';
import { parseListenAddress } from './http/settings.ts';
import {
  type Arrival,
  arrivalsSince,
  dumpValues,
  holdsNode,
  listNodes,
  type SpySummary,
  summarize,
} from './listing.ts';
import { type NodesPage, nodeFacts } from './node-query.ts';
import type { NodeSelector } from './node-selector.ts';
import type { NodeInfo } from './nodes.ts';
import { MAX_PAGE_ROWS, type MainCommands, type Selector } from './observer-api.ts';
import { SMALL_NODE, type SpyOptions } from './spy-options.ts';
import { collectStats, LOOP_RESOLUTION_MS, type SpyStats } from './stats.ts';
import type { ValueJson } from './value-json.ts';

/** Receive buffers below this overflow in a burst. @source reliability 5 */
const SMALL_RECEIVE_BUFFER = 4 * 1024 * 1024;

/** A node on a real socket. */
export class Spy {
  /** Our public key in base58. */
  readonly identity: string;
  readonly shredVersion: number;
  readonly #key: Identity;
  readonly #facts: JoinFacts;
  readonly #logger: Logger;
  readonly #stakes: StakeKeeper | undefined;
  readonly #keeper: StoreKeeper | undefined;
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #startedMs = SystemClock.monoMs();
  #runtime: Runtime | undefined;
  #observer: ObserverClient | undefined;
  #observerStarts: Promise<void> | undefined;
  #events: ChangeEvents | undefined;
  #serving: HttpServing | undefined;
  #failure: Error | undefined;
  #tellFailure: (error: Error) => void = () => {};

  /** Made by `createSpy`. @internal */
  constructor(
    identity: Identity,
    facts: JoinFacts,
    logger: Logger,
    stakes?: StakeKeeper,
    keeper?: StoreKeeper,
  ) {
    this.#key = identity;
    this.identity = identity.address;
    this.#facts = facts;
    this.shredVersion = facts.shredVersion;
    this.#logger = logger;
    this.#stakes = stakes;
    this.#keeper = keeper;
    facts.confirmation.catch((error: Error) => this.#fail(error));
  }

  /** Opens the sockets and starts; called once, by `createSpy`. @internal */
  async open(options: SpyOptions, ports: Omit<NodePorts, 'transport'>): Promise<void> {
    const { shredVersion, ip, allowPrivate, entrypoints } = this.#facts;
    const logger = this.#logger;
    const runtime = await Runtime.open(
      {
        bindAddress: options.bindAddress ?? '0.0.0.0',
        ip,
        port: options.gossipPort ?? 0,
        workers: options.workers ?? 'auto',
        receiver: options.receiver ?? 'auto',
        verifier: ports.verifier.name,
        tap: options.tap,
        supervised: options.supervised ?? false,
        contact: contactText(options.contact),
        node: {
          identity: this.#key,
          shredVersion,
          sockets: options.sockets ?? [],
          version: options.version ?? ourVersion(),
          entrypoints,
          allowPrivate,
          eager: options.eager ?? true,
          census: true,
          relays: options.relays ?? true,
          ...(options.maxEgress === undefined ? {} : { outbox: egressBudget(options.maxEgress) }),
          ...(options.size === 'small' ? SMALL_NODE : {}),
        },
      },
      ports,
      (error) => this.#fail(error),
    );
    this.#runtime = runtime;
    this.#stakes?.subscribe((stakes) => runtime.node.setStakes(stakes));
    this.#keeper?.start(runtime.node.parts);
    const { port } = runtime;
    this.#loop.enable();
    const receiveBuffer = runtime.transport.receiveBufferBytes();
    if (receiveBuffer < SMALL_RECEIVE_BUFFER) {
      logger.info(
        { receiveBuffer },
        'the receive buffer is small for mainnet: sysctl -w net.core.rmem_max=8388608 mends it',
      );
    }
    logger.info(
      { identity: this.identity, address: formatAddress(ip, port), shredVersion },
      'joined',
    );
    if (options.http !== undefined) await this.#serve(options.http, options);
  }

  /** Where the HTTP API is, undefined without one. */
  get url(): string | undefined {
    return this.#serving?.url;
  }

  /** Where others reach us, `ip:port`. */
  get gossip(): string {
    const { sockets } = this.#running.parts.publisher.contact;
    const own = sockets.find((s) => s.key === 0);
    return own ? formatAddress(own.ip, own.port) : formatIp(this.#facts.ip);
  }

  /** Milliseconds since the start. */
  elapsedMs(): number {
    return SystemClock.monoMs() - this.#startedMs;
  }

  /** Numbers for a progress line. */
  summary(): SpySummary & { datagrams: number } {
    const { counters } = this.#running.parts.regions;
    const datagrams = counterTotal(counters, Counter.DATAGRAMS_RECEIVED);
    return { ...summarize(this.#running), datagrams };
  }

  /** Every node heard of, without ourselves. */
  nodes(): NodeInfo[] {
    return listNodes(this.#running, this.#startedMs);
  }

  /** How many nodes exist, with limits; null while too few samples of what others know were drawn. */
  coverage(): Coverage | null {
    return nodeCoverage(this.#running);
  }

  /** Whether a node, by its key in base58, is in the table. */
  holdsNode(pubkey: string): boolean {
    return holdsNode(this.#running, pubkey);
  }

  /** Every value of the table. */
  dump(): Generator<ValueJson> {
    return dumpValues(this.#running);
  }

  /** Everything that was counted. */
  stats(): SpyStats {
    return collectStats(this.#running, this.#loop, this.#stakes?.report(), this.#keeper?.report());
  }

  /** Signs and publishes a value in our name; validators accept what `ValueData` describes. */
  publish(data: ValueData): void {
    this.#running.publish(data);
  }

  /** Publishing as validators do, which look after the labels of their values. */
  get own(): OwnValues {
    return this.#running.own;
  }

  /** Values of a kind that came in or were replaced since an ordinal, 0 for all there are. */
  arrivalsSince(ordinal: number, kind: number): Generator<Arrival> {
    return arrivalsSince(this.#running, ordinal, kind);
  }

  /**
   * Every value of the table as an insert, then every change, until the spy stops: in batches, about 20 a
   * second. A thread of its own follows the table, from the first call on; the node does not notice
   * whether it keeps up. Who listens too slowly, and who listens while that thread dies, hears `reset`
   * and then everything anew.
   *
   * @throws SpyError OBSERVER_DOES_NOT_START
   */
  async *observe(): AsyncGenerator<ChangeBatch, void, undefined> {
    const observer = await this.#observed();
    yield* observer.feed();
  }

  /**
   * What happens to nodes, one change after the other, until the spy stops. With `since`, first what was
   * missed after that change. Where changes cannot be told any more, because they are too long ago or the
   * thread that follows the table died, comes a `gap` with how all nodes are.
   *
   * The log begins with the first call of this, `on`, `observe` or a query: call early what shall not miss
   * anything.
   *
   * @throws SpyError OBSERVER_DOES_NOT_START, CHANGES_NETWORK
   */
  async *changes(options: ChangesOptions = {}): AsyncGenerator<ChangeEvent, void, undefined> {
    const { signal } = options;
    if (signal?.aborted) return;
    const observer = await this.#observed();
    for await (const events of observer.changes(options)) {
      for (const event of events) {
        yield event;
        if (signal?.aborted) return;
      }
    }
  }

  /** Calls back for each change of a kind, from now on. @returns what ends it */
  on<N extends EventName>(name: N, listener: (event: EventOf<N>) => void): () => void {
    this.#events ??= new ChangeEvents(
      () => this.changes(),
      (error) => this.#fail(error),
    );
    return this.#events.on(name, listener);
  }

  /**
   * Nodes that a selector means, ordered by public key, without ourselves; read and filtered in the thread
   * that follows the table, so that also a big answer is not felt by the node.
   *
   * @throws SpyError CHANGES_NETWORK, OBSERVER_GONE while that thread is started again
   */
  async *queryNodes(selector: NodeSelector = {}): AsyncGenerator<NodeInfo, void, undefined> {
    const observer = await this.#observed();
    for (let after: string | null = null; ; ) {
      const page: NodesPage = await observer.queryNodes(selector, after);
      yield* page.nodes;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** Values of the table that a selector means, as they are when their page of 1,000 is asked for. */
  async *queryValues(selector: Selector = {}): AsyncGenerator<ValueJson, void, undefined> {
    const observer = await this.#observed();
    for (let after = selector.after; ; ) {
      const place = after === undefined ? {} : { after };
      const page = await observer.query({ ...selector, ...place }, MAX_PAGE_ROWS);
      yield* page.values;
      if (page.next === null) return;
      after = page.next;
    }
  }

  /** Tells of something that makes going on pointless, such as a wrong shred version. */
  onFailure(listener: (error: Error) => void): void {
    this.#tellFailure = listener;
    if (this.#failure) listener(this.#failure);
  }

  /** The same as `stop`. */
  close(): Promise<void> {
    return this.stop();
  }

  /** For `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Whether nothing happened so far that makes going on pointless. */
  get isWell(): boolean {
    return this.#failure === undefined;
  }

  /** Leaves the cluster; what was heard can still be read. */
  async stop(): Promise<void> {
    this.#loop.disable();
    this.#serving?.stop();
    this.#facts.stopAsking();
    this.#stakes?.stop();
    await this.#keeper?.stop();
    await this.#runtime?.close();
    await this.#observer?.stop();
  }

  /** The observer, started with the first who asks. */
  async #observed(): Promise<ObserverClient> {
    this.#observer ??= this.#createObserver();
    this.#observerStarts ??= this.#observer.start();
    await this.#observerStarts;
    return this.#observer;
  }

  #createObserver(): ObserverClient {
    const { regions } = this.#running.parts;
    const logger = this.#logger;
    const commands = this.#commands();
    const http = this.#serving;
    return new ObserverClient({ regions, commands, clock: SystemClock, logger, http });
  }

  /** Opens the HTTP API. */
  async #serve(http: string, { stakes }: SpyOptions): Promise<void> {
    this.#serving = new HttpServing({
      address: parseListenAddress(http),
      node: this.#running,
      loop: this.#loop,
      stakeReport: () => this.#stakes?.report(),
      storeReport: () => this.#keeper?.report(),
      entrypoints: this.#facts.entrypoints.map(({ name }) => name),
      stakes: typeof stakes === 'string' ? stakes : undefined,
      startedMs: this.#startedMs,
      logger: this.#logger,
    });
    await this.#observed();
  }

  /** What the observer may ask of us. */
  #commands(): MainCommands {
    return { nodeFacts: () => nodeFacts(this.#running, this.#startedMs) };
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#tellFailure(error);
  }

  get #running(): SpyNode {
    assert(this.#runtime !== undefined, 'the spy has been opened');
    return this.#runtime.node;
  }
}

/** What the TCP port says of who runs us: a line that breaks no terminal. */
function contactText(contact: string | undefined): string {
  if (contact === undefined) return '';
  const plain = contact.replace(/[^ -~]/g, '?').slice(0, 200);
  return `This is Earshot, a spy that listens to Solana gossip. Run by: ${plain}\n`;
}
