import { assert } from '../util/assert.ts';
import { Instance, wasmModule } from '../util/web-assembly.ts';
import { HASH_BYTES } from '../wire/limits.ts';
import { WASM_BASE64 } from './bloom-positions/wasm.ts';

/** Largest filter there is: in a datagram at most 9,856 bits, in the active set 32,768. */
export const BLOOM_MAX_BITS = 32_768;

/** Keys whose positions are found together: the code in C takes an eighth of the time of one by one in here. */
export const BLOOM_LANES = 4;

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

/** What `positions.c` exports. */
interface PositionsCode {
  readonly memory: { readonly buffer: ArrayBuffer };
  hash_at(): number;
  keys_at(): number;
  positions_at(): number;
  find(bits: number): void;
}

const code = new Instance(wasmModule(WASM_BASE64)).exports as PositionsCode;
const memory = new Uint8Array(code.memory.buffer);
const hashAtCode = code.hash_at();
const keysAtCode = code.keys_at();
const found = new Uint16Array(code.memory.buffer, code.positions_at(), BLOOM_LANES);

/**
 * Positions of a hash under up to four keys.
 *
 * @shape keys, hashes: may be the same array, may be shared; 8 bytes a key from keyAt, 32 from hashAt
 * @units count: keys, 1 to BLOOM_LANES; bitLength: 1 to BLOOM_MAX_BITS
 * @source behaviour 3.5; wire 5.2; agave bloom/src/bloom.rs, BloomHashIndex
 * @returns the positions, as many as keys, until the next call
 */
export function bloomPositions(
  keys: Uint8Array,
  keyAt: number,
  count: number,
  hashes: Uint8Array,
  hashAt: number,
  bitLength: number,
): Uint16Array {
  takeHash(hashes, hashAt);
  return findUnder(keys, keyAt, count, bitLength);
}

function takeHash(hashes: Uint8Array, hashAt: number): void {
  for (let i = 0; i < HASH_BYTES; i++) memory[hashAtCode + i] = hashes[hashAt + i]!;
}

function findUnder(keys: Uint8Array, keyAt: number, count: number, bitLength: number): Uint16Array {
  for (let i = 0; i < 8 * count; i++) memory[keysAtCode + i] = keys[keyAt + i]!;
  code.find(bitLength);
  return found;
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
  takeHash(hashes, hashAt);
  for (let first = 0; first < keyCount; first += BLOOM_LANES) {
    const count = Math.min(BLOOM_LANES, keyCount - first);
    const positions = findUnder(bytes, keysAt + 8 * first, count, bitLength);
    for (let k = 0; k < count; k++) {
      const position = positions[k]!;
      if (((bytes[bitsAt + (position >>> 3)]! >>> (position & 7)) & 1) === 0) return false;
    }
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
  takeHash(hashes, hashAt);
  for (let first = 0; first < keyCount; first += BLOOM_LANES) {
    const count = Math.min(BLOOM_LANES, keyCount - first);
    const positions = findUnder(bytes, keysAt + 8 * first, count, bitLength);
    for (let k = 0; k < count; k++) {
      const at = bitsAt + (positions[k]! >>> 3);
      const bit = 1 << (positions[k]! & 7);
      if ((bytes[at]! & bit) !== 0) continue;
      bytes[at] = bytes[at]! | bit;
      added++;
    }
  }
  return added;
}
