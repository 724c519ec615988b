import { OutBudget, PongBudget, ScanBudget } from '../gossip/budget.ts';
import { ADDRESS_PROVED } from '../gossip/ping.ts';
import { checkPullRequest } from '../gossip/policy.ts';
import { PullAnswers } from '../gossip/pull-serve.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { firstRecordOf, packetOf } from '../shm/slab.ts';
import { equalBytes } from '../util/bytes.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import { Outcome } from '../util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { writeValuesHeader } from '../wire/encode.ts';
import { Message, PING_BYTES, PUBKEY_BYTES, VALUES_HEADER_BYTES } from '../wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../wire/skim.ts';
import { Egress } from './outbox.ts';
import type { NodeParts } from './parts.ts';
import { writeRows } from './relay.ts';

/** Where the token of a ping lies. @source wire 6.1 */
const TOKEN_AT = 36;

/**
 * Answering others: pongs to pings, values to pull requests; and the pings that we send ourselves. Nobody
 * gets more than they sent before their address answered. @source behaviour 8.6; reliability 1
 */
export class Answers {
  readonly #parts: NodeParts;
  readonly #pongBudget: PongBudget;
  readonly #scanBudget: ScanBudget;
  readonly #outBudget = new OutBudget();
  readonly #pulls: PullAnswers;
  readonly #fields = new PacketFields();
  readonly #columns = createValueColumns(16);
  readonly #contact = new ContactInfoFields();
  readonly #order = { ip: 0, port: 0, token: new Uint8Array(32) };
  /** Pull requests served. */
  served = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
    const cells = parts.options.pingSizes?.addressCells;
    this.#pongBudget = new PongBudget(KeyedHash.random(parts.rng), cells);
    this.#scanBudget = new ScanBudget(KeyedHash.random(parts.rng), cells);
    this.#pulls = new PullAnswers(parts.view, parts.rng, parts.options.sizes?.serve);
  }

  /** Sends the pings that are due and allowed. @source behaviour 8.2; reliability 5 */
  sendPings(): void {
    const { pings, outbox, messages, clock } = this.#parts;
    const order = this.#order;
    while (outbox.free > 0 && pings.nextPing(clock.monoMs(), order)) {
      const slot = outbox.reserve(Egress.PING);
      if (slot < 0) return;
      const length = messages.ping(outbox.bytes, outbox.at(slot), order.token);
      outbox.commit(slot, length, order.ip, order.port, Egress.PING);
    }
  }

  /** Answers a ping that was verified, to where it came from. @source behaviour 8.1 @returns its outcome */
  pong(packet: number, monoMs: number): number {
    const { regions, addresses, outbox, messages } = this.#parts;
    const { ring } = regions;
    const ip = ring.ip[packet]!;
    const port = ring.port[packet]!;
    if (!this.#parts.isPeerAddress(ip, port)) return Outcome.SOURCE_UNUSABLE;
    const trusted = addresses.isLikelyProved(ip, port, monoMs);
    if (!trusted && !this.#pongBudget.take(ip, monoMs)) return Outcome.PING_OVER_BUDGET;
    const slot = outbox.reserve(Egress.PONG);
    if (slot < 0) return Outcome.PING_OVER_BUDGET;
    const at = outbox.at(slot);
    messages.pong(outbox.bytes, at, ring.bytes, packet * SLOT_BYTES + TOKEN_AT);
    outbox.commit(slot, PING_BYTES, ip, port, Egress.PONG);
    return Outcome.OK;
  }

  /** Answers the pull requests of a batch and sets their outcomes. @source behaviour 4 */
  pullRequests(batch: number, slots: number, nowMs: number, monoMs: number): void {
    const { ring } = this.#parts.regions;
    let started = false;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PULL_REQUEST) {
        continue;
      }
      if (!started) {
        started = true;
        const stakedCount = this.#parts.table.stakes.size;
        this.#pulls.start(nowMs, this.#outBudget.refill(monoMs, stakedCount), stakedCount);
      }
      ring.outcome[packet] = this.#pullRequest(batch, packet, nowMs, monoMs);
    }
    if (started) this.#sendResponses();
  }

  #pullRequest(batch: number, packet: number, nowMs: number, monoMs: number): number {
    const { regions, options, identity, pings } = this.#parts;
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
      valuesLeft: this.#pulls.valuesLeft,
      callerWallclock: contact.wallclock,
      nowMs,
    });
    if (outcome !== Outcome.OK) return outcome;
    const price = this.#pulls.price(ring.bytes, fields);
    if (!this.#scanBudget.take(ip, price, monoMs)) return Outcome.PULL_REQUEST_OVER_BUDGET;
    this.#pulls.answer(ring.bytes, fields, contact.wallclock, packet);
    this.served++;
    return Outcome.OK;
  }

  /** Sends what the budget allows, the most important first. @source behaviour 4.6 */
  #sendResponses(): void {
    const { outbox, identity, regions } = this.#parts;
    const { ip, port } = regions.ring;
    const pulls = this.#pulls;
    for (let p = pulls.next(this.#outBudget); p >= 0; p = pulls.next(this.#outBudget)) {
      const slot = outbox.reserve(Egress.PULL_RESPONSE);
      if (slot < 0) continue;
      const at = outbox.at(slot);
      const size = pulls.size[p]!;
      writeValuesHeader(outbox.bytes, at, Message.PULL_RESPONSE, identity.publicKey, 0, size);
      writeRows(this.#parts, pulls.rows, pulls.first[p]!, size, outbox.bytes, at);
      const packet = pulls.request[p]!;
      const length = VALUES_HEADER_BYTES + pulls.bytes[p]!;
      outbox.commit(slot, length, ip[packet]!, port[packet]!, Egress.PULL_RESPONSE);
    }
  }
}
