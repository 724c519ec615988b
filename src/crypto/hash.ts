import { hash } from 'node:crypto';
import xxhashWasm from 'xxhash-wasm';
import { assert } from '../util/assert.ts';
import { copyBytes } from '../util/bytes.ts';

/**
 * SHA-256 of a span, written as 32 bytes.
 *
 * The digest comes back as a one-byte-a-letter string because that is the cheapest way out of
 * Node: 500 ns for 330 bytes against 970 as a Buffer and 1,470 through createHash.
 *
 * @shape bytes, out: Uint8Array, may be shared
 * @units at, end, outAt: byte offsets
 */
export function sha256Into(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  outAt: number,
): void {
  assert(at <= end && end <= bytes.length, 'sha256Into: a span outside its bytes');
  assert(outAt + 32 <= out.length, 'sha256Into: no room for 32 bytes');
  const digest = hash('sha256', bytes.subarray(at, end), 'binary');
  for (let i = 0; i < 32; i++) out[outAt + i] = digest.charCodeAt(i);
}

/** SHA-256 of all bytes given, as 32 fresh bytes; for cold code. */
export function sha256(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  sha256Into(bytes, 0, bytes.length, out, 0);
  return out;
}

/** SHA-256 of a span in lower-case hex; for cold code. */
export function sha256Hex(bytes: Uint8Array, at = 0, end = bytes.length): string {
  return hash('sha256', bytes.subarray(at, end), 'hex');
}

/** How many bytes h32Span and h32Scratch take: a label is 36. */
export const XXHASH_SCRATCH_BYTES = 64;

/**
 * xxHash with a seed of the caller's. It picks buckets and drops repeated datagrams, nothing more:
 * collisions that hold under every seed are easy to construct, so it never vouches for anything.
 */
export interface Xxhash {
  /** xxh32 of a whole view; the fast way for a view that the caller keeps and refills (70 ns for 36 bytes). */
  h32(bytes: Uint8Array, seed: number): number;
  /** xxh32 of a span of at most XXHASH_SCRATCH_BYTES without making a view (100 ns for 36 bytes). */
  h32Span(bytes: Uint8Array, at: number, end: number, seed: number): number;
  /** Bytes to be filled by the caller and hashed by h32Scratch. */
  readonly scratch: Uint8Array;
  /** xxh32 of the first `length` bytes of the scratch. */
  h32Scratch(length: number, seed: number): number;
  /** xxh64 of a span as out[0] = low half, out[1] = high half; the seed is two halves as well. */
  h64Into(
    bytes: Uint8Array,
    at: number,
    end: number,
    seedLow: number,
    seedHigh: number,
    out: Uint32Array,
  ): void;
}

let loading: Promise<Xxhash> | undefined;

/** Instantiates the WebAssembly module, once a thread however often it is asked for. */
export function loadXxhash(): Promise<Xxhash> {
  loading ??= xxhashWasm().then(wrap);
  return loading;
}

/** What xxhash-wasm offers, as far as it is used here. */
interface RawXxhash {
  h32Raw(bytes: Uint8Array, seed?: number): number;
  h64Raw(bytes: Uint8Array, seed?: bigint): bigint;
}

function wrap(raw: RawXxhash): Xxhash {
  const scratch = new Uint8Array(XXHASH_SCRATCH_BYTES);
  const views = Array.from({ length: XXHASH_SCRATCH_BYTES + 1 }, (_, n) => scratch.subarray(0, n));
  const seed64 = new BigUint64Array(1);
  const seedHalves = new Uint32Array(seed64.buffer);
  const result64 = new BigUint64Array(1);
  const resultHalves = new Uint32Array(result64.buffer);
  const h32Scratch = (length: number, seed: number): number => {
    assert(length >= 0 && length <= XXHASH_SCRATCH_BYTES, 'h32Scratch: longer than the scratch');
    return raw.h32Raw(views[length]!, seed);
  };
  return {
    h32: (bytes, seed) => raw.h32Raw(bytes, seed),
    scratch,
    h32Scratch,
    h32Span(bytes, at, end, seed) {
      assert(end - at <= XXHASH_SCRATCH_BYTES, 'h32Span: a span longer than the scratch');
      copyBytes(bytes, at, scratch, 0, end - at);
      return h32Scratch(end - at, seed);
    },
    h64Into(bytes, at, end, seedLow, seedHigh, out) {
      // The library speaks bigint; the aliases split it without making another.
      seedHalves[0] = seedLow;
      seedHalves[1] = seedHigh;
      result64[0] = raw.h64Raw(bytes.subarray(at, end), seed64[0]!);
      out[0] = resultHalves[0]!;
      out[1] = resultHalves[1]!;
    },
  };
}
