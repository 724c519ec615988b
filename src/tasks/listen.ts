import { HeldValues } from '../crds/held.ts';
import { sha256Into } from '../crypto/hash.ts';
import { createVerifyBatch, type Verifier, type VerifyBatch } from '../crypto/verifier.ts';
import { Counter } from '../shm/counters.ts';
import { BATCH_SLOTS, BATCH_VALUES, LINE_I32, SLOT_BYTES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import type { VerifiedSet } from '../shm/verified.ts';
import { Outcome } from '../util/outcome.ts';
import { pruneSignedBytes, writePruneSignedBytes } from '../wire/encode.ts';
import { HASH_BYTES, Message, SIGNATURE_BYTES } from '../wire/limits.ts';
import { canonicalizeValue, PacketFields, skim, VALUE_NOT_CANONICAL } from '../wire/skim.ts';
import type { Shedder } from './shed.ts';

/** Whether values of a kind and origin are wanted at all; asked before any signature is checked. */
export type IngressGate = (kind: number, bytes: Uint8Array, originAt: number) => boolean;

/** What a listen task works with; everything but the regions belongs to its thread. */
export interface ListenParts {
  readonly regions: Regions;
  /** The block of this thread. */
  readonly counters: Float64Array;
  readonly verified: VerifiedSet;
  readonly verifier: Verifier;
  readonly gate: IngressGate;
  /** What is dropped under load; nothing when left out. */
  readonly shedder?: Shedder;
  /** Says that the thread is alive. */
  readonly beat?: () => void;
}

/** Room for the longest prune that fits a packet, as it is signed. */
const PRUNE_SCRATCH_BYTES = pruneSignedBytes(33);

/**
 * Works batches of received datagrams off: structure, rules, identity, signatures. Cheapest test
 * first; the first bad signature discards its packet, as validators do. Touches no table: what
 * depends on it is decided where the results are applied.
 *
 * @source behaviour 10.0
 */
export class ListenTask {
  readonly #parts: ListenParts;
  readonly #fields = new PacketFields();
  readonly #held: HeldValues;
  readonly #batch: VerifyBatch;
  /** Packet of each row of the verify batch, counted over all batches. */
  readonly #verifyPacket = new Uint32Array(BATCH_VALUES + BATCH_SLOTS);
  readonly #pruneScratch = new Uint8Array(PRUNE_SCRATCH_BYTES);

  constructor(parts: ListenParts) {
    this.#parts = parts;
    this.#held = new HeldValues(parts.regions);
    this.#batch = createVerifyBatch(parts.regions.ring.bytes, BATCH_VALUES + BATCH_SLOTS);
    if (parts.beat) this.#batch.beat = parts.beat;
  }

  /**
   * Fills `outcome`, `message`, `firstRow` and `rowCount` of every packet and the records of its values.
   *
   * @owner the batch and its records belong to the caller until it raises DONE
   */
  run(batch: number): void {
    const { ring } = this.#parts.regions;
    const count = ring.count[batch * LINE_I32]!;
    this.#batch.count = 0;
    this.#parts.shedder?.plan(batch);
    let row = batch * BATCH_VALUES;
    for (let slot = 0; slot < count; slot++) {
      row = this.#skimPacket(batch * BATCH_SLOTS + slot, slot, row);
    }
    this.#parts.verifier.verifyBatch(this.#batch);
    this.#parts.counters[Counter.SIGNATURES_CHECKED]! += this.#batch.count;
    this.#count();
    this.#settle();
  }

  /** Uses time in which there is no batch. @returns whether there was anything to do */
  spare(): boolean {
    return this.#parts.verifier.spare?.() ?? false;
  }

  /** Ends what was begun: the thread may be given other work next. */
  finish(): void {
    this.#parts.verifier.finish?.();
    this.#count();
  }

  /** Takes over what the verifier counted. */
  #count(): void {
    const { tally } = this.#parts.verifier;
    if (tally === undefined) return;
    const { counters } = this.#parts;
    counters[Counter.SIGNATURES_BY_TABLE]! += tally.byTable;
    counters[Counter.KEY_TABLES_BUILT]! += tally.built;
    counters[Counter.SIGNATURES_AUDITED]! += tally.audited;
    counters[Counter.AUDIT_DISAGREEMENTS]! += tally.disagreed;
    tally.byTable = tally.built = tally.audited = tally.disagreed = 0;
  }

  /** @returns the row behind those of this packet */
  #skimPacket(packet: number, slot: number, row: number): number {
    const { ring } = this.#parts.regions;
    const fields = this.#fields;
    const at = packet * SLOT_BYTES;
    const end = at + ring.length[packet]!;
    const shed = this.#parts.shedder?.outcome[slot] ?? 0;
    if (shed !== 0) {
      ring.outcome[packet] = shed;
      ring.rowCount[packet] = 0;
      return row;
    }
    const { records } = this.#parts.regions;
    records.held[row] = 0; // that of a pull request's caller is not looked for
    let outcome = skim(ring.bytes, at, end, fields, records, row, this.#held);
    if (ring.ip[packet] === 0 || ring.port[packet] === 0) outcome = Outcome.SOURCE_UNUSABLE;
    const rows = outcome === Outcome.OK ? fields.valueCount : 0;
    ring.message[packet] = Math.max(0, fields.message);
    ring.firstRow[packet] = row % BATCH_VALUES;
    ring.rowCount[packet] = rows;
    if (outcome === Outcome.OK) outcome = this.#identify(packet, slot, row, rows);
    ring.outcome[packet] = outcome;
    return row + rows;
  }

  /** Collects what must be verified of one packet. @returns its outcome so far */
  #identify(packet: number, slot: number, firstRow: number, rows: number): number {
    const fields = this.#fields;
    switch (fields.message) {
      case Message.PING:
      case Message.PONG:
        this.#queue(packet, fields.sender, fields.signatureAt, fields.tokenAt, fields.signatureAt);
        return Outcome.OK;
      case Message.PRUNE:
        return this.#verifyPrune(packet) ? Outcome.OK : Outcome.PRUNE_SIGNATURE;
      default:
        if (rows === 0) return Outcome.PACKET_NO_VALUES;
    }
    const gated = fields.message !== Message.PULL_REQUEST;
    let kept = 0;
    for (let row = firstRow; row < firstRow + rows; row++) {
      if (this.#identifyValue(packet, slot, row, gated)) kept++;
    }
    return kept > 0 ? Outcome.OK : Outcome.PACKET_VALUES_FILTERED;
  }

  /**
   * Hashes a value and queues its signature, unless the table holds it or it was verified before.
   *
   * @returns whether it is wanted
   */
  #identifyValue(packet: number, slot: number, row: number, gated: boolean): boolean {
    const { regions, verified, gate } = this.#parts;
    const { records, ring } = regions;
    records.slot[row] = slot;
    records.outcome[row] = Outcome.OK;
    if (gated && !gate(records.kind[row]!, ring.bytes, records.origin[row]!)) {
      records.outcome[row] = Outcome.VALUE_KIND_FILTERED;
      return false;
    }
    if (records.held[row] !== 0) {
      this.#parts.counters[Counter.SIGNATURES_SAVED]!++;
      return true;
    }
    if ((records.flags[row]! & VALUE_NOT_CANONICAL) !== 0) {
      canonicalizeValue(ring.bytes, records, row);
    }
    const at = records.offset[row]!;
    const end = at + records.length[row]!;
    sha256Into(ring.bytes, at, end, records.hash, row * HASH_BYTES);
    if (verified.has(records.hash, row * HASH_BYTES)) {
      this.#parts.counters[Counter.SIGNATURES_SAVED]!++;
    } else this.#queue(packet, records.origin[row]!, at, at + SIGNATURE_BYTES, end);
    return true;
  }

  #queue(packet: number, key: number, signature: number, message: number, end: number): void {
    const batch = this.#batch;
    const i = batch.count++;
    batch.key[i] = key;
    batch.signature[i] = signature;
    batch.message[i] = message;
    batch.messageEnd[i] = end;
    this.#verifyPacket[i] = packet;
  }

  /** A prune is signed over bytes that do not lie together, in one of two forms. */
  #verifyPrune(packet: number): boolean {
    const { bytes } = this.#parts.regions.ring;
    const { sender, signatureAt, pruneCount } = this.#fields;
    const scratch = this.#pruneScratch;
    const at = packet * SLOT_BYTES;
    this.#parts.counters[Counter.SIGNATURES_CHECKED]!++;
    for (const form of PRUNE_FORMS) {
      const end = writePruneSignedBytes(bytes, at, pruneCount, form, scratch, 0);
      if (this.#parts.verifier.verify(bytes, sender, bytes, signatureAt, scratch, 0, end)) {
        return true;
      }
    }
    return false;
  }

  /** One bad signature decides about its packet. */
  #settle(): void {
    const { ring } = this.#parts.regions;
    const { verdict, count } = this.#batch;
    for (let i = 0; i < count; i++) {
      if (verdict[i] === 1) continue;
      const packet = this.#verifyPacket[i]!;
      const message = ring.message[packet]!;
      if (message === Message.PING) ring.outcome[packet] = Outcome.PING_SIGNATURE;
      else if (message === Message.PONG) ring.outcome[packet] = Outcome.PONG_SIGNATURE;
      else ring.outcome[packet] = Outcome.VALUE_SIGNATURE;
    }
  }
}

/** Plain first: it is what most of the network signs. */
const PRUNE_FORMS = ['plain', 'prefixed'] as const;
