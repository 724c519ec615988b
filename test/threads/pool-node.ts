/**
 * A node whose work is done by real threads, or by itself: its own clock is a manual one and its
 * transport only takes notes, so that nothing but the threads differs.
 */
import { loadXxhash } from '../../src/crypto/hash.ts';
import { createIdentity } from '../../src/crypto/identity.ts';
import { createVerifier, type VerifierName } from '../../src/crypto/verify.ts';
import { KnownKeysVerifier } from '../../src/crypto/verify-known.ts';
import { ADDRESS_PROVED } from '../../src/gossip/ping.ts';
import { ThreadPool } from '../../src/node/pools.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SpyNode } from '../../src/node/spy.ts';
import { ourVersion } from '../../src/node/version.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import type { Regions } from '../../src/shm/regions.ts';
import { ManualClock, SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { seededRng } from '../../src/util/rng.ts';
import { FakeTransport, type Sent } from '../unit/node/harness.ts';

const xxhash = await loadXxhash();

/** Its monotonic clock is ahead of that of the threads: to them nothing ever seems old. */
class AheadClock extends ManualClock {
  override monoMs(): number {
    return super.monoMs() + SystemClockAhead;
  }
}

const SystemClockAhead = SystemClock.monoMs() + 3_600_000;

/** Longest that work may take. */
const DEADLINE_MS = 20_000;

/** Looks without a pause at whether everything is worked off. */
const SOON_TURNS = 20;

/** How long a slice lasts. */
const SLICE_MS = 50;

/** Workers that stand in for those of the pool. */
export type Files = Partial<Record<'gossip' | 'listen' | 'respond', URL>>;

/** A node and its threads. */
export class PoolNode {
  readonly clock: ManualClock;
  readonly transport: FakeTransport;
  readonly node: SpyNode;
  readonly errors: Error[] = [];
  readonly pool: ThreadPool | undefined;

  private constructor(
    threads: number,
    wallMs: number,
    port: number,
    files: Files,
    name: VerifierName,
  ) {
    // Tables after the first signature: there are not many in a test.
    const verifier = createVerifier(name, { options: { keys: 64, after: 1 } });
    const known = verifier instanceof KnownKeysVerifier ? verifier : undefined;
    this.clock = new AheadClock(wallMs);
    this.transport = new FakeTransport(this.clock);
    const identity = createIdentity(new Uint8Array(32).fill(7));
    let pool: ThreadPool | undefined;
    const createPool = (regions: Regions): ThreadPool => {
      pool = new ThreadPool(regions, {
        threads,
        verifier: name,
        knownKeys: known?.share,
        threadDied: (threadId) => known?.release(threadId),
        identity,
        clock: SystemClock,
        logger: SILENT_LOGGER,
        wake: () => this.node.pump(),
        fail: (error) => this.errors.push(error),
        files,
      });
      return pool;
    };
    this.node = new SpyNode(
      {
        identity,
        shredVersion: 20_126,
        sockets: [{ key: 0, ip: LOOPBACK_IP, port }],
        version: ourVersion(),
        entrypoints: [],
        allowPrivate: true,
        eager: false,
        capacities: { ...SMALL_CAPACITIES, batches: 16 },
      },
      {
        transport: this.transport,
        clock: this.clock,
        rng: seededRng(1),
        logger: SILENT_LOGGER,
        verifier,
        xxhash,
        ...(threads > 0 ? { createPool } : {}),
      },
    );
    this.pool = pool;
    const { pings } = this.node.parts;
    // Nobody is there to answer our pings: their proofs are granted.
    pings.check = () => ADDRESS_PROVED;
    pings.isProved = () => true;
  }

  /** @param threads that listen; 0 leaves everything to main */
  static async open(
    threads: number,
    wallMs: number,
    port: number,
    files: Files = {},
    verifier: VerifierName = 'sodium',
  ): Promise<PoolNode> {
    const made = new PoolNode(threads, wallMs, port, files, verifier);
    await made.pool?.start();
    return made;
  }

  /** Delivers a datagram. */
  receive(bytes: Uint8Array, ip: number, port: number): void {
    this.node.receive(bytes, 0, bytes.length, ip, port);
  }

  /** Begins a round of pull requests. */
  pull(): void {
    this.node.pulls.round(0);
    this.node.pump();
  }

  /** Waits until everything that was received is worked off and everything that came of it was sent. */
  async settle(): Promise<void> {
    const { parts, seat, answers, pulls } = this.node;
    const endMs = SystemClock.monoMs() + DEADLINE_MS;
    const left = (): Record<string, number> => ({
      batches: parts.ring.used,
      tasks: Number(seat.isBusy) + Number(seat.isWaiting),
      requests: answers.lane.waiting,
      rounds: pulls.lane.isIdle ? 0 : 1,
      datagrams: parts.outbox.waiting,
    });
    for (let turn = 0; ; turn++) {
      this.clock.advance(0);
      this.node.pump(); // its clock stands still, so it does not look again by itself
      const now = left();
      if (Object.values(now).every((count) => count === 0)) return;
      if (SystemClock.monoMs() > endMs) throw new Error(`no end of it: ${JSON.stringify(now)}`);
      // Soon at first, then less often: the threads need the processor more than we do.
      await new Promise<void>((resolve) => {
        if (turn < SOON_TURNS) SystemClock.soon(resolve);
        else SystemClock.after(1, resolve);
      });
    }
  }

  /** Waits until slices that listen now have ended. */
  nextSlice(): Promise<void> {
    return new Promise((resolve) => SystemClock.after(2 * SLICE_MS, resolve));
  }

  /** Datagrams sent since the last call. */
  take(): Sent[] {
    return this.transport.sent.splice(0);
  }

  /** How often something was counted. */
  count(name: string): number {
    return this.node.counts().outcomes[name] ?? 0;
  }

  async close(): Promise<void> {
    this.node.parts.ring.stop();
    await this.pool?.stop();
    this.node.stop();
  }
}
