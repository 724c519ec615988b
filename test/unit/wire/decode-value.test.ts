import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { decodeValue } from '../../../src/wire/decode.ts';
import type { DecodedValue } from '../../../src/wire/decoded.ts';
import { contactInfo, join, KEY_A, leb, u32, u64, worked } from './parts.ts';

const A = 'AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9';
const C = 'GyGKxMyg1p9SsHfm15MkNUu1u9TN2JtTspcdmrtGUdse';
const of = (byte: string): string => toBase58(fromHex(byte.repeat(32))!);
/** What is in a value besides its signature and place. */
function data(value: DecodedValue): Record<string, unknown> {
  const { signature, offset, length, canonical, ...rest } = value;
  expect(signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{64,88}$/);
  expect({ offset, canonical }).toEqual({ offset: 0, canonical: true });
  expect(length).toBeGreaterThan(116);
  return rest;
}

const W = '1787000000000';
it('says of a value whether a validator would write it so', () => {
  const whole = (extensions: string): boolean | undefined =>
    decodeValue(contactInfo({ extensions })).value?.canonical;
  expect([whole('00'), whole('010700'), whole('00')]).toEqual([true, false, true]);
});

const VALUES = [
  {
    name: 'contactInfo',
    sha256: '2e60c50e615fe6e0e2a0d33eb7a12483da2f6d2797794268d9686ec797c9ff52',
    data: {
      kind: 'ContactInfo',
      from: A,
      wallclock: W,
      outset: '1786999995000000',
      shredVersion: 50093,
      version: {
        text: '4.3.0-alpha.1',
        major: 4,
        minor: 3,
        patch: 0,
        channel: 'alpha',
        prerelease: 1,
        commit: 0x11223344,
        featureSet: 0x55667788,
        client: 3,
        clientName: 'Agave',
      },
      addresses: ['203.0.113.7', '198.51.100.9'],
      sockets: [
        { key: 10, name: 'tvu', address: 0, ip: '203.0.113.7', port: 8000 },
        { key: 0, name: 'gossip', address: 0, ip: '203.0.113.7', port: 8001 },
        { key: 4, name: 'serveRepair', address: 0, ip: '203.0.113.7', port: 8012 },
        { key: 2, name: 'rpc', address: 1, ip: '198.51.100.9', port: 8899 },
      ],
      extensions: [],
    },
  },
  {
    name: 'epochSlots',
    sha256: '06c05e6afc7aad29027d0d80cbb961b9db46ff2a5bfc11a9382b3c4de05bfcfe',
    data: {
      kind: 'EpochSlots',
      index: 0,
      from: A,
      wallclock: W,
      entries: [
        {
          form: 'Uncompressed',
          firstSlot: '1000',
          num: '11',
          bitmap: { bits: 16, blocks: '0304' },
          slots: ['1000', '1001', '1010'],
        },
        {
          form: 'Flate2',
          firstSlot: '5000',
          num: '701',
          compressed: '6366a0091040e60000',
          slots: ['5000', '5001', '5700'],
        },
      ],
    },
  },
  {
    name: 'duplicateShred',
    sha256: '6c58e50b807e8fd954f4a0912d3dd316b43462d035daf8fe91f42eb1a5658b10',
    data: {
      kind: 'DuplicateShred',
      index: 7,
      from: A,
      wallclock: W,
      slot: '300000001',
      unusedIndex: 0,
      unusedType: 0x5a,
      numChunks: 3,
      chunkIndex: 0,
      chunk: 'deadbeef',
    },
  },
  {
    name: 'restartRuns',
    sha256: '51556e903136385b8ee035afcf32245f4bb3111173ab5399002b101fa434b9b0',
    data: {
      kind: 'RestartLastVotedForkSlots',
      from: A,
      wallclock: W,
      offsets: { form: 'RunLength', runs: [2, 4, 300] },
      lastVotedSlot: '300000000',
      lastVotedHash: of('cc'),
      shredVersion: 50093,
      // Positions 0, 1 and 6 to 305.
      slots: [
        ...Array.from({ length: 300 }, (_, i) => String(299_999_695 + i)),
        '299999999',
        '300000000',
      ],
    },
  },
  {
    name: 'restartRaw',
    sha256: '4633c8a8dfdfbfc53a62cdb44057a11c6a585de17b4880d8648c4c7ff26eede9',
    data: {
      kind: 'RestartLastVotedForkSlots',
      from: A,
      wallclock: W,
      offsets: { form: 'Raw', bitmap: { bits: 16, blocks: '2180' } },
      lastVotedSlot: '300000000',
      lastVotedHash: of('cc'),
      shredVersion: 50093,
      slots: ['299999985', '299999995', '300000000'],
    },
  },
  {
    name: 'heaviestFork',
    sha256: 'bdbf85693c9e9e891b43fa4f8a5e075c6b48d1fa92ac2fe0f97f42dac6f9f919',
    data: {
      kind: 'RestartHeaviestFork',
      from: A,
      wallclock: W,
      lastSlot: '300000000',
      lastSlotHash: of('cc'),
      observedStake: '1000000000',
      shredVersion: 50093,
    },
  },
  {
    name: 'vote',
    sha256: '7f00bb622107abb7f372ef50baa991507c24f3fa81d9e61616051b11faacbcd4',
    data: {
      kind: 'Vote',
      index: 5,
      from: A,
      wallclock: W,
      transaction: {
        signatures: [toBase58(worked('vote'), 102, 166)],
        header: { requiredSignatures: 1, readonlySigned: 0, readonlyUnsigned: 1 },
        keys: [A, C, 'Vote111111111111111111111111111111111111111'],
        recentBlockhash: of('66'),
        instructions: [{ program: 2, accounts: [1, 0], data: toHex(worked('vote'), 304, 398) }],
      },
      vote: {
        instruction: 'TowerSync',
        voteAccount: C,
        slots: ['302388991', '302388995', '302389001', '302389005'],
        lockouts: [
          { slot: '302388991', confirmations: 4 },
          { slot: '302388995', confirmations: 3 },
          { slot: '302389001', confirmations: 2 },
          { slot: '302389005', confirmations: 1 },
        ],
        root: '302388989',
        hash: of('44'),
        timestamp: '1787000000',
        blockId: of('55'),
        switchProof: null,
      },
    },
  },
];

describe('values', () => {
  for (const { name, sha256, data: expected } of VALUES) {
    it(`${name}: every field`, () => {
      const bytes = worked(name);
      const { outcome, value } = decodeValue(bytes);
      expect(outcomeName(outcome)).toBe('OK');
      expect(data(value!)).toEqual(expected);
      expect(sha256Hex(bytes)).toBe(sha256);
    });
  }
});

/** A contact info with a version of this major, minor, patch and client field. */
function withVersion(major: number, minor: number, patch: number, client: number): Uint8Array {
  const head = join('5a'.repeat(64), u32(11), KEY_A, leb(1), u64(1), '0100');
  return join(head, leb(major), leb(minor), leb(patch), u32(7), u32(9), leb(client), '000000');
}

describe('versions', () => {
  const cases: {
    fields: readonly [number, number, number, number];
    text: string;
    clientName: string | null;
    prerelease: number | null;
  }[] = [
    { fields: [4, 4, 2, 3], text: '4.4.2', clientName: 'Agave', prerelease: null },
    { fields: [4, 0x4003, 7, 5], text: '4.3.0-rc.7', clientName: 'Firedancer', prerelease: 7 },
    { fields: [4, 0x8000, 0, 13], text: '4.0.0-beta.0', clientName: 'Raiku', prerelease: 0 },
    { fields: [4, 0xc003, 1, 14], text: '4.3.0-alpha.1', clientName: null, prerelease: 1 },
    {
      fields: [65535, 0xffff, 65535, 65535],
      text: '65535.16383.0-alpha.65535',
      clientName: null,
      prerelease: 65535,
    },
    { fields: [0, 0, 0, 0], text: '0.0.0', clientName: 'SolanaLabs', prerelease: null },
  ];
  for (const { fields, ...expected } of cases) {
    it(expected.text, () => {
      const { value } = decodeValue(withVersion(...fields));
      if (value?.kind !== 'ContactInfo') return expect.fail('no contact info');
      const { text, clientName, prerelease, client } = value.version;
      expect({ text, clientName, prerelease }).toEqual(expected);
      expect(client).toBe(fields[3]);
    });
  }
});
