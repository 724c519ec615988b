/** What a healed network must come to: everybody in its healthy core holds what the rules promise. */
import { compareValues } from '../../src/crds/label.ts';
import type { TableView } from '../../src/crds/view.ts';
import { countsAsStaked, isServed } from '../../src/gossip/policy.ts';
import { pullWeight } from '../../src/gossip/pull-peers.ts';
import { equalBytes, toHex } from '../../src/util/bytes.ts';
import { formatAddress } from '../../src/util/ipv4.ts';
import { HASH_BYTES, KIND_NAMES, Kind } from '../../src/wire/limits.ts';
import type { Cluster, Machine } from './cluster.ts';
import { Violation } from './violation.ts';

/** Between two looks at a healed network. */
export const LOOK_MS = 1_000;

/** A contact info is renewed every 7.5 s and must then get round. */
const CONTACT_GRACE_MS = 20_000;

/** Every partition is asked for once in so long. @source behaviour 3.4 */
const PARTITION_MS = 4_000;

/** Chances to hear of a value after which it was no bad luck: exp(−14) is one in a million. */
const ENOUGH_CHANCES = 14;

/** Share of those who are asked that makes it worth waiting for a value. */
const LIKELY_SHARE = 0.6;

/** A machine whose node runs. */
type Up = Machine & { running: NonNullable<Machine['running']> };

/** Where a value was seen. */
interface Seen {
  readonly name: string;
  readonly view: TableView;
  readonly row: number;
}

/** What is demanded, and how much of it was let off. */
export class Demands {
  /** Labels held as they should be, and those let off because the rules let nobody have them. */
  met = 0;
  excused = 0;
  /** Chances that each missing value had, by machine and name. */
  #chances = new Map<string, number>();
  readonly #cluster: Cluster;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The healthy core: machines that run, are honest and know the time. */
  get core(): Up[] {
    return this.#cluster.machines.filter(
      (m): m is Up => m.running !== undefined && !m.plan.isSkewed && !m.plan.isInsider,
    );
  }

  /**
   * What is still missing, in words. A contact info that is missing at the end is a failure; a value is
   * one as soon as it is missing for longer than bad luck explains. Due every LOOK_MS.
   *
   * @throws Violation
   */
  missing(): { contact: string | undefined; value: string | undefined } {
    this.met = 0;
    this.excused = 0;
    const value = this.#cluster.plan.isCramped ? undefined : this.#values();
    return { contact: this.#contacts(), value };
  }

  /** Everybody has a fresh contact info of everybody, of this life and this address. */
  #contacts(): string | undefined {
    const { plan, time } = this.#cluster;
    for (const holder of this.core) {
      const { view } = holder.running.node.parts;
      for (const other of this.core) {
        if (other === holder || (plan.isCramped && !this.#mustStay(holder, other))) continue;
        const who = `machine ${holder.index} about machine ${other.index}`;
        const row = view.find(Kind.CONTACT_INFO, 0, other.identity.publicKey, 0);
        if (row < 0) return `${who}: no contact info`;
        const { ip, port } = view.peers.columns;
        const peer = view.columns.peer[row]!;
        if (ip[peer] !== other.address.ip || port[peer] !== other.address.port) {
          return `${who}: at ${formatAddress(ip[peer]!, port[peer]!)}, which is no longer true`;
        }
        const due = other.announced.findLast((a) => a.trueMs <= time.nowMs - CONTACT_GRACE_MS);
        const { outset } = other.running.node.parts.publisher.contact;
        const held = view.columns.outsetHigh[row]! * 4_294_967_296 + view.columns.outsetLow[row]!;
        if (held !== outset) return `${who}: of an earlier life`;
        const ageMs = (due?.wallclock ?? 0) - view.columns.wallclock[row]!;
        if (due && ageMs > 0) return `${who}: ${ageMs} ms older than it should be`;
        this.met++;
      }
    }
    return undefined;
  }

  /**
   * Everybody has the newest value of every label of the core that the core still has, as far as asking
   * gets it: a peer is asked for a value once in PARTITION_MS, and whom it asks is a matter of stake.
   */
  #values(): string | undefined {
    const newest = this.#newest();
    const { core } = this;
    const missing = new Map<string, number>();
    let unmet: string | undefined;
    for (const holder of core) {
      const { view } = holder.running.node.parts;
      for (const seen of newest.values()) {
        if (holds(view, seen)) {
          this.met++;
          continue;
        }
        const share = this.#isExcused(holder, seen) ? 0 : this.#shareThatHolds(holder, core, seen);
        const key = `${holder.index} ${seen.name}`;
        const chances = (this.#chances.get(key) ?? 0) + (share * LOOK_MS) / PARTITION_MS;
        missing.set(key, chances);
        if (chances > ENOUGH_CHANCES) {
          throw new Violation('convergence', `machine ${holder.index}: ${seen.name} is missing`);
        }
        if (share < LIKELY_SHARE) this.excused++;
        else unmet ??= `machine ${holder.index}: ${seen.name} is missing`;
      }
    }
    this.#chances = missing;
    return unmet;
  }

  /** How likely it is that whom this machine asks holds a value. @source behaviour 3.3 */
  #shareThatHolds(holder: Up, core: readonly Up[], seen: Seen): number {
    const { ourStake, candidates } = holder.running.node.parts;
    let all = 0;
    let having = 0;
    for (let i = 0; i < candidates.count; i++) {
      const weight = pullWeight(candidates.stake[i]!, ourStake);
      all += weight;
      const asked = core.find((m) =>
        equalBytes(m.identity.publicKey, 0, candidates.keys, 32 * i, 32),
      );
      if (asked !== undefined && holds(asked.running.node.parts.view, seen)) having += weight;
    }
    return all === 0 ? 0 : having / all;
  }

  /** The newest value of each label of the core, over the tables of the core. */
  #newest(): Map<string, Seen> {
    const origins = new Set(this.core.map(({ identity }) => toHex(identity.publicKey)));
    const newest = new Map<string, Seen>();
    for (const { running } of this.core) {
      const { view } = running.node.parts;
      const { length, kind, index } = view.columns;
      for (let row = 0; row < view.highWater; row++) {
        if (length[row] === 0 || kind[row] === Kind.CONTACT_INFO) continue;
        const at = view.originOffset(row);
        const origin = toHex(view.peers.columns.pubkey, at, at + 32);
        if (!origins.has(origin) || !this.#isServedByAll(kind[row]!, view, at)) continue;
        const name = `${KIND_NAMES[kind[row]!]} ${index[row]} of ${origin.slice(0, 8)}…`;
        const known = newest.get(name);
        if (known === undefined || isNewer(view, row, known)) newest.set(name, { name, view, row });
      }
    }
    return newest;
  }

  /** A value that is not served to whoever missed it need not reach everybody. */
  #isServedByAll(kind: number, view: TableView, originAt: number): boolean {
    const { stakes, plan } = this.#cluster;
    const stake = plan.hasStakes ? stakes.get(view.peers.columns.pubkey, originAt) : 0;
    return isServed(kind, countsAsStaked(stakes.size, stake));
  }

  /** What the rules make a node do without: it asked not to be sent it, or has no room for it. */
  #isExcused(holder: Machine, seen: Seen): boolean {
    const { parts } = holder.running!.node;
    const { hash } = seen.view.columns;
    for (const queue of [parts.table.purged, parts.table.failed]) {
      for (let i = 0; i < queue.size; i++) {
        const at = queue.hashOffset(i);
        if (equalBytes(queue.hashes, at, hash, seen.row * HASH_BYTES, HASH_BYTES)) return true;
      }
    }
    const { originLimits } = parts.table;
    return originLimits.values < 24;
  }

  /** Whoever has no room for all still has it for those it was told to ask first. @source T7 */
  #mustStay(holder: Up, other: Machine): boolean {
    // In a handful of rows one flood of fresh keys after the other takes the one that is kept free.
    if (this.#cluster.plan.hasAdversary) return false;
    const { ip, port } = other.address;
    const isPinned = holder.plan.entrypoints.some((e) => e.ip === ip && e.port === port);
    return isPinned && !isFullOfKept(holder);
  }
}

/** Whether every row holds a value of somebody who never leaves: then nobody else can come in. */
function isFullOfKept({ running }: Up): boolean {
  const { keep, table, view } = running.node.parts;
  const { length } = view.columns;
  if (table.size < length.length) return false;
  const keys = view.peers.columns.pubkey;
  for (let row = 0; row < view.highWater; row++) {
    const at = view.originOffset(row);
    if (!keep.some((kept) => equalBytes(keys, at, kept, 0, 32))) return false;
  }
  return true;
}

function holds(view: TableView, { view: theirs, row: there }: Seen): boolean {
  const { kind, index, hash } = theirs.columns;
  const keys = theirs.peers.columns.pubkey;
  const row = view.find(kind[there]!, index[there]!, keys, theirs.originOffset(there));
  return (
    row >= 0 &&
    equalBytes(view.columns.hash, row * HASH_BYTES, hash, there * HASH_BYTES, HASH_BYTES)
  );
}

function isNewer(view: TableView, row: number, than: Seen): boolean {
  const a = view.columns;
  const b = than.view.columns;
  const order = compareValues(
    a.kind[row]!,
    0,
    0,
    a.wallclock[row]!,
    a.hash,
    row * HASH_BYTES,
    0,
    0,
    b.wallclock[than.row]!,
    b.hash,
    than.row * HASH_BYTES,
  );
  return order > 0;
}
