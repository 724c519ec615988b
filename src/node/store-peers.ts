import { Route } from '../crds/table.ts';
import { sha256Into } from '../crypto/hash.ts';
import { equalBytes } from '../util/bytes.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { HASH_BYTES, Kind, PUBKEY_BYTES, SIGNATURE_BYTES } from '../wire/limits.ts';
import { createValueColumns, skimValue, VALUE_NOT_CANONICAL } from '../wire/skim.ts';
import type { NodeParts } from './parts.ts';

/** Where the origin's key lies in a contact info: behind signature and kind. */
const ORIGIN_AT = SIGNATURE_BYTES + 4;

/** Takes stored contact infos back, as if somebody had just told us of them and they had yet to answer. */
export class PeerRestorer {
  readonly #parts: NodeParts;
  readonly #columns = createValueColumns(2);
  readonly #fields = new ContactInfoFields();
  readonly #hash = new Uint8Array(HASH_BYTES);

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /** @returns whether the peer is being asked now, or known already */
  restore(contact: Uint8Array): boolean {
    const { unproved, pings, table, options, verifier, clock, identity } = this.#parts;
    const fields = this.#fields;
    this.#columns.flags.fill(0);
    const { length } = contact;
    if (skimValue(contact, 0, length, this.#columns, 0) !== 0) return false;
    if (this.#columns.kind[0] !== Kind.CONTACT_INFO) return false;
    if ((this.#columns.flags[0]! & VALUE_NOT_CANONICAL) !== 0) return false;
    if (equalBytes(contact, ORIGIN_AT, identity.publicKey, 0, PUBKEY_BYTES)) return false;
    readContactInfo(contact, 0, length, fields);
    if (fields.shredVersion !== options.shredVersion) return false;
    const ip = fields.socketIp[0]!;
    const port = fields.socketPort[0]!;
    if (!this.#parts.isPeerAddress(ip, port)) return false;
    if (!verifier.verify(contact, ORIGIN_AT, contact, 0, contact, SIGNATURE_BYTES, length)) {
      return false;
    }
    sha256Into(contact, 0, length, this.#hash, 0);
    const { wallclock, outsetLow, outsetHigh } = fields;
    const label = [contact, Kind.CONTACT_INFO, 0, ORIGIN_AT] as const;
    const order = [wallclock, outsetLow, outsetHigh, this.#hash, 0] as const;
    if (!table.wouldInsert(...label, ...order)) return true; // somebody has told us of it meanwhile
    const heardMs = clock.monoMs();
    // Nobody told us but ourselves.
    const via = { route: Route.PULL, sender: identity.publicKey };
    const heard = { ip, port, wallclock, outsetLow, outsetHigh, heardMs, ...via };
    unproved.keep(contact, 0, length, ORIGIN_AT, heard, this.#hash, 0);
    pings.check(contact, ORIGIN_AT, ip, port, heardMs, true);
    return true;
  }
}
