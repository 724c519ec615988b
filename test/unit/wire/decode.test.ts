import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import { outcomeName, outcomeStage } from '../../../src/util/outcome.ts';
import { decodePacket, decodeValue } from '../../../src/wire/decode.ts';
import type { DecodedMessage } from '../../../src/wire/decoded.ts';
import { propertyCases } from '../../nightly.ts';
import { join, KEY_B, u32, u64, worked } from './parts.ts';
import { recordedPackets } from './recorded.ts';

const A = 'AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9';
const B = '9hSR6S7WPtxmTojgo6GG3k4yDPecgJY292j7xrsUGWBu';
const C = 'GyGKxMyg1p9SsHfm15MkNUu1u9TN2JtTspcdmrtGUdse';
const of = (byte: string): string => toBase58(fromHex(byte.repeat(32))!);
const W = '1787000000000';

function message(bytes: Uint8Array): DecodedMessage {
  const { outcome, failedAt, message: decoded } = decodePacket(bytes);
  expect([outcomeName(outcome), failedAt]).toEqual(['OK', null]);
  return decoded!;
}

describe('messages', () => {
  it('ping and pong', () => {
    const token = `0102030405060708${'00'.repeat(24)}`;
    const signature = expect.any(String);
    expect(message(worked('ping'))).toEqual({ message: 'Ping', from: A, token, signature });
    expect(message(worked('pong'))).toEqual({
      message: 'Pong',
      from: B,
      hash: '5dd2d0c124fc245ba897d698fddfbb4729f6bc05d67fa3c31b4cf4f91b157515',
      signature,
    });
  });

  it('prune', () => {
    expect(message(worked('prune'))).toEqual({
      message: 'PruneMessage',
      from: A,
      pubkey: A,
      prunes: [C],
      signature: toBase58(worked('prune'), 108, 172),
      destination: B,
      wallclock: W,
    });
  });

  it('pull request', () => {
    const request = message(worked('pullRequest'));
    if (request.message !== 'PullRequest') return expect.fail(request.message);
    expect(request.filter).toEqual({
      keys: ['11', '22', '33'].map((byte) => String(BigInt(`0x${byte.repeat(8)}`))),
      bitmap: { bits: 100, blocks: `0001000000204000${'00'.repeat(8)}` },
      bitsSet: '3',
      mask: String(0xe3ffffffffffffffn),
      maskBits: 6,
    });
    expect(request.values.map(({ kind, offset }) => [kind, offset])).toEqual([['ContactInfo', 89]]);
  });

  it('anywhere in a larger buffer, with places counted from its start', () => {
    const push = worked('push');
    const padded = join('ffffffff', push, 'ffffff');
    const { message: decoded } = decodePacket(padded, 4, 4 + push.length);
    expect(decoded).toEqual(message(push));
    const cut = decodePacket(padded, 4, 4 + push.length - 1);
    expect([outcomeName(cut.outcome), cut.message]).toEqual(['PACKET_TRUNCATED', null]);
    expect(cut.failedAt).toBe(decodePacket(push.subarray(0, -1)).failedAt);
  });

  it('of a push: each with its place', () => {
    const push = message(worked('push'));
    if (push.message !== 'PushMessage') return expect.fail(push.message);
    expect(push.from).toBe(B);
    expect(push.values.map(({ offset, length }) => [offset, length])).toEqual([
      [44, 141],
      [185, 196],
    ]);
    expect(push.values[0]).toMatchObject({
      kind: 'LowestSlot',
      index: 0,
      from: A,
      wallclock: W,
      root: '0',
      lowest: '299000000',
      slots: [],
      stash: '',
    });
    expect(push.values[1]).toMatchObject({
      kind: 'SnapshotHashes',
      from: A,
      full: { slot: '300000000', hash: of('aa') },
      incremental: [{ slot: '300000100', hash: of('bb') }],
    });
  });

  it('of mainnet, as captured', () => {
    const response = message(worked('mainnetPullResponse'));
    if (response.message !== 'PullResponse') return expect.fail(response.message);
    expect(response.values[0]).toMatchObject({
      kind: 'ContactInfo',
      wallclock: '1704296372153',
      shredVersion: 38642,
      version: { text: '1.17.9', clientName: 'SolanaLabs' },
      addresses: ['34.221.220.125'],
    });
  });

  it('frozen by validators hash to what is frozen', () => {
    const list = join(u64(2), worked('frozenVote1'), worked('frozenVote2'));
    expect(sha256Hex(list)).toBe(
      '9b6a16f089889ac8b55b0d579691f73c13930cb0ba7de3119cea2fea465598f8',
    );
    const slots = ['frozenVote1', 'frozenVote2'].map((name) => {
      const { value } = decodeValue(worked(name));
      return value?.kind === 'Vote' ? value.vote.slots.at(-1) : undefined;
    });
    expect(slots).toEqual(['302389005', '302410517']);
  });

  it('a wrong value is refused with its outcome', () => {
    const { outcome, value } = decodeValue(worked('vote').subarray(0, 400));
    expect([outcomeName(outcome), value]).toEqual(['PACKET_TRUNCATED', null]);
  });
});

describe('what is refused', () => {
  it('is shown when only the rules object to it', () => {
    const push = worked('push');
    push.set(u64(2n ** 64n - 1n), 44 + 133); // wallclock of the lowest slot
    const { outcome, failedAt, message: decoded } = decodePacket(push);
    expect([outcomeName(outcome), failedAt]).toEqual(['WALLCLOCK_OVER_LIMIT', 44 + 133]);
    expect(decoded?.message === 'PushMessage' && decoded.values[0]?.wallclock).toBe(
      '18446744073709551615',
    );
  });

  it('names no slots beyond what a slot can be', () => {
    const value = worked('epochSlots');
    value.set(u64(10n ** 15n), 113);
    const { outcome, value: decoded } = decodeValue(value);
    expect(outcomeName(outcome)).toBe('SLOT_OVER_LIMIT');
    const slots = decoded?.kind === 'EpochSlots' && decoded.entries.map((entry) => entry.slots);
    expect(slots).toEqual([[], ['5000', '5001', '5700']]);
  });
});

describe('any bytes', () => {
  const samples = [
    'vote',
    'epochSlots',
    'contactInfo',
    'restartRuns',
    'restartRaw',
    'duplicateShred',
  ];
  const packets = [
    ...samples.map((name) => join(u32(2), KEY_B, u64(1), worked(name))),
    ...['ping', 'prune', 'pullRequest', 'push'].map((name) => worked(name)),
  ];

  it('end in one outcome, with content exactly when the form is right', () => {
    const damaged = fc.tuple(
      fc.constantFrom(...packets),
      fc.array(fc.tuple(fc.nat(1231), fc.nat(255)), { maxLength: 3 }),
      fc.nat(1232),
    );
    const property = fc.property(damaged, ([packet, changes, length]) => {
      const bytes = packet.slice(0, length < 300 ? packet.length : length);
      for (const [at, byte] of changes) if (at < bytes.length) bytes[at] = byte;
      const { outcome, failedAt, message: decoded } = decodePacket(bytes);
      const stage = outcomeStage(outcome);
      expect(decoded !== null).toBe(stage === 'accepted' || stage === 'sanitize');
      if (stage === 'accepted') expect(failedAt).toBeNull();
      else expect(failedAt).toSatisfy((at: number) => at >= 0 && at <= bytes.length);
    });
    fc.assert(property, { numRuns: propertyCases(500), seed: 3 });
  });

  it('of noise', () => {
    const property = fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      expect(outcomeStage(decodePacket(bytes).outcome)).not.toBe('signature');
      expect(outcomeStage(decodeValue(bytes).outcome)).not.toBe('signature');
    });
    fc.assert(property, { numRuns: propertyCases(300), seed: 4 });
  });

  it('of recorded packets say whether a validator would write others', () => {
    const cases = recordedPackets('edges.jsonl.gz').filter(
      ({ name, stage }) => stage === 'accepted' && /(ext|raw|es bv) /.test(name),
    );
    let rewritten = 0;
    for (const { name, bytes, content } of cases) {
      const decoded = message(bytes);
      if (!('values' in decoded)) continue;
      for (const [i, { canonical, length }] of decoded.values.entries()) {
        // Whatever is written differently is written shorter.
        expect(canonical, name).toBe(length === content?.values?.[i]?.length);
        if (!canonical) rewritten++;
      }
    }
    expect(rewritten).toBeGreaterThan(10);
  });
});
