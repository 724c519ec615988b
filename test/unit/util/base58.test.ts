import { describe, expect, it } from 'vitest';
import { fromBase58, toBase58 } from '../../../src/util/base58.ts';
import { fromHex } from '../../../src/util/bytes.ts';

const SYSTEM_PROGRAM = '11111111111111111111111111111111';
const VOTE_PROGRAM = 'Vote111111111111111111111111111111111111111';
const VOTE_BYTES = fromHex('0761481d357474bb7c4d7624ebd3bdb3d8355e73d11043fc0da3538000000000')!;
const LARGEST = 'JEKNVnkbo3jma5nREBBJCDoXFVeKkD56V3xKrvRmWxFG';

describe('base58', () => {
  const cases = [
    { name: 'zeros', text: SYSTEM_PROGRAM, bytes: new Uint8Array(32) },
    { name: 'a program', text: VOTE_PROGRAM, bytes: VOTE_BYTES },
    { name: 'the largest key', text: LARGEST, bytes: new Uint8Array(32).fill(255) },
  ];
  for (const { name, text, bytes } of cases) {
    it(name, () => {
      expect(toBase58(bytes)).toBe(text);
      expect(fromBase58(text)).toEqual(bytes);
    });
  }

  it('of a span', () => {
    const around = new Uint8Array(40);
    around.set(VOTE_BYTES, 5);
    expect(toBase58(around, 5, 37)).toBe(VOTE_PROGRAM);
  });

  it('of 64 bytes', () => {
    const signature = new Uint8Array(64).map((_, i) => 255 - i);
    const text = toBase58(signature);
    expect(fromBase58(text, 64)).toEqual(signature);
    expect(fromBase58(text), 'is no key').toBeUndefined();
    expect(fromBase58(SYSTEM_PROGRAM, 64)).toBeUndefined();
  });

  const none = [
    { name: 'nothing', text: '' },
    { name: '31 zeros', text: '1'.repeat(31) },
    { name: '33 zeros', text: '1'.repeat(33) },
    { name: '31 bytes', text: toBase58(new Uint8Array(31).fill(255)) },
    { name: 'one more than the largest', text: LARGEST.replace(/G$/, 'H') },
    { name: 'a letter that looks like another', text: VOTE_PROGRAM.replace('V', '0') },
    { name: 'l', text: VOTE_PROGRAM.replace('V', 'l') },
    { name: 'a space behind', text: `${VOTE_PROGRAM} ` },
    { name: 'a megabyte', text: '2'.repeat(1e6) },
  ];
  for (const { name, text } of none) {
    it(`${name} is no key`, () => expect(fromBase58(text)).toBeUndefined());
  }
});
