import { toHex } from '../util/bytes.ts';

/** Identities whose first contact info is remembered; about 6 MB. */
const CAPACITY = 65_536;

/** When each identity was first and last heard of, on our monotonic clock. */
export interface SightingTimes {
  firstMs: number;
  lastMs: number;
}

/** Remembers when contact infos of an identity came in, proved or not. The longest known leave first. */
export class Sightings {
  readonly #times = new Map<string, SightingTimes>();

  /** @shape keys: 32 bytes from keyAt @units nowMs: monotonic */
  note(keys: Uint8Array, keyAt: number, nowMs: number): void {
    const key = toHex(keys, keyAt, keyAt + 32);
    const known = this.#times.get(key);
    if (known) {
      known.lastMs = nowMs;
      return;
    }
    if (this.#times.size >= CAPACITY) {
      for (const oldest of this.#times.keys()) {
        this.#times.delete(oldest);
        break;
      }
    }
    this.#times.set(key, { firstMs: nowMs, lastMs: nowMs });
  }

  /** @returns undefined for an identity never heard of */
  of(keys: Uint8Array, keyAt: number): SightingTimes | undefined {
    return this.#times.get(toHex(keys, keyAt, keyAt + 32));
  }
}
