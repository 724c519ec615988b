import { trim } from '../crds/expire.ts';
import { checkCluster, isInPushWindow } from '../gossip/policy.ts';
import { Counter } from '../shm/counters.ts';
import { BATCH_VALUES, SLOT_BYTES } from '../shm/layout.ts';
import { firstRecordOf, packetOf } from '../shm/slab.ts';
import { Outcome } from '../util/outcome.ts';
import { HASH_BYTES, Kind, Message, SENDER_AT } from '../wire/limits.ts';
import { type Answers, PENDING } from './answers.ts';
import type { Contacts } from './contacts.ts';
import type { NodeParts } from './parts.ts';
import { PullResponses } from './pull-responses.ts';
import type { Pulls } from './pulls.ts';
import type { Relay } from './relay.ts';
import { ValueWriter } from './value-writer.ts';

/** Hash of a pong. */
const HASH_AT = 36;

const bitOf = (message: number): number => 1 << message;

/** The parts of a node that results are handed to. */
export interface ApplyTargets {
  readonly contacts: Contacts;
  readonly answers: Answers;
  readonly relay: Relay;
  readonly pulls: Pulls;
}

/**
 * Applies the results of a listen task to the table and to everything that depends on it, in the order
 * that warm-up needs. Each packet and each value ends in one counter here.
 *
 * @source behaviour 1.3
 */
export class Applier {
  readonly #parts: NodeParts;
  readonly #targets: ApplyTargets;
  readonly #writer: ValueWriter;
  readonly #pullResponses: PullResponses;
  /** Records of the batch whose origins have enough values for their relayers to be judged. */
  readonly #due = new Uint32Array(BATCH_VALUES);
  #dueCount = 0;
  /** The time that the table's ages are counted on. */
  #steadyMs = 0;

  constructor(parts: NodeParts, targets: ApplyTargets) {
    this.#parts = parts;
    this.#targets = targets;
    this.#writer = new ValueWriter(parts, targets.contacts, targets.pulls);
    this.#pullResponses = new PullResponses(parts, this.#writer);
  }

  /** @owner main; the batch was worked off and is not released yet */
  apply(batch: number): void {
    const { clock, maxPubkeys, ring, rng, table } = this.#parts;
    const { relay, answers } = this.#targets;
    const nowMs = clock.wallMs();
    const monoMs = clock.monoMs();
    this.#steadyMs = clock.steadyMs();
    const slots = ring.count(batch);
    const seen = this.#filter(batch, slots, monoMs);
    answers.sendPings();
    if ((seen & bitOf(Message.PING)) !== 0) this.#pings(batch, slots, monoMs);
    if ((seen & bitOf(Message.PRUNE)) !== 0) this.#prunes(batch, slots, nowMs);
    if ((seen & bitOf(Message.PUSH)) !== 0) this.#pushes(batch, slots, nowMs, monoMs);
    if ((seen & bitOf(Message.PULL_RESPONSE)) !== 0) {
      this.#pullResponses.apply(batch, slots, nowMs, monoMs, this.#steadyMs);
    }
    const trimmed = trim(table, this.#parts.keep, rng, this.#steadyMs, maxPubkeys);
    this.#parts.counters[Counter.VALUES_TRIMMED]! += trimmed;
    if ((seen & bitOf(Message.PONG)) !== 0) this.#pongs(batch, slots, nowMs, monoMs);
    if ((seen & bitOf(Message.PULL_REQUEST)) !== 0) {
      answers.pullRequests(batch, slots, nowMs, monoMs);
    }
    table.journal.publish();
    this.#count(batch, slots);
    this.#parts.traffic.received(batch, slots);
    relay.push();
    answers.sendPings(); // those that pull requests and pushes asked for
  }

  /**
   * Takes out the values of other clusters, of unknown origins and of unproved addresses.
   *
   * @returns a bit for each kind of message that the batch has
   */
  #filter(batch: number, slots: number, monoMs: number): number {
    const { ring } = this.#parts.regions;
    let seen = 0;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK) continue;
      const message = ring.message[packet]!;
      seen |= bitOf(message);
      if (message === Message.PUSH || message === Message.PULL_RESPONSE) {
        this.#filterPacket(packet, firstRecordOf(batch) + ring.firstRow[packet]!, monoMs);
      }
    }
    return seen;
  }

  #filterPacket(packet: number, first: number, monoMs: number): void {
    const { coverage, pings, regions, verified } = this.#parts;
    const { ring, records } = regions;
    const ip = ring.ip[packet]!;
    const port = ring.port[packet]!;
    const discoveredBefore = this.#targets.contacts.discovered;
    const isAnswer = ring.message[packet] === Message.PULL_RESPONSE;
    const isSampled = isAnswer && coverage.isOpen(ip, port);
    let mayPing = true;
    let kept = 0;
    for (let row = first; row < first + ring.rowCount[packet]!; row++) {
      if (records.outcome[row] !== Outcome.OK) continue;
      if (this.#writer.isRepeated(row)) {
        kept++;
        continue;
      }
      verified.add(records.hash, row * HASH_BYTES);
      const sample = isSampled ? coverage.sampleOf(ip, port, records, row) : undefined;
      const originAt = records.origin[row]!;
      const wasKnown = sample !== undefined && coverage.wasKnown(sample, ring.bytes, originAt);
      const outcome = this.#filterValue(row, monoMs, mayPing);
      if (this.#targets.contacts.pinged) {
        mayPing =
          pings.isProved(ring.bytes, packet * SLOT_BYTES + SENDER_AT, ip, port, monoMs) ||
          this.#targets.pulls.isEntrypoint(ip, port);
      }
      if (sample && (outcome === Outcome.OK || outcome === Outcome.VALUE_ADDRESS_UNPROVED)) {
        const wallclock = records.wallclock[row]!;
        coverage.capture(sample, ring.bytes, originAt, wallclock, wasKnown);
      }
      records.outcome[row] = outcome;
      if (outcome === Outcome.OK) kept++;
    }
    if (isAnswer) {
      const discovered = this.#targets.contacts.discovered - discoveredBefore;
      this.#targets.pulls.answered(ip, port, discovered, monoMs);
    }
    if (kept === 0) ring.outcome[packet] = Outcome.PACKET_VALUES_FILTERED;
  }

  #filterValue(row: number, monoMs: number, mayPing: boolean): number {
    const { regions, view, options } = this.#parts;
    const { records, ring } = regions;
    const kind = records.kind[row]!;
    const { contacts } = this.#targets;
    contacts.pinged = false;
    if (kind === Kind.CONTACT_INFO) return contacts.judge(row, monoMs, mayPing);
    const isKnown = view.peers.find(ring.bytes, records.origin[row]!) >= 0;
    return checkCluster(kind, 0, options.shredVersion, isKnown);
  }

  #pings(batch: number, slots: number, monoMs: number): void {
    const { ring } = this.#parts.regions;
    const { answers, pulls } = this.#targets;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PING) continue;
      const outcome = answers.pong(packet, monoMs);
      ring.outcome[packet] = outcome;
      if (outcome === Outcome.OK) pulls.pinged(ring.ip[packet]!, ring.port[packet]!, monoMs);
    }
  }

  #prunes(batch: number, slots: number, nowMs: number): void {
    const { ring } = this.#parts.regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PRUNE) continue;
      ring.outcome[packet] = this.#targets.relay.obey(packet, nowMs);
    }
  }

  /** @source behaviour 6.4 */
  #pushes(batch: number, slots: number, nowMs: number, monoMs: number): void {
    const { ring, records } = this.#parts.regions;
    const { relay } = this.#targets;
    relay.startPrunes();
    this.#dueCount = 0;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PUSH) continue;
      const first = firstRecordOf(batch) + ring.firstRow[packet]!;
      for (let row = first; row < first + ring.rowCount[packet]!; row++) {
        if (records.outcome[row] !== Outcome.OK) continue;
        this.#push(packet, row, nowMs, monoMs);
      }
    }
    if (this.#dueCount === 0) return;
    for (let i = 0; i < this.#dueCount; i++) {
      relay.judge(ring.bytes, records.origin[this.#due[i]!]!);
    }
    relay.sendPrunes();
  }

  #push(packet: number, row: number, nowMs: number, monoMs: number): void {
    const { clock, regions, received, table } = this.#parts;
    const { ring, records } = regions;
    clock.hear(records.wallclock[row]!, true);
    if (!isInPushWindow(records.wallclock[row]!, nowMs)) {
      records.outcome[row] = Outcome.VALUE_WALLCLOCK_WINDOW;
      return;
    }
    const outcome = this.#writer.push(row, monoMs, this.#steadyMs);
    records.outcome[row] = outcome;
    const stored = outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED;
    let copies = 0;
    if (outcome === Outcome.VALUE_DUPLICATE) copies = table.earlierPushes;
    else if (!stored) copies = Number.POSITIVE_INFINITY;
    const sender = packet * SLOT_BYTES + SENDER_AT;
    const isDue = received.record(ring.bytes, records.origin[row]!, ring.bytes, sender, copies);
    if (isDue && stored) this.#due[this.#dueCount++] = row;
  }

  #pongs(batch: number, slots: number, nowMs: number, monoMs: number): void {
    const { regions, pings } = this.#parts;
    const { ring } = regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.outcome[packet] !== Outcome.OK || ring.message[packet] !== Message.PONG) continue;
      const at = packet * SLOT_BYTES;
      const ip = ring.ip[packet]!;
      const port = ring.port[packet]!;
      const key = at + SENDER_AT;
      const proved = pings.pong(ring.bytes, key, ring.bytes, at + HASH_AT, ip, port, monoMs);
      if (proved) this.#targets.contacts.proved(ring.bytes, key, ip, port, nowMs);
      else ring.outcome[packet] = Outcome.PONG_UNEXPECTED;
    }
  }

  /** Counts what became of every packet, and of every value of those that were accepted. */
  #count(batch: number, slots: number): void {
    const { counters, regions } = this.#parts;
    const { ring, records } = regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      const outcome = ring.outcome[packet]!;
      if (outcome === PENDING) continue;
      this.#parts.count(outcome);
      const message = ring.message[packet]!;
      if (message !== Message.PUSH && message !== Message.PULL_RESPONSE) continue;
      if (outcome !== Outcome.OK && outcome !== Outcome.PACKET_VALUES_FILTERED) continue;
      const first = firstRecordOf(batch) + ring.firstRow[packet]!;
      counters[Counter.VALUES_RECEIVED]! += ring.rowCount[packet]!;
      for (let row = first; row < first + ring.rowCount[packet]!; row++) {
        this.#parts.count(records.outcome[row]!);
      }
    }
  }
}
