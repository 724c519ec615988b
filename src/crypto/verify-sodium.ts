import { createRequire } from 'node:module';
import { SpyError } from '../util/assert.ts';
import { VerifyScratch } from './scratch.ts';
import { type Verifier, type VerifyBatch, verifyRows } from './verifier.ts';

/** What of sodium-native is used. */
interface Sodium {
  crypto_sign_verify_detached(signature: Buffer, message: Buffer, key: Buffer): boolean;
}

/**
 * libsodium: cofactorless, and refuses small order and S ≥ L by itself, which is the strict rule
 * unaided. It also refuses keys that are not canonical, of which validators refuse only those of
 * small order; nobody can hold any other.
 */
class SodiumVerifier implements Verifier {
  readonly name = 'sodium';
  readonly #sodium: Sodium;
  readonly #scratch = new VerifyScratch();

  constructor(sodium: Sodium) {
    this.#sodium = sodium;
  }

  verify(
    keyBytes: Uint8Array,
    keyAt: number,
    signatureBytes: Uint8Array,
    signatureAt: number,
    messageBytes: Uint8Array,
    messageAt: number,
    messageEnd: number,
  ): boolean {
    const scratch = this.#scratch;
    scratch.fill(keyBytes, keyAt, signatureBytes, signatureAt, messageBytes, messageAt, messageEnd);
    return (
      this.#sodium.crypto_sign_verify_detached(scratch.signature, scratch.message, scratch.key) ===
      true
    );
  }

  verifyBatch(batch: VerifyBatch): void {
    verifyRows(this, batch);
  }
}

/**
 * @param load how the package is loaded; tests pass what fails
 * @throws SpyError VERIFIER_UNAVAILABLE where the package has no library built for this platform
 */
export function createSodiumVerifier(load: () => unknown = loadSodium): Verifier {
  try {
    return new SodiumVerifier(load() as Sodium);
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.split('\n', 1)[0] : String(cause);
    throw new SpyError(
      'VERIFIER_UNAVAILABLE',
      `libsodium cannot be loaded on ${process.platform}-${process.arch}: ${why}. Use the openssl or noble verifier, which need nothing built.`,
      { cause },
    );
  }
}

/**
 * By require, not import: the choice of a verifier is synchronous, and a platform without a prebuilt
 * library must cost one verifier, not the process.
 */
function loadSodium(): unknown {
  return createRequire(import.meta.url)('sodium-native');
}
