/** The machines of a simulated network: starting, stopping and moving their nodes, and what they publish. */
import { Stakes } from '../../src/crds/peers.ts';
import type { Xxhash } from '../../src/crypto/hash.ts';
import type { Identity } from '../../src/crypto/identity.ts';
import { createQuickIdentity } from '../../src/crypto/quick-identity.ts';
import type { Verifier } from '../../src/crypto/verifier.ts';
import { createVerifier } from '../../src/crypto/verify.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SpyNode } from '../../src/node/spy.ts';
import { ourVersion } from '../../src/node/version.ts';
import type { Regions } from '../../src/shm/regions.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { Kind } from '../../src/wire/limits.ts';
import { Monitor } from './monitor.ts';
import { addressKey, SimNetwork, SimTransport } from './network.ts';
import type { Accident, Address, Cut, MachinePlan, Plan } from './plan.ts';
import { SimPool } from './pool.ts';
import { StandInIdentity, StandInVerifier } from './stand-in.ts';
import { SimClock, VirtualTime } from './time.ts';
import { PUBLISHED_KINDS, type PublishedKind, ValueMaker } from './values.ts';
import { Watch } from './watch.ts';

const SHRED_VERSION = 20_126;
const MS_PER_MINUTE = 60_000;

/** A contact info as its machine published it. */
interface Announced {
  readonly trueMs: number;
  readonly wallclock: number;
}

/** What runs on a machine between a start and a stop. */
export interface Running {
  readonly node: SpyNode;
  readonly clock: SimClock;
  readonly monitor: Monitor | undefined;
  readonly pool: SimPool | undefined;
  readonly unbind: () => void;
}

/** One machine: its identity and address outlive its node. */
export class Machine {
  address: Address;
  running: Running | undefined;
  /** Its last contact infos, oldest first. */
  announced: Announced[] = [];
  frozenUntilMs = 0;
  stepMs = 0;
  readonly values: ValueMaker;
  readonly index: number;
  readonly plan: MachinePlan;
  readonly identity: Identity;

  constructor(index: number, plan: MachinePlan, identity: Identity, rng: Rng) {
    this.index = index;
    this.plan = plan;
    this.identity = identity;
    this.address = plan.address;
    this.values = new ValueMaker(identity.address, rng);
  }

  /** Whether it runs. */
  get isUp(): boolean {
    return this.running !== undefined;
  }
}

/** All machines and the network between them. */
export class Cluster {
  readonly time = new VirtualTime();
  readonly network: SimNetwork;
  readonly machines: Machine[] = [];
  readonly stakes: Stakes;
  /** Addresses that datagrams claim to come from and that are nobody's. */
  readonly forged = new Set<number>();
  readonly verifier: Verifier;
  readonly plan: Plan;
  readonly rng: Rng;
  /** Running hash over every datagram sent, in order. */
  trafficHash = 0;
  /** Called with everything that reaches a machine. */
  onDelivered: (machine: Machine, bytes: Uint8Array) => void = () => {};
  readonly #xxhash: Xxhash;
  readonly #cuts = new Set<Cut>();
  #isHealed = false;

  constructor(plan: Plan, xxhash: Xxhash) {
    this.plan = plan;
    this.#xxhash = xxhash;
    this.rng = seededRng(plan.seed ^ 0x5eed5eed);
    this.verifier = plan.realSignatures ? createVerifier('sodium') : new StandInVerifier(xxhash);
    this.network = new SimNetwork(this.time, seededRng(this.rng.u32()), (from, to) => {
      const a = plan.machines[from]?.position ?? 40;
      const b = plan.machines[to]?.position ?? 40;
      return 0.2 + Math.abs(a - b);
    });
    for (const [i, machine] of plan.machines.entries()) {
      this.machines.push(new Machine(i, machine, this.newIdentity(), seededRng(this.rng.u32())));
    }
    this.stakes = this.#drawStakes();
  }

  /** A fresh identity of the sort that this network uses. */
  newIdentity(): Identity {
    if (!this.plan.realSignatures) return new StandInIdentity(this.rng, this.#xxhash);
    const seed = new Uint8Array(32);
    this.rng.fill(seed);
    return createQuickIdentity(seed);
  }

  /** Puts everything that the plan says into the queue of time. */
  schedule(): void {
    const { plan, time } = this;
    for (const machine of this.machines) {
      time.at(machine.plan.startMs, () => this.start(machine));
      this.#schedulePublishing(machine);
    }
    for (const one of plan.accidents) time.at(one.atMs, () => this.#befall(one));
    for (const cut of plan.cuts) time.at(cut.atMs, () => this.#cut(cut));
    this.network.faults = plan.faults;
    this.network.isCut = (from, to) => this.#isCut(from, to);
  }

  /** Ends all faults: links are whole, machines awake; whoever was down for a while is up again. */
  heal(faults: SimNetwork['faults']): void {
    this.network.faults = faults;
    this.#cuts.clear();
    this.#isHealed = true;
    for (const machine of this.machines) {
      machine.frozenUntilMs = 0;
      if (machine.running) machine.running.clock.frozenUntilMs = 0;
    }
  }

  /** Starts the node of a machine, with nothing but its identity and what its operator told it. */
  start(machine: Machine): void {
    if (machine.isUp) return;
    const { plan, time } = this;
    const { offsetMs, rate, threads } = machine.plan;
    // Main with threads looks at the socket once in a while, and finds more than one datagram.
    const slowMs = threads > 0 ? Math.max(2, machine.plan.slowMs) : machine.plan.slowMs;
    const slow = seededRng(this.rng.u32());
    const boot = MS_PER_MINUTE * (1 + this.rng.below(60));
    const clock = new SimClock(time, { offsetMs, rate }, boot, () =>
      slowMs > 0 ? slowMs * slow.unit() : 0,
    );
    clock.stepMs = machine.stepMs;
    clock.frozenUntilMs = machine.frozenUntilMs;
    const { entrypoints } = machine.plan;
    const { allowPrivate, bytesPerSecond } = plan;
    const watch = new Watch(
      {
        key: machine.identity.publicKey,
        allowPrivate,
        bytesPerSecond,
        entrypoints,
        forged: this.forged,
      },
      this.verifier,
      clock.monoMs(),
    );
    watch.own = machine.address;
    const { node, pool } = this.#createNode(machine, clock, watch);
    const monitor = plan.isWatched
      ? new Monitor(node, clock, watch, this.verifier, pool?.counting ?? 1)
      : undefined;
    clock.afterStep = (wake) => {
      pool?.poke();
      if (!monitor) return;
      this.#noteContact(machine, node);
      monitor.afterStep(wake);
    };
    const { ip, port } = machine.address;
    machine.running = { node, clock, monitor, pool, unbind: this.#listen(machine, ip, port) };
    if (plan.hasStakes && machine.plan.knowsStakes) node.setStakes(this.stakes);
    clock.run('timer', () => node.start());
  }

  /** Stops a node, politely or as a power cut would. */
  stop(machine: Machine, politely: boolean): void {
    const { running } = machine;
    if (!running) return;
    running.unbind();
    if (politely) {
      running.pool?.stop();
      running.clock.run('soon', () => running.node.stop());
    }
    running.clock.kill();
    machine.running = undefined;
  }

  /** Gives a datagram to the node of a machine. */
  deliver(machine: Machine, bytes: Uint8Array, ip: number, port: number): void {
    const { running } = machine;
    if (!running) return;
    this.onDelivered(machine, bytes);
    running.monitor?.delivered(bytes, ip, port);
    running.node.receive(bytes, 0, bytes.length, ip, port);
  }

  /** Publishes a value of a kind in the name of a machine. */
  publish(machine: Machine, kind: PublishedKind): void {
    const { running } = machine;
    running?.clock.run('timer', () => {
      running.node.publish(machine.values.make(kind, running.clock.wallMs()));
    });
  }

  #createNode(
    machine: Machine,
    clock: SimClock,
    watch: Watch,
  ): { node: SpyNode; pool: SimPool | undefined } {
    const { plan } = this;
    const { ip, port } = machine.address;
    const busy = seededRng(this.rng.u32());
    const transport = new SimTransport(
      (bytes, toIp, toPort) => {
        if (plan.isWatched) watch.sent(bytes, toIp, toPort, clock.monoMs());
        this.trafficHash = this.#xxhash.h32(bytes, (this.trafficHash + toIp + toPort) >>> 0);
        this.network.send(machine.index, machine.address, toIp, toPort, bytes);
      },
      () => (busy.unit() < plan.busySocket ? 1_000 : 0),
    );
    const { threads, slowMs } = machine.plan;
    let pool: SimPool | undefined;
    const createPool = (regions: Regions): SimPool => {
      pool = new SimPool(regions, {
        threads,
        identity: machine.identity,
        verifier: this.verifier,
        xxhash: this.#xxhash,
        clock,
        rng: seededRng(this.rng.u32()),
        slowMs: Math.max(1, slowMs),
        deaths: () => (this.#isHealed ? 0 : plan.deaths),
        wake: () => node.pump(),
      });
      return pool;
    };
    const node = new SpyNode(
      {
        identity: machine.identity,
        shredVersion: SHRED_VERSION,
        sockets: [{ key: 0, ip, port }],
        version: ourVersion(),
        entrypoints: machine.plan.entrypoints,
        allowPrivate: plan.allowPrivate,
        eager: machine.plan.eager,
        census: machine.plan.eager,
        capacities: plan.capacities,
        sizes: plan.sizes,
        pingSizes: {
          proofs: Math.max(512, 2 * plan.capacities.peerRows),
          destinations: Math.max(512, 2 * plan.capacities.peerRows),
          queue: 256,
          ipCells: 256,
          addressCells: 256,
        },
        outbox: { bytesPerSecond: plan.bytesPerSecond },
        shared: false,
      },
      {
        transport,
        clock,
        rng: seededRng(this.rng.u32()),
        logger: SILENT_LOGGER,
        verifier: this.verifier,
        xxhash: this.#xxhash,
        ...(threads > 0 ? { createPool } : {}),
      },
    );
    return { node, pool };
  }

  #listen(machine: Machine, ip: number, port: number): () => void {
    return this.network.bind(ip, port, {
      machine: machine.index,
      deliver: (bytes, fromIp, fromPort) => {
        const wait = machine.frozenUntilMs;
        if (this.time.nowMs >= wait) this.deliver(machine, bytes, fromIp, fromPort);
        else this.time.at(wait, () => this.deliver(machine, bytes, fromIp, fromPort));
      },
    });
  }

  #befall(accident: Accident): void {
    const machine = this.machines[accident.machine]!;
    const { running } = machine;
    switch (accident.what) {
      case 'restart':
        if (!running) break;
        this.stop(machine, this.rng.unit() < 0.5);
        this.time.at(this.time.nowMs + accident.forMs, () => this.start(machine));
        break;
      case 'leave':
        this.stop(machine, this.rng.unit() < 0.5);
        break;
      case 'move':
        if (running) this.#move(machine, running, accident.to);
        break;
      case 'freeze':
        machine.frozenUntilMs = this.time.nowMs + accident.forMs;
        if (running) running.clock.frozenUntilMs = machine.frozenUntilMs;
        break;
      case 'clock':
        machine.stepMs += accident.byMs;
        if (running) running.clock.stepMs = machine.stepMs;
        break;
    }
  }

  /** The machine gets another address, and its operator tells its node. */
  #move(machine: Machine, running: Running, to: Address): void {
    running.unbind();
    machine.address = to;
    running.monitor?.moved(to);
    machine.running = { ...running, unbind: this.#listen(machine, to.ip, to.port) };
    running.clock.run('timer', () => {
      running.node.parts.publisher.refreshContact({ sockets: [{ key: 0, ...to }] });
    });
  }

  #cut(cut: Cut): void {
    this.#cuts.add(cut);
    this.time.at(this.time.nowMs + cut.forMs, () => this.#cuts.delete(cut));
  }

  #isCut(from: number, to: number): boolean {
    for (const { side, oneWay } of this.#cuts) {
      const a = side[from] ?? false;
      const b = side[to] ?? false;
      if (oneWay ? a && !b : a !== b) return true;
    }
    return false;
  }

  #schedulePublishing(machine: Machine): void {
    const { time, rng } = this;
    const again = (): void => {
      const delayMs = -machine.plan.publishEveryMs * Math.log(1 - rng.unit());
      time.at(time.nowMs + delayMs, () => {
        if (this.#isHealed) return;
        this.publish(machine, PUBLISHED_KINDS[rng.below(PUBLISHED_KINDS.length)]!);
        again();
      });
    };
    again();
  }

  /** Remembers which contact infos a machine has published, by looking at its table. */
  #noteContact(machine: Machine, node: SpyNode): void {
    const { view, identity } = node.parts;
    const row = view.find(Kind.CONTACT_INFO, 0, identity.publicKey, 0);
    if (row < 0) return;
    const wallclock = view.columns.wallclock[row]!;
    if (machine.announced.at(-1)?.wallclock === wallclock) return;
    machine.announced.push({ trueMs: this.time.nowMs, wallclock });
    if (machine.announced.length > 64) machine.announced.shift();
  }

  #drawStakes(): Stakes {
    const entries: [Uint8Array, number][] = [];
    for (const { identity, plan } of this.machines) {
      if (plan.stake > 0) entries.push([identity.publicKey, plan.stake]);
    }
    for (let i = 0; i < this.plan.strangersStaked; i++) {
      const key = new Uint8Array(32);
      this.rng.fill(key);
      entries.push([key, 5e9]);
    }
    return new Stakes(this.plan.hasStakes ? entries : []);
  }

  /** Marks an address as one that only ever appears as a forged source. */
  forge(address: Address): void {
    this.forged.add(addressKey(address.ip, address.port));
  }
}
