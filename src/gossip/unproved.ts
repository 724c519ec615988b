import { toHex } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';

/** Contact infos that may wait for their address to answer; about 4 MB. */
export const UNPROVED_CAPACITY = 16_384;

/** A signed contact info whose address has not answered our ping. */
export interface UnprovedContact {
  /** Signature and data, as they were verified. */
  readonly bytes: Uint8Array;
  /** SHA-256 of `bytes`. */
  readonly hash: Uint8Array;
  /** Advertised gossip address. @units IPv4 as a number */
  readonly ip: number;
  readonly port: number;
  readonly wallclock: number;
  readonly outsetLow: number;
  readonly outsetHigh: number;
  /** How it reached us (a pull when left out), and who sent it, as the datagram says. */
  readonly route?: number;
  readonly sender?: Uint8Array;
  /**
   * It came from the IP that it names: nothing is sent there again until something comes from there again,
   * or else whoever forged the source would have us send more than it did. @source reliability G8
   */
  readonly isOfSource?: boolean;
  /** Monotonic: a jump of the wall clock must not expire anything. */
  readonly heardMs: number;
}

/**
 * Contact infos kept aside until their address answers. A validator forgets them and has to be told
 * again; we list them to people as not proved, leave them out of what we ask for, and take them
 * into the table at the moment of the pong. They are never relayed, served or counted as nodes.
 */
export class UnprovedContacts {
  readonly #byOrigin = new Map<string, UnprovedContact>();
  readonly #capacity: number;
  /** Contacts that had to leave for want of room. */
  evicted = 0;

  constructor(capacity = UNPROVED_CAPACITY) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#byOrigin.size;
  }

  /**
   * Keeps a copy of a verified contact info unless a newer one of its origin is kept already.
   *
   * @shape bytes: the packet or slab that holds the value at [at, at + length)
   * @returns whether the origin was not known here before
   */
  keep(
    bytes: Uint8Array,
    at: number,
    length: number,
    originAt: number,
    contact: Omit<UnprovedContact, 'bytes' | 'hash'>,
    hashes: Uint8Array,
    hashAt: number,
  ): boolean {
    const key = toHex(bytes, originAt, originAt + 32);
    const known = this.#byOrigin.get(key);
    if (known && !isNewer(contact, known)) return false;
    if (known)
      this.#byOrigin.delete(key); // moves to the end of the order of leaving
    else if (this.#byOrigin.size >= this.#capacity) this.#evictOldest();
    this.#byOrigin.set(key, {
      ...contact,
      bytes: bytes.slice(at, at + length),
      hash: hashes.slice(hashAt, hashAt + HASH_BYTES),
    });
    return !known;
  }

  /** The contact of an origin, undefined when none waits. */
  get(bytes: Uint8Array, originAt: number): UnprovedContact | undefined {
    if (this.#byOrigin.size === 0) return undefined;
    return this.#byOrigin.get(toHex(bytes, originAt, originAt + 32));
  }

  /** Takes the contact of an origin out if it advertises exactly this address. */
  take(bytes: Uint8Array, originAt: number, ip: number, port: number): UnprovedContact | undefined {
    const key = toHex(bytes, originAt, originAt + 32);
    const contact = this.#byOrigin.get(key);
    if (!contact || contact.ip !== ip || contact.port !== port) return undefined;
    this.#byOrigin.delete(key);
    return contact;
  }

  /** Forgets an origin that is in the table now. */
  forget(bytes: Uint8Array, originAt: number): void {
    if (this.#byOrigin.size > 0) this.#byOrigin.delete(toHex(bytes, originAt, originAt + 32));
  }

  /** Forgets what was heard before a time. @units beforeMs: monotonic */
  expire(beforeMs: number): void {
    for (const [key, contact] of this.#byOrigin) {
      if (contact.heardMs < beforeMs) this.#byOrigin.delete(key);
    }
  }

  /** All contacts, the longest unheard first. */
  values(): IterableIterator<UnprovedContact> {
    return this.#byOrigin.values();
  }

  #evictOldest(): void {
    for (const key of this.#byOrigin.keys()) {
      this.#byOrigin.delete(key);
      this.evicted++;
      return;
    }
  }
}

/** The order of contact infos: outset, then wallclock. @source behaviour 2.3 */
function isNewer(
  a: Omit<UnprovedContact, 'bytes' | 'hash'>,
  b: Omit<UnprovedContact, 'bytes' | 'hash'>,
): boolean {
  if (a.outsetHigh !== b.outsetHigh) return a.outsetHigh > b.outsetHigh;
  if (a.outsetLow !== b.outsetLow) return a.outsetLow > b.outsetLow;
  return a.wallclock > b.wallclock;
}
