/**
 * Little-endian reads and writes as plain byte arithmetic, comparison, copy and hex.
 * A u64 is two u32 halves, or a number when the protocol keeps it below 2^53: no bigint on the hot path.
 */

/** @units at: byte offset */
export function readU16(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8);
}

/** @units at: byte offset @returns an unsigned number below 2^32 */
export function readU32(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0
  );
}

/** Reads a u64 as a double: exact below 2^53, rounded above (callers compare against 10^15 or widen). */
export function readU64(bytes: Uint8Array, at: number): number {
  return readU32(bytes, at) + readU32(bytes, at + 4) * 4294967296;
}

/** For cold code that must show every bit of a u64. */
export function readU64Big(bytes: Uint8Array, at: number): bigint {
  return BigInt(readU32(bytes, at)) | (BigInt(readU32(bytes, at + 4)) << 32n);
}

/** @returns the offset behind what was written */
export function writeU16(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  return at + 2;
}

/** @returns the offset behind what was written */
export function writeU32(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value;
  bytes[at + 1] = value >>> 8;
  bytes[at + 2] = value >>> 16;
  bytes[at + 3] = value >>> 24;
  return at + 4;
}

/** Writes a non-negative integer below 2^53 as a u64. @returns the offset behind what was written */
export function writeU64(bytes: Uint8Array, at: number, value: number): number {
  writeU32(bytes, at, value >>> 0);
  return writeU32(bytes, at + 4, Math.floor(value / 4294967296));
}

/** Writes a u64 given as its low and high halves. @returns the offset behind what was written */
export function writeU64Halves(bytes: Uint8Array, at: number, low: number, high: number): number {
  writeU32(bytes, at, low);
  return writeU32(bytes, at + 4, high);
}

/** @returns the offset behind what was written */
export function writeU64Big(bytes: Uint8Array, at: number, value: bigint): number {
  writeU32(bytes, at, Number(value & 0xffffffffn));
  return writeU32(bytes, at + 4, Number((value >> 32n) & 0xffffffffn));
}

/** Compares `length` bytes of two arrays for equality. */
export function equalBytes(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
): boolean {
  for (let i = 0; i < length; i++) if (a[aAt + i] !== b[bAt + i]) return false;
  return true;
}

/** Orders `length` bytes of two arrays as unsigned big-endian numbers: negative, zero or positive. */
export function compareBytes(
  a: Uint8Array,
  aAt: number,
  b: Uint8Array,
  bAt: number,
  length: number,
): number {
  for (let i = 0; i < length; i++) {
    const difference = a[aAt + i]! - b[bAt + i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

/**
 * Copies a span of one array into another without creating a view.
 * For spans up to about 100 bytes; above that `to.set(from.subarray(…))` is faster.
 * @returns the offset behind what was written
 */
export function copyBytes(
  from: Uint8Array,
  fromAt: number,
  to: Uint8Array,
  toAt: number,
  length: number,
): number {
  for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
  return toAt + length;
}

/** Lower-case hex of a span; works on shared memory. */
export function toHex(bytes: Uint8Array, at = 0, end = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, end - at).toString('hex');
}

/** @returns the bytes, or undefined when the text is not an even number of hex digits */
export function fromHex(text: string): Uint8Array | undefined {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) return undefined;
  return new Uint8Array(Buffer.from(text, 'hex'));
}
