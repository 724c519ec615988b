import { ShardRange } from '../crds/shards.ts';
import { PongBudget, ScanBudget } from '../gossip/budget.ts';
import { ADDRESS_PROVED } from '../gossip/ping.ts';
import { checkPullRequest } from '../gossip/policy.ts';
import { priceRequest } from '../gossip/pull-serve.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { firstRecordOf, packetOf } from '../shm/slab.ts';
import { equalBytes } from '../util/bytes.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import { Outcome } from '../util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { PING_SIGNED_AT } from '../wire/encode.ts';
import { Message, PING_BYTES, PUBKEY_BYTES } from '../wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../wire/skim.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import { Responder } from './responder.ts';
import type { Signer } from './signer.ts';

/** Outcome of a pull request that was admitted: it gets another one, and is counted, when it is served. */
export const PENDING = 1;

/**
 * Answering others: pongs to pings, values to pull requests; and the pings that we send ourselves. Nobody
 * gets more than they sent before their address answered. @source behaviour 8.6; reliability 1
 */
export class Answers {
  /** Pull requests that were admitted: work for the seat. */
  readonly lane: Responder;
  readonly #parts: NodeParts;
  readonly #signer: Signer;
  readonly #pongBudget: PongBudget;
  readonly #scanBudget: ScanBudget;
  readonly #range = new ShardRange();
  readonly #fields = new PacketFields();
  readonly #columns = createValueColumns(16);
  readonly #contact = new ContactInfoFields();
  readonly #order = { ip: 0, port: 0, token: new Uint8Array(32) };

  constructor(parts: NodeParts, signer: Signer) {
    this.lane = new Responder(parts);
    this.#parts = parts;
    this.#signer = signer;
    const cells = parts.options.pingSizes?.addressCells;
    this.#pongBudget = new PongBudget(KeyedHash.random(parts.rng), cells);
    this.#scanBudget = new ScanBudget(KeyedHash.random(parts.rng), cells);
  }

  /** Pull requests served. */
  get served(): number {
    return this.lane.served;
  }

  /** Sends the pings that are due and allowed, as far as they are signed. @source behaviour 8.2; reliability 5 */
  sendPings(): void {
    const { pings, outbox, clock } = this.#parts;
    const signer = this.#signer;
    const order = this.#order;
    const nowMs = clock.monoMs();
    while (signer.pings > 0) {
      const tokenAt = outbox.at(signer.nextPing) + PING_SIGNED_AT;
      if (!pings.nextPing(nowMs, order, outbox.bytes, tokenAt)) break;
      outbox.commit(signer.takePing(), PING_BYTES, order.ip, order.port, Egress.PING);
    }
    if (pings.limits.queued === 0) signer.dropPings();
    else signer.wantPings(pings.limits.due(nowMs));
  }

  /** Answers a ping that was verified, to where it came from. @source behaviour 8.1 @returns its outcome */
  pong(packet: number, monoMs: number): number {
    const { regions, addresses } = this.#parts;
    const { ring } = regions;
    const ip = ring.ip[packet]!;
    const port = ring.port[packet]!;
    if (!this.#parts.isPeerAddress(ip, port)) return Outcome.SOURCE_UNUSABLE;
    const trusted = addresses.isLikelyProved(ip, port, monoMs);
    if (!trusted && !this.#pongBudget.take(ip, monoMs)) return Outcome.PING_OVER_BUDGET;
    const tokenAt = packet * SLOT_BYTES + PING_SIGNED_AT;
    const fits = this.#signer.pong(ring.bytes, tokenAt, ip, port);
    return fits ? Outcome.OK : Outcome.PING_OVER_BUDGET;
  }

  /** Admits the pull requests of a batch and sets their outcomes. @source behaviour 4 */
  pullRequests(batch: number, slots: number, nowMs: number, monoMs: number): void {
    const { ring } = this.#parts.regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PULL_REQUEST) {
        continue;
      }
      ring.outcome[packet] = this.#pullRequest(batch, packet, nowMs, monoMs);
    }
  }

  #pullRequest(batch: number, packet: number, nowMs: number, monoMs: number): number {
    const { regions, options, identity, life, pings, table, view } = this.#parts;
    const { ring, records } = regions;
    const row = firstRecordOf(batch) + ring.firstRow[packet]!;
    const valueAt = records.offset[row]!;
    const contact = this.#contact;
    readContactInfo(ring.bytes, valueAt, valueAt + records.length[row]!, contact);
    const at = packet * SLOT_BYTES;
    const fields = this.#fields;
    skim(ring.bytes, at, at + ring.length[packet]!, fields, this.#columns, 0);
    const ip = ring.ip[packet]!;
    const port = ring.port[packet]!;
    const callerAt = records.origin[row]!;
    life.heard(contact, ring.bytes, callerAt);
    const isSourceUsable = this.#parts.isPeerAddress(ip, port);
    const isOwnKey = equalBytes(ring.bytes, callerAt, identity.publicKey, 0, PUBKEY_BYTES);
    const sameCluster = contact.shredVersion === options.shredVersion;
    const mayPing = isSourceUsable && !isOwnKey && sameCluster;
    const proof = pings.check(ring.bytes, callerAt, ip, port, monoMs, mayPing);
    const outcome = checkPullRequest({
      maskBits: fields.maskBits,
      keyCount: fields.keyCount,
      callerShredVersion: contact.shredVersion,
      ourShredVersion: options.shredVersion,
      isOwnKey,
      isSourceUsable,
      isProved: (proof & ADDRESS_PROVED) !== 0,
      valuesLeft: this.lane.valuesLeft(monoMs),
      callerWallclock: contact.wallclock,
      nowMs,
    });
    if (outcome !== Outcome.OK) return outcome;
    if (this.lane.isFull) return Outcome.PULL_REQUEST_OVER_BUDGET;
    const price = priceRequest(view, ring.bytes, fields, this.#range);
    const stake = table.stakes.get(ring.bytes, callerAt);
    if (!this.#scanBudget.take(ip, price, stake, monoMs)) return Outcome.PULL_REQUEST_OVER_BUDGET;
    this.lane.take(packet, contact.wallclock);
    return PENDING;
  }
}
