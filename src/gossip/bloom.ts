import { assert } from '../util/assert.ts';
import { readU32 } from '../util/bytes.ts';
import { HASH_BYTES } from '../wire/limits.ts';

/**
 * Largest filter this file works with: positions are found with 16-bit steps in 32-bit integers. A
 * filter in a datagram has at most 9,856 bits, one of the active set 32,768.
 */
export const BLOOM_MAX_BITS = 32_768;

/** Size of a filter: how many bits, and how many keys (positions an item sets). */
export interface BloomShape {
  readonly bitLength: number;
  readonly keyCount: number;
}

/**
 * Sizes a filter for a number of items and a rate of false positives.
 *
 * @units items: expected number of items; falseRate: 0 to 1; maxBits: upper limit of the result
 * @source behaviour 3.5; agave bloom/src/bloom.rs, Bloom::random
 */
export function bloomShape(items: number, falseRate: number, maxBits: number): BloomShape {
  const ideal = Math.ceil((items * Math.log(falseRate)) / Math.log(1 / 2 ** Math.LN2));
  const bitLength = Math.max(1, Math.min(maxBits, ideal));
  if (items === 0) return { bitLength, keyCount: 0 };
  return { bitLength, keyCount: Math.max(1, Math.round((bitLength / items) * Math.LN2)) };
}

/**
 * Position of a hash under a key: FNV-1a over 32 bytes with the key as its first state, modulo the
 * number of bits. The 64-bit state is two 32-bit halves: the prime is 2^40 + 435, so a product is a
 * shift by 40 and a small multiplication in 16-bit limbs.
 *
 * @shape keys, hashes: may be the same array, may be shared; 8 bytes from keyAt, 32 from hashAt
 * @units bitLength: 1 to BLOOM_MAX_BITS
 * @source behaviour 3.5; wire 5.2; agave bloom/src/bloom.rs, BloomHashIndex
 */
export function bloomPosition(
  keys: Uint8Array,
  keyAt: number,
  hashes: Uint8Array,
  hashAt: number,
  bitLength: number,
): number {
  let low = readU32(keys, keyAt) | 0;
  let high = readU32(keys, keyAt + 4) | 0;
  const end = hashAt + HASH_BYTES;
  for (let at = hashAt; at < end; at++) {
    const mixed = low ^ hashes[at]!;
    const first = (mixed & 0xffff) * 435;
    const second = (mixed >>> 16) * 435 + (first >>> 16);
    high = (Math.imul(high, 435) + (second >>> 16) + (mixed << 8)) | 0;
    low = (second << 16) | (first & 0xffff);
  }
  // 16 bits at a time: the remainder is below 2^15, so every step fits into 31 bits.
  let rest = (high >>> 16) % bitLength;
  rest = ((rest << 16) | (high & 0xffff)) % bitLength;
  rest = ((rest << 16) | (low >>> 16)) % bitLength;
  return ((rest << 16) | (low & 0xffff)) % bitLength;
}

/**
 * Whether a filter may contain a hash. A filter without keys or bits contains nothing. Bit i is bit
 * i mod 8 of byte i / 8, in memory as on the wire, so a filter is tested where it arrived.
 *
 * @shape bytes: keys of 8 bytes from keysAt, ⌈bitLength / 8⌉ bytes of bits from bitsAt; may be shared
 * @units bitLength: bits, at most BLOOM_MAX_BITS; keyCount: priced by the caller, not limited here
 * @source behaviour 3.5
 */
export function bloomContains(
  bytes: Uint8Array,
  keysAt: number,
  keyCount: number,
  bitsAt: number,
  bitLength: number,
  hashes: Uint8Array,
  hashAt: number,
): boolean {
  if (keyCount === 0 || bitLength === 0) return false;
  assert(bitLength <= BLOOM_MAX_BITS, 'bloom filter beyond the size of any datagram');
  for (let k = 0; k < keyCount; k++) {
    const position = bloomPosition(bytes, keysAt + 8 * k, hashes, hashAt, bitLength);
    if (((bytes[bitsAt + (position >>> 3)]! >>> (position & 7)) & 1) === 0) return false;
  }
  return true;
}

/**
 * Adds a hash to a filter in place.
 *
 * @shape as bloomContains
 * @source behaviour 3.5
 * @returns how many bits were not set before
 */
export function bloomAdd(
  bytes: Uint8Array,
  keysAt: number,
  keyCount: number,
  bitsAt: number,
  bitLength: number,
  hashes: Uint8Array,
  hashAt: number,
): number {
  if (bitLength === 0) return 0;
  assert(bitLength <= BLOOM_MAX_BITS, 'bloom filter beyond the size of any datagram');
  let added = 0;
  for (let k = 0; k < keyCount; k++) {
    const position = bloomPosition(bytes, keysAt + 8 * k, hashes, hashAt, bitLength);
    const at = bitsAt + (position >>> 3);
    const bit = 1 << (position & 7);
    if ((bytes[at]! & bit) === 0) {
      bytes[at] = bytes[at]! | bit;
      added++;
    }
  }
  return added;
}
