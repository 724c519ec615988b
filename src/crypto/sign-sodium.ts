import { createRequire } from 'node:module';

/** Signs a span and writes 64 bytes; the span and the output may be shared. */
export type SignSpan = (
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  outAt: number,
) => void;

/** What of sodium-native is used. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Buffer, secretKey: Buffer, seed: Buffer): void;
  crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
  sodium_malloc(size: number): Buffer;
}

/** Longest span it signs: nothing in a datagram is longer. */
export const MAX_SIGNED_BYTES = 1232;

/**
 * Signing by libsodium, in constant time: 18 µs instead of 130. Ed25519 signatures are a function of key
 * and message, so whoever uses this can and does compare it with noble's first.
 *
 * @shape seed: 32 bytes
 * @param isSecret whether its expansion lies in memory of libsodium's that is guarded and never swapped,
 *   of which a process cannot have pages by the thousand
 * @param load how the package is loaded; tests pass what fails
 * @returns undefined where libsodium does not load
 */
export function sodiumSigner(
  seed: Uint8Array,
  isSecret = true,
  load: () => unknown = loadSodium,
): { publicKey: Uint8Array; sign: SignSpan } | undefined {
  let sodium: Sodium;
  try {
    sodium = load() as Sodium;
  } catch {
    return undefined; // no library for this platform: noble signs
  }
  const secret = isSecret ? sodium.sodium_malloc(64) : Buffer.alloc(64);
  const key = Buffer.alloc(32);
  sodium.crypto_sign_seed_keypair(key, secret, Buffer.from(seed));
  // Copies, since the binding takes no shared memory; one view for each length, made when first needed.
  const message = Buffer.alloc(MAX_SIGNED_BYTES);
  const views: Buffer[] = [];
  const signature = Buffer.alloc(64);
  const sign: SignSpan = (bytes, at, end, out, outAt) => {
    const length = end - at;
    views[length] ??= message.subarray(0, length);
    for (let i = 0; i < length; i++) message[i] = bytes[at + i]!;
    sodium.crypto_sign_detached(signature, views[length]!, secret);
    out.set(signature, outAt);
  };
  return { publicKey: new Uint8Array(key), sign };
}

function loadSodium(): unknown {
  return createRequire(import.meta.url)('sodium-native');
}
