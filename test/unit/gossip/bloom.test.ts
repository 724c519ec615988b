import { describe, expect, it } from 'vitest';
import { sha256Of } from '../../../scripts/wasm/build.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import {
  BLOOM_LANES,
  bloomAdd,
  bloomContains,
  bloomPositions,
  bloomShape,
} from '../../../src/gossip/bloom.ts';
import { WASM_BASE64, WASM_SHA256 } from '../../../src/gossip/bloom-positions/wasm.ts';
import { fromHex, toHex, writeU64Big } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';

/** The definition, word for word, in big integers. */
function fnv(key: bigint, bytes: Uint8Array): bigint {
  let state = key;
  for (const byte of bytes) state = ((state ^ BigInt(byte)) * 0x100000001b3n) & (2n ** 64n - 1n);
  return state;
}

function keyBytes(...keys: bigint[]): Uint8Array {
  const bytes = new Uint8Array(8 * keys.length);
  for (const [i, key] of keys.entries()) writeU64Big(bytes, 8 * i, key);
  return bytes;
}

describe('bloom positions', () => {
  const hello = sha256(new TextEncoder().encode('hello'));
  const states = [
    { key: 0n, state: 5531171226103709815n, position: 2345 },
    { key: 1n, state: 576401586161507266n, position: 6166 },
    { key: 2n, state: 13640248665398144633n, position: 6278 },
    { key: 3n, state: 15213590283841083908n, position: 5493 },
  ];
  for (const { key, state, position } of states) {
    it(`hello under the key ${key}`, () => {
      expect(fnv(key, hello)).toBe(state);
      expect(bloomPositions(keyBytes(key), 0, 1, hello, 0, 7865)[0]).toBe(position);
    });
  }

  it('agree with big integers for any key, hash and length', () => {
    const rng = seededRng(1);
    const hashAt = 8 * BLOOM_LANES;
    const bytes = new Uint8Array(hashAt + 32);
    for (let i = 0; i < 2000; i++) {
      rng.fill(bytes);
      if (i % 7 === 0) bytes.fill(255, 0, 8);
      const length = [1, 2, 3, 100, 7865, 8186, 9856, 32767, 32768][i % 9]!;
      const count = 1 + (i % BLOOM_LANES);
      const wanted = Array.from({ length: count }, (_, k) => {
        const little = bytes.subarray(8 * k, 8 * k + 8);
        const key = little.reduceRight((sum, byte) => sum * 256n + BigInt(byte), 0n);
        return Number(fnv(key, bytes.subarray(hashAt)) % BigInt(length));
      });
      const found = bloomPositions(bytes, 0, count, bytes, hashAt, length).slice(0, count);
      expect(Array.from(found), `case ${i}`).toEqual(wanted);
    }
  });
});

describe('the code that finds them', () => {
  it('is what its SHA-256 says', () => {
    expect(sha256Of(Buffer.from(WASM_BASE64, 'base64'))).toBe(WASM_SHA256);
  });
});

describe('bloom filters', () => {
  const keys = keyBytes(0x1111111111111111n, 0x2222222222222222n, 0x3333333333333333n);
  const value =
    '288d54f0ad0b42af1b3f8b71772fc54cf5d69feb3d451b0921254cac0f49b9f0c8ca818a04df61fc27b6244df976ccf9' +
    '8820546dc35efd7a8d695ded21afe6000b0000008a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801' +
    'b40f6f5c809c808c8134c064ea5b44590600adc304838003014433221188776655030200000000cb00710700000000c6' +
    '336409040a00c03e00000104000b0201f70600';

  it('have the bits of the worked example', () => {
    const hash = sha256(fromHex(value)!);
    const positions = bloomPositions(keys, 0, 3, hash, 0, 100).slice(0, 3);
    expect(Array.from(positions)).toEqual([54, 45, 8]);
    const bytes = new Uint8Array(24 + 16);
    bytes.set(keys);
    expect(bloomContains(bytes, 0, 3, 24, 100, hash, 0)).toBe(false);
    expect(bloomAdd(bytes, 0, 3, 24, 100, hash, 0)).toBe(3);
    expect(toHex(bytes, 24)).toBe(`${'0001000000204000'}${'0000000000000000'}`);
    expect(bloomAdd(bytes, 0, 3, 24, 100, hash, 0)).toBe(0);
    expect(bloomContains(bytes, 0, 3, 24, 100, hash, 0)).toBe(true);
  });

  const empty = [
    { name: 'no keys', keyCount: 0, bitLength: 100 },
    { name: 'no bits', keyCount: 3, bitLength: 0 },
    { name: 'neither', keyCount: 0, bitLength: 0 },
  ];
  for (const { name, keyCount, bitLength } of empty) {
    it(`${name}: contain nothing and take nothing`, () => {
      const bytes = new Uint8Array(40).fill(255);
      const before = toHex(bytes);
      expect(bloomAdd(bytes, 0, keyCount, 24, bitLength, keys, 0)).toBe(0);
      expect(bloomContains(bytes, 0, keyCount, 24, bitLength, new Uint8Array(32), 0)).toBe(false);
      expect(toHex(bytes)).toBe(before);
    });
  }

  it('with more keys than are looked at together have a bit for each', () => {
    const rng = seededRng(2);
    for (const keyCount of [4, 5, 8, 9]) {
      const bytes = new Uint8Array(8 * keyCount + 1_024);
      rng.fill(bytes, 0, 8 * keyCount);
      const hash = sha256(bytes.subarray(0, 8 * keyCount));
      const set = new Set<number>();
      for (let k = 0; k < keyCount; k++) {
        set.add(bloomPositions(bytes, 8 * k, 1, hash, 0, 8_192)[0]!);
      }
      expect(bloomAdd(bytes, 0, keyCount, 8 * keyCount, 8_192, hash, 0)).toBe(set.size);
      for (const position of set) {
        const at = 8 * keyCount + (position >>> 3);
        bytes[at] = bytes[at]! ^ (1 << (position & 7));
        expect(bloomContains(bytes, 0, keyCount, 8 * keyCount, 8_192, hash, 0)).toBe(false);
        bytes[at] = bytes[at]! ^ (1 << (position & 7));
      }
      expect(bloomContains(bytes, 0, keyCount, 8 * keyCount, 8_192, hash, 0)).toBe(true);
    }
  });

  it('refuse a length that no datagram can carry', () => {
    const hash = new Uint8Array(32);
    expect(() => bloomContains(keys, 0, 3, 0, 32_769, hash, 0)).toThrow(/beyond/);
    expect(() => bloomAdd(keys, 0, 3, 0, 2 ** 32, hash, 0)).toThrow(/beyond/);
  });
});

describe('bloom shapes', () => {
  const cases = [
    { items: 0, maxBits: 100, bitLength: 1, keyCount: 0 },
    { items: 10, maxBits: 100, bitLength: 48, keyCount: 3 },
    { items: 100, maxBits: 100, bitLength: 100, keyCount: 1 },
    { items: 8192, maxBits: 32768, bitLength: 32768, keyCount: 3 },
    { items: 9085, maxBits: 32768, bitLength: 32768, keyCount: 3 },
    { items: 9086, maxBits: 32768, bitLength: 32768, keyCount: 2 },
    { items: 15142, maxBits: 32768, bitLength: 32768, keyCount: 2 },
    { items: 15143, maxBits: 32768, bitLength: 32768, keyCount: 1 },
    { items: 1e9, maxBits: 32768, bitLength: 32768, keyCount: 1 },
  ];
  for (const { items, maxBits, ...shape } of cases) {
    it(`${items} items in at most ${maxBits} bits`, () => {
      expect(bloomShape(items, 0.1, maxBits)).toEqual(shape);
    });
  }
});

it('a filter without bits takes nothing and knows nothing', () => {
  const bytes = new Uint8Array(40);
  const keys = keyBytes(1n, 2n);
  bytes.set(keys, 0);
  const hash = sha256(keys);
  expect(bloomAdd(bytes, 0, 2, 16, 0, hash, 0)).toBe(0);
  expect(Array.from(bytes.subarray(16))).toEqual(new Array(24).fill(0));
  expect(bloomContains(bytes, 0, 2, 16, 0, hash, 0)).toBe(false);
});
