import { describe, expect, it } from 'vitest';
import { AuditedVerifier } from '../../../src/crypto/audit.ts';
import { verifyRows } from '../../../src/crypto/verifier.ts';
import { audited, createVerifier, type Verifier } from '../../../src/crypto/verify.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { placeCases, readSignatureVectors } from './signature-cases.ts';

/** Answers without arithmetic: accepts when the first byte of the signature is odd. */
const oddOnes: Verifier = {
  name: 'sodium',
  verify: (_key, _keyAt, signatureBytes, signatureAt) => (signatureBytes[signatureAt]! & 1) === 1,
  verifyBatch(batch) {
    verifyRows(this, batch);
  },
};

const always = (answer: boolean): Verifier => ({
  name: 'noble',
  verify: () => answer,
  verifyBatch() {
    throw new Error('an audit looks at single signatures');
  },
});

const bytes = new Uint8Array(new SharedArrayBuffer(200));
seededRng(1).fill(bytes);

/** Offers `count` signatures, every other one good, and returns the verdicts. */
function offer(verifier: Verifier, count: number): boolean[] {
  return Array.from({ length: count }, (_, i) => {
    bytes[40] = i;
    return verifier.verify(bytes, 0, bytes, 40, bytes, 110, 130);
  });
}

describe('audit', () => {
  it('checks every acceptance again when one in one is asked for, and no refusal', () => {
    const audited = new AuditedVerifier(oddOnes, always(true), 1, seededRng(2));
    const verdicts = offer(audited, 100);
    expect(verdicts).toEqual(offer(oddOnes, 100));
    expect(audited.tally).toMatchObject({ audited: 50, disagreed: 0 });
    expect(audited.name).toBe('sodium');
  });

  it('counts disagreement and leaves the verdict as it was', () => {
    const audited = new AuditedVerifier(oddOnes, always(false), 1, seededRng(2));
    expect(offer(audited, 10)).toEqual(offer(oddOnes, 10));
    expect(audited.tally).toMatchObject({ audited: 5, disagreed: 5 });
  });

  it('draws about one in so many, the same ones for the same seed', () => {
    const run = (seed: number): AuditedVerifier => {
      const audited = new AuditedVerifier(oddOnes, always(true), 64, seededRng(seed));
      offer(audited, 64 * 1024);
      return audited;
    };
    const counts = [7, 7, 8, 9].map((seed) => run(seed).tally.audited);
    expect(counts[0]).toBe(counts[1]);
    expect(new Set(counts).size).toBeGreaterThan(1);
    // 512 expected; distances are spread evenly from 1 to 127, so that their sum varies by 13
    for (const count of counts) expect(Math.abs(count - 512)).toBeLessThan(100);
  });

  it('draws the same from batches as from single signatures', () => {
    const cases = readSignatureVectors().filter(({ name }) => /honest|mixed-order key/.test(name));
    const run = (batched: boolean): AuditedVerifier => {
      const audited = new AuditedVerifier(
        createVerifier('sodium'),
        createVerifier('noble'),
        4,
        seededRng(11),
      );
      const batch = placeCases(cases, true);
      if (batched) audited.verifyBatch(batch);
      else verifyRows(audited, batch);
      expect([...batch.verdict].map((verdict) => verdict === 1)).toEqual(
        cases.map((c) => c.accept),
      );
      return audited;
    };
    const [batched, single] = [run(true), run(false)];
    expect(batched.tally.audited).toBeGreaterThan(5);
    expect(batched.tally).toMatchObject({ audited: single.tally.audited, disagreed: 0 });
  });

  it('is on whatever verifier a node works with, but not twice, and not noble on noble', () => {
    for (const name of ['sodium', 'openssl'] as const) {
      const verifier = createVerifier(name);
      expect(audited(verifier)).toBeInstanceOf(AuditedVerifier);
      expect(audited(verifier).name).toBe(name);
      expect(audited(audited(verifier))).toBeInstanceOf(AuditedVerifier);
    }
    for (const name of ['known', 'noble'] as const) {
      const verifier = createVerifier(name);
      expect(audited(verifier)).toBe(verifier);
    }
  });

  it('refuses a rate that is none', () => {
    for (const oneIn of [0, -1, 1.5, Number.NaN]) {
      expect(() => new AuditedVerifier(oddOnes, oddOnes, oneIn, seededRng(1)), `${oneIn}`).toThrow(
        /positive integer/,
      );
    }
  });
});
