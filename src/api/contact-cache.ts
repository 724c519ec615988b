/**
 * Something worked out of every contact info, kept until the contact info is another: looking at 4,000
 * nodes again costs a millisecond when few have changed, and 100 when each is decoded.
 */
import { Copied, RowCopy, type TableView } from '../crds/view.ts';
import { equalBytes } from '../util/bytes.ts';
import { Kind, PUBKEY_BYTES } from '../wire/limits.ts';
import type { TableMirror } from './mirror.ts';

/** The label of a contact info among the rows of an origin. @source api/mirror */
const CONTACT_LABEL = Kind.CONTACT_INFO << 16;

/** Tries for a row that main is writing, before the earlier state of it stays. */
const READ_TRIES = 4;

/** What was worked out of a contact info, and where that stands. */
export interface CachedContact<T> {
  readonly pubkey: string;
  /** Row in the table, and row of its origin among the peers. */
  row: number;
  peer: number;
  /** Version of the row that was read. */
  version: number;
  value: T;
}

/** @owner the observer's thread */
export class ContactCache<T> {
  /** By public key, as of the last `refresh`. */
  readonly contacts = new Map<string, CachedContact<T>>();
  readonly #view: TableView;
  readonly #mirror: TableMirror;
  readonly #read: (copy: RowCopy, pubkey: string) => T | undefined;
  readonly #copy = new RowCopy();

  /** @param read works it out of a row; undefined when there is nothing to keep */
  constructor(
    view: TableView,
    mirror: TableMirror,
    read: (copy: RowCopy, pubkey: string) => T | undefined,
  ) {
    this.#view = view;
    this.#mirror = mirror;
    this.#read = read;
  }

  /** Brings everything up to date with the mirror. @returns whether any value is another than before */
  refresh(): boolean {
    const { contacts } = this;
    const { nodes } = this.#mirror;
    let isOther = false;
    let here = 0;
    for (const [pubkey, node] of nodes) {
      const row = node.rows.get(CONTACT_LABEL);
      if (row === undefined) continue;
      if (this.#update(pubkey, node.key, row, contacts.get(pubkey))) isOther = true;
      if (contacts.has(pubkey)) here += 1;
    }
    if (contacts.size === here) return isOther;
    for (const pubkey of contacts.keys()) {
      if (nodes.get(pubkey)?.rows.has(CONTACT_LABEL) !== true) contacts.delete(pubkey);
    }
    return true;
  }

  /** One of them, up to date. */
  get(pubkey: string): CachedContact<T> | undefined {
    const node = this.#mirror.nodes.get(pubkey);
    const row = node?.rows.get(CONTACT_LABEL);
    if (!node || row === undefined) return undefined;
    this.#update(pubkey, node.key, row, this.contacts.get(pubkey));
    return this.contacts.get(pubkey);
  }

  #update(
    pubkey: string,
    key: Uint8Array,
    row: number,
    known: CachedContact<T> | undefined,
  ): boolean {
    const { version: versions } = this.#view.columns;
    if (known?.row === row && Atomics.load(versions, row) === known.version) return false;
    const copy = this.#copy;
    for (let i = 0; i < READ_TRIES; i++) {
      const copied = this.#view.copyRow(row, copy);
      if (copied === Copied.BUSY) continue;
      // The row can be another's by now, which the mirror will notice in a moment.
      const isIt = copied === Copied.OK && copy.kind === Kind.CONTACT_INFO;
      if (!isIt || !equalBytes(copy.pubkey, 0, key, 0, PUBKEY_BYTES)) return false;
      const value = this.#read(copy, pubkey);
      if (value === undefined) return false;
      const { version, peer } = copy;
      if (known) {
        const isOther = known.value !== value;
        Object.assign(known, { row, peer, version, value });
        return isOther;
      }
      this.contacts.set(pubkey, { pubkey, row, peer, version, value });
      return true;
    }
    return false;
  }
}
