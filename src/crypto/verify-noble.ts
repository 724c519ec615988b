import { assert } from '../util/assert.ts';
import { equalBytes } from '../util/bytes.ts';
import { GROUP_ORDER, Point, readScalar, sha512 } from './noble.ts';
import { type Verifier, type VerifyBatch, verifyRows } from './verifier.ts';

/**
 * The strict rule written out over noble's point arithmetic; noble's own `verify` is cofactored and
 * takes keys of mixed order. Slow (1 ms), and independent of the other two down to the test for small
 * order, which multiplies by 8 instead of looking the bytes up: the second opinion.
 *
 * @source ed25519-dalek 2.2.0 verifying.rs, verify_strict
 */
export class NobleVerifier implements Verifier {
  readonly name = 'noble';

  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean {
    assert(keyAt + 32 <= keyBytes.length, 'verify: a key outside its bytes');
    assert(signatureAt + 64 <= signatureBytes.length, 'verify: a signature outside its bytes');
    assert(
      messageAt <= messageEnd && messageEnd <= messageBytes.length,
      'verify: a message outside its bytes',
    );
    const s = readScalar(signatureBytes, signatureAt + 32, signatureAt + 64);
    if (s >= GROUP_ORDER) return false;
    const key = keyBytes.slice(keyAt, keyAt + 32);
    const a = decodePoint(key);
    if (a === undefined || a.isSmallOrder()) return false;
    const signed = new Uint8Array(64 + messageEnd - messageAt);
    signed.set(signatureBytes.subarray(signatureAt, signatureAt + 32));
    signed.set(key, 32);
    signed.set(messageBytes.subarray(messageAt, messageEnd), 64);
    const k = readScalar(sha512(signed), 0, 64) % GROUP_ORDER;
    const r = Point.BASE.multiply(s, false).subtract(a.multiply(k, false));
    // Equal bytes mean that the commitment decodes to this very point, so its order is this one's.
    return equalBytes(r.toBytes(), 0, signatureBytes, signatureAt, 32) && !r.isSmallOrder();
  }

  verifyBatch(batch: VerifyBatch): void {
    verifyRows(this, batch);
  }
}

/** Decodes as validators do: y is reduced, a sign bit with x = 0 is let pass. */
function decodePoint(bytes: Uint8Array): Point | undefined {
  try {
    return Point.fromBytes(bytes, true);
  } catch {
    return undefined; // noble's only way to say that no point has this y
  }
}
