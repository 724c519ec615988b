import { Route } from '../crds/table.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import { packetOfRecord } from '../shm/slab.ts';
import { Outcome } from '../util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { HASH_BYTES, Kind, SENDER_AT } from '../wire/limits.ts';
import type { Contacts } from './contacts.ts';
import type { NodeParts } from './parts.ts';
import type { Pulls } from './pulls.ts';

/** Takes values of a batch into the table, and tells whoever goes by what is in it. */
export class ValueWriter {
  readonly #parts: NodeParts;
  readonly #contacts: Contacts;
  readonly #pulls: Pulls;
  readonly #fields = new ContactInfoFields();
  #outsetLow = 0;
  #outsetHigh = 0;

  constructor(parts: NodeParts, contacts: Contacts, pulls: Pulls) {
    this.#parts = parts;
    this.#contacts = contacts;
    this.#pulls = pulls;
  }

  /**
   * Whether the table still holds this very value, so that there is nothing to find out about it. A
   * contact info is looked at all the same: it is a sign of life, and its address has to answer anew.
   */
  isRepeated(row: number): boolean {
    const { regions, table } = this.#parts;
    const { held, heldVersion, kind } = regions.records;
    if (held[row] === 0 || kind[row] === Kind.CONTACT_INFO) return false;
    return table.isSame(held[row]! - 1, heldVersion[row]!);
  }

  /**
   * The value of a record came by push.
   *
   * @returns VALUE_INSERTED, VALUE_UPDATED, or why it was not stored
   */
  push(row: number, monoMs: number, steadyMs: number): number {
    if (!this.isRepeated(row)) return this.upsert(row, Route.PUSH, monoMs, steadyMs);
    const { regions, table, traffic } = this.#parts;
    const outcome = table.repeated(regions.records.held[row]! - 1, Route.PUSH);
    traffic.signed(table.row, regions.records.length[row]!, false);
    return outcome;
  }

  /** Would the table store the value of a record? */
  overrides(row: number): boolean {
    const { regions, table } = this.#parts;
    const { ring, records } = regions;
    const kind = records.kind[row]!;
    this.#readOutset(row, kind);
    return table.wouldInsert(
      ring.bytes,
      kind,
      records.index[row]!,
      records.origin[row]!,
      records.wallclock[row]!,
      this.#outsetLow,
      this.#outsetHigh,
      records.hash,
      row * HASH_BYTES,
    );
  }

  /**
   * Inserts the value of a record, or lets it replace what its label had.
   *
   * @units monoMs: the clock that addresses are proved by; steadyMs: the one that the table's ages count on
   * @returns VALUE_INSERTED, VALUE_UPDATED, or why it was not stored
   */
  upsert(row: number, route: number, monoMs: number, steadyMs: number): number {
    const { regions, table, sightings } = this.#parts;
    const { ring, records } = regions;
    const kind = records.kind[row]!;
    const originAt = records.origin[row]!;
    this.#readOutset(row, kind);
    const outcome = table.upsert(
      ring.bytes,
      records.offset[row]!,
      records.length[row]!,
      kind,
      records.index[row]!,
      originAt,
      records.wallclock[row]!,
      this.#outsetLow,
      this.#outsetHigh,
      records.hash,
      row * HASH_BYTES,
      steadyMs,
      route,
      ring.bytes,
      packetOfRecord(row, records.slot) * SLOT_BYTES + SENDER_AT,
    );
    if (outcome === Outcome.VALUE_INSERTED) this.#pulls.gained++;
    const stored = outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED;
    this.#parts.traffic.signed(table.row, records.length[row]!, stored);
    if (stored && kind === Kind.CONTACT_INFO) {
      this.#contacts.stored(ring.bytes, originAt, this.#fields);
      sightings.note(ring.bytes, originAt, monoMs);
    }
    return outcome;
  }

  /** Contact infos compare by outset first; nothing else has one. @source behaviour 2.3 */
  #readOutset(row: number, kind: number): void {
    this.#outsetLow = 0;
    this.#outsetHigh = 0;
    if (kind !== Kind.CONTACT_INFO) return;
    const { records, ring } = this.#parts.regions;
    const at = records.offset[row]!;
    readContactInfo(ring.bytes, at, at + records.length[row]!, this.#fields);
    this.#outsetLow = this.#fields.outsetLow;
    this.#outsetHigh = this.#fields.outsetHigh;
  }
}
