import { MAX_PUBKEYS, Timeouts } from '../crds/expire.ts';
import type { Hasher } from '../crds/label.ts';
import { CrdsTable, type OriginLimits } from '../crds/table.ts';
import type { TableView } from '../crds/view.ts';
import type { Identity } from '../crypto/identity.ts';
import type { Verifier } from '../crypto/verify.ts';
import { ActiveSet } from '../gossip/active-set.ts';
import { PingCache, type PingCacheSizes } from '../gossip/ping.ts';
import { ProvedAddresses } from '../gossip/proved-addresses.ts';
import { PeerCandidates } from '../gossip/pull-peers.ts';
import type { ServeLimits } from '../gossip/pull-serve.ts';
import { ReceivedCache, type ReceivedCacheSizes } from '../gossip/received-cache.ts';
import { UnprovedContacts } from '../gossip/unproved.ts';
import { counterBlock } from '../shm/counters.ts';
import type { Capacities } from '../shm/layout.ts';
import { createRegions, type Regions } from '../shm/regions.ts';
import { BatchRing } from '../shm/slab.ts';
import { VerifiedSet } from '../shm/verified.ts';
import type { Clock } from '../util/clock.ts';
import { isReachable } from '../util/ipv4.ts';
import type { Rng } from '../util/rng.ts';
import type { ContactInfoSocket, ContactInfoVersion } from '../wire/contact-info-encode.ts';
import { CoverageSamples } from './coverage-samples.ts';
import { Hearing } from './hearing.ts';
import { LifeSigns } from './life-signs.ts';
import { DEFAULT_OUTBOX, Outbox, type OutboxOptions } from './outbox.ts';
import type { WorkPool } from './pools.ts';
import type { Logger, Transport } from './ports.ts';
import { Publisher } from './publish.ts';
import { Sightings } from './sightings.ts';
import { Timekeeper } from './timekeeper.ts';
import { Traffic } from './traffic.ts';

/** How much a node remembers outside the regions; left out, each is as much as mainnet needs. */
export interface NodeSizes {
  readonly received?: ReceivedCacheSizes;
  readonly serve?: ServeLimits;
  /** Contact infos that may wait for their address to answer. */
  readonly unproved?: number;
  readonly originLimits?: OriginLimits;
  /** Identities that a trim leaves. */
  readonly maxPubkeys?: number;
}

/** What a node is told. */
export interface NodeOptions {
  readonly identity: Identity;
  readonly shredVersion: number;
  /** What our contact info says; the gossip socket has key 0. */
  readonly sockets: readonly ContactInfoSocket[];
  readonly version: ContactInfoVersion;
  /** Addresses to ask first. @units ip: IPv4 as a number */
  readonly entrypoints: readonly { readonly ip: number; readonly port: number }[];
  /** Whether private and loopback addresses are talked to. */
  readonly allowPrivate: boolean;
  /** Asks quickly until the table is full, then at an honest node's pace. */
  readonly eager: boolean;
  /** Whether values of others are pushed on; our own always are. On unless said otherwise. */
  readonly relays?: boolean;
  /** Draws samples of what others know, to tell how many nodes there are. */
  readonly census?: boolean;
  readonly capacities?: Partial<Capacities>;
  readonly pingSizes?: PingCacheSizes;
  readonly sizes?: NodeSizes;
  readonly outbox?: Partial<OutboxOptions>;
  /** Whether the regions lie in shared memory. */
  readonly shared?: boolean;
}

/** What a node is given. @source architecture 9 */
export interface NodePorts {
  readonly transport: Transport;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly verifier: Verifier;
  readonly xxhash: Hasher;
  /** Who listens, signs and serves, given the regions; main itself when left out. */
  readonly createPool?: (regions: Regions) => WorkPool;
}

/** As many slots as the region has, unless the outbox is to have fewer or more. */
function egressSlots(options: NodeOptions): number {
  return options.capacities?.egressSlots ?? DEFAULT_OUTBOX.slots;
}

function powerOfTwo(least: number): number {
  return 2 ** Math.ceil(Math.log2(least));
}

/** The state that the parts of a node share; all of it belongs to the main thread. */
export class NodeParts {
  readonly options: NodeOptions;
  readonly transport: Transport;
  readonly clock: Timekeeper;
  readonly rng: Rng;
  readonly logger: Logger;
  readonly verifier: Verifier;
  readonly identity: Identity;
  readonly regions: Regions;
  readonly ring: BatchRing;
  readonly table: CrdsTable;
  readonly view: TableView;
  readonly verified: VerifiedSet;
  readonly counters: Float64Array;
  /** Who sends what to whom. */
  readonly traffic: Traffic;
  readonly outbox: Outbox;
  readonly pings: PingCache;
  readonly addresses: ProvedAddresses;
  readonly candidates: PeerCandidates;
  readonly activeSet: ActiveSet;
  readonly received: ReceivedCache;
  readonly unproved: UnprovedContacts;
  readonly maxPubkeys: number;
  readonly sightings = new Sightings();
  readonly hearing: Hearing;
  readonly life: LifeSigns;
  readonly coverage: CoverageSamples;
  readonly publisher: Publisher;
  timeouts: Timeouts;
  /** Identities that never leave the table to make room: our own and the entrypoints'. */
  keep: readonly Uint8Array[];

  constructor(options: NodeOptions, ports: NodePorts) {
    const { identity, shredVersion, allowPrivate, sizes = {} } = options;
    this.options = options;
    this.transport = ports.transport;
    this.clock = new Timekeeper(ports.clock, ports.logger);
    this.hearing = new Hearing(ports.logger, this.clock.monoMs());
    this.rng = ports.rng;
    this.logger = ports.logger;
    this.verifier = ports.verifier;
    this.identity = identity;
    const outbox = { ...DEFAULT_OUTBOX, slots: egressSlots(options), ...options.outbox };
    this.regions = createRegions(
      { ...options.capacities, egressSlots: powerOfTwo(outbox.slots) },
      options.shared ?? true,
    );
    this.ring = new BatchRing(this.regions.ring);
    this.verified = new VerifiedSet(this.regions.verified);
    this.verified.seed(ports.rng.u32());
    this.table = new CrdsTable(this.regions, {
      xxhash: ports.xxhash,
      hashSeed: ports.rng.u32(),
      ...(sizes.originLimits ? { originLimits: sizes.originLimits } : {}),
    });
    this.maxPubkeys = sizes.maxPubkeys ?? MAX_PUBKEYS;
    this.unproved = new UnprovedContacts(sizes.unproved);
    this.view = this.table.view;
    this.counters = counterBlock(this.regions.counters, 0);
    this.traffic = new Traffic(this.regions);
    this.traffic.start(ports.clock.monoMs());
    const { egress } = this.regions;
    this.outbox = new Outbox(ports.transport, ports.clock, egress, outbox, this.traffic);
    this.addresses = ProvedAddresses.create(this.regions.addresses, ports.rng);
    this.pings = new PingCache(ports.rng, allowPrivate, options.pingSizes, this.addresses);
    this.coverage = new CoverageSamples(
      this.view,
      this.unproved,
      this.clock,
      this.sightings,
      identity.publicKey,
    );
    this.life = new LifeSigns(this.view, this.pings, this.clock);
    this.candidates = new PeerCandidates(
      { ourKey: identity.publicKey, shredVersion, allowPrivate },
      ports.rng,
      this.regions.capacities.peerRows,
    );
    this.activeSet = new ActiveSet(identity.publicKey, ports.rng);
    this.received = new ReceivedCache(ports.rng, sizes.received);
    this.publisher = new Publisher(identity, this.table, this.clock, {
      sockets: options.sockets,
      version: options.version,
      shredVersion,
      outset: this.clock.wallMs() * 1000,
    });
    this.keep = [identity.publicKey];
    this.timeouts = new Timeouts(identity.publicKey, this.table.stakes);
  }

  /** Our own stake, lamports. */
  get ourStake(): number {
    return this.table.stakes.get(this.identity.publicKey, 0);
  }

  /**
   * Whether datagrams may be sent there, or be from there: somebody can be there, and it is not us. An
   * address of ours in another's contact info would make us ping ourselves.
   */
  isPeerAddress(ip: number, port: number): boolean {
    if (ip === this.publisher.ownIp && port === this.publisher.ownPort) return false;
    return isReachable(ip, port, this.options.allowPrivate);
  }

  /** Counts an outcome of a packet or value. */
  count(outcome: number): void {
    this.counters[-outcome]!++;
  }
}
