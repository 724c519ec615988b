import { assert } from '../util/assert.ts';
import { toBase58 } from '../util/base58.ts';
import { createIdentity, type Identity } from './identity.ts';
import { sodiumSigner } from './sign-sodium.ts';

/**
 * An identity for made-up nodes, of which there are thousands: libsodium alone makes its keys and signs,
 * unchecked by noble and ten times as quickly made. Never for a key of ours.
 *
 * @shape seed: 32 B
 * @param load how libsodium is loaded; tests pass what fails
 */
export function createQuickIdentity(seed: Uint8Array, load?: () => unknown): Identity {
  assert(seed.length === 32, 'createQuickIdentity: a seed has 32 bytes');
  const signer = sodiumSigner(seed, false, load);
  if (!signer) return createIdentity(seed); // the same key and signatures, more slowly
  const { publicKey, sign } = signer;
  return {
    publicKey,
    address: toBase58(publicKey),
    sign(bytes, at, end, out, outAt) {
      assert(at <= end && end <= bytes.length, 'sign: a span outside its bytes');
      assert(outAt + 64 <= out.length, 'sign: no room for 64 bytes');
      sign(bytes, at, end, out, outAt);
    },
  };
}
