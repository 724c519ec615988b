import { type CrdsTable, Route } from '../crds/table.ts';
import { sha256Into } from '../crypto/hash.ts';
import type { Identity } from '../crypto/identity.ts';
import { assert } from '../util/assert.ts';
import { Outcome, outcomeName } from '../util/outcome.ts';
import {
  type ContactInfoSocket,
  type ContactInfoVersion,
  writeContactInfo,
} from '../wire/contact-info-encode.ts';
import type { ValueData } from '../wire/decoded.ts';
import { signValue } from '../wire/encode-value.ts';
import { HASH_BYTES, Kind, SIGNATURE_BYTES, VALUES_BYTES } from '../wire/limits.ts';
import { createValueColumns, skimValue } from '../wire/skim.ts';
import type { Timekeeper } from './timekeeper.ts';

/** Who we are in the cluster. */
export interface OwnContact {
  readonly sockets: readonly ContactInfoSocket[];
  readonly version: ContactInfoVersion;
  readonly shredVersion: number;
  /** Microseconds since the Unix epoch: when this instance started. */
  readonly outset: number;
}

/** Signs our own values and puts them into our table, from where they are pushed and served. */
export class Publisher {
  readonly #identity: Identity;
  readonly #table: CrdsTable;
  readonly #clock: Timekeeper;
  readonly #columns = createValueColumns(2);
  readonly #hash = new Uint8Array(HASH_BYTES);
  readonly #contactBytes = new Uint8Array(VALUES_BYTES);
  /** Our gossip address as advertised, 0 without one. @units IPv4 as a number */
  ownIp = 0;
  ownPort = 0;
  #contact: OwnContact;

  constructor(identity: Identity, table: CrdsTable, clock: Timekeeper, contact: OwnContact) {
    this.#identity = identity;
    this.#table = table;
    this.#clock = clock;
    this.#contact = contact;
    this.#noteAddress();
  }

  /** As last published. */
  get contact(): OwnContact {
    return this.#contact;
  }

  /**
   * Writes our own contact info with the wallclock of now, but for its signature.
   *
   * @shape out: room for the largest value @returns its length. @source behaviour 3.1
   */
  writeContact(out: Uint8Array): number {
    return writeContactInfo(out, SIGNATURE_BYTES, {
      pubkey: this.#identity.publicKey,
      wallclock: this.#clock.wallMs(),
      ...this.#contact,
    });
  }

  /** Our own contact info with the wallclock of now, signed; valid until the next call. */
  signContact(): Uint8Array {
    const bytes = this.#contactBytes;
    const end = this.writeContact(bytes);
    this.#identity.sign(bytes, SIGNATURE_BYTES, end, bytes, 0);
    return bytes.subarray(0, end);
  }

  /** Publishes our contact info anew, changed or not. @source behaviour 9.3 */
  refreshContact(change: Partial<OwnContact> = {}): void {
    this.#contact = { ...this.#contact, ...change };
    this.#noteAddress();
    const value = this.signContact();
    this.insert(value, 0, value.length);
    const row = this.#table.find(Kind.CONTACT_INFO, 0, this.#identity.publicKey, 0);
    if (row < 0 || this.ownPort === 0) return;
    const { peers } = this.#table;
    const peer = this.#table.view.columns.peer[row]!;
    peers.setContact(peer, this.ownIp, this.ownPort, this.#contact.shredVersion);
  }

  /**
   * Signs and publishes a value of any kind in our name.
   *
   * @errors AssertionError for data that no node would accept
   */
  publish(data: ValueData): void {
    const value = signValue((message) => this.#sign(message), data);
    this.insert(value, 0, value.length);
  }

  /** Puts a value that we signed into the table. */
  insert(bytes: Uint8Array, at: number, length: number): void {
    const columns = this.#columns;
    const skimmed = skimValue(bytes, at, at + length, columns, 0);
    assert(skimmed === Outcome.OK, `our own value is refused: ${outcomeName(skimmed)}`);
    sha256Into(bytes, at, at + length, this.#hash, 0);
    const outset = columns.kind[0] === Kind.CONTACT_INFO ? this.#contact.outset : 0;
    this.#table.upsert(
      bytes,
      at,
      length,
      columns.kind[0]!,
      columns.index[0]!,
      columns.origin[0]!,
      columns.wallclock[0]!,
      outset >>> 0,
      Math.floor(outset / 4294967296),
      this.#hash,
      0,
      this.#clock.steadyMs(),
      Route.LOCAL,
    );
    this.#table.journal.publish();
  }

  #noteAddress(): void {
    const gossip = this.#contact.sockets.find((s) => s.key === 0);
    this.ownIp = gossip?.ip ?? 0;
    this.ownPort = gossip?.port ?? 0;
  }

  #sign(message: Uint8Array): Uint8Array {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    this.#identity.sign(message, 0, message.length, signature, 0);
    return signature;
  }
}
