import { fromHex } from '../util/bytes.ts';

/**
 * Every encoding of a point whose order divides 8, with the sign bit (bit 7 of byte 31) cleared:
 * canonical ones and those with y not reduced modulo p = 2^255 − 19. In order: y = 0, 1, the two y of
 * order 8, −1, p, p + 1. With either sign that makes 14 strings, all of which validators refuse as
 * key and as commitment.
 *
 * @source curve25519-dalek edwards.rs, is_small_order; derived again from the curve in the tests
 */
export const SMALL_ORDER_ENCODINGS: readonly string[] = Object.freeze([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

const TABLE = new Uint8Array(SMALL_ORDER_ENCODINGS.flatMap((text) => [...fromHex(text)!]));

/** Where in TABLE the encoding with this first byte stands, or 255: no two share it. */
const ROW_BY_FIRST_BYTE = new Uint8Array(256).fill(255);
for (let at = 0; at < TABLE.length; at += 32) ROW_BY_FIRST_BYTE[TABLE[at]!] = at;

/**
 * Whether 32 bytes encode a point of small order.
 *
 * @shape bytes: Uint8Array, may be shared
 * @units at: byte offset
 */
export function isSmallOrderEncoding(bytes: Uint8Array, at: number): boolean {
  const row = ROW_BY_FIRST_BYTE[bytes[at]!]!;
  if (row === 255) return false;
  for (let i = 1; i < 31; i++) if (bytes[at + i] !== TABLE[row + i]) return false;
  return (bytes[at + 31]! & 0x7f) === TABLE[row + 31];
}
