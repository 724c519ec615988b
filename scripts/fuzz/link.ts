import { loadXxhash, type Xxhash } from '../../src/crypto/hash.ts';
import { type Rng, seededRng } from '../../src/util/rng.ts';
import { Kind } from '../../src/wire/limits.ts';
import { Cluster, type Machine } from '../../test/sim/cluster.ts';
import { calmPlan } from '../../test/sim/plan.ts';
import { PUBLISHED_KINDS } from '../../test/sim/values.ts';
import { mutateBytes } from './mutate.ts';
import { PacketMutator } from './packet-mutator.ts';
import { resign } from './resign.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Datagrams that one input decides about; the link is clean afterwards. */
const MOST_DATAGRAMS = 256;

/** How long the nodes are left alone with a clean link, at most. @source reliability G5 */
const CONVERGE_MS = 60_000;

/** Share of inputs with real signatures, of 256. */
const REAL_SIGNATURES = 3;

/** Two nodes and what lies between them. */
class Link {
  readonly #cluster: Cluster;
  readonly #machines: readonly [Machine, Machine];
  readonly #input: Uint8Array;
  readonly #reach: (point: string) => void;
  readonly #rng: Rng;
  readonly #mutator: PacketMutator;
  #at = 1;
  #last: Uint8Array;
  /** Somebody said in a node's name what it never said: then nobody owes anybody anything. */
  #isForged = false;

  constructor(input: Uint8Array, xxhash: Xxhash, reach: (point: string) => void) {
    const first = input[0] ?? 0;
    const wishes = { nodes: 3, seed: 1 + (first % 16), small: true };
    const plan = calmPlan(wishes, () => ({ offsetMs: 0, rate: 1 }));
    this.#cluster = new Cluster({ ...plan, realSignatures: first < REAL_SIGNATURES }, xxhash);
    const [a, b] = this.#cluster.machines;
    if (!a || !b) throw new Error('a plan has machines');
    this.#machines = [a, b];
    this.#input = input;
    this.#reach = reach;
    this.#rng = seededRng(first);
    this.#mutator = new PacketMutator(this.#rng);
    this.#last = new Uint8Array(0);
    const { network } = this.#cluster;
    const send = network.send.bind(network);
    network.send = (machine, from, ip, port, bytes) => {
      for (const out of this.#passed(bytes)) send(machine, from, ip, port, out);
    };
  }

  /** @returns what it came to @throws Finding */
  run(): number {
    const { time } = this.#cluster;
    for (const machine of this.#machines) this.#cluster.start(machine);
    for (let i = 0; i < 20; i++) {
      const machine = this.#machines[i % 2]!;
      this.#cluster.publish(machine, PUBLISHED_KINDS[i % PUBLISHED_KINDS.length]!);
      time.runUntil(time.nowMs + 150);
    }
    this.#at = this.#input.length;
    const endMs = time.nowMs + CONVERGE_MS;
    while (!this.#areTogether() && time.nowMs < endMs) time.runUntil(time.nowMs + 500);
    if (this.#areTogether()) this.#reach('together');
    else if (!this.#isForged) throw new Finding('60 s after the last fault they are not together');
    for (const { running } of this.#machines) running?.monitor?.checkAll();
    const behaviour = this.#machines.map(({ running }) => running!.node.parts.view.size);
    for (const machine of this.#machines) this.#cluster.stop(machine, true);
    return behaviour[0]! * 64 + behaviour[1]!;
  }

  /** What becomes of a datagram: the next byte of the input decides. */
  #passed(bytes: Uint8Array): Uint8Array[] {
    const fate = this.#at < this.#input.length ? this.#input[this.#at++]! : 0;
    const before = this.#last;
    this.#last = bytes;
    if (fate < 96) return [bytes];
    if (fate < 128) return this.#note('lost', []);
    if (fate < 144) return this.#note('twice', [bytes, bytes]);
    if (fate < 160) return this.#note('again', [before, bytes]);
    const changed = this.#mutator.mutate(bytes, before.length > 0 ? before : bytes);
    if (changed.length === 0) return [];
    if (fate < 208) return this.#note('changed', [changed]);
    const { bytes: signed, isSigned } = resign(
      changed,
      this.#machines.map(({ identity }) => identity),
    );
    if (!isSigned) return this.#note('changed', [signed]);
    this.#isForged = true;
    return this.#note('forged', [signed]);
  }

  #note(point: string, datagrams: Uint8Array[]): Uint8Array[] {
    this.#reach(point);
    return datagrams.filter(({ length }) => length > 0);
  }

  /** Whether each holds the other's contact info. */
  #areTogether(): boolean {
    const [a, b] = this.#machines;
    const holds = (x: Machine, y: Machine): boolean =>
      x.running!.node.parts.view.find(Kind.CONTACT_INFO, 0, y.identity.publicKey, 0) >= 0;
    return holds(a, b) && holds(b, a);
  }
}

let xxhash: Xxhash | undefined;

/** Two whole nodes with somebody in between. */
export const target: FuzzTarget = {
  name: 'link',
  about:
    'two nodes whose datagrams are lost, repeated, changed, forged: promises hold, and they find each other',
  branches: /^src\/(crds|gossip|tasks|node)\//,
  canaries: ['together', 'lost', 'twice', 'again', 'changed', 'forged'],
  maxBytes: 1 + MOST_DATAGRAMS,
  mostMs: 20_000,
  seeds: () => [
    new Uint8Array(1).fill(9),
    Uint8Array.from({ length: 128 }, (_, i) => (i * 53 + 9) % 208),
    Uint8Array.from({ length: 200 }, (_, i) => (i % 5 === 4 ? 208 + (i % 48) : i % 96)),
  ],
  async open({ rng, reach }: FuzzContext): Promise<Runner> {
    xxhash ??= await loadXxhash();
    const hash = xxhash;
    return {
      run: (input) => new Link(input, hash, reach).run(),
      mutate(input, other) {
        let out = input;
        for (let n = 1 + rng.below(6); n > 0; n--) out = mutateBytes(out, other, rng);
        return out;
      },
    };
  },
};
