import { limitNetwork } from '../crds/evict.ts';
import { Route } from '../crds/table.ts';
import { ADDRESS_PINGED, ADDRESS_PROVED } from '../gossip/ping.ts';
import { isPulledFromFuture } from '../gossip/policy.ts';
import { judgePulled, Pulled } from '../gossip/pull-response.ts';
import type { UnprovedContact } from '../gossip/unproved.ts';
import { Counter } from '../shm/counters.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { packetOfRecord } from '../shm/slab.ts';
import { equalBytes } from '../util/bytes.ts';
import { Outcome } from '../util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { HASH_BYTES, Kind, Message, PUBKEY_BYTES, SENDER_AT } from '../wire/limits.ts';
import type { NodeParts } from './parts.ts';

/** Where the origin's key lies in a contact info: behind signature and kind. @source wire 4.6 */
const ORIGIN_AT = 68;

/** Contact infos asked about again in one look at those that wait. */
const RENEW_AT_ONCE = 512;

/**
 * Decides about contact infos: of which cluster they are, whether their address has answered us, and
 * what happens to those that wait for that.
 */
export class Contacts {
  readonly #parts: NodeParts;
  readonly #fields = new ContactInfoFields();
  #renewing: IterableIterator<UnprovedContact> | undefined;
  /** Proofs so far: the rounds hurry while the first ones come in. */
  proofs = 0;
  /** Contact infos that were not known in any form before, for the pace of pulling. */
  discovered = 0;
  /** Whether the last judgement wished for a ping. */
  pinged = false;
  /** Outset of another instance under our key, in microseconds; 0 while there is none. */
  otherInstance = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** Fields of the contact info that `judge` looked at last. */
  get fields(): ContactInfoFields {
    return this.#fields;
  }

  /**
   * Judges a verified contact info of a push or pull response.
   *
   * @units mayPing: whether this packet may still cause a ping
   * @errors VALUE_SHRED_VERSION, VALUE_OWN_INSTANCE, VALUE_ADDRESS_UNUSABLE, VALUE_ADDRESS_UNPROVED
   * @source behaviour 8.4, 9.6, 10.1
   * @returns Outcome.OK when it may go into the table
   */
  judge(row: number, monoMs: number, mayPing: boolean): number {
    const { regions, options, identity, pings, sightings } = this.#parts;
    const { records, ring } = regions;
    const fields = this.#fields;
    const at = records.offset[row]!;
    const originAt = records.origin[row]!;
    readContactInfo(ring.bytes, at, at + records.length[row]!, fields);
    this.pinged = false;
    if (fields.shredVersion !== options.shredVersion) return Outcome.VALUE_SHRED_VERSION;
    if (equalBytes(ring.bytes, originAt, identity.publicKey, 0, PUBKEY_BYTES)) {
      return this.#isOtherInstance() ? Outcome.VALUE_OWN_INSTANCE : Outcome.OK;
    }
    const ip = fields.socketIp[0]!;
    const port = fields.socketPort[0]!;
    if (!this.#parts.isPeerAddress(ip, port)) return Outcome.VALUE_ADDRESS_UNUSABLE;
    sightings.note(ring.bytes, originAt, monoMs);
    this.#parts.life.heard(fields, ring.bytes, originAt);
    const proof = pings.check(ring.bytes, originAt, ip, port, monoMs, mayPing);
    this.pinged = (proof & ADDRESS_PINGED) !== 0;
    if ((proof & ADDRESS_PROVED) !== 0) return Outcome.OK;
    this.#keep(row);
    return Outcome.VALUE_ADDRESS_UNPROVED;
  }

  /** Notes what a contact info that was just stored advertises. */
  stored(bytes: Uint8Array, originAt: number, fields: ContactInfoFields): void {
    const { view, unproved, options, counters, table, clock } = this.#parts;
    const peer = view.peers.find(bytes, originAt);
    if (peer < 0) return;
    const ip = fields.socketIp[0]!;
    const port = fields.socketPort[0]!;
    if (options.entrypoints.some((e) => e.ip === ip && e.port === port)) this.#pin(bytes, originAt);
    const hasMoved = view.peers.columns.ip[peer] !== ip;
    view.peers.setContact(peer, ip, port, fields.shredVersion);
    view.peers.setProved(peer, true);
    this.#parts.life.stored(peer, bytes, originAt, ip, port);
    unproved.forget(bytes, originAt);
    if (!hasMoved || options.allowPrivate) return;
    counters[Counter.VALUES_EVICTED]! += limitNetwork(
      table,
      peer,
      this.#parts.keep,
      clock.steadyMs(),
    );
  }

  /**
   * Keeps whoever proved the address of an entrypoint from having to leave, from the moment it comes in:
   * a full table could throw it out before the round ends. The latest identities count.
   *
   * @source behaviour 9.4; reliability T7
   */
  #pin(bytes: Uint8Array, originAt: number): void {
    const { keep, options, identity } = this.#parts;
    if (keep.some((key) => equalBytes(key, 0, bytes, originAt, PUBKEY_BYTES))) return;
    const others = keep.slice(1).slice(1 - 2 * options.entrypoints.length);
    const pinned = bytes.slice(originAt, originAt + PUBKEY_BYTES);
    this.#parts.keep = [identity.publicKey, ...others, pinned];
  }

  /**
   * An address has answered: takes the contact info that waited for it into the table, as if a pull
   * had brought it now.
   *
   * @shape bytes: the pong's datagram, its sender at originAt
   */
  proved(bytes: Uint8Array, originAt: number, ip: number, port: number, nowMs: number): void {
    const { clock, unproved, table, timeouts } = this.#parts;
    this.proofs++;
    this.#parts.life.answered(bytes, originAt, ip, port);
    const waiting = unproved.take(bytes, originAt, ip, port);
    if (!waiting) return;
    const overrides = table.wouldInsert(
      waiting.bytes,
      Kind.CONTACT_INFO,
      0,
      ORIGIN_AT,
      waiting.wallclock,
      waiting.outsetLow,
      waiting.outsetHigh,
      waiting.hash,
      0,
    );
    const timeoutMs = timeouts.of(waiting.bytes, ORIGIN_AT);
    const verdict = judgePulled(overrides, waiting.wallclock, timeoutMs, false, nowMs);
    if (verdict !== Pulled.ACTIVE) return;
    const outcome = table.upsert(
      waiting.bytes,
      0,
      waiting.bytes.length,
      Kind.CONTACT_INFO,
      0,
      ORIGIN_AT,
      waiting.wallclock,
      waiting.outsetLow,
      waiting.outsetHigh,
      waiting.hash,
      0,
      clock.steadyMs(),
      waiting.route ?? Route.PULL,
      waiting.sender,
      0,
    );
    if (outcome !== Outcome.VALUE_INSERTED && outcome !== Outcome.VALUE_UPDATED) return;
    readContactInfo(waiting.bytes, 0, waiting.bytes.length, this.#fields);
    this.stored(waiting.bytes, ORIGIN_AT, this.#fields);
  }

  /** Asks again for pings to those that wait, as far as the limits allow it. */
  renew(monoMs: number): void {
    const { unproved, pings } = this.#parts;
    this.#renewing ??= unproved.values();
    for (let left = RENEW_AT_ONCE; left > 0; left--) {
      const next = this.#renewing.next();
      if (next.done) {
        this.#renewing = undefined; // the next look begins with the longest unheard again
        return;
      }
      const { bytes, ip, port, isOfSource } = next.value;
      if (isOfSource === true) continue;
      pings.check(bytes, ORIGIN_AT, ip, port, monoMs, true);
    }
  }

  /** Puts the contact info of a record aside until its address answers. */
  #keep(row: number): void {
    const { regions, unproved, table, clock } = this.#parts;
    const { records, ring } = regions;
    const { wallclock, outsetLow, outsetHigh, socketIp, socketPort } = this.#fields;
    const originAt = records.origin[row]!;
    if (isPulledFromFuture(Kind.CONTACT_INFO, wallclock, clock.wallMs())) return;
    const isNewest = table.wouldInsert(
      ring.bytes,
      Kind.CONTACT_INFO,
      0,
      originAt,
      wallclock,
      outsetLow,
      outsetHigh,
      records.hash,
      row * HASH_BYTES,
    );
    if (!isNewest) return;
    const heardMs = clock.monoMs();
    const packet = packetOfRecord(row, records.slot);
    const senderAt = packet * SLOT_BYTES + SENDER_AT;
    const isNew = unproved.keep(
      ring.bytes,
      records.offset[row]!,
      records.length[row]!,
      originAt,
      {
        ip: socketIp[0]!,
        port: socketPort[0]!,
        wallclock,
        outsetLow,
        outsetHigh,
        route: ring.message[packet] === Message.PUSH ? Route.PUSH_PROVED : Route.PULL,
        sender: ring.bytes.slice(senderAt, senderAt + PUBKEY_BYTES),
        isOfSource: ring.ip[packet] === socketIp[0],
        heardMs,
      },
      records.hash,
      row * HASH_BYTES,
    );
    if (isNew) this.discovered++;
  }

  /** @source behaviour 9.6: reported, and neither obeyed nor taken over */
  #isOtherInstance(): boolean {
    const { publisher, logger } = this.#parts;
    const theirs = this.#fields.outsetHigh * 4294967296 + this.#fields.outsetLow;
    if (theirs <= publisher.contact.outset) return false;
    if (this.otherInstance === 0) {
      logger.error(
        { theirOutset: theirs, ourOutset: publisher.contact.outset },
        'another instance runs under our key: stop one of them or give this one its own --identity',
      );
    }
    this.otherInstance = theirs;
    return true;
  }
}
