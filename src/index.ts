/** Earshot as a library: `createSpy` joins a cluster, and the spy tells what it hears. */
import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import type { ChangeBatch } from './api/change.ts';
import { ObserverClient } from './api/client.ts';
import {
  type Arrival,
  arrivalsSince,
  dumpValues,
  holdsNode,
  listNodes,
  type SpySummary,
  summarize,
} from './api/listing.ts';
import type { NodeInfo } from './api/nodes.ts';
import type { MainCommands } from './api/observer-api.ts';
import { collectStats, LOOP_RESOLUTION_MS, type SpyStats } from './api/stats.ts';
import type { ValueJson } from './api/value-json.ts';
import { loadXxhash } from './crypto/hash.ts';
import { createIdentity, type Identity, readIdentityFile } from './crypto/identity.ts';
import { chooseVerifier, type VerifierName } from './crypto/verify.ts';
import { resolveEntrypoint } from './node/bootstrap.ts';
import { type JoinFacts, prepareJoin } from './node/join.ts';
import type { OwnValues } from './node/own-values.ts';
import type { NodePorts } from './node/parts.ts';
import { type Logger, SILENT_LOGGER, type Tap } from './node/ports.ts';
import { type ReceiverName, Runtime } from './node/runtime.ts';
import type { SpyNode } from './node/spy.ts';
import { StakeKeeper } from './node/stake-keeper.ts';
import type { StakeMap } from './node/stake-list.ts';
import { stakeSource } from './node/stakes.ts';
import { ourVersion } from './node/version.ts';
import { Counter, counterTotal } from './shm/counters.ts';
import { SMALL_CAPACITIES } from './shm/layout.ts';
import { assert } from './util/assert.ts';
import { SystemClock } from './util/clock.ts';
import { formatAddress, formatIp } from './util/ipv4.ts';
import { osRng } from './util/rng.ts';
import type { ContactInfoSocket, ContactInfoVersion } from './wire/contact-info-encode.ts';
import type { ValueData } from './wire/decoded.ts';

export type { Change, ChangeBatch } from './api/change.ts';
export type {
  ChangeFilter,
  ChangeGap,
  ChangeKind,
  ChangeOf,
  NodeChange,
  NodeState,
  SnapshotState,
  Via,
} from './api/changes.ts';
export type { Arrival, SpySummary } from './api/listing.ts';
export type { NodeInfo } from './api/nodes.ts';
export type { SpyStats } from './api/stats.ts';
export type { ValueJson } from './api/value-json.ts';
export { createIdentity, type Identity, readIdentityFile } from './crypto/identity.ts';
export type { Tap } from './node/ports.ts';
export type { StakeMap } from './node/stake-list.ts';
export { SpyError } from './util/assert.ts';
export type { ValueData } from './wire/decoded.ts';

/** Receive buffers below this overflow in a burst. @source reliability 5 */
const SMALL_RECEIVE_BUFFER = 4 * 1024 * 1024;

/** Sizes of a node in a small cluster. */
const SMALL_NODE = {
  capacities: SMALL_CAPACITIES,
  pingSizes: { proofs: 2048, addressCells: 2048, destinations: 2048, queue: 1024, ipCells: 512 },
};

/** What a spy is told; everything may be left out but a way to find the cluster. */
export interface SpyOptions {
  /** `HOST:PORT` of nodes to ask first. */
  readonly entrypoints?: readonly string[] | undefined;
  /** Who we are; a fresh key when neither this nor a file is given. */
  readonly identity?: Identity | undefined;
  /** Key file of the Solana CLI. */
  readonly identityFile?: string | undefined;
  /** 0 or left out: ask the entrypoints. */
  readonly shredVersion?: number | undefined;
  /** 0 or left out: the first free one from 8000 to 9999. */
  readonly gossipPort?: number | undefined;
  /** Address that others shall reach us at; left out: as an entrypoint sees us. */
  readonly bindAddress?: string | undefined;
  /** Talk to private and loopback addresses; on by itself when an entrypoint is one. */
  readonly allowPrivate?: boolean | undefined;
  readonly verifier?: 'auto' | VerifierName | undefined;
  /** Threads that check packets; 0 leaves it to the main thread. By default what fits the machine. */
  readonly workers?: number | 'auto' | undefined;
  /** `recvmmsg` in a thread of its own where that is possible, else `dgram`. */
  readonly receiver?: ReceiverName | undefined;
  /** Ask quickly until the table is full; on unless said otherwise. */
  readonly eager?: boolean | undefined;
  /** Services to announce beside the gossip address. */
  readonly sockets?: readonly ContactInfoSocket[] | undefined;
  /** Version to announce; ours unless said otherwise. */
  readonly version?: ContactInfoVersion | undefined;
  /** `small` is for clusters of up to some hundred nodes: 20 MB instead of 250. */
  readonly size?: 'normal' | 'small' | undefined;
  /**
   * Who has how much stake: URL of an RPC node, `mainnet`, `testnet` or `devnet` for a public one, path
   * of a JSON or CSV file, or lamports by identity. Left out, nobody's is known, and everybody is treated
   * as a node with stake.
   */
  readonly stakes?: string | StakeMap | undefined;
  /** Sees every datagram; receiving then takes `dgram` and, at high rates, twice the processor time. */
  readonly tap?: Tap | undefined;
  readonly logger?: Logger | undefined;
}

/**
 * Joins a cluster.
 *
 * @throws SpyError with a code and a sentence on what to do: key file, name resolution, entrypoints that
 *   do not answer or disagree, a port in use, a file of stakes that is no good
 */
export async function createSpy(options: SpyOptions = {}): Promise<Spy> {
  const logger = options.logger ?? SILENT_LOGGER;
  const identity = loadIdentity(options, logger);
  const { verifier, rejected } = chooseVerifier(options.verifier ?? 'auto');
  for (const { name, reason } of rejected) logger.warn({ verifier: name, reason }, 'not used');
  const xxhash = await loadXxhash();
  const ports = { clock: SystemClock, rng: osRng(), logger, verifier, xxhash };
  const stakes =
    options.stakes === undefined ? undefined : new StakeKeeper(stakeSource(options.stakes), ports);
  const firstStakes = stakes?.start();
  // A file is read before anybody is asked; an RPC node answers while we join.
  if (stakes?.source.isLocal) await firstStakes;
  let facts: JoinFacts | undefined;
  let spy: Spy | undefined;
  try {
    facts = await prepareJoin(
      {
        entrypoints: options.entrypoints ?? [],
        shredVersion: options.shredVersion ?? 0,
        bindAddress: options.bindAddress,
        allowPrivate: options.allowPrivate ?? false,
      },
      logger,
    );
    spy = new Spy(identity, facts, logger, stakes);
    await spy.open(options, ports);
    await firstStakes;
    return spy;
  } catch (error) {
    facts?.stopAsking();
    stakes?.stop();
    await spy?.stop();
    throw error;
  }
}

function loadIdentity(options: SpyOptions, logger: Logger): Identity {
  if (options.identity) return options.identity;
  if (options.identityFile === undefined) return createIdentity();
  const identity = readIdentityFile(options.identityFile);
  if (identity.warning !== undefined) logger.warn({}, identity.warning);
  return identity;
}

/** A node on a real socket. */
export class Spy {
  /** Our public key in base58. */
  readonly identity: string;
  readonly shredVersion: number;
  readonly #key: Identity;
  readonly #facts: JoinFacts;
  readonly #logger: Logger;
  readonly #stakes: StakeKeeper | undefined;
  readonly #loop: IntervalHistogram = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  readonly #startedMs = SystemClock.monoMs();
  #runtime: Runtime | undefined;
  #observer: ObserverClient | undefined;
  #observerStarts: Promise<void> | undefined;
  #failure: Error | undefined;
  #tellStop: () => void = () => {};
  #tellFailure: (error: Error) => void = () => {};

  /** Made by `createSpy`. */
  constructor(identity: Identity, facts: JoinFacts, logger: Logger, stakes?: StakeKeeper) {
    this.#key = identity;
    this.identity = identity.address;
    this.#facts = facts;
    this.shredVersion = facts.shredVersion;
    this.#logger = logger;
    this.#stakes = stakes;
    facts.confirmation.catch((error: Error) => this.#fail(error));
  }

  /** Opens the sockets and starts; called once, by `createSpy`. */
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
        node: {
          identity: this.#key,
          shredVersion,
          sockets: options.sockets ?? [],
          version: options.version ?? ourVersion(),
          entrypoints,
          allowPrivate,
          eager: options.eager ?? true,
          ...(options.size === 'small' ? SMALL_NODE : {}),
        },
      },
      ports,
      (error) => this.#fail(error),
    );
    this.#runtime = runtime;
    this.#stakes?.subscribe((stakes) => runtime.node.setStakes(stakes));
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
    return collectStats(this.#running, this.#loop, this.#stakes?.report());
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
    this.#observer ??= this.#createObserver();
    this.#observerStarts ??= this.#observer.start();
    await this.#observerStarts;
    yield* this.#observer.feed();
  }

  /** Tells that the observer asks for the end, on behalf of whom it serves. */
  onStopRequest(listener: () => void): void {
    this.#tellStop = listener;
  }

  /** Tells of something that makes going on pointless, such as a wrong shred version. */
  onFailure(listener: (error: Error) => void): void {
    this.#tellFailure = listener;
    if (this.#failure) listener(this.#failure);
  }

  /** Leaves the cluster; what was heard can still be read. */
  async stop(): Promise<void> {
    this.#loop.disable();
    this.#facts.stopAsking();
    this.#stakes?.stop();
    await this.#runtime?.close();
    await this.#observer?.stop();
  }

  #createObserver(): ObserverClient {
    const { regions } = this.#running.parts;
    const logger = this.#logger;
    const commands = this.#commands();
    return new ObserverClient({ regions, commands, clock: SystemClock, logger });
  }

  /** What the observer may ask of us. */
  #commands(): MainCommands {
    return {
      addEntrypoint: async (name) => {
        const { ip, port } = await resolveEntrypoint(name);
        this.#running.pulls.addEntrypoint(ip, port);
      },
      setLogLevel: (level) => {
        if ('level' in this.#logger) this.#logger.level = level;
      },
      requestStop: () => this.#tellStop(),
    };
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
