/**
 * Labels (kind, index, origin) name what a value is about: the table keeps one value of each. Here is
 * their hash, the place of a value's hash among the shards, and the rule that decides between two values.
 *
 * @source behaviour 2.1
 */
import { SHARD_BITS } from '../shm/layout.ts';
import { compareBytes, readU32 } from '../util/bytes.ts';
import { HASH_BYTES, Kind, PUBKEY_BYTES } from '../wire/limits.ts';

/** Seeded xxh32. Labels and keys come from strangers: without the seed they could be chosen to collide. */
export interface Hasher {
  /** Hashes a whole array. */
  h32(bytes: Uint8Array, seed: number): number;
}

const LABEL_BYTES = PUBKEY_BYTES + 4;

/** Hashes labels and pubkeys through a scratch of its own, so that nothing is allocated. */
export class LabelHasher {
  readonly #hasher: Hasher;
  readonly #seed: number;
  readonly #label = new Uint8Array(LABEL_BYTES);
  readonly #pubkey = new Uint8Array(PUBKEY_BYTES);

  constructor(hasher: Hasher, seed: number) {
    this.#hasher = hasher;
    this.#seed = seed >>> 0;
  }

  /** The tag of a label, a signed 32-bit number. */
  label(kind: number, index: number, pubkey: Uint8Array, at: number): number {
    const label = this.#label;
    for (let i = 0; i < PUBKEY_BYTES; i++) label[i] = pubkey[at + i]!;
    label[PUBKEY_BYTES] = kind;
    label[PUBKEY_BYTES + 2] = index;
    label[PUBKEY_BYTES + 3] = index >>> 8;
    return this.#hasher.h32(label, this.#seed) | 0;
  }

  /** The tag of a pubkey, a signed 32-bit number. */
  pubkey(pubkey: Uint8Array, at: number): number {
    const scratch = this.#pubkey;
    for (let i = 0; i < PUBKEY_BYTES; i++) scratch[i] = pubkey[at + i]!;
    return this.#hasher.h32(scratch, this.#seed) | 0;
  }
}

/** Shard of a value: the 12 most significant bits of its hash's first eight bytes, read little-endian. */
export function shardOf(hash: Uint8Array, at: number): number {
  return readU32(hash, at + 4) >>> (32 - SHARD_BITS);
}

/**
 * Decides between a value and the stored one of the same label: a contact info by outset and wallclock,
 * others by wallclock, ties by hash. Commutative, associative, idempotent: in whatever order a set of
 * values arrives, the same one stays.
 *
 * @units outset: µs since the epoch, u64 as halves; wallclock: ms
 * @source behaviour 2.3; agave gossip/src/crds.rs, overrides
 * @returns positive when the new value replaces the old one, 0 when it is the same value, else negative
 */
export function compareValues(
  kind: number,
  newOutsetLow: number,
  newOutsetHigh: number,
  newWallclock: number,
  newHash: Uint8Array,
  newHashAt: number,
  oldOutsetLow: number,
  oldOutsetHigh: number,
  oldWallclock: number,
  oldHash: Uint8Array,
  oldHashAt: number,
): number {
  if (kind === Kind.CONTACT_INFO) {
    if (newOutsetHigh !== oldOutsetHigh) return newOutsetHigh - oldOutsetHigh;
    if (newOutsetLow !== oldOutsetLow) return newOutsetLow - oldOutsetLow;
  }
  if (newWallclock !== oldWallclock) return newWallclock - oldWallclock;
  return compareBytes(newHash, newHashAt, oldHash, oldHashAt, HASH_BYTES);
}
