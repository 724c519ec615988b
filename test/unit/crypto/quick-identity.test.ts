import { describe, expect, it } from 'vitest';
import { createIdentity } from '../../../src/crypto/identity.ts';
import { createQuickIdentity } from '../../../src/crypto/quick-identity.ts';
import { seededRng } from '../../../src/util/rng.ts';

const rng = seededRng(5);
const random = (length: number): Uint8Array => {
  const bytes = new Uint8Array(length);
  rng.fill(bytes);
  return bytes;
};

/** Ed25519 is deterministic: whoever signs, the bytes are the same. */
describe('a quick identity signs like a careful one', () => {
  const broken = (): never => {
    throw new Error('no library for this platform');
  };
  const cases = [
    { name: 'through libsodium', load: undefined },
    { name: 'where libsodium does not load', load: broken },
  ];
  for (const { name, load } of cases) {
    it(name, () => {
      for (const length of [0, 1, 32, 300, 1232]) {
        const seed = random(32);
        const careful = createIdentity(seed);
        const quick = load ? createQuickIdentity(seed, load) : createQuickIdentity(seed);
        expect(quick.address, `${length} bytes`).toBe(careful.address);
        expect(quick.publicKey, `${length} bytes`).toEqual(careful.publicKey);
        const shared = new Uint8Array(new SharedArrayBuffer(length + 6));
        shared.set(random(length), 3);
        const signatures = [careful, quick].map((identity) => {
          const out = new Uint8Array(70).fill(9);
          identity.sign(shared, 3, 3 + length, out, 4);
          return out;
        });
        expect(signatures[1], `${length} bytes`).toEqual(signatures[0]);
      }
    });
  }

  it('refuses a seed of another length', () => {
    expect(() => createQuickIdentity(random(31))).toThrow('32 bytes');
  });
});
