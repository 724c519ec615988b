import { createHash } from 'node:crypto';
import { hashes, verify as nobleVerify, Point } from '@noble/ed25519';
import { describe, expect, it } from 'vitest';
import { EDGE_VECTORS } from '../../../src/crypto/edge-vectors.ts';
import { createIdentity } from '../../../src/crypto/identity.ts';
import { createVerifyBatch, verifyRows } from '../../../src/crypto/verifier.ts';
import {
  chooseVerifier,
  createVerifier,
  selfTest,
  VERIFIER_NAMES,
  type Verifier,
  type VerifierName,
  type VerifyBatch,
} from '../../../src/crypto/verify.ts';
import { OpensslVerifier } from '../../../src/crypto/verify-openssl.ts';
import { createSodiumVerifier } from '../../../src/crypto/verify-sodium.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { placeCases, readSignatureVectors, type SignatureCase } from './signature-cases.ts';

const vectors = readSignatureVectors();

/** Names of the cases on which a batch's verdicts differ from the reference's. */
function disagreements(batch: VerifyBatch, cases: readonly SignatureCase[]): string[] {
  return cases
    .filter(({ accept }, row) => (batch.verdict[row] === 1) !== accept)
    .map((c) => c.name);
}

/** Verdicts by the entrance for single signatures, on views of one's own. */
function singly(verifier: Verifier, cases: readonly SignatureCase[]): boolean[] {
  return cases.map(({ key, signature, message }) =>
    verifier.verify(key, 0, signature, 0, message, 0, message.length),
  );
}

describe.each(VERIFIER_NAMES)('%s', (name) => {
  const verifier = createVerifier(name);

  it('decides all vectors as validators do, in shared memory and in a batch', () => {
    expect(vectors).toHaveLength(742);
    const batch = placeCases(vectors, true);
    batch.verdict.fill(7);
    verifier.verifyBatch(batch);
    expect(disagreements(batch, vectors)).toEqual([]);
    expect(batch.verdict.every((verdict) => verdict <= 1)).toBe(true);
  });

  it('decides the same from plain memory, one at a time', () => {
    const cases = name === 'noble' ? vectors.filter((_, i) => i % 10 === 0) : vectors;
    expect(singly(verifier, cases)).toEqual(cases.map(({ accept }) => accept));
  });

  it('gives a verdict that does not depend on the place in a batch', () => {
    const few = vectors.filter((_, i) => i % 29 === 0);
    expect(new Set(few.map(({ accept }) => accept)).size).toBe(2);
    const rng = seededRng(3);
    for (let round = 0; round < 3; round++) {
      const order = few.map((c) => ({ c, at: rng.u32() })).sort((a, b) => a.at - b.at);
      const cases = order.map(({ c }) => c);
      const batch = placeCases(cases, round % 2 === 0);
      verifier.verifyBatch(batch);
      expect(disagreements(batch, cases), `round ${round}`).toEqual([]);
    }
  });

  it('leaves rows behind the count alone', () => {
    const batch = placeCases(vectors.slice(0, 4), true);
    batch.verdict.fill(7);
    batch.count = 2;
    verifier.verifyBatch(batch);
    expect([...batch.verdict]).toEqual([1, 0, 7, 7]);
    batch.count = 0;
    verifier.verifyBatch(batch);
    expect([...batch.verdict]).toEqual([1, 0, 7, 7]);
  });

  it.each([0, 1, 32, 1168, 1232, 1280, 1281, 5000])('takes a message of %i bytes', (length) => {
    const identity = createIdentity(new Uint8Array(32).fill(9));
    const bytes = new Uint8Array(new SharedArrayBuffer(length + 97));
    bytes[length] = 0xaa; // behind the message, where a length off by one would reach
    identity.sign(bytes, 0, length, bytes, length + 1);
    const judge = (end: number): boolean =>
      verifier.verify(identity.publicKey, 0, bytes, length + 1, bytes, 0, end);
    expect(judge(length)).toBe(true);
    expect(judge(length + 1)).toBe(false);
    // The views of a shorter message that came after a longer one must not be mixed up.
    expect(judge(Math.max(0, length - 1))).toBe(length === 0);
    expect(judge(length)).toBe(true);
  });

  it('refuses, without throwing, every S at and beyond the edge of the group order', () => {
    const order = Point.CURVE().n;
    const { key, signature, message } = vectors.find(({ accept }) => accept)!;
    const cases = [0n, 1n, order - 1n, order, order + 1n, 2n ** 253n, 2n ** 256n - 1n];
    for (const s of cases) {
      const changed = signature.slice();
      changed.set(fromHex(s.toString(16).padStart(64, '0'))!.reverse(), 32);
      expect(verifier.verify(key, 0, changed, 0, message, 0, message.length), `S = ${s}`).toBe(
        false,
      );
    }
  });

  it('refuses offsets outside the bytes as a bug of the caller', () => {
    const bytes = new Uint8Array(200);
    const cases = [
      { name: 'key', args: [169, 0, 0, 10] },
      { name: 'signature', args: [0, 137, 0, 10] },
      { name: 'message', args: [0, 0, 0, 201] },
      { name: 'message backwards', args: [0, 0, 11, 10] },
    ] as const;
    for (const { name: what, args } of cases) {
      const [key, signature, message, end] = args;
      expect(
        () => verifier.verify(bytes, key, bytes, signature, bytes, message, end),
        what,
      ).toThrow(/outside its bytes/);
    }
  });
});

it('a verifier that takes a millisecond a row says within a batch that it is alive', () => {
  const batch = createVerifyBatch(new Uint8Array(128), 100);
  batch.count = 100;
  batch.messageEnd.fill(128);
  const at: number[] = [];
  let rows = 0;
  batch.beat = () => at.push(rows);
  broken(() => ++rows > 0).verifyBatch(batch);
  expect([at, rows]).toEqual([[32, 64, 96], 100]);
});

describe('OpenSSL key cache', () => {
  it('holds keys of good signatures only, no more than it may, and decides the same', () => {
    const verifier = new OpensslVerifier(2);
    const message = new Uint8Array([1, 2, 3]);
    const bad = new Uint8Array(64);
    const signers = [1, 2, 3].map((n) => createIdentity(new Uint8Array(32).fill(n)));
    const judge = (who: number, good: boolean): boolean => {
      const signature = new Uint8Array(64);
      signers[who]!.sign(message, 0, 3, signature, 0);
      if (!good) bad.set(signature.subarray(0, 32));
      return verifier.verify(signers[who]!.publicKey, 0, good ? signature : bad, 0, message, 0, 3);
    };
    const steps = [
      { who: 0, good: false, keys: 0 },
      { who: 0, good: true, keys: 1 },
      { who: 0, good: true, keys: 1 },
      { who: 1, good: true, keys: 2 },
      { who: 2, good: true, keys: 2 },
      { who: 0, good: true, keys: 2 },
      { who: 0, good: false, keys: 2 },
    ];
    for (const [i, { who, good, keys }] of steps.entries()) {
      expect(judge(who, good), `step ${i}`).toBe(good);
      expect(verifier.keyCount, `step ${i}`).toBe(keys);
    }
  });
});

/** A verifier from a function over plain copies, to be wrong in a chosen way. */
function broken(decide: (key: Buffer, signature: Buffer, message: Buffer) => boolean): Verifier {
  return {
    name: 'openssl',
    verify(keyBytes, keyAt, signatureBytes, signatureAt, messageBytes, messageAt, messageEnd) {
      return decide(
        Buffer.from(keyBytes.slice(keyAt, keyAt + 32)),
        Buffer.from(signatureBytes.slice(signatureAt, signatureAt + 64)),
        Buffer.from(messageBytes.slice(messageAt, messageEnd)),
      );
    },
    verifyBatch(batch) {
      verifyRows(this, batch);
    },
  };
}

/** Computes R and compares bytes, as OpenSSL does: right but for small order. */
function equationAlone(key: Buffer, signature: Buffer, message: Buffer): boolean {
  const number = (bytes: Uint8Array): bigint =>
    BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
  const order = Point.CURVE().n;
  const s = number(signature.subarray(32));
  if (s >= order) return false;
  try {
    const a = Point.fromBytes(key, true);
    const r = signature.subarray(0, 32);
    const k = number(createHash('sha512').update(r).update(key).update(message).digest()) % order;
    const computed = Point.BASE.multiply(s, false).subtract(a.multiply(k, false));
    return r.equals(computed.toBytes());
  } catch {
    return false; // no point has this y
  }
}

hashes.sha512 = (message) => new Uint8Array(createHash('sha512').update(message).digest());

const right = createVerifier('sodium');
const decideRight = (key: Buffer, signature: Buffer, message: Buffer): boolean =>
  right.verify(key, 0, signature, 0, message, 0, message.length);

const BROKEN: { name: string; verifier: Verifier; reason: RegExp }[] = [
  {
    name: 'accepts all',
    verifier: broken(() => true),
    reason: /^accepts "S plus the group order"/,
  },
  { name: 'refuses all', verifier: broken(() => false), reason: /^refuses "honest"/ },
  {
    name: 'decides by the equation alone',
    verifier: broken(equationAlone),
    reason: /^accepts "key and R the identity/,
  },
  {
    name: "noble's own verify",
    verifier: broken((key, signature, message) => nobleVerify(signature, message, key)),
    reason: /^accepts "key and R the identity/,
  },
  {
    name: "noble's own verify without ZIP 215",
    verifier: broken((key, signature, message) =>
      nobleVerify(signature, message, key, { zip215: false }),
    ),
    reason: /^accepts "R the identity, honest key"/,
  },
  {
    name: 'refuses mixed order, where only the equation may',
    verifier: broken(
      (key, signature, message) =>
        key.equals(EDGE_VECTORS[0]!.key) && decideRight(key, signature, message),
    ),
    reason: /^refuses "key with torsion, k divisible by 8"/,
  },
  {
    name: 'forgets the sign bit of the table',
    verifier: broken(
      (key, signature, message) =>
        decideRight(key, signature, message) ||
        ((key[31]! & 0x80) !== 0 && equationAlone(key, signature, message)),
    ),
    reason: /^accepts "small-order key/,
  },
  {
    name: 'silent about shared memory',
    verifier: {
      ...broken(decideRight),
      verifyBatch(batch) {
        if (batch.bytes.buffer instanceof ArrayBuffer) verifyRows(this, batch);
      },
    },
    reason: /^refuses "honest" \(shared memory\)/,
  },
  {
    name: 'mixes up rows',
    verifier: {
      ...broken(decideRight),
      verifyBatch(batch) {
        verifyRows(this, batch);
        batch.verdict.copyWithin(1, 0);
      },
    },
    reason: /^accepts "S plus the group order" \(shared memory\)/,
  },
  {
    name: 'right in batches only',
    verifier: {
      ...broken(() => true),
      verifyBatch: (batch) => right.verifyBatch(batch),
    },
    reason: /\(plain memory\)/,
  },
];

describe('self-test', () => {
  it.each(VERIFIER_NAMES)('passes %s', (name) => {
    expect(selfTest(createVerifier(name))).toBeUndefined();
  });

  it.each(BROKEN)('refuses one that $name', ({ verifier, reason }) => {
    expect(selfTest(verifier)).toMatch(reason);
  });

  it('knows both verdicts, and no two vectors alike', () => {
    const texts = EDGE_VECTORS.map(({ key, signature, message }) =>
      Buffer.concat([key, signature, message]).toString('hex'),
    );
    expect(new Set(texts).size).toBe(EDGE_VECTORS.length);
    expect(EDGE_VECTORS.filter(({ accept }) => accept).length).toBeGreaterThanOrEqual(3);
    expect(EDGE_VECTORS.every((v) => v.key.length === 32 && v.signature.length === 64)).toBe(true);
  });
});

describe('libsodium where none was built', () => {
  it('is refused in one sentence with what to do', () => {
    const load = (): never => {
      throw new Error("Cannot find addon '.'\nCandidates:\n- a\n- b");
    };
    expect(() => createSodiumVerifier(load)).toThrow(
      expect.objectContaining({
        code: 'VERIFIER_UNAVAILABLE',
        message: expect.stringMatching(
          /^libsodium cannot be loaded on .*addon '.'\. Use the openssl/,
        ),
      }),
    );
  });
});

describe('choice of a verifier', () => {
  const acceptAll = BROKEN[0]!.verifier;
  const noTables = new SpyError('VERIFIER_UNAVAILABLE', 'WebAssembly without SIMD');
  const make =
    (bad: Partial<Record<VerifierName, Verifier | Error>>) =>
    (name: VerifierName): Verifier => {
      const other = bad[name];
      if (other instanceof Error) throw other;
      return other ?? createVerifier(name);
    };

  const cases = [
    { name: 'all fit', bad: {}, chosen: 'known', rejected: [] },
    {
      name: 'no tables',
      bad: { known: noTables },
      chosen: 'sodium',
      rejected: [['known', /without SIMD/]],
    },
    {
      name: 'no libsodium',
      bad: {
        known: noTables,
        sodium: new SpyError('VERIFIER_UNAVAILABLE', 'nothing built for this platform'),
      },
      chosen: 'openssl',
      rejected: [
        ['known', /without SIMD/],
        ['sodium', /nothing built/],
      ],
    },
    {
      name: 'libsodium changed its mind',
      bad: { known: acceptAll, sodium: acceptAll },
      chosen: 'openssl',
      rejected: [
        ['known', /accepts "S plus/],
        ['sodium', /accepts "S plus/],
      ],
    },
    {
      name: 'both libraries unfit',
      bad: { known: noTables, sodium: new Error('no'), openssl: acceptAll },
      chosen: 'noble',
      rejected: [
        ['known', /without SIMD/],
        ['sodium', /^no$/],
        ['openssl', /accepts/],
      ],
    },
  ] as const;

  it.each(cases)('$name', ({ bad, chosen, rejected }) => {
    const choice = chooseVerifier('auto', make(bad));
    expect(choice.verifier.name).toBe(chosen);
    expect(choice.rejected.map(({ name }) => name)).toEqual(rejected.map(([name]) => name));
    for (const [i, [, reason]] of rejected.entries()) {
      expect(choice.rejected[i]!.reason).toMatch(reason);
    }
  });

  it.each(VERIFIER_NAMES)('takes %s when that is asked for', (name) => {
    expect(chooseVerifier(name).verifier.name).toBe(name);
  });

  it('never falls back from the one that was asked for', () => {
    expect(() => chooseVerifier('sodium', make({ sodium: acceptAll }))).toThrow(
      expect.objectContaining({
        code: 'VERIFIER_UNUSABLE',
        message: expect.stringMatching(/sodium: accepts .*Choose another, or auto\./),
      }),
    );
  });

  it('says for each why none is left', () => {
    const bad = {
      known: noTables,
      sodium: new Error('one'),
      openssl: new Error('two'),
      noble: new Error('three'),
    };
    expect(() => chooseVerifier('auto', make(bad))).toThrow(
      expect.objectContaining({
        code: 'VERIFIER_UNUSABLE',
        message: expect.stringMatching(/sodium: one; openssl: two; noble: three.*Reinstall/),
      }),
    );
  });
});
