import { describe, expect, it } from 'vitest';
import { EDGE_VECTORS } from '../../../../src/crypto/edge-vectors.ts';
import { createKnownKeys } from '../../../../src/crypto/known-keys/memory.ts';
import { checkTables } from '../../../../src/crypto/known-keys/self-check.ts';
import { createQuickIdentity } from '../../../../src/crypto/quick-identity.ts';
import { createVerifier, SINGLE_VERIFIER_NAMES } from '../../../../src/crypto/verify.ts';
import { fromHex } from '../../../../src/util/bytes.ts';
import { seededRng } from '../../../../src/util/rng.ts';
import {
  placeCases,
  readPublishedSets,
  readSignatureVectors,
  type SignatureCase,
} from '../signature-cases.ts';

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

const thread = createKnownKeys(16, seededRng(1));
const sodium = createVerifier('sodium');

/** An honest signature, damaged in one of several ways or not at all. */
function randomCase(rng: ReturnType<typeof seededRng>, signers: readonly Signer[]): SignatureCase {
  const signer = signers[rng.below(signers.length)]!;
  const message = new Uint8Array(rng.below(500));
  rng.fill(message);
  const signature = new Uint8Array(64);
  signer.sign(message, 0, message.length, signature, 0);
  let key = signer.publicKey;
  const flip = (bytes: Uint8Array): void => {
    if (bytes.length > 0) bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8);
  };
  const way = rng.below(8);
  if (way === 1) flip(signature);
  if (way === 2) flip(message);
  if (way === 3) key = signers[rng.below(signers.length)]!.publicKey;
  if (way === 4) addOrder(signature);
  if (way === 5) rng.fill(signature, 0, 32);
  if (way === 6) rng.fill(signature, 32, 63);
  const accept = sodium.verify(key, 0, signature, 0, message, 0, message.length);
  return { name: `damaged in way ${way}`, accept, key, signature, message };
}

type Signer = ReturnType<typeof createQuickIdentity>;

function addOrder(signature: Uint8Array): void {
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ORDER;
  signature.set(fromHex(s.toString(16).padStart(64, '0'))!.reverse(), 32);
}

describe('tables for known keys', () => {
  it('decide all vectors as validators do, those of keys without a table included', () => {
    const vectors = readSignatureVectors();
    expect(vectors).toHaveLength(742);
    expect(checkTables(thread, vectors)).toBeUndefined();
  });

  it('decide published cases as their authors, and all other verifiers, do', () => {
    const all = readPublishedSets();
    expect(all.map(({ set }) => set).filter((set) => set === 'wycheproof')).toHaveLength(150);
    expect(all.map(({ set }) => set).filter((set) => set === 'zip215')).toHaveLength(196);
    // The protocol has room for 64 bytes, neither fewer nor more.
    const cases = all.filter(({ signature }) => signature.length === 64);
    expect(all.filter((one) => !cases.includes(one)).map(({ result }) => result)).toEqual(
      Array.from({ length: 12 }, () => 'invalid'),
    );
    expect(checkTables(thread, cases)).toBeUndefined();
    for (const name of SINGLE_VERIFIER_NAMES) {
      const verifier = createVerifier(name);
      const some = name === 'noble' ? cases.filter((_, i) => i % 4 === 0) : cases;
      const batch = placeCases(some, true);
      verifier.verifyBatch(batch);
      expect([...batch.verdict], name).toEqual(some.map(({ accept }) => (accept ? 1 : 0)));
    }
  });

  it('decide the vectors of the self-check, whatever stands beside them', () => {
    const rng = seededRng(7);
    for (let round = 0; round < 3; round++) {
      const order = EDGE_VECTORS.map((vector) => ({ vector, at: rng.u32() }));
      order.sort((a, b) => a.at - b.at);
      const vectors = order.map(({ vector }) => vector);
      expect(checkTables(thread, vectors), `round ${round}`).toBeUndefined();
    }
  });

  it('notice a wrong verdict', () => {
    const [first, ...others] = EDGE_VECTORS;
    const wrong = [{ ...first!, accept: false }, ...others];
    expect(checkTables(thread, wrong)).toMatch(/^accepts "honest" by a table/);
  });

  it('decide random honest and damaged signatures as libsodium does', () => {
    const rng = seededRng(11);
    const seed = new Uint8Array(32);
    const signers = Array.from({ length: 40 }, () => {
      rng.fill(seed);
      return createQuickIdentity(seed.slice());
    });
    const cases = Array.from({ length: 3_000 }, () => randomCase(rng, signers));
    const accepted = cases.filter(({ accept }) => accept).length;
    expect(accepted).toBeGreaterThan(600);
    expect(cases.length - accepted).toBeGreaterThan(600);
    expect(checkTables(thread, cases)).toBeUndefined();
  });
});
