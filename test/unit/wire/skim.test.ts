import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { toBase58 } from '../../../src/util/base58.ts';
import { readU64Big, toHex } from '../../../src/util/bytes.ts';
import { outcomeName, outcomeStage } from '../../../src/util/outcome.ts';
import { KIND_NAMES, MAX_VALUES, MESSAGE_NAMES, Message } from '../../../src/wire/limits.ts';
import {
  canonicalizeValue,
  createValueColumns,
  type KnownValues,
  PacketFields,
  skim,
  skimValue,
  VALUE_NOT_CANONICAL,
} from '../../../src/wire/skim.ts';
import { originOffsetOf } from '../../../src/wire/skim-value.ts';
import { expectSame } from '../../in-loops.ts';
import { join, KEY_A, push, repeat, u64, value, worked } from './parts.ts';
import { type RecordedPacket, recordedPackets } from './recorded.ts';

const packet = new PacketFields();
const columns = createValueColumns(MAX_VALUES);

const stageOf = (bytes: Uint8Array): string =>
  outcomeStage(skim(bytes, 0, bytes.length, packet, columns, 0));

/** What skimming says about the message, in the words of the recorded content. */
function messageContent(bytes: Uint8Array): Record<string, unknown> {
  const key = (at: number) => toBase58(bytes, at, at + 32);
  const from = key(packet.sender);
  const token = () => toHex(bytes, packet.tokenAt, packet.tokenAt + 32);
  switch (packet.message) {
    case Message.PULL_REQUEST:
      return {
        mask: String(readU64Big(bytes, packet.maskAt)),
        maskBits: packet.maskBits,
        bloomKeys: packet.keyCount,
        bloomBits: packet.bitLength,
      };
    case Message.PRUNE: {
      const prunes = Array.from({ length: packet.pruneCount }, (_, i) =>
        key(packet.prunesAt + 32 * i),
      );
      const destination = key(packet.destinationAt);
      return { from, prunes, destination, wallclock: String(packet.wallclock) };
    }
    case Message.PING:
      return { from, token: token() };
    case Message.PONG:
      return { from, hash: token() };
    default:
      return { from };
  }
}

/** What skimming says about the value of a row. */
function valueContent(bytes: Uint8Array, row: number): Record<string, unknown> {
  const at = columns.offset[row]!;
  const kind = columns.kind[row]!;
  expect(columns.origin[row], 'follows from the kind').toBe(at + originOffsetOf(kind));
  const length = canonicalizeValue(bytes, columns, row);
  return {
    kind: KIND_NAMES[kind],
    index: columns.index[row],
    from: toBase58(bytes, columns.origin[row]!, columns.origin[row]! + 32),
    wallclock: String(columns.wallclock[row]),
    length,
    sha256: createHash('sha256')
      .update(bytes.subarray(at, at + length))
      .digest('hex'),
  };
}

/** The recorded content, cut down to what skimming finds. */
function recordedContent({ content }: RecordedPacket): Record<string, unknown> {
  const { values, ...message } = content!;
  if (!values) return message;
  return {
    ...message,
    values: values.map(({ kind, index, from, wallclock, length, sha256, contactInfo }) => ({
      kind,
      index: index ?? 0,
      from: contactInfo?.pubkey ?? from,
      wallclock: contactInfo?.wallclock ?? wallclock,
      length,
      sha256,
    })),
  };
}

describe.each(['packets.jsonl.gz', 'edges.jsonl.gz'] as const)('%s', (file) => {
  const packets = recordedPackets(file);

  it('is refused at the same stage as by the reference', () => {
    const disagreements = packets
      .filter(({ bytes, stage }) => {
        return stageOf(bytes) !== (stage === 'signature' ? 'accepted' : stage);
      })
      .map(({ name }) => name);
    expect(disagreements).toEqual([]);
    expect(packets.length).toBe(file === 'packets.jsonl.gz' ? 5075 : 8885);
  });

  it('holds what the reference finds in it', () => {
    for (const recorded of packets) {
      if (recorded.stage !== 'accepted') continue;
      const bytes = recorded.bytes.slice();
      skim(bytes, 0, bytes.length, packet, columns, 0);
      const found: Record<string, unknown> = {
        message: MESSAGE_NAMES[packet.message],
        ...messageContent(bytes),
      };
      if (recorded.content!.values) {
        const rows = Array.from({ length: packet.valueCount }, (_, row) => row);
        found['values'] = rows.map((row) => valueContent(bytes, row));
      }
      expect(found, recorded.name).toEqual(recordedContent(recorded));
    }
  });

  it('says where each refusal was noticed', () => {
    for (const { name, bytes, stage } of packets) {
      if (stage === 'accepted' || stage === 'signature') continue;
      packet.failedAt = -1;
      const outcome = skim(bytes, 0, bytes.length, packet, columns, 0);
      const inside = packet.failedAt >= 0 && packet.failedAt <= bytes.length;
      expectSame(inside, true, `${name} ${outcomeName(outcome)} at ${packet.failedAt}`);
    }
  });
});

describe('rows', () => {
  it('carry the flag of bytes that Agave would write differently', () => {
    const flagged = recordedPackets('edges.jsonl.gz').filter(({ bytes, stage }) => {
      if (stage === 'decode' || stage === 'sanitize') return false;
      skim(bytes, 0, bytes.length, packet, columns, 0);
      return columns.flags.subarray(0, packet.valueCount).includes(VALUE_NOT_CANONICAL);
    });
    // Those signed over their canonical form are accepted, those signed as sent are not.
    expect(new Set(flagged.map(({ stage }) => stage))).toEqual(new Set(['accepted', 'signature']));
  });

  it('of the largest packet are found wherever it stands', () => {
    const shred = value(
      9,
      '0700',
      KEY_A,
      u64(1),
      repeat(0, 13),
      '0300',
      u64(1055),
      repeat(1, 1055),
    );
    const bytes = join(repeat(0, 500), push([shred]));
    expect(bytes.length).toBe(500 + 1232);
    expect(skim(bytes, 500, bytes.length, packet, columns, 0)).toBe(0);
    const offset = 500 + 44;
    expect([columns.offset[0], columns.length[0]]).toEqual([offset, 1188]);
    expect(skimValue(bytes, offset, bytes.length, columns, 0)).toBe(0);
  });

  it('of values that somebody knows are left to them, and the next begins behind', () => {
    const [first, second] = [worked('vote'), worked('contactInfo')];
    const bytes = push([first, second]);
    const known: KnownValues = { match: (_, at) => (at === 44 ? first.length : 0) };
    columns.kind[0] = 99;
    expect(skim(bytes, 0, bytes.length, packet, columns, 0, known)).toBe(0);
    expect([packet.valueCount, columns.kind[0], columns.kind[1]]).toEqual([2, 99, 11]);
    expect(columns.offset[1]).toBe(44 + first.length);
  });
});
