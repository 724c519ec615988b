import { createHash } from 'node:crypto';
import { createIdentity, createSpy, type Identity, type Spy } from '../../index.ts';
import type { Logger } from '../../node/ports.ts';
import { toBase58 } from '../../util/base58.ts';
import { SystemClock } from '../../util/clock.ts';
import { LOOPBACK_IP } from '../../util/ipv4.ts';
import { osRng } from '../../util/rng.ts';
import type { ContactInfoVersion } from '../../wire/contact-info-encode.ts';

import { CLIENT_NAMES, Kind, SOCKET_NAMES } from '../../wire/limits.ts';
import { buildTowerSync } from '../../wire/vote-transaction.ts';

/** Slots that a made-up tower holds. */
const TOWER_SLOTS = 31;

/** Lowest slots and snapshots change more slowly than votes. */
const SLOW_EVERY = 5;

/** A proof of duplicate shreds comes once in so many seconds, from the first node. */
const PROOF_EVERY = 10;

/** Bytes of a made-up shred. */
const SHRED_BYTES = 1203;

/** What the made-up nodes claim to run, so that there is something to tell apart. */
const VERSIONS: readonly { client: (typeof CLIENT_NAMES)[number]; version: string }[] = [
  { client: 'Agave', version: '4.4.0' },
  { client: 'JitoLabs', version: '4.4.0' },
  { client: 'Agave', version: '4.3.2' },
  { client: 'Frankendancer', version: '0.1004.40404' },
  { client: 'Agave', version: '4.4.1' },
  { client: 'Firedancer', version: '1.2.0' },
  { client: 'JitoLabs', version: '4.3.2' },
  { client: 'AgaveBam', version: '4.4.0' },
];

/** How the cluster is set up. */
export interface DemoOptions {
  readonly nodes: number;
  readonly shredVersion: number;
  /** `HOST:PORT` of a cluster to join; without, the first node is asked by the others. */
  readonly join: string | undefined;
  readonly logger: Logger;
}

/** Nodes on this machine that speak real gossip over real sockets under made-up identities. */
export class DemoCluster {
  readonly nodes: Spy[] = [];
  readonly #options: DemoOptions;
  readonly #identities: Identity[] = [];
  readonly #rng = osRng();
  #slot = 380_000_000;
  #cancel: () => void = () => {};

  constructor(options: DemoOptions) {
    this.#options = options;
  }

  /** `HOST:PORT` that others can join at. */
  get entrypoint(): string {
    return this.#options.join ?? this.nodes[0]?.gossip ?? '';
  }

  /** Starts the nodes; they publish once a second from then on. */
  async start(): Promise<void> {
    for (let i = 0; i < this.#options.nodes; i++) {
      const identity = createIdentity();
      this.#identities.push(identity);
      this.nodes.push(await this.#startNode(identity, i));
    }
    this.#publish();
    this.#cancel = SystemClock.every(1000, () => this.#publish());
  }

  async stop(): Promise<void> {
    this.#cancel();
    await Promise.all(this.nodes.map((node) => node.stop()));
  }

  #startNode(identity: Identity, i: number): Promise<Spy> {
    const { shredVersion, logger } = this.#options;
    const service = (name: (typeof SOCKET_NAMES)[number], port: number) => ({
      key: SOCKET_NAMES.indexOf(name),
      ip: LOOPBACK_IP,
      port,
    });
    const rpc = i % 3 === 0 ? [service('rpc', 9100 + i)] : [];
    return createSpy({
      entrypoints: this.entrypoint === '' ? [] : [this.entrypoint],
      identity,
      shredVersion,
      bindAddress: '127.0.0.1',
      allowPrivate: true,
      sockets: [service('tvu', 19_000 + i), service('tpuQuic', 19_500 + i), ...rpc],
      version: madeUpVersion(i),
      size: 'small',
      workers: 0,
      receiver: 'dgram',
      eager: false,
      logger,
    });
  }

  /** What validators say in one second. */
  #publish(): void {
    const slot = ++this.#slot;
    for (const [i, node] of this.nodes.entries()) {
      const identity = this.#identities[i];
      if (!identity) continue;
      node.own.vote(slot, this.#vote(identity, slot));
      node.own.epochSlots([slot - 3, slot - 2, slot - 1, slot]);
      if (slot % SLOW_EVERY === 0) {
        const full = Math.floor(slot / 100) * 100;
        node.own.lowestSlot(slot - 1000);
        node.own.snapshotHashes({ slot: full, hash: hashOf(`full ${full}`) }, [
          { slot: full + 50, hash: hashOf(`incremental ${full}`) },
        ]);
      }
      if (i === 0 && slot % PROOF_EVERY === 0) {
        node.own.duplicateShred(slot, this.#shred(), this.#shred());
      }
    }
  }

  #vote(identity: Identity, slot: number) {
    const from = identity.address;
    const lockouts = Array.from({ length: TOWER_SLOTS }, (_, i) => ({
      slot: slot - TOWER_SLOTS + 1 + i,
      confirmations: TOWER_SLOTS - i,
    }));
    const sign = (message: Uint8Array): Uint8Array => {
      const signature = new Uint8Array(64);
      identity.sign(message, 0, message.length, signature, 0);
      return signature;
    };
    return buildTowerSync(sign, {
      identity: from,
      voteAccount: hashOf(`vote account of ${from}`),
      lockouts,
      root: slot - TOWER_SLOTS,
      hash: hashOf(`bank ${slot}`),
      timestamp: Math.floor(SystemClock.wallMs() / 1000),
      blockId: hashOf(`block ${slot}`),
      recentBlockhash: hashOf(`recent ${slot}`),
    });
  }

  #shred(): Uint8Array {
    const bytes = new Uint8Array(SHRED_BYTES);
    this.#rng.fill(bytes);
    return bytes;
  }
}

function madeUpVersion(i: number): ContactInfoVersion {
  const { client, version } = VERSIONS[i % VERSIONS.length] ?? {
    client: 'Agave',
    version: '4.4.0',
  };
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return {
    major,
    minor,
    channel: 0,
    patch,
    commit: 0x10_00_00_00 + i,
    featureSet: 3_722_100_051,
    client: CLIENT_NAMES.indexOf(client),
  };
}

function hashOf(text: string): string {
  return toBase58(createHash('sha256').update(text).digest());
}

/** Votes that reached a node since the last look: what `--arrivals` writes. */
export class ArrivalWatch {
  readonly #cursors = new Map<Spy, number>();

  /** @returns one entry a vote and node, delay from its wallclock to now */
  *look(nodes: readonly Spy[]): Generator<Record<string, unknown>> {
    for (const node of nodes) {
      for (const { ordinal, from, index, wallclock } of node.arrivalsSince(
        this.#cursors.get(node) ?? 0,
        Kind.VOTE,
      )) {
        this.#cursors.set(node, ordinal + 1);
        const delayMs = Math.max(0, SystemClock.wallMs() - wallclock);
        yield { node: node.identity, from, index, wallclock, delayMs };
      }
    }
  }
}
