import { sha256Into } from '../src/crypto/hash.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import type { VerifyBatch } from '../src/crypto/verifier.ts';
import { createVerifier, createVerifyBatch, VERIFIER_NAMES } from '../src/crypto/verify.ts';
import { seededRng } from '../src/util/rng.ts';
import { type Mode, mix, SEED, type Suite, type Timed } from './harness.ts';
import { limit } from './inputs.ts';

/** What a value weighs on average, its signature included. */
const VALUE_BYTES = 330;
const SIGNATURE_BYTES = 64;
const KEY_BYTES = 32;
const ORIGINS = 32;
const STRIDE = SIGNATURE_BYTES + KEY_BYTES + VALUE_BYTES;

/** Honest signatures of a few origins, as they lie in shared memory: signature, key, message. */
function signedValues(count: number): VerifyBatch {
  const rng = seededRng(SEED);
  const bytes = new Uint8Array(new SharedArrayBuffer(count * STRIDE));
  const batch = createVerifyBatch(bytes, count);
  const seed = new Uint8Array(32);
  const identities = Array.from({ length: Math.min(ORIGINS, count) }, () => {
    rng.fill(seed);
    return createIdentity(seed.slice());
  });
  for (let i = 0; i < count; i++) {
    const at = i * STRIDE;
    const identity = identities[i % identities.length]!;
    batch.signature[i] = at;
    batch.key[i] = at + SIGNATURE_BYTES;
    batch.message[i] = at + SIGNATURE_BYTES;
    batch.messageEnd[i] = at + STRIDE - SIGNATURE_BYTES;
    bytes.set(identity.publicKey, batch.key[i]);
    rng.fill(bytes, at + SIGNATURE_BYTES + KEY_BYTES, at + STRIDE);
    identity.sign(bytes, batch.message[i]!, batch.messageEnd[i]!, bytes, at);
  }
  batch.count = count;
  return batch;
}

function hashing(count: number): Timed {
  const bytes = new Uint8Array(new SharedArrayBuffer(count * VALUE_BYTES));
  const out = new Uint8Array(new SharedArrayBuffer(count * 32));
  seededRng(SEED).fill(bytes);
  return {
    name: `sha256, ${VALUE_BYTES} B in shared memory`,
    unit: 'value',
    items: count,
    run() {
      let sum = SEED;
      for (let i = 0; i < count; i++) {
        sha256Into(bytes, i * VALUE_BYTES, (i + 1) * VALUE_BYTES, out, i * 32);
        sum = mix(sum, out[i * 32]!);
      }
      return sum;
    },
  };
}

/** How many signatures does one thread judge, by each of the three ways, and what does identity cost? */
export const verify: Suite = {
  name: 'verify',
  async questions(mode: Mode) {
    const batch = signedValues(limit(mode, 64, 2));
    const timed = VERIFIER_NAMES.map((name): Timed => {
      const verifier = createVerifier(name);
      return {
        name: `verify, ${name}`,
        unit: 'signature',
        items: batch.count,
        run() {
          batch.verdict.fill(0);
          verifier.verifyBatch(batch);
          let good = 0;
          for (let i = 0; i < batch.count; i++) good += batch.verdict[i]!;
          if (good !== batch.count) throw new Error(`${name} refused an honest signature`);
          return good;
        },
      };
    });
    return [...timed, hashing(limit(mode, 1000, 10))];
  },
};
