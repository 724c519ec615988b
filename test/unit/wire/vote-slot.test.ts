import { describe, expect, it } from 'vitest';
import { toBase58 } from '../../../src/util/base58.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { decodePacket, decodeValue } from '../../../src/wire/decode.ts';
import type { ParsedVote } from '../../../src/wire/decoded.ts';
import { lastVotedSlot } from '../../../src/wire/vote-slot.ts';
import { ValueMaker } from '../../sim/values.ts';
import { Peer } from '../node/peer.ts';
import {
  HASH,
  join,
  KEY_A,
  leb,
  SIGNATURE,
  U64_MAX,
  u32,
  u64,
  VOTE_PROGRAM,
  value,
} from './parts.ts';
import { recordedPackets } from './recorded.ts';

describe('the last slot of a vote', () => {
  it('is the one that decoding finds, in every recorded vote', () => {
    const forms = new Set<ParsedVote['instruction']>();
    let votes = 0;
    for (const { name, bytes, stage } of [
      ...recordedPackets('packets.jsonl.gz'),
      ...recordedPackets('edges.jsonl.gz'),
    ]) {
      if (stage !== 'accepted') continue;
      const { message } = decodePacket(bytes);
      if (!message || !('values' in message)) continue;
      for (const value of message.values) {
        if (value.kind !== 'Vote') continue;
        const last = value.vote.slots.at(-1);
        const end = value.offset + value.length;
        const slot = Number(last ?? -1);
        expect(lastVotedSlot(bytes, value.offset, end), name).toBe(slot < 2 ** 53 ? slot : -1);
        forms.add(value.vote.instruction);
        votes++;
      }
    }
    expect(votes).toBeGreaterThan(100);
    expect([...forms]).toContain('TowerSync');
  });

  it("is counted from a root whatever its lower half is, and is nobody's from 2^53 on", () => {
    const last = (root: number | bigint, distance: number | bigint): number => {
      const data = join(u32(14), u64(root), '01', leb(distance), 1, HASH, '00', HASH);
      const keys = join(leb(3), KEY_A, KEY_A, VOTE_PROGRAM, HASH);
      const head = join(0, KEY_A, '01', SIGNATURE, '010001', keys, '01', '02', '0100');
      const bytes = value(1, head, leb(data.length), data, u64(1));
      expect(decodeValue(bytes).outcome).toBe(0);
      return lastVotedSlot(bytes, 0, bytes.length);
    };
    expect(last(2 ** 32 - 1, 2)).toBe(2 ** 32 + 1);
    expect(last(U64_MAX - 2n ** 32n + 1n, 0)).toBe(-1);
    expect(last(U64_MAX, 7)).toBe(7);
    expect([last(2 ** 52, 2 ** 52 - 1), last(2 ** 52, 2 ** 52)]).toEqual([2 ** 53 - 1, -1]);
  });

  it('is found in a list of slots', () => {
    const peer = new Peer(1);
    const bytes = peer.value(new ValueMaker(peer.address, seededRng(1)).make('Vote', 4_000_000));
    expect(decodeValue(bytes).value).toMatchObject({ from: toBase58(peer.key) });
    expect(lastVotedSlot(bytes, 0, bytes.length)).toBe(10_000);
  });
});
