import { toHex } from '../util/bytes.ts';

/** Identities whose first contact info is remembered; about 6 MB. */
export const SIGHTINGS = 65_536;

/** When each identity was first and last heard of, on our monotonic clock. */
export interface SightingTimes {
  firstMs: number;
  lastMs: number;
}

/** Remembers when contact infos of an identity came in, proved or not. The longest known leave first. */
export class Sightings {
  /** Identities that had to leave for want of room. */
  forgotten = 0;
  readonly #times = new Map<string, SightingTimes>();

  /** @shape keys: 32 bytes from keyAt @units nowMs: monotonic */
  note(keys: Uint8Array, keyAt: number, nowMs: number): void {
    const key = toHex(keys, keyAt, keyAt + 32);
    const known = this.#times.get(key);
    if (known) {
      known.lastMs = nowMs;
      return;
    }
    if (this.#times.size >= SIGHTINGS) {
      for (const oldest of this.#times.keys()) {
        this.#times.delete(oldest);
        this.forgotten++;
        break;
      }
    }
    this.#times.set(key, { firstMs: nowMs, lastMs: nowMs });
  }

  /** Brings back what an earlier run noted; what was heard since stays the latest. @shape pubkey: 32 bytes */
  restore(pubkey: Uint8Array, firstMs: number, lastMs: number): void {
    const key = toHex(pubkey, 0, 32);
    const known = this.#times.get(key);
    if (known) known.firstMs = Math.min(known.firstMs, firstMs);
    else if (this.#times.size < SIGHTINGS) this.#times.set(key, { firstMs, lastMs });
  }

  /** Every identity by its key in hex, the longest known first. */
  entries(): IterableIterator<[string, Readonly<SightingTimes>]> {
    return this.#times.entries();
  }

  /** @returns undefined for an identity never heard of */
  of(keys: Uint8Array, keyAt: number): SightingTimes | undefined {
    return this.#times.get(toHex(keys, keyAt, keyAt + 32));
  }
}
