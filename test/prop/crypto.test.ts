import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../src/crypto/identity.ts';
import { createVerifier, VERIFIER_NAMES } from '../../src/crypto/verify.ts';
import { propertyCases } from '../nightly.ts';

const verifiers = VERIFIER_NAMES.map((name) => createVerifier(name));
const bytes32 = fc.uint8Array({ minLength: 32, maxLength: 32 });

/** The verdict that all verifiers give, or what each says when they differ. */
function verdict(key: Uint8Array, signature: Uint8Array, message: Uint8Array): boolean | string {
  const all = verifiers.map((v) => v.verify(key, 0, signature, 0, message, 0, message.length));
  return all.every((one) => one === all[0]) ? all[0]! : `${VERIFIER_NAMES} say ${all}`;
}

describe('verifiers', () => {
  it('accept what was signed, and refuse it with any one bit changed', () => {
    fc.assert(
      fc.property(
        bytes32,
        fc.uint8Array({ minLength: 1, maxLength: 1232 }),
        fc.nat(),
        (seed, message, where) => {
          const identity = createIdentity(seed);
          const signature = new Uint8Array(64);
          identity.sign(message, 0, message.length, signature, 0);
          const key = identity.publicKey.slice();
          expect(verdict(key, signature, message)).toBe(true);
          const bit = where % (8 * (96 + message.length));
          const part = bit < 256 ? key : bit < 768 ? signature : message;
          const at = bit < 256 ? bit : bit < 768 ? bit - 256 : bit - 768;
          part[at >> 3]! ^= 1 << (at & 7);
          expect(verdict(key, signature, message)).toBe(false);
        },
      ),
      { numRuns: propertyCases(50, 1000) },
    );
  });

  it('refuse bytes that nobody signed, and throw at none', () => {
    fc.assert(
      fc.property(
        bytes32,
        fc.uint8Array({ minLength: 64, maxLength: 64 }),
        fc.uint8Array({ maxLength: 100 }),
        fc.boolean(),
        (key, signature, message, high) => {
          signature[63]! &= 0x0f; // else S is refused before any arithmetic
          if (high) key.fill(0xff, 1, 31); // keys that are not canonical
          expect(verdict(key, signature, message)).toBe(false);
        },
      ),
      { numRuns: propertyCases(66, 2000) },
    );
  });
});
