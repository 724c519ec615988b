/**
 * What skimming leaves behind of every value: offsets and the fields that routing needs, one typed array
 * a field, one row a value. The rows can lie in shared memory, so that another thread reads them in place.
 */

/** Columns, one row a value; offsets are absolute in the bytes that were skimmed. */
export interface ValueColumns {
  /** Milliseconds since the Unix epoch, below 10^15. */
  readonly wallclock: Float64Array;
  /** First byte of the value, which is its signature. */
  readonly offset: Uint32Array;
  /** First byte of the public key of its origin. */
  readonly origin: Uint32Array;
  /** Bytes of the value, signature and data. */
  readonly length: Uint16Array;
  /** Label index, 0 where the kind has none. */
  readonly index: Uint16Array;
  /** One of `Kind`. */
  readonly kind: Uint8Array;
  /** Bits `VALUE_…` below. */
  readonly flags: Uint8Array;
}

/**
 * The bytes are accepted but are not what Agave would write after decoding them. It hashes, verifies and
 * forwards what it would write, so such a value has to be rewritten (`canonicalizeValue`) before that.
 */
export const VALUE_NOT_CANONICAL = 1;

/** Bytes of all columns for one row: 8 + 4 + 4 + 2 + 2 + 1 + 1. */
export const VALUE_ROW_BYTES = 22;

/**
 * Lays the columns out one behind the other, widest first, so that each is aligned when `at` is.
 *
 * @shape buffer: plain or shared, at least `at + capacity * VALUE_ROW_BYTES` bytes; own memory when left out
 * @units capacity: rows, even; at: byte offset, a multiple of 8
 */
export function createValueColumns(
  capacity: number,
  buffer: ArrayBufferLike = new ArrayBuffer(capacity * VALUE_ROW_BYTES),
  at = 0,
): ValueColumns {
  return {
    wallclock: new Float64Array(buffer, at, capacity),
    offset: new Uint32Array(buffer, at + 8 * capacity, capacity),
    origin: new Uint32Array(buffer, at + 12 * capacity, capacity),
    length: new Uint16Array(buffer, at + 16 * capacity, capacity),
    index: new Uint16Array(buffer, at + 18 * capacity, capacity),
    kind: new Uint8Array(buffer, at + 20 * capacity, capacity),
    flags: new Uint8Array(buffer, at + 21 * capacity, capacity),
  };
}

/** Recognises values that passed skimming before, by all their bytes, so that they need not pass again. */
export interface KnownValues {
  /**
   * Fills the row of the value at `at` if it is a known one.
   *
   * @returns its length, or 0 when it is not known
   */
  match(bytes: Uint8Array, at: number, end: number, columns: ValueColumns, row: number): number;
}

/** Knows no value. */
export const NONE_KNOWN: KnownValues = { match: () => 0 };
