import { createRequire } from 'node:module';
import { inspect } from 'node:util';
import { sign as nobleSign } from '@noble/ed25519';
import { describe, expect, it } from 'vitest';
import { createIdentity, identitySeed } from '../../../src/crypto/identity.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';

// RFC 8032, 7.1: tests 1 to 3.
const RFC = [
  {
    name: 'empty message',
    seed: '9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60',
    publicKey: 'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    message: '',
    signature:
      'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  },
  {
    name: 'one byte',
    seed: '4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb',
    publicKey: '3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c',
    message: '72',
    signature:
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
  },
  {
    name: 'two bytes',
    seed: 'c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7',
    publicKey: 'fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025',
    message: 'af82',
    signature:
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
  },
];

/** A libsodium whose keys and signatures are spoiled. */
function erring(spoil: (publicKey: Buffer, signature: Buffer) => void): unknown {
  const sodium = createRequire(import.meta.url)('sodium-native');
  return {
    ...sodium,
    crypto_sign_seed_keypair: (publicKey: Buffer, secretKey: Buffer, seed: Buffer) => {
      sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
      spoil(publicKey, Buffer.alloc(64));
    },
    crypto_sign_detached: (signature: Buffer, message: Buffer, secretKey: Buffer) => {
      sodium.crypto_sign_detached(signature, message, secretKey);
      spoil(Buffer.alloc(32), signature);
    },
  };
}

describe('identity', () => {
  it.each(RFC)('signs as RFC 8032 does: $name', ({ seed, publicKey, message, signature }) => {
    const identity = createIdentity(fromHex(seed)!);
    const bytes = fromHex(message)!;
    const out = new Uint8Array(64);
    identity.sign(bytes, 0, bytes.length, out, 0);
    expect(toHex(identity.publicKey)).toBe(publicKey);
    expect(toHex(out)).toBe(signature);
  });

  it.each([
    { fill: 1, address: 'AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9' },
    { fill: 2, address: '9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu' },
    { fill: 3, address: 'GyGKxMyg1p9SsHfm15MkNUu1u9TN2JtTspcdmrtGUdse' },
  ])('of a seed of $fill has a known address', ({ fill, address }) => {
    expect(createIdentity(new Uint8Array(32).fill(fill)).address).toBe(address);
  });

  it("agrees with noble's own sign, in shared memory, writing 64 bytes only", () => {
    const rng = seededRng(5);
    const verifier = createVerifier('sodium');
    for (let round = 0; round < 30; round++) {
      const seed = new Uint8Array(32);
      rng.fill(seed);
      const identity = createIdentity(seed);
      const bytes = new Uint8Array(new SharedArrayBuffer(1400));
      rng.fill(bytes);
      const at = 70 + rng.below(60);
      const end = at + rng.below(1232);
      const before = bytes.slice();
      identity.sign(bytes, at, end, bytes, at - 64);
      const name = `round ${round}`;
      expect(toHex(bytes, at - 64, at), name).toBe(toHex(nobleSign(before.slice(at, end), seed)));
      expect(toHex(bytes, 0, at - 64) + toHex(bytes, at), name).toBe(
        toHex(before, 0, at - 64) + toHex(before, at),
      );
      expect(verifier.verify(identity.publicKey, 0, bytes, at - 64, bytes, at, end), name).toBe(
        true,
      );
    }
  });

  it.each([
    ['the longest that libsodium signs', 1232],
    ['a longer one, which noble signs', 1233],
  ])("agrees with noble's own sign on %s", (_name, length) => {
    const seed = new Uint8Array(32).fill(9);
    const message = Uint8Array.from({ length }, (_, i) => i);
    const out = new Uint8Array(64);
    createIdentity(seed).sign(message, 0, length, out, 0);
    expect(toHex(out)).toBe(toHex(nobleSign(message, seed)));
  });

  const failures: { what: string; load: () => unknown }[] = [
    {
      what: 'does not load',
      load: () => {
        throw new Error('no library for this platform');
      },
    },
    { what: 'derives another key', load: () => erring((publicKey) => publicKey.fill(1, 0, 1)) },
    { what: 'signs otherwise', load: () => erring((_, signature) => signature.fill(1, 40, 41)) },
  ];
  it.each(failures)('is signed for by noble where libsodium $what', ({ load }) => {
    const seed = fromHex(RFC[2]!.seed)!;
    const identity = createIdentity(seed, load);
    const out = new Uint8Array(64);
    identity.sign(fromHex(RFC[2]!.message)!, 0, 2, out, 0);
    expect(toHex(identity.publicKey)).toBe(RFC[2]!.publicKey);
    expect(toHex(out)).toBe(RFC[2]!.signature);
  });

  it('may write its signature over what it signs', () => {
    const identity = createIdentity(new Uint8Array(32).fill(4));
    const bytes = new Uint8Array(100).fill(3);
    const apart = new Uint8Array(64);
    identity.sign(bytes, 10, 90, apart, 0);
    identity.sign(bytes, 10, 90, bytes, 20);
    expect(toHex(bytes, 20, 84)).toBe(toHex(apart));
  });

  it('is fresh each time without a seed', () => {
    const [a, b] = [createIdentity(), createIdentity()];
    expect(a.address).not.toBe(b.address);
    expect(identitySeed(a)).not.toEqual(identitySeed(b));
  });

  it('keeps its seed out of everything printed, and hands out copies', () => {
    const seed = new Uint8Array(32).fill(0xa7);
    const identity = createIdentity(seed);
    expect(identitySeed(identity)).toEqual(seed);
    identitySeed(identity).fill(0);
    seed.fill(0);
    expect(identitySeed(identity)).toEqual(new Uint8Array(32).fill(0xa7));
    const printed = inspect(identity, { depth: 9, showHidden: true }) + JSON.stringify(identity);
    expect(printed).not.toMatch(/167, ?167|a7 ?a7|"0":167/);
    expect(Object.keys(identity).sort()).toEqual(['address', 'publicKey', 'warning']);
  });

  it('refuses a seed of another length, foreign identities, spans outside their bytes', () => {
    const identity = createIdentity();
    const bytes = new Uint8Array(70);
    expect(() => createIdentity(new Uint8Array(31))).toThrow(/32 bytes/);
    expect(() => identitySeed({ ...identity, sign: () => {} })).toThrow(/not made here/);
    expect(() => identity.sign(bytes, 0, 71, bytes, 0)).toThrow(/outside/);
    expect(() => identity.sign(bytes, 0, 70, bytes, 7)).toThrow(/no room/);
  });
});
