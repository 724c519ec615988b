import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { VerifyScratch } from './scratch.ts';
import { isSmallOrderEncoding } from './small-order.ts';
import { type Verifier, type VerifyBatch, verifyRows } from './verifier.ts';

/**
 * Imported keys kept: twice the nodes of mainnet, a few megabytes. An import costs 5 µs of the
 * 110 µs of a verification, so a flood of fresh keys that empties the cache costs little.
 */
const KEY_CACHE_SIZE = 8192;

/**
 * OpenSSL as Node carries it: cofactorless and strict about S, but Node 20 and 22 take keys and
 * commitments of small order (24 and later refuse them), which the table refuses first everywhere.
 * A commitment that is no point cannot equal one that was computed, so that needs no test of its own.
 */
export class OpensslVerifier implements Verifier {
  readonly name = 'openssl';
  readonly #cacheSize: number;
  readonly #scratch = new VerifyScratch();
  /** Key bytes as a one-byte-a-letter string; filled after a success only, oldest out first. */
  readonly #keys = new Map<string, KeyObject>();

  /** @param cacheSize how many imported keys are kept */
  constructor(cacheSize = KEY_CACHE_SIZE) {
    this.#cacheSize = cacheSize;
  }

  /** Imported keys held now. */
  get keyCount(): number {
    return this.#keys.size;
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
    if (isSmallOrderEncoding(scratch.key, 0)) return false;
    if (isSmallOrderEncoding(scratch.signature, 0)) return false;
    const name = scratch.key.toString('latin1');
    const known = this.#keys.get(name);
    const key = known ?? importKey(scratch.key);
    if (!verify(null, scratch.message, key, scratch.signature)) return false;
    if (known === undefined) this.#remember(name, key);
    return true;
  }

  verifyBatch(batch: VerifyBatch): void {
    verifyRows(this, batch);
  }

  #remember(name: string, key: KeyObject): void {
    if (this.#keys.size >= this.#cacheSize) {
      for (const oldest of this.#keys.keys()) {
        this.#keys.delete(oldest);
        break;
      }
    }
    this.#keys.set(name, key);
  }
}

/** As a JSON web key: 5 µs, against 97 µs for the same key as DER. */
function importKey(key: Buffer): KeyObject {
  return createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: key.toString('base64url') },
    format: 'jwk',
  });
}
