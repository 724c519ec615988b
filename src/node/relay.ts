import { originBucket } from '../gossip/active-set.ts';
import { checkPrune } from '../gossip/policy.ts';
import { PrunePlan } from '../gossip/prune.ts';
import { PushPlan } from '../gossip/push.ts';
import { Counter } from '../shm/counters.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { equalBytes, readU64 } from '../util/bytes.ts';
import { isReachable } from '../util/ipv4.ts';
import { Outcome } from '../util/outcome.ts';
import { PRUNE_ORIGINS_AT, pruneSignatureAt, writeValuesHeader } from '../wire/encode.ts';
import { Message, PUBKEY_BYTES, SIGNATURE_BYTES, VALUES_HEADER_BYTES } from '../wire/limits.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import type { Signer } from './signer.ts';

/** Row of no peer: the values of nobody. */
const NOBODY = 0x7fffffff;

/** Pushing what we hold to others, and the prunes that steer it, theirs and ours. */
export class Relay {
  readonly #parts: NodeParts;
  readonly #signer: Signer;
  readonly #pushes: PushPlan;
  readonly #prunes: PrunePlan;

  constructor(parts: NodeParts, signer: Signer) {
    this.#parts = parts;
    this.#signer = signer;
    this.#pushes = new PushPlan(parts.activeSet);
    this.#prunes = new PrunePlan(parts.received);
  }

  /** Values of others that were not relayed because more waits already than can leave in a second. */
  get shed(): number {
    return this.#pushes.shed;
  }

  /**
   * Sends what came into the table since the last time: our own values always, those of others unless
   * the queue is half full. @source behaviour 6.1
   */
  push(): void {
    const { view, clock, table, ourStake, activeSet, outbox, identity, options } = this.#parts;
    const plan = this.#pushes;
    if (plan.cursor === view.cursor) return;
    const isCrowded = outbox.free < outbox.capacity / 2;
    const isSilent = options.relays === false;
    let only = isCrowded || isSilent ? view.peers.find(identity.publicKey, 0) : -1;
    if (isSilent && only < 0) only = NOBODY;
    plan.generate(view, clock.wallMs(), ourStake, table.stakes.size, only);
    while (plan.nextPeer()) {
      const peer = this.#findPeer(activeSet.peerKeys, plan.peer * PUBKEY_BYTES, true);
      if (peer < 0) continue;
      while (plan.nextPacket()) this.#sendValues(peer, plan);
    }
  }

  /** Begins a batch of received pushes. */
  startPrunes(): void {
    this.#prunes.start();
  }

  /** Looks at the relayers of an origin that a push brought something new of. @source behaviour 7.2 */
  judge(bytes: Uint8Array, originAt: number): void {
    this.#prunes.judge(bytes, originAt, this.#parts.ourStake, this.#parts.table.stakes);
  }

  /** Asks relayers to stop sending what others bring earlier. @source behaviour 7.3 */
  sendPrunes(): void {
    const { view, clock } = this.#parts;
    const { ip, port } = view.peers.columns;
    const plan = this.#prunes;
    while (plan.next()) {
      const peer = this.#findPeer(plan.relayer, 0, false);
      if (peer < 0) continue;
      const { origins, originCount, relayer } = plan;
      const nowMs = clock.wallMs();
      this.#signer.prune(origins, originCount, relayer, nowMs, ip[peer]!, port[peer]!);
    }
  }

  /** Obeys a prune that was verified. @source behaviour 7.4 @returns its outcome */
  obey(packet: number, nowMs: number): number {
    const { regions, identity, activeSet, table, ourStake, counters } = this.#parts;
    const { bytes } = regions.ring;
    const at = packet * SLOT_BYTES;
    const count = readU64(bytes, at + PRUNE_ORIGINS_AT - 8);
    const destinationAt = at + pruneSignatureAt(count) + SIGNATURE_BYTES;
    const isForUs = equalBytes(bytes, destinationAt, identity.publicKey, 0, PUBKEY_BYTES);
    const wallclock = readU64(bytes, destinationAt + PUBKEY_BYTES);
    const outcome = checkPrune(wallclock, nowMs, isForUs);
    if (outcome !== Outcome.OK) return outcome;
    let routes = 0;
    for (let i = 0; i < count; i++) {
      const originAt = at + PRUNE_ORIGINS_AT + i * PUBKEY_BYTES;
      const bucket = originBucket(ourStake, table.stakes.get(bytes, originAt));
      if (activeSet.prune(bucket, bytes, at + 4, bytes, originAt)) routes++;
    }
    counters[Counter.ROUTES_PRUNED]! += routes;
    if (routes > 0) counters[Counter.PRUNES_OBEYED]!++;
    return Outcome.OK;
  }

  /**
   * Row of a peer that can be sent to, -1 when its address is unknown, unusable or not proved: a push
   * may claim to come from anybody, and nobody shall aim our prunes or pushes. @source reliability C7
   */
  #findPeer(keys: Uint8Array, keyAt: number, mayPing: boolean): number {
    const { view, pings, clock, options } = this.#parts;
    const peer = view.peers.find(keys, keyAt);
    if (peer < 0 || view.peers.contactRow(peer) < 0) return -1;
    const { ip, port } = view.peers.columns;
    if (!isReachable(ip[peer]!, port[peer]!, options.allowPrivate)) return -1;
    const nowMs = clock.monoMs();
    if (pings.isProved(keys, keyAt, ip[peer]!, port[peer]!, nowMs)) return peer;
    if (mayPing) pings.check(keys, keyAt, ip[peer]!, port[peer]!, nowMs, true);
    return -1;
  }

  #sendValues(peer: number, plan: PushPlan): void {
    const { outbox, identity, view } = this.#parts;
    const slot = outbox.reserve(Egress.PUSH);
    if (slot < 0) return;
    const at = outbox.at(slot);
    const key = identity.publicKey;
    writeValuesHeader(outbox.bytes, at, Message.PUSH, key, 0, plan.size);
    this.#writeRows(plan.rows, plan.first, plan.size, outbox.bytes, at);
    const { ip, port } = view.peers.columns;
    const length = VALUES_HEADER_BYTES + plan.bytes;
    outbox.commit(slot, length, ip[peer]!, port[peer]!, Egress.PUSH);
  }

  /** Copies values of the table behind a header that was written at `at`. */
  #writeRows(rows: Int32Array, first: number, count: number, out: Uint8Array, at: number): void {
    const { bytes, kind, length, place } = this.#parts.view.columns;
    const { traffic } = this.#parts;
    let next = at + VALUES_HEADER_BYTES;
    for (let i = first; i < first + count; i++) {
      const row = rows[i]!;
      out.set(bytes.subarray(place[row]!, place[row]! + length[row]!), next);
      next += length[row]!;
      traffic.relayed(kind[row]!, length[row]!);
    }
  }
}
