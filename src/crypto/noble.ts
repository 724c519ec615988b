import { hash } from 'node:crypto';
import { hashes, Point } from '@noble/ed25519';

/**
 * SHA-512 by Node, handed to noble, whose own arithmetic brings no hash along.
 * A plain Uint8Array: slicing a Buffer would share memory with it.
 */
export function sha512(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(hash('sha512', bytes, 'buffer'));
}

hashes.sha512 = sha512 as NonNullable<typeof hashes.sha512>;

/** The order of the base point, 2^252 + 27742317777372353535851937790883648493. @source RFC 8032, 5.1 */
export const GROUP_ORDER = Point.CURVE().n;

/** Reads a span as a little-endian integer of any width. */
export function readScalar(bytes: Uint8Array, at: number, end: number): bigint {
  let hex = '0x';
  for (let i = end - 1; i >= at; i--) hex += bytes[i]!.toString(16).padStart(2, '0');
  return BigInt(hex);
}

/** Writes 32 bytes, little-endian. */
export function writeScalar(bytes: Uint8Array, at: number, value: bigint): void {
  const hex = value.toString(16).padStart(64, '0');
  for (let i = 0; i < 32; i++) {
    bytes[at + i] = Number.parseInt(hex.slice(62 - 2 * i, 64 - 2 * i), 16);
  }
}

export { Point };
