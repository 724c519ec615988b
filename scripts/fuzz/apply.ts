import { Stakes } from '../../src/crds/peers.ts';
import { loadXxhash, type Xxhash } from '../../src/crypto/hash.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { OUTCOME_COUNT, outcomeName } from '../../src/util/outcome.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { Message } from '../../src/wire/limits.ts';
import { Cluster, type Machine } from '../../test/sim/cluster.ts';
import { calmPlan } from '../../test/sim/plan.ts';
import { FuzzPeer } from './fuzz-peer.ts';
import { mutateBytes } from './mutate.ts';
import { PacketMutator } from './packet-mutator.ts';
import { packetSeeds } from './packet-seeds.ts';
import { resign } from './resign.ts';
import type { FuzzContext, FuzzTarget, Runner } from './target.ts';

/** Peers there are, and actions of one input. */
const PEERS = 6;
const MOST_ACTIONS = 96;
const PEER_PORT = 30_000;

/** Most that passes at a time: longer than an unstaked peer lives without a sign. */
const MOST_PASSED_MS = 16_000;

/** Share of inputs with real signatures, of 256. @source reliability 7: 1 % */
const REAL_SIGNATURES = 3;

/** Of so many mutated inputs with real signatures one keeps them. */
const REAL_SIGNATURES_KEPT = 8;

/** The first byte says what network it is; an action is two bytes. */
function actionsOf(input: Uint8Array): number {
  return Math.min(MOST_ACTIONS, Math.max(0, (input.length - 1) >> 1));
}

/** One node, and what befalls it. */
class Story {
  readonly #cluster: Cluster;
  readonly #target: Machine;
  readonly #peers: FuzzPeer[];
  readonly #rng: Rng;
  readonly #seeds: readonly Uint8Array[];
  readonly #mutator: PacketMutator;

  constructor(first: number, xxhash: Xxhash, seeds: readonly Uint8Array[]) {
    const wishes = { nodes: 3, seed: 1 + (first % 16), small: true };
    const plan = calmPlan(wishes, () => ({ offsetMs: 0, rate: 1 }));
    const { capacities, sizes } = plan;
    this.#cluster = new Cluster(
      {
        ...plan,
        realSignatures: first < REAL_SIGNATURES,
        allowPrivate: first % 2 === 0,
        // So small that everything overflows now and then.
        capacities: { ...capacities, tableRows: 64, peerRows: 16 },
        sizes: { ...sizes, unproved: 8, maxPubkeys: 8, originLimits: { values: 12, bytes: 8_192 } },
      },
      xxhash,
    );
    this.#rng = seededRng(first);
    this.#seeds = seeds;
    this.#mutator = new PacketMutator(this.#rng);
    this.#target = this.#cluster.machines[0]!;
    this.#peers = Array.from({ length: PEERS }, (_, i) => {
      const ip = first % 2 === 0 ? LOOPBACK_IP : 0x08080801 + (i >> 1);
      const address = { ip, port: PEER_PORT + i };
      return new FuzzPeer(this.#cluster, 1_000 + i, address, this.#rng);
    });
    this.#cluster.start(this.#target);
    this.#pass(200);
  }

  /** @returns what it came to: which outcomes there were */
  run(input: Uint8Array, reach: (point: string) => void): number {
    for (let n = 0; n < actionsOf(input); n++) this.#act(input[2 * n + 1]!, input[2 * n + 2]!);
    this.#pass(500);
    const { node, monitor } = this.#target.running!;
    monitor?.checkAll();
    const { counters } = node.parts;
    let behaviour = 0;
    for (let i = 0; i < OUTCOME_COUNT; i++) {
      if (counters[i] === 0) continue;
      reach(outcomeName(i === 0 ? 0 : -i));
      behaviour = (Math.imul(behaviour, 31) + i) | 0;
    }
    this.#cluster.stop(this.#target, true);
    return behaviour & 0xfff;
  }

  #act(what: number, draw: number): void {
    const target = this.#target;
    const peer = this.#peers[(what >> 4) % PEERS]!;
    const other = this.#peers[draw % PEERS]!;
    const kind = (what & 8) === 0 ? Message.PUSH : Message.PULL_RESPONSE;
    switch (what & 7) {
      case 0:
        peer.say(target, [other.contact(draw)], kind);
        break;
      case 1:
        if ((what & 8) === 0) peer.pong(target);
        else peer.ping(target);
        break;
      case 2:
        peer.say(target, [other.value(draw), peer.value(draw >> 1), other.contact(0)], kind);
        break;
      case 3:
        this.#stake(draw);
        break;
      case 4:
        this.#time(what, draw);
        return;
      case 5:
        if ((what & 8) === 0)
          peer.prune(
            target,
            this.#peers.map((p) => p.identity),
            draw,
          );
        else peer.pull(target, draw);
        break;
      default:
        this.#packet(peer, what, draw);
    }
    this.#pass(5);
  }

  /** Some of the peers have stake from now on. */
  #stake(draw: number): void {
    const staked = this.#peers.flatMap(({ identity }, i): [Uint8Array, number][] =>
      (draw >> i) & 1 ? [[identity.publicKey, (1 + draw) * 1e9]] : [],
    );
    const { clock, node, monitor } = this.#target.running!;
    clock.run('timer', () => {
      node.setStakes(new Stakes(staked));
      monitor?.stakesChanged();
    });
  }

  /** Time passes, or somebody sets the clock. */
  #time(what: number, draw: number): void {
    if ((what & 8) === 0) this.#pass(Math.min(MOST_PASSED_MS, draw * draw));
    else this.#target.running!.clock.stepMs += (draw - 128) * 500;
  }

  /** A recorded datagram, changed, signed again by whom it may concern. */
  #packet(peer: FuzzPeer, what: number, draw: number): void {
    const any = (): Uint8Array => this.#seeds[this.#rng.below(this.#seeds.length)]!;
    const made = this.#mutator.mutate(any(), any());
    if (made.length === 0) return;
    const key = peer.identity.publicKey;
    // In its own name: in the place of a sender, then of the first value's origin.
    if (draw % 4 > 0 && made.length > 200) made.set(key, 4);
    if (draw % 2 === 1 && made.length > 200 && what >= 128) made.set(key, 44 + 68);
    const identities = this.#peers.map(({ identity }) => identity);
    peer.send(this.#target, resign(made, identities).bytes);
  }

  #pass(ms: number): void {
    const { time } = this.#cluster;
    time.runUntil(time.nowMs + ms);
  }
}

let xxhash: Xxhash | undefined;

/** A whole node and a stream of actions. */
export const target: FuzzTarget = {
  name: 'apply',
  about:
    'peers, pings, stakes, clocks and packets befall a node: every promise is kept after each step',
  branches: /^src\/(crds|gossip|tasks|node\/(answers|apply|contacts|pulls|relay|rounds|signer))/,
  canaries: [
    'VALUE_INSERTED',
    'VALUE_UPDATED',
    'VALUE_OUTDATED',
    'VALUE_ADDRESS_UNPROVED',
    'VALUE_WALLCLOCK_WINDOW',
    'VALUE_ORIGIN_UNKNOWN',
    'VALUE_SIGNATURE',
    'PULL_REQUEST_UNPROVED',
    'PULL_REQUEST_WALLCLOCK',
    'PRUNE_TOO_OLD',
    'PRUNE_NOT_FOR_US',
    'PONG_UNEXPECTED',
    'MASK_BITS_TOO_FEW',
  ],
  maxBytes: 1 + 2 * MOST_ACTIONS,
  mostMs: 5_000,
  steps: actionsOf,
  seeds: () => [
    Uint8Array.from({ length: 60 }, (_, i) => (i * 37) % 256),
    Uint8Array.of(0, 0, 0, 1, 0, 2, 0, 2, 9, 2, 40, 4, 90, 10, 7, 5, 0, 13, 3, 6, 1),
    Uint8Array.of(1, ...[0, 16, 32, 48].flatMap((p) => [p, p >> 4, p | 1, 0, p | 2, p, p | 13, p])),
  ],
  async open({ rng, reach }: FuzzContext): Promise<Runner> {
    xxhash ??= await loadXxhash();
    const hash = xxhash;
    const seeds = packetSeeds(['packets']).filter((bytes) => bytes.length <= 1_232);
    return {
      run: (input) => new Story(input[0] ?? 0, hash, seeds).run(input, reach),
      mutate(input, other) {
        let out = input;
        for (let n = 1 + rng.below(6); n > 0; n--) out = mutateBytes(out, other, rng);
        // Real signatures take new branches, so such inputs are kept; but that share is of time, too.
        const isReal = out.length > 0 && out[0]! < REAL_SIGNATURES;
        if (isReal && rng.below(REAL_SIGNATURES_KEPT) > 0) out = out.with(0, rng.below(256));
        return out;
      },
    };
  },
};
