import { url as debuggerUrl } from 'node:inspector';
import { availableParallelism } from 'node:os';
import type { VerifierName } from '../crypto/verify.ts';
import { KnownKeysVerifier } from '../crypto/verify-known.ts';
import { DEFAULT_CAPACITIES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { AddressWatch } from './address-watch.ts';
import { askEcho } from './bootstrap.ts';
import { checkMemory } from './bounds.ts';
import { EchoServer } from './echo-server.ts';
import { Guard } from './guard.ts';
import type { NodeOptions, NodePorts } from './parts.ts';
import { MAX_POOL_THREADS, ThreadPool } from './pools.ts';
import type { Tap, Transport } from './ports.ts';
import { ReceiveThread } from './receive-thread.ts';
import { SpyNode } from './spy.ts';
import { loadSyscalls } from './syscalls.ts';
import { TappedTransport } from './tapped-transport.ts';
import { UdpTransport } from './udp.ts';
import { BatchTransport } from './udp-batch.ts';
import { watchVerifier } from './verification.ts';
import { Watchdog } from './watchdog.ts';

/** Threads besides those that listen: the seat, the receiver, the observer, the watchdog. */
const OTHER_THREADS = 4;

/** How datagrams are received. */
export const RECEIVERS = ['auto', 'recvmmsg', 'dgram'] as const;
/** One of the ways to receive. */
export type ReceiverName = (typeof RECEIVERS)[number];

/** What a node on real sockets and threads is told, besides what every node is. */
export interface RuntimeOptions {
  /** Local IPv4 address of the sockets. */
  readonly bindAddress: string;
  /** Address others shall reach us at. @units IPv4 as a number */
  readonly ip: number;
  /** 0 takes the first free port from 8000 to 9999. */
  readonly port: number;
  /** Threads that listen; 0 leaves it to main. */
  readonly workers: number | 'auto';
  readonly receiver: ReceiverName;
  readonly verifier: VerifierName;
  /** Who looks at every datagram; main then receives by `dgram`. */
  readonly tap?: Tap | undefined;
  /** Who runs this node: what its TCP port says to a web browser. Printable ASCII. */
  readonly contact?: string;
  /**
   * The process is there for this node alone: it ends when main hangs, when it outgrows its memory, or when
   * its table is broken, so that whoever supervises it can start it afresh.
   */
  readonly supervised?: boolean;
  /** Everything but the gossip socket. */
  readonly node: NodeOptions;
}

/** Threads that listen by default: one on up to three cores, as more of them only get in each other's way. */
export function defaultWorkers(cores = availableParallelism()): number {
  return Math.min(MAX_POOL_THREADS, Math.max(1, cores - 2));
}

/** A node with its sockets and threads. */
export class Runtime {
  readonly node: SpyNode;
  readonly transport: Transport;
  /** UDP port of the gossip socket. */
  readonly port: number;
  readonly #echo: EchoServer;
  readonly #pool: ThreadPool | undefined;
  readonly #receiver: ReceiveThread | undefined;
  readonly #guard: Guard | undefined;
  readonly #address: AddressWatch;
  readonly #watchdog: Watchdog | undefined;

  #unwatch: () => void = () => {};

  private constructor(
    node: SpyNode,
    transport: Transport,
    port: number,
    echo: EchoServer,
    pool: ThreadPool | undefined,
    receiver: ReceiveThread | undefined,
    guard: Guard | undefined,
  ) {
    this.node = node;
    this.transport = transport;
    this.port = port;
    this.#echo = echo;
    this.#pool = pool;
    this.#receiver = receiver;
    this.#guard = guard;
    this.#address = new AddressWatch(node.parts, askEcho);
    // Whoever stops main at a breakpoint wants it to live.
    const isWatched = guard !== undefined && debuggerUrl() === undefined;
    this.#watchdog = isWatched ? new Watchdog(node.parts.regions) : undefined;
    guard?.start();
  }

  /**
   * Opens the sockets, starts the threads, then the node.
   *
   * @param fail called when going on has become pointless
   * @throws SpyError when a socket cannot be opened or the threads do not start
   */
  static async open(
    options: RuntimeOptions,
    ports: Omit<NodePorts, 'transport' | 'createPool'>,
    fail: (error: Error) => void,
  ): Promise<Runtime> {
    const { clock, logger } = ports;
    const threads = options.workers === 'auto' ? defaultWorkers() : options.workers;
    checkMemory({ ...DEFAULT_CAPACITIES, ...options.node.capacities }, threads + OTHER_THREADS);
    const udp = { bindAddress: options.bindAddress, port: options.port };
    const batch = openBatchTransport(options, udp, logger.info.bind(logger));
    const plain = batch ?? new UdpTransport(udp);
    const transport = options.tap ? new TappedTransport(plain, options.tap) : plain;
    let node: SpyNode | undefined;
    let pool: ThreadPool | undefined;
    const wake = (): void => node?.pump();
    const { port } = await transport.open((bytes, at, length, from, fromPort) =>
      node?.receive(bytes, at, length, from, fromPort),
    );
    const createPool = (regions: Regions): ThreadPool => {
      const { verifier } = options;
      const { identity } = options.node;
      const known = ports.verifier instanceof KnownKeysVerifier ? ports.verifier : undefined;
      pool = new ThreadPool(regions, {
        ...{ threads, verifier, identity, clock, logger, wake, fail },
        knownKeys: known?.share,
        threadDied: (threadId) => known?.release(threadId),
      });
      return pool;
    };
    const sockets = [{ key: 0, ip: options.ip, port }, ...options.node.sockets];
    node = new SpyNode(
      { ...options.node, sockets },
      { ...ports, transport, ...(threads > 0 ? { createPool } : {}) },
    );
    let receiver: ReceiveThread | undefined;
    try {
      await pool?.start();
      const { regions } = node.parts;
      if (batch) {
        const { descriptor } = batch;
        const parts = { regions, descriptor, clock, logger, wake, fail };
        receiver = await ReceiveThread.start(parts);
      }
    } catch (error) {
      node.parts.ring.stop();
      await pool?.stop();
      await transport.close();
      throw error;
    }
    const { contact, node: told } = options;
    const echo = new EchoServer(() => told.shredVersion, clock, logger, contact);
    await echo.listen(options.bindAddress, port);
    node.start();
    node.pump();
    logger.info({ workers: threads, receiver: batch ? 'recvmmsg' : 'dgram' }, 'threads are up');
    const guard = options.supervised
      ? new Guard(node.parts, process.memoryUsage.rss, fail)
      : undefined;
    const runtime = new Runtime(node, transport, port, echo, pool, receiver, guard);
    runtime.#unwatch = watchVerifier(node.parts.regions, clock, logger);
    // Whoever was told an address keeps it.
    if (options.bindAddress === '0.0.0.0') runtime.#address.start();
    return runtime;
  }

  /** Ends receiver, threads, node and sockets, upstream first. @source architecture 8 */
  async close(): Promise<void> {
    await this.#watchdog?.stop(); // main is about to beat no more
    this.#guard?.stop();
    this.#address.stop();
    this.#unwatch();
    this.node.parts.ring.stop();
    await this.#receiver?.stop();
    await this.#pool?.stop();
    this.node.stop();
    await this.#echo.close();
    await this.transport.close();
  }
}

/** The socket that a receive thread reads, where that is wanted and possible. */
function openBatchTransport(
  options: RuntimeOptions,
  udp: { bindAddress: string; port: number },
  say: (fields: object, message: string) => void,
): BatchTransport | undefined {
  if (options.receiver === 'dgram' || options.tap) return undefined;
  const system = loadSyscalls();
  if (typeof system !== 'string') return new BatchTransport(system, udp);
  say({ reason: system }, 'no recvmmsg here: main receives by dgram, at twice the processor time');
  return undefined;
}
