import type { RegionColumns } from '../shm/regions.ts';
import { readU32 } from '../util/bytes.ts';
import { KeyedHash } from '../util/keyed-hash.ts';
import type { Rng } from '../util/rng.ts';

/**
 * Whether anybody has proved an address, roughly: another address may share its cell. For priorities
 * under load on any thread, never for permissions. Times are monotonic milliseconds.
 */
export class ProvedAddresses {
  readonly #until: Float64Array;
  readonly #hash: KeyedHash;

  /** Attaches to cells whose key was chosen before. */
  constructor(addresses: RegionColumns<'addresses'>) {
    this.#until = addresses.until;
    this.#hash = new KeyedHash(addresses.key[0]!, addresses.key[1]!);
  }

  /** Chooses the secret key of fresh cells; once, before anybody attaches. @owner main */
  static create(addresses: RegionColumns<'addresses'>, rng: Rng): ProvedAddresses {
    const key = new Uint8Array(8);
    rng.secret(key);
    addresses.key[0] = readU32(key, 0);
    addresses.key[1] = readU32(key, 4);
    return new ProvedAddresses(addresses);
  }

  /** Notes that an address answered. @owner main */
  mark(ip: number, port: number, untilMs: number): void {
    this.#until[this.#cell(ip, port)] = untilMs;
  }

  /** May be true for an address that never answered; false for one that did only if it shares a cell. */
  isLikelyProved(ip: number, port: number, nowMs: number): boolean {
    return nowMs < this.#until[this.#cell(ip, port)]!;
  }

  #cell(ip: number, port: number): number {
    return this.#hash.pair(ip, port) & (this.#until.length - 1);
  }
}
