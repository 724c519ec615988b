import { describe, expect, it } from 'vitest';
import { toBase58 } from '../../../src/util/base58.ts';
import { fromHex } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { decodeValue } from '../../../src/wire/decode.ts';
import { join, KEY_A, KEY_C, leb, u32, u64, VOTE_PROGRAM } from './parts.ts';

const C = 'GyGKxMyg1p9SsHfm15MkNUu1u9TN2JtTspcdmrtGUdse';
const of = (byte: string): string => toBase58(fromHex(byte.repeat(32))!);
/** A vote value around this instruction data. */
function withInstruction(instruction: Uint8Array): Uint8Array {
  const keys = join(leb(3), KEY_A, KEY_C, VOTE_PROGRAM);
  const transaction = join('01', '5a'.repeat(64), '010001', keys, '66'.repeat(32));
  const first = join('01', '02', '020100', leb(instruction.length), instruction);
  return join('5a'.repeat(64), u32(1), '00', KEY_A, transaction, first, u64(1));
}

describe('votes', () => {
  const hash = '44'.repeat(32);
  const [block, proof] = ['55'.repeat(32), '77'.repeat(32)];
  const slots = join(u64(2), u64(5), u64(2n ** 64n - 1n), hash, '00');
  const lockouts = join(u64(1), u64(9), u32(31), '01', u64(8), hash, '01', u64(2n ** 64n - 1n));
  const compact = join(u64(100), leb(2), leb(0), '1f', leb(300), '01', hash, '00');
  const rootless = join(u64(2n ** 64n - 1n), leb(1), leb(2n ** 64n - 1n), '01', hash, '00');
  const none = join(u64(7), leb(0), hash, '00');
  const cases = [
    {
      tag: 2,
      body: slots,
      vote: {
        instruction: 'Vote',
        slots: ['5', '18446744073709551615'],
        lockouts: null,
        root: null,
      },
    },
    {
      tag: 6,
      body: join(slots, proof),
      vote: { instruction: 'VoteSwitch', switchProof: of('77') },
    },
    {
      tag: 8,
      body: lockouts,
      vote: {
        instruction: 'UpdateVoteState',
        slots: ['9'],
        lockouts: [{ slot: '9', confirmations: 31 }],
        root: '8',
        timestamp: '-1',
      },
    },
    {
      tag: 9,
      body: join(lockouts, proof),
      vote: { instruction: 'UpdateVoteStateSwitch', switchProof: of('77') },
    },
    {
      tag: 12,
      body: compact,
      vote: {
        instruction: 'CompactUpdateVoteState',
        slots: ['100', '400'],
        root: '100',
        blockId: null,
      },
    },
    {
      tag: 13,
      body: join(compact, proof),
      vote: { instruction: 'CompactUpdateVoteStateSwitch', switchProof: of('77') },
    },
    {
      tag: 14,
      body: join(rootless, block),
      vote: {
        instruction: 'TowerSync',
        slots: ['18446744073709551615'],
        root: null,
        blockId: of('55'),
      },
    },
    {
      tag: 15,
      body: join(none, block, proof),
      vote: {
        instruction: 'TowerSyncSwitch',
        slots: [],
        root: '7',
        blockId: of('55'),
        switchProof: of('77'),
      },
    },
    { tag: 14, body: join(none, block, 'ffffff'), vote: { instruction: 'TowerSync', slots: [] } },
  ];
  for (const { tag, body, vote } of cases) {
    it(`${vote.instruction} (${tag}), ${body.length} bytes`, () => {
      const { outcome, value } = decodeValue(withInstruction(join(u32(tag), body)));
      expect(outcomeName(outcome)).toBe('OK');
      if (value?.kind !== 'Vote') return expect.fail('no vote');
      expect(value.vote).toMatchObject({ ...vote, voteAccount: C, hash: of('44') });
    });
  }
});
