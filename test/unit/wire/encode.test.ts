import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { createIdentity } from '../../../src/crypto/identity.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { fromBase58, toBase58 } from '../../../src/util/base58.ts';
import { fromHex, toHex } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { decodePacket, decodeValue } from '../../../src/wire/decode.ts';
import type { Sign, ValueData } from '../../../src/wire/decoded.ts';
import {
  encodeMessage,
  encodeValue,
  encodeValueData,
  type FilterParts,
  filterBytes,
  PING_SIGNATURE_AT,
  PING_SIGNED_AT,
  pruneBytes,
  pruneSignatureAt,
  pruneSignedBytes,
  setValuesCount,
  signValue,
  writePing,
  writePong,
  writePrune,
  writePruneSignedBytes,
  writePullRequest,
  writeValuesHeader,
} from '../../../src/wire/encode.ts';
import { Message, PONG_PREFIX, VALUES_BYTES } from '../../../src/wire/limits.ts';
import { buildTowerSync } from '../../../src/wire/vote-transaction.ts';
import { KEY_A, KEY_B, KEY_C, worked } from './parts.ts';

const bytes = (hex: string): Uint8Array => fromHex(hex)!;
const [a, b, c] = [bytes(KEY_A), bytes(KEY_B), bytes(KEY_C)];
const of = (byte: string): string => toBase58(bytes(byte.repeat(32)));

/** A slot with something in it already, so that what is not written shows. */
const slot = (): Uint8Array => new Uint8Array(1400).fill(0xee);
const AT = 5;

/** What was written to a slot, with the signature of the worked example put in its place. */
function signed(into: Uint8Array, end: number, example: Uint8Array, signatureAt: number): string {
  expect(toHex(into, 0, AT), 'in front').toBe('ee'.repeat(AT));
  expect(toHex(into, end, end + 8), 'behind').toBe('ee'.repeat(8));
  expect(toHex(into, AT + signatureAt, AT + signatureAt + 64), 'signature').toBe('ee'.repeat(64));
  into.set(example.subarray(signatureAt, signatureAt + 64), AT + signatureAt);
  return toHex(into, AT, end);
}

describe('writers', () => {
  it('ping', () => {
    const [into, example] = [slot(), worked('ping')];
    const end = writePing(into, AT, a, 0, example, PING_SIGNED_AT);
    expect(end).toBe(AT + 132);
    expect(signed(into, end, example, PING_SIGNATURE_AT)).toBe(toHex(example));
  });

  it('pong', () => {
    const [into, example] = [slot(), worked('pong')];
    const end = writePong(into, AT, b, 0, example, 36);
    expect(signed(into, end, example, PING_SIGNATURE_AT)).toBe(toHex(example));
  });

  it('prune, and the bytes of both forms that are signed', () => {
    const [into, example] = [slot(), worked('prune')];
    const end = writePrune(into, AT, a, 0, c, 0, 1, b, 0, 1_787_000_000_000);
    expect(end).toBe(AT + pruneBytes(1));
    expect(signed(into, end, example, pruneSignatureAt(1))).toBe(toHex(example));
    const plain = `${KEY_A}0100000000000000${KEY_C}${KEY_B}000e8011a0010000`;
    const prefix = '1200000000000000ff534f4c414e415f5052554e455f44415441';
    for (const [form, expected] of [
      ['plain', plain],
      ['prefixed', prefix + plain],
    ] as const) {
      const out = new Uint8Array(pruneSignedBytes(1) + 1);
      const stop = writePruneSignedBytes(into, AT, 1, form, out, 1);
      expect(toHex(out, 1, stop), form).toBe(expected);
    }
    expect(pruneBytes(32)).toBe(1204);
  });

  it('prune of several origins, and as much room for what is signed as that takes', () => {
    const into = slot();
    const end = writePrune(into, AT, a, 0, bytes(KEY_B + KEY_C + KEY_A), 0, 3, b, 0, 7);
    const { message } = decodePacket(into, AT, end);
    const prunes = [b, c, a].map((key) => toBase58(key));
    expect(message).toMatchObject({ message: 'PruneMessage', prunes, wallclock: '7' });
    const out = slot();
    expect(writePruneSignedBytes(into, AT, 3, 'prefixed', out, 0)).toBe(pruneSignedBytes(3));
  });

  it('a message of any length', () => {
    const prunes = Array.from({ length: 200 }, (_, i) => of((i + 16).toString(16)));
    const key = of('11');
    const signature = toBase58(new Uint8Array(64).fill(9));
    const message = { message: 'PruneMessage', from: key, pubkey: key, prunes } as const;
    const encoded = encodeMessage({ ...message, signature, destination: key, wallclock: '7' });
    expect(encoded.length).toBe(pruneBytes(200));
    expect(prunes.map((_, i) => encoded[76 + 32 * i + 31])).toEqual(prunes.map((_, i) => i + 16));
    expect(toHex(encoded, encoded.length - 40)).toBe(`${'11'.repeat(32)}0700000000000000`);
  });

  it('hash of a pong, over the prefix and the token of the ping', () => {
    const token = worked('ping').subarray(PING_SIGNED_AT, PING_SIGNATURE_AT);
    const hash = sha256Hex(Buffer.concat([Buffer.from(PONG_PREFIX), token]));
    expect(toHex(worked('pong'), PING_SIGNED_AT, PING_SIGNATURE_AT)).toBe(hash);
  });

  it('as much room for values as a packet has behind its header', () => {
    expect(VALUES_BYTES).toBe(1188);
  });

  it('any address', () => {
    const { value } = decodeValue(worked('contactInfo'));
    if (value?.kind !== 'ContactInfo') throw new Error('another kind');
    for (const address of ['0.0.0.0', '255.255.255.255']) {
      const encoded = encodeValue({ ...value, addresses: [address, ...value.addresses.slice(1)] });
      expect(decodeValue(encoded).value).toMatchObject({
        addresses: [address, value.addresses[1]],
      });
    }
  });

  it('header of a push', () => {
    const [into, example] = [slot(), worked('push')];
    const next = writeValuesHeader(into, AT, Message.PUSH, b, 0, 7);
    expect(next).toBe(AT + 44);
    setValuesCount(into, AT, 2);
    expect(toHex(into, AT, next)).toBe(toHex(example, 0, 44));
    expect(toHex(into, next, next + 4)).toBe('eeeeeeee');
  });

  it('pull request', () => {
    const [into, example, value] = [slot(), worked('pullRequest'), worked('contactInfo')];
    const filter: FilterParts = {
      keys: bytes('1111111111111111222222222222222233333333333333330000'),
      keyCount: 3,
      bits: bytes(`0001000000204000${'00'.repeat(10)}`),
      bitLength: 100,
      bitsSet: 3,
      maskLow: 0xffffffff,
      maskHigh: 0xe3ffffff,
      maskBits: 6,
    };
    const end = writePullRequest(into, AT, filter, value, 0, value.length);
    expect(toHex(into, AT, end)).toBe(toHex(example));
    expect(end - AT).toBe(4 + filterBytes(3, 100) + value.length);
    const bare = writePullRequest(
      into,
      AT,
      { ...filter, keyCount: 0, bitLength: 0 },
      value,
      0,
      value.length,
    );
    expect(bare - AT).toBe(4 + filterBytes(0, 0) + value.length);
    const { outcome, message } = decodePacket(into, AT, bare);
    expect(outcomeName(outcome)).toBe('OK');
    const bitmap = message?.message === 'PullRequest' && message.filter.bitmap;
    expect(bitmap).toEqual({ bits: 0, blocks: null });
  });
});

describe('encoding what was decoded', () => {
  const packets = [
    'ping',
    'pong',
    'prune',
    'push',
    'pullRequest',
    'pullResponse',
    'mainnetPullResponse',
  ];
  for (const name of packets) {
    it(name, () => {
      const { message } = decodePacket(worked(name));
      // Through JSON and back: nothing may depend on what JSON cannot say.
      const again = encodeMessage(JSON.parse(JSON.stringify(message)));
      expect(toHex(again)).toBe(toHex(worked(name)));
    });
  }
  const values = ['contactInfo', 'epochSlots', 'duplicateShred', 'restartRuns', 'restartRaw'];
  for (const name of [...values, 'heaviestFork', 'vote', 'frozenVote1', 'frozenVote2']) {
    it(name, () => {
      const { value } = decodeValue(worked(name));
      const again = JSON.parse(JSON.stringify(value));
      expect(toHex(encodeValue(again))).toBe(toHex(worked(name)));
      expect(toHex(encodeValueData(again))).toBe(toHex(worked(name), 64));
    });
  }
});

const identity = createIdentity(new Uint8Array(32).fill(1));
const sign: Sign = (message) => {
  const signature = new Uint8Array(64);
  identity.sign(message, 0, message.length, signature, 0);
  return signature;
};
const from = identity.address;
const wallclock = 1_787_000_000_000;
const vote = {
  identity: from,
  voteAccount: toBase58(c),
  lockouts: [
    { slot: '302388991', confirmations: 4 },
    { slot: 302388995, confirmations: 3 },
    { slot: 302389001n, confirmations: 2 },
    { slot: 302389005, confirmations: 1 },
  ],
  root: 302388989,
  hash: of('44'),
  timestamp: 1787000000,
  blockId: of('55'),
  recentBlockhash: of('66'),
};

/** Data as one would write it down, with the worked example it must come to. */
const BUILT: { data: ValueData; example: string; at?: number; length?: number }[] = [
  {
    data: { kind: 'Vote', index: 5, from, wallclock, transaction: buildTowerSync(sign, vote) },
    example: 'vote',
  },
  {
    data: { kind: 'LowestSlot', index: 0, from, wallclock, lowest: 299000000 },
    example: 'push',
    at: 44,
    length: 141,
  },
  {
    data: {
      kind: 'SnapshotHashes',
      from,
      wallclock,
      full: { slot: 300000000, hash: of('aa') },
      incremental: [{ slot: 300000100, hash: of('bb') }],
    },
    example: 'push',
    at: 185,
  },
  {
    data: {
      kind: 'DuplicateShred',
      index: 7,
      from,
      wallclock,
      slot: 300000001,
      unusedIndex: 0,
      unusedType: 0x5a,
      numChunks: 3,
      chunkIndex: 0,
      chunk: 'deadbeef',
    },
    example: 'duplicateShred',
  },
  {
    data: {
      kind: 'RestartHeaviestFork',
      from,
      wallclock,
      lastSlot: 300000000,
      lastSlotHash: of('cc'),
      observedStake: 1_000_000_000n,
      shredVersion: 50093,
    },
    example: 'heaviestFork',
  },
  {
    data: {
      kind: 'RestartLastVotedForkSlots',
      from,
      wallclock,
      offsets: { form: 'RunLength', runs: [2, 4, 300] },
      lastVotedSlot: 300000000,
      lastVotedHash: of('cc'),
      shredVersion: 50093,
    },
    example: 'restartRuns',
  },
  {
    data: {
      kind: 'EpochSlots',
      index: 0,
      from,
      wallclock,
      entries: [
        { form: 'Uncompressed', firstSlot: 1000, num: 11, bitmap: { bits: 16, blocks: '0304' } },
        { form: 'Flate2', firstSlot: 5000, num: 701, compressed: '6366a0091040e60000' },
      ],
    },
    example: 'epochSlots',
  },
];

describe('new values', () => {
  const verifier = createVerifier('sodium');
  for (const { data, example, at = 0, length } of BUILT) {
    it(`${data.kind}: the bytes and the signature of the worked example`, () => {
      const expected = worked(example).subarray(at, length === undefined ? undefined : at + length);
      const value = signValue(sign, data);
      expect(toHex(value)).toBe(toHex(expected));
      expect(verifier.verify(a, 0, value, 0, value, 64, value.length)).toBe(true);
    });
  }

  it('a vote without root, timestamp and lockouts', () => {
    const bare = { ...vote, root: null, timestamp: null, lockouts: [] };
    const transaction = buildTowerSync(sign, bare);
    const value = signValue(sign, { kind: 'Vote', index: 0, from, wallclock, transaction });
    const { outcome, value: decoded } = decodeValue(value);
    expect(outcomeName(outcome)).toBe('OK');
    const parsed = decoded?.kind === 'Vote' && decoded.vote;
    expect(parsed).toMatchObject({ slots: [], root: null, timestamp: null, hash: of('44') });
  });
});

describe('what cannot be written is named', () => {
  it('less than nothing, half a number, and times of more than 64 bits', () => {
    const refused = expect.objectContaining({ code: 'NOT_ENCODABLE' });
    const { value } = decodeValue(worked('duplicateShred'));
    if (value?.kind !== 'DuplicateShred') throw new Error('another kind');
    for (const chunkIndex of [-1, 1.5, 256]) {
      expect(() => encodeValue({ ...value, chunkIndex })).toThrow(refused);
    }
    expect(() => buildTowerSync(sign, { ...vote, timestamp: 2n ** 63n })).toThrow(refused);
    const { instructions } = buildTowerSync(sign, { ...vote, timestamp: -5 });
    expect(instructions[0]!.data).toContain('01fbffffffffffffff');
  });

  const lowest: ValueData = { kind: 'LowestSlot', index: 0, from, wallclock, lowest: 1 };
  const cases: { name: string; data: ValueData }[] = [
    { name: 'a key', data: { ...lowest, from: 'nobody' } },
    { name: 'a negative slot', data: { ...lowest, lowest: -1 } },
    { name: 'a slot beyond 64 bits', data: { ...lowest, lowest: 2n ** 64n } },
    { name: 'a fraction', data: { ...lowest, lowest: 1.5 } },
    { name: 'no number', data: { ...lowest, lowest: 'x' } },
    { name: 'hex', data: { ...lowest, stash: 'zz' } },
    {
      name: 'an index beyond a byte',
      data: { kind: 'EpochSlots', index: 256, from, wallclock, entries: [] },
    },
  ];
  for (const { name, data } of cases) {
    it(name, () => {
      expect(() => encodeValueData(data)).toThrow(
        expect.objectContaining({ code: 'NOT_ENCODABLE' }),
      );
    });
  }

  it('lockouts that go back', () => {
    const lockouts = [...vote.lockouts].reverse();
    expect(() => buildTowerSync(sign, { ...vote, lockouts })).toThrow(
      expect.objectContaining({ code: 'NOT_ENCODABLE' }),
    );
  });

  it('addresses and ports', () => {
    const { value } = decodeValue(worked('contactInfo'));
    if (value?.kind !== 'ContactInfo') return expect.fail('no contact info');
    const bad = [
      { ...value, addresses: ['203.0.113.7', '2001:db8::1'] },
      { ...value, sockets: [...value.sockets].reverse() },
    ];
    for (const data of bad) {
      expect(() => encodeValueData(data)).toThrow(
        expect.objectContaining({ code: 'NOT_ENCODABLE' }),
      );
    }
  });

  it('keys in base58 of the right size', () => {
    expect(fromBase58(from)?.length).toBe(32);
    const signature = toBase58(worked('vote'), 0, 64);
    expect(fromBase58(signature)).toBeUndefined();
    expect(toHex(fromBase58(signature, 64)!)).toBe(toHex(worked('vote'), 0, 64));
    expect(fromBase58(from, 64)).toBeUndefined();
  });
});
