/** Checks one node after every step that it takes: cheap promises each time, costly ones now and then. */
import { findViolation } from '../../src/crds/invariants.ts';
import type { Verifier } from '../../src/crypto/verifier.ts';
import { FANOUT, STAKE_BUCKETS } from '../../src/gossip/active-set.ts';
import type { SpyNode } from '../../src/node/spy.ts';
import { Counter } from '../../src/shm/counters.ts';
import { toHex } from '../../src/util/bytes.ts';
import { formatAddress } from '../../src/util/ipv4.ts';
import { Kind, Message, PACKET_BYTES } from '../../src/wire/limits.ts';
import { accountOf, imbalance, inRing } from '../accounting.ts';
import { Replica } from './replica.ts';
import type { SimClock, Wake } from './time.ts';
import { promise } from './violation.ts';
import type { Watch } from './watch.ts';

/** Steps of a node between two looks at its whole table. @source reliability 4 */
const TABLE_EVERY_STEPS = 64;
/** Rounds between two looks at the ages of all values. */
const AGES_EVERY_ROUNDS = 8;

/** What a node cannot change by obeying a prune. */
interface Footprint {
  left: number;
  cursor: number;
  size: number;
  purged: number;
  failed: number;
  unproved: number;
  peers: number;
}

/** All checks of one running node. */
export class Monitor {
  readonly #node: SpyNode;
  readonly #clock: SimClock;
  readonly #watch: Watch;
  readonly #verifier: Verifier;
  readonly #replica: Replica;
  readonly #ownKey: string;
  /** How many threads may count. With more than one it is another turn that applies what came in this one. */
  readonly #threads: number;
  /** Hashes of values whose signature is bad: 32 bytes each. */
  readonly #forged: Uint8Array[] = [];
  #before: Footprint;
  /** Bit t is set when a message of tag t came since the last turn. */
  #cameSince = 0;
  #steps = 0;
  #rounds = 0;

  /**
   * @param threads that may count, main included
   */
  constructor(node: SpyNode, clock: SimClock, watch: Watch, verifier: Verifier, threads: number) {
    this.#node = node;
    this.#clock = clock;
    this.#watch = watch;
    this.#verifier = verifier;
    this.#replica = new Replica(node.parts.table, node.parts.regions);
    this.#ownKey = toHex(node.parts.identity.publicKey);
    this.#threads = threads;
    this.#before = this.#footprint();
  }

  /** A datagram is about to be given to the node. */
  delivered(bytes: Uint8Array, ip: number, port: number): void {
    this.#cameSince |= 1 << (bytes.length >= 4 ? Math.min(bytes[0]!, 30) : 31);
    this.#watch.delivered(bytes, ip, port, this.#clock.monoMs());
  }

  /** The machine has another address now. */
  moved(to: { readonly ip: number; readonly port: number }): void {
    this.#watch.own = to;
  }

  /** This hash is of a value that must never count as verified. @source C1 */
  noteForged(hash: Uint8Array): void {
    if (this.#forged.length < 64) this.#forged.push(hash);
    else this.#forged[this.#steps % 64] = hash;
  }

  /** The node has returned from something. */
  afterStep(wake: Wake): void {
    this.#steps++;
    this.#accounting();
    this.#prunesChangeNothingElse(wake);
    this.#replica.follow();
    this.#whoLeft();
    this.#before = this.#footprint();
    if (wake === 'soon') this.#cameSince = 0;
    if (wake === 'round' && ++this.#rounds % AGES_EVERY_ROUNDS === 0) this.#ages();
    if (this.#steps % TABLE_EVERY_STEPS === 0) this.checkAll();
  }

  /** Everything that can be checked at any time. */
  checkAll(): void {
    const verify = (
      bytes: Uint8Array,
      keyAt: number,
      signatureAt: number,
      messageAt: number,
      end: number,
    ): boolean => this.#verifier.verify(bytes, keyAt, bytes, signatureAt, bytes, messageAt, end);
    const broken = findViolation(this.#node.parts.table, { verify });
    promise(broken?.slice(0, 2) ?? '', broken === undefined, () => broken?.slice(3) ?? '');
    this.#replica.compare();
    this.#proofs();
    this.#caches();
    this.#bounds();
    this.#ownValuesGoOut();
  }

  /** Others have stake from now on: who has to leave is judged by that. */
  stakesChanged(): void {
    this.#replica.refresh();
  }

  /** Journal entries that came round before they were read. */
  get laps(): number {
    return this.#replica.laps;
  }

  /** C3: every datagram is counted once, or waits. C4: what waits can be read. */
  #accounting(): void {
    const { length } = this.#node.parts.regions.ring;
    inRing(this.#node, (packet) => {
      const bytes = length[packet]!;
      promise('C4', bytes >= 1 && bytes <= PACKET_BYTES, () => `a slot of ${bytes} bytes`);
    });
    const account = accountOf(this.#node, this.#threads);
    const { received } = account;
    const { received: seen } = this.#watch;
    promise('C3', received === seen, () => `${received} counted of ${seen} received`);
    const broken = imbalance(account);
    promise('C3', broken === undefined, () => broken ?? '');
  }

  /** C6: after a turn that brought nothing but prunes only our own forwarding may differ. */
  #prunesChangeNothingElse(wake: Wake): void {
    if (this.#threads > 1 || wake !== 'soon' || this.#cameSince !== 1 << Message.PRUNE) return;
    const now = this.#footprint();
    // What pongs brought in the turn before may be trimmed in this one.
    if (now.left !== this.#before.left) return;
    const same = JSON.stringify(now) === JSON.stringify(this.#before);
    promise('C6', same, () => {
      return `a prune made ${JSON.stringify(now)} of ${JSON.stringify(this.#before)}`;
    });
  }

  #footprint(): Footprint {
    const { table, unproved, activeSet, counters } = this.#node.parts;
    return {
      left: counters[Counter.VALUES_TRIMMED]! + counters[Counter.VALUES_EVICTED]!,
      cursor: table.cursor,
      size: table.size,
      purged: table.purged.size,
      failed: table.failed.size,
      unproved: unproved.size,
      peers: activeSet.size(0),
    };
  }

  /** C6: nobody can keep us from saying what is ours. */
  #ownValuesGoOut(): void {
    const { activeSet, identity } = this.#node.parts;
    const out = new Uint16Array(FANOUT);
    for (let bucket = 0; bucket < STAKE_BUCKETS; bucket++) {
      const count = activeSet.peersFor(bucket, identity.publicKey, 0, out);
      const size = Math.min(FANOUT, activeSet.size(bucket));
      promise('C6', count === size, () => `our values go to ${count} of ${size} peers`);
    }
  }

  /** T7: whoever stays has at least the stake of whoever had to leave, and the pinned stay. */
  #whoLeft(): void {
    const { removed, origins } = this.#replica;
    if (removed.length === 0) return;
    const { clock, table, timeouts } = this.#node.parts;
    const nowMs = clock.steadyMs();
    for (const gone of removed) {
      if (origins.has(gone.origin)) continue;
      promise('T7', gone.origin !== this.#ownKey, () => 'our own values had to leave');
      const timeoutMs = timeouts.ofStake(gone.stake);
      if (Math.min(gone.signed, gone.inserted) + timeoutMs <= nowMs) continue;
      const { stake, values } = table.peers.columns;
      if (gone.stake === 0) continue;
      for (let peer = 0; peer < table.peers.highWater; peer++) {
        if (values[peer] === 0 || this.#isPinned(peer)) continue;
        promise(
          'T7',
          stake[peer]! >= gone.stake,
          () => `${gone.origin} had more stake than who stayed`,
        );
      }
    }
  }

  #isPinned(peer: number): boolean {
    const { table, options, identity } = this.#node.parts;
    const { ip, port, pubkey } = table.peers.columns;
    if (toHex(pubkey, peer * 32, peer * 32 + 32) === toHex(identity.publicKey)) return true;
    return options.entrypoints.some((e) => e.ip === ip[peer] && e.port === port[peer]);
  }

  /** T6: what stays has a reason to, and a clock in the future is none. Due right after a round. */
  #ages(): void {
    const { clock, table, timeouts, identity } = this.#node.parts;
    const { view } = table;
    const { signed, inserted } = view.columns;
    const { values, pubkey } = view.peers.columns;
    const nowMs = clock.steadyMs();
    const age = (row: number): number => nowMs - Math.min(signed[row]!, inserted[row]!);
    for (let peer = 0; peer < view.peers.highWater; peer++) {
      if (values[peer] === 0) continue;
      const timeoutMs = timeouts.of(pubkey, peer * 32);
      const contact = view.peers.contactRow(peer);
      if (contact >= 0 && age(contact) < timeoutMs) continue;
      for (let row = view.owners.first(peer); row >= 0; row = view.owners.next(row)) {
        promise('T6', age(row) < timeoutMs, () => `a value of age ${age(row)} ms is still there`);
      }
    }
    const own = view.find(Kind.CONTACT_INFO, 0, identity.publicKey, 0);
    promise('T7', own >= 0, () => 'our own contact info is gone');
  }

  /** C2: proofs are what our own books say, and nobody is in the table without one. */
  #proofs(): void {
    const { pings, view, identity } = this.#node.parts;
    const { ip, port, values, pubkey } = view.peers.columns;
    const monoMs = this.#clock.monoMs();
    for (let peer = 0; peer < view.peers.highWater; peer++) {
      if (values[peer] === 0 || view.peers.contactRow(peer) < 0) continue;
      const at = peer * 32;
      if (toHex(pubkey, at, at + 32) === toHex(identity.publicKey)) continue;
      const has = this.#watch.hasProof(pubkey, at, ip[peer]!, port[peer]!, monoMs);
      const claims = pings.isProved(pubkey, at, ip[peer]!, port[peer]!, monoMs);
      const where = formatAddress(ip[peer]!, port[peer]!);
      promise('C2', has || !claims, () => `${where} counts as proved and never answered`);
      promise('C2', has, () => `${where} is in the table and has not answered`);
    }
  }

  /** C1: what was refused is not remembered as verified. */
  #caches(): void {
    const { verified } = this.#node.parts;
    for (const hash of this.#forged) {
      promise('C1', !verified.has(hash, 0), () => `${toHex(hash)} counts as verified`);
    }
  }

  /** T5 and promise 1: nothing outgrows its limit. */
  #bounds(): void {
    const { table, regions, unproved, outbox, options } = this.#node.parts;
    const maxPubkeys = options.sizes?.maxPubkeys ?? 8_192;
    const { capacities } = regions;
    const limits: [string, number, number][] = [
      ['values', table.size, capacities.tableRows],
      // Between two trims the pongs of one batch may add to it.
      ['identities', table.peers.size, Math.min(capacities.peerRows, 1.1 * maxPubkeys + 64)],
      ['purged hashes', table.purged.size, capacities.purgedHashes],
      ['failed hashes', table.failed.size, capacities.failedHashes],
      ['unproved contacts', unproved.size, options.sizes?.unproved ?? 16_384],
      ['waiting datagrams', outbox.waiting, capacities.egressSlots],
      ['pull requests admitted', this.#node.answers.lane.waiting, capacities.requests],
    ];
    for (const [what, count, limit] of limits) {
      promise('T5', count <= limit, () => `${count} ${what} of ${limit}`);
    }
  }
}
