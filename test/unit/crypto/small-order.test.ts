import { Point } from '@noble/ed25519';
import { expect, it } from 'vitest';
import { isSmallOrderEncoding, SMALL_ORDER_ENCODINGS } from '../../../src/crypto/small-order.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';

const { p, n } = Point.CURVE();

function encode(y: bigint, sign: number): Uint8Array {
  const bytes = fromHex(y.toString(16).padStart(64, '0'))!.reverse();
  bytes[31]! |= sign << 7;
  return bytes;
}

function decode(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return undefined;
  }
}

/** n times a point; noble multiplies by less than n only. */
const timesOrder = (point: Point): Point => point.multiply(n - 1n, false).add(point);

/** The eight points whose order divides 8, found by clearing the prime part of arbitrary points. */
function torsionPoints(): Point[] {
  for (let y = 2n; ; y++) {
    const point = decode(encode(y, 0));
    if (!point) continue;
    const torsion = timesOrder(point);
    if (torsion.double().double().is0()) continue; // order below 8
    return Array.from({ length: 8 }, (_, k) => torsion.multiply(BigInt(k), false));
  }
}

it('is exactly the encodings, canonical or not, of the points of small order', () => {
  const found = new Set<string>();
  for (const { y } of torsionPoints()) {
    for (const value of [y, y + p]) if (value < 2n ** 255n) found.add(toHex(encode(value, 0)));
  }
  expect([...found].sort()).toEqual([...SMALL_ORDER_ENCODINGS].sort());
});

it('recognises each with either sign, anywhere in shared memory', () => {
  const bytes = new Uint8Array(new SharedArrayBuffer(40));
  for (const text of SMALL_ORDER_ENCODINGS) {
    for (const sign of [0, 0x80]) {
      bytes.fill(0x5a);
      bytes.set(fromHex(text)!, 5);
      bytes[36]! |= sign;
      expect(isSmallOrderEncoding(bytes, 5), `${text} ${sign}`).toBe(true);
      expect(decode(bytes.slice(5, 37))?.isSmallOrder(), `${text} ${sign}`).toBe(true);
    }
  }
});

it('is not misled by one bit', () => {
  for (const text of SMALL_ORDER_ENCODINGS) {
    const bytes = fromHex(text)!;
    for (let bit = 0; bit < 255; bit++) {
      bytes[bit >> 3]! ^= 1 << (bit & 7);
      const small = SMALL_ORDER_ENCODINGS.includes(toHex(bytes));
      expect(isSmallOrderEncoding(bytes, 0), `${text} bit ${bit}`).toBe(small);
      bytes[bit >> 3]! ^= 1 << (bit & 7);
    }
  }
});
