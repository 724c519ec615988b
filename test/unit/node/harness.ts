/**
 * One node on a manual clock, a seeded generator and a transport that only takes notes; verifier and
 * signatures are real. For tests of a single node: what it is told, what it sends, what it counts.
 */
import { afterEach, expect } from 'vitest';
import { verdict } from '../../../src/api/verdict.ts';
import { loadXxhash } from '../../../src/crypto/hash.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import type { NodeOptions } from '../../../src/node/parts.ts';
import type { WorkPool } from '../../../src/node/pools.ts';
import type { DatagramHandler, Logger, Transport } from '../../../src/node/ports.ts';
import { SpyNode } from '../../../src/node/spy.ts';
import { ourVersion } from '../../../src/node/version.ts';
import { type Capacities, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import type { Regions } from '../../../src/shm/regions.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import type { OutcomeName } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { decodePacket } from '../../../src/wire/decode.ts';
import type { DecodedMessage } from '../../../src/wire/decoded.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { accountOf, imbalance } from '../../accounting.ts';
import { CLUSTER, identityOf, Peer, START_MS } from './peer.ts';

/** As nodes use it. */
export const xxhash = await loadXxhash();

/** As nodes use it. */
export const verifier = createVerifier('sodium');

/** Where the node under test lives. */
export const OUR_IP = parseIp('203.0.113.1');
const OUR_PORT = 8001;

/** Number of the identity of the node under test. */
export const OURSELVES = 999_999;

/** A datagram that left. */
export interface Sent {
  readonly bytes: Uint8Array;
  readonly ip: number;
  readonly port: number;
  /** Monotonic. */
  readonly atMs: number;
}

/** Keeps what is sent. */
export class FakeTransport implements Transport {
  readonly sent: Sent[] = [];
  /** What `pending` says. */
  backlog = 0;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock) {
    this.#clock = clock;
  }

  open(_handler: DatagramHandler): Promise<{ port: number }> {
    return Promise.resolve({ port: OUR_PORT });
  }

  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    this.sent.push({ bytes: bytes.slice(at, at + length), ip, port, atMs: this.#clock.monoMs() });
  }

  pending(): number {
    return this.backlog;
  }

  kernelDropped(): number {
    return 0;
  }

  failedSends(): number {
    return 0;
  }

  flush(): void {}

  receiveBufferBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

type ContentOf<M, D = DecodedMessage> = D extends { message: infer N }
  ? M extends N
    ? D
    : never
  : never;

/** A sort of message, with what the node said in it. */
export type SentMessage<M extends DecodedMessage['message']> = Sent & {
  readonly content: ContentOf<M>;
};

/** Everything but the capacities has a usual value. */
export type Wishes = Partial<Omit<NodeOptions, 'capacities'>> & {
  capacities?: Partial<Capacities>;
  seed?: number;
  /** Who works; the node itself when left out. */
  pool?: (regions: Regions) => WorkPool;
};

const nodes: TestNode[] = [];

/** A node and its surroundings. */
export class TestNode {
  readonly clock = new ManualClock(START_MS);
  readonly transport = new FakeTransport(this.clock);
  readonly logged: { level: string; fields: object; message: string }[] = [];
  readonly identity = identityOf(OURSELVES);
  readonly node: SpyNode;
  #isStarted = false;

  constructor({ capacities = {}, seed = 1, pool, ...wishes }: Wishes = {}) {
    const log =
      (level: string) =>
      (fields: object, message: string): void => {
        this.logged.push({ level, fields, message });
      };
    const logger: Logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    this.node = new SpyNode(
      {
        identity: this.identity,
        shredVersion: CLUSTER,
        sockets: [{ key: 0, ip: OUR_IP, port: OUR_PORT }],
        version: ourVersion(),
        entrypoints: [],
        allowPrivate: false,
        eager: false,
        pingSizes: {
          proofs: 2_048,
          destinations: 2_048,
          queue: 1_024,
          ipCells: 1_024,
          addressCells: 1_024,
        },
        outbox: { slots: 1_024 },
        sizes: { received: { origins: 512, blocks: 1_170 }, unproved: 256 },
        shared: false,
        capacities: { ...SMALL_CAPACITIES, ...capacities },
        ...wishes,
      },
      {
        transport: this.transport,
        clock: this.clock,
        rng: seededRng(seed),
        logger,
        verifier,
        xxhash,
        ...(pool ? { createPool: pool } : {}),
      },
    );
    nodes.push(this);
  }

  get parts(): SpyNode['parts'] {
    return this.node.parts;
  }

  /** How often something was counted. */
  count(name: OutcomeName): number {
    return this.node.counts().outcomes[name] ?? 0;
  }

  /** Everything that was counted since `before`. */
  counted(before: Readonly<Record<string, number>> = {}): Record<string, number> {
    const { outcomes } = this.node.counts();
    const moved: Record<string, number> = {};
    for (const [name, count] of Object.entries(outcomes)) {
      if (count !== (before[name] ?? 0)) moved[name] = count - (before[name] ?? 0);
    }
    return moved;
  }

  /** Delivers datagrams of a peer, from its own address unless said otherwise, and lets the node act. */
  from(peer: { readonly ip: number; readonly port: number }, ...datagrams: Uint8Array[]): this {
    for (const bytes of datagrams) {
      this.node.receive(bytes, 0, bytes.length, peer.ip, peer.port);
    }
    return this.settle();
  }

  /** As `from`. @returns what was counted because of it */
  outcomesOf(
    peer: { readonly ip: number; readonly port: number },
    ...datagrams: Uint8Array[]
  ): Record<string, number> {
    const before = this.node.counts().outcomes;
    this.from(peer, ...datagrams);
    return this.counted(before);
  }

  /** Brings the peers it knows into its active set, as a round does now and then. */
  rotate(): this {
    const { candidates, view, pings, activeSet } = this.parts;
    candidates.gather(view, pings, this.clock.wallMs(), this.clock.monoMs(), this.parts.ourStake);
    activeSet.rotate(candidates, view.peers.size);
    return this;
  }

  /** Starts the rounds and lets time pass. */
  run(ms: number): this {
    if (!this.#isStarted) this.node.start();
    this.#isStarted = true;
    this.clock.advance(ms);
    return this;
  }

  /** Runs what is due now. */
  settle(): this {
    this.clock.advance(0);
    return this;
  }

  /** Datagrams sent since the last call. */
  take(): Sent[] {
    return this.transport.sent.splice(0);
  }

  /** Takes what was sent and keeps one sort of message of it; every one must be what peers accept. */
  takeOnly<M extends DecodedMessage['message']>(message: M): SentMessage<M>[] {
    return this.take().flatMap((sent) => {
      const decoded = messageOf(sent.bytes);
      if (decoded.message !== message) return [];
      return [{ ...sent, content: decoded as ContentOf<M> }];
    });
  }

  /** Introduces peers: their contact info, our ping, their pong. Sent datagrams are taken away. */
  meet(...peers: readonly Peer[]): this {
    for (const peer of peers) {
      this.from(peer, peer.push(peer.contact({ wallclock: this.clock.wallMs() })));
      const pings = this.takeOnly('Ping');
      const ping = pings.find((s) => s.ip === peer.ip && s.port === peer.port);
      expect(ping, `a ping to ${peer.address}`).toBeDefined();
      this.from(peer, peer.pong(ping!.bytes));
      expect(this.holds(peer), `${peer.address} in the table`).toBe(true);
    }
    this.take();
    return this;
  }

  /** Whether the table has a contact info of a peer, or a value of another kind. */
  holds(peer: Peer, kind: number = Kind.CONTACT_INFO, index = 0): boolean {
    return this.parts.view.find(kind, index, peer.key, 0) >= 0;
  }

  /** Every received datagram and value must have met exactly one outcome. @source reliability C3 */
  expectNothingLost(): void {
    for (let turns = 0; this.parts.ring.used > 0 && turns < 64; turns++) this.node.pump();
    this.node.stop();
    expect(imbalance(accountOf(this.node))).toBeUndefined();
  }
}

/** What a datagram of ours says; fails unless every peer would accept it. */
export function messageOf(bytes: Uint8Array): DecodedMessage {
  const judged = verdict(bytes, verifier);
  expect(judged.accept, `we sent what is refused: ${JSON.stringify(judged)}`).toBe(true);
  expect(bytes.length).toBeLessThanOrEqual(1_232);
  return decodePacket(bytes).message!;
}

/** Peers by number. */
export function peers(count: number, first = 1): Peer[] {
  return Array.from({ length: count }, (_, i) => new Peer(first + i));
}

afterEach(() => {
  for (const node of nodes.splice(0)) node.expectNothingLost();
});
