import { expect, it } from 'vitest';
import { toHex } from '../../../src/util/bytes.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { MAX_VALUES, Message } from '../../../src/wire/limits.ts';
import { lastRefusalAt, skim, skimValue } from '../../../src/wire/skim.ts';
import {
  contactInfo,
  HASH,
  join,
  KEY_A,
  KEY_B,
  KEY_C,
  LIMIT,
  type PacketCase,
  type Part,
  push,
  repeat,
  SIGNATURE,
  skimmed,
  U64_MAX,
  u16,
  u32,
  u64,
  value,
  verdicts,
  WALLCLOCK,
  worked,
} from './parts.ts';

const PING = worked('ping');
const lowestSlot = (lowest: number | bigint, index = 0): Uint8Array =>
  value(2, index, KEY_A, u64(0), u64(lowest), u64(0), u64(0), u64(WALLCLOCK));
const smallest = (index: number): Uint8Array => value(5, index, KEY_A, u64(0), u64(WALLCLOCK));
const GOOD = lowestSlot(5);
const INSANE = lowestSlot(LIMIT);
/** A DuplicateShred that fills a packet alone, which no envelope would let through. */
const LONGEST = value(
  9,
  u16(7),
  KEY_A,
  u64(WALLCLOCK),
  repeat(0, 13),
  '0300',
  u64(1232 - 133),
  repeat(1, 1232 - 133),
);
const ten = Array.from({ length: 10 }, (_, index) => smallest(index));

const envelope: readonly PacketCase[] = [
  ...['ping', 'pong', 'prune', 'push', 'pullResponse', 'pullRequest', 'mainnetPullResponse'].map(
    (name): PacketCase => [`C-001 ${name}`, worked(name), 'OK'],
  ),
  ['C-002 nothing', join(), 'PACKET_EMPTY', 0],
  ['C-003 three bytes', join('040000'), 'PACKET_TRUNCATED', 3],
  ['C-004 ping cut', PING.subarray(0, 131), 'PACKET_TRUNCATED', 131],
  ['C-005 ping and a byte', join(PING, 0), 'PACKET_TRAILING_BYTES', 132],
  ['C-006 tag 6', join(u32(6), PING.subarray(4)), 'MESSAGE_UNKNOWN', 0],
  ['C-006 tag 2^32-1', join(u32(0xffffffff), PING.subarray(4)), 'MESSAGE_UNKNOWN', 0],
  ['C-006 tag 0x10004', join(u32(0x10004), PING.subarray(4)), 'MESSAGE_UNKNOWN', 0],
  ['C-007 ping of zeros', join(u32(4), repeat(0, 128)), 'OK'],
  ['C-008 no values', push([]), 'OK'],
  ['C-009 a count and no value', push([], 1), 'PACKET_TRUNCATED', 36],
  ['C-010 2^64-1 values', push([GOOD], U64_MAX), 'COUNT_OVER_LIMIT', 36],
  ['C-010 2^61 values', push([GOOD], 2n ** 61n), 'COUNT_OVER_LIMIT', 36],
  ['C-010 12 values', push([GOOD], 12), 'COUNT_OVER_LIMIT', 36],
  ['C-010 11 values', push([GOOD], 11), 'PACKET_TRUNCATED', 36],
  ['C-011 one byte too many', join(worked('pullResponse'), 0), 'PACKET_TRAILING_BYTES', 207],
  ['C-011 one value too many', push([GOOD, GOOD], 1), 'PACKET_TRAILING_BYTES', 44 + 141],
  ['C-011 one value too few', push([GOOD, GOOD], 3), 'PACKET_TRUNCATED'],
  ['C-012 ten values', push(ten), 'OK'],
  ['C-013 1233 bytes', join(PING, repeat(0, 1233 - 132)), 'PACKET_TOO_LONG', 1232],
  ['C-013 1232 bytes', join(PING, repeat(0, 1232 - 132)), 'PACKET_TRAILING_BYTES', 132],
  ['C-015 good, removed', push([GOOD, value(0, repeat(0, 99))]), 'VALUE_KIND_REMOVED', 249],
  ['removed, good', push([value(0, repeat(0, 99)), GOOD]), 'VALUE_KIND_REMOVED', 44 + 64],
  ['another index, good', push([lowestSlot(5, 1), GOOD]), 'LOWEST_SLOT_INDEX', 44 + 68],
  ['good, refused', push([GOOD, INSANE]), 'SLOT_OVER_LIMIT', 44 + 141 + 68 + 41],
  ['refused, undecodable', push([INSANE, value(14, repeat(0, 99))]), 'VALUE_KIND_UNKNOWN', 249],
  ['refused, trailing', join(push([INSANE]), 0), 'PACKET_TRAILING_BYTES', 185],
  ['refused, cut', push([INSANE, GOOD]).subarray(0, 300), 'PACKET_TRUNCATED', 300],
];

interface FilterParts {
  keys?: Part;
  bits?: Part;
  set?: number | bigint;
  mask?: number | bigint;
  maskBits?: number;
}
const filter = (parts: FilterParts = {}): Uint8Array =>
  join(
    parts.keys ?? join(u64(1), u64(U64_MAX)),
    parts.bits ?? join(1, u64(2), repeat(0xff, 16), u64(100)),
    u64(parts.set ?? 3),
    u64(parts.mask ?? U64_MAX),
    u32(parts.maskBits ?? 6),
  );
const pull = (parts: FilterParts = {}, caller: Uint8Array = contactInfo()): Uint8Array =>
  join(u32(0), filter(parts), caller);
const NO_BITS = join(0, u64(0));
const MASK_BITS_AT = 4 + 16 + 33 + 16;
const pulls: readonly PacketCase[] = [
  ['C-120', worked('pullRequest'), 'OK'],
  ['C-121 mask bits 5', pull({ maskBits: 5 }), 'MASK_BITS_TOO_FEW', MASK_BITS_AT],
  ['C-121 mask bits 6', pull({ maskBits: 6 }), 'OK'],
  ['C-122 mask bits 63', pull({ maskBits: 63 }), 'OK'],
  ['C-122 mask bits 64', pull({ maskBits: 64 }), 'OK'],
  ['C-122 mask bits 200', pull({ maskBits: 200 }), 'OK'],
  ['C-122 mask bits 2^32-1', pull({ maskBits: 0xffffffff }), 'OK'],
  ['C-123 no keys, no bits', pull({ keys: u64(0), bits: NO_BITS }), 'OK'],
  ['C-124 keys, no bits', pull({ bits: NO_BITS }), 'OK'],
  ['C-124 blocks, no bits', pull({ bits: join(1, u64(1), u64(0), u64(0)) }), 'OK'],
  ['C-125 128 bits are 128', pull({ bits: join(1, u64(2), repeat(0, 16), u64(128)) }), 'OK'],
  [
    'C-125 129 bits in 128',
    pull({ bits: join(1, u64(2), repeat(0, 16), u64(129)) }),
    'BITVEC_OVER_CAPACITY',
    45,
  ],
  ['C-125 5 bits in none', pull({ bits: join(0, u64(5)) }), 'BITVEC_OVER_CAPACITY', 21],
  ['C-126 1 bit in 128', pull({ bits: join(1, u64(2), repeat(0, 16), u64(1)) }), 'OK'],
  ['C-127 a LowestSlot', pull({}, GOOD), 'CALLER_NOT_CONTACT_INFO', MASK_BITS_AT + 4 + 64],
  ['C-127 before what is in it', pull({}, INSANE), 'CALLER_NOT_CONTACT_INFO'],
  ['C-127 behind mask bits', pull({ maskBits: 0 }, INSANE), 'MASK_BITS_TOO_FEW'],
  ['C-127 a Vote', pull({}, worked('vote')), 'CALLER_NOT_CONTACT_INFO'],
  ['C-127 but it has to decode', pull({}, value(0, repeat(0, 99))), 'VALUE_KIND_REMOVED'],
  ['C-128 mask with low bits clear', pull({ mask: 2n ** 63n }), 'OK'],
  ['C-129 2^64-1 bits set', pull({ set: U64_MAX }), 'OK'],
  ['957 keys', pull({ keys: u64(957) }), 'PACKET_TRUNCATED', 4],
  ['958 keys', pull({ keys: u64(958) }), 'COUNT_OVER_LIMIT', 4],
  ['957 blocks', pull({ keys: u64(0), bits: join(1, u64(957)) }), 'PACKET_TRUNCATED', 13],
  ['958 blocks', pull({ keys: u64(0), bits: join(1, u64(958)) }), 'COUNT_OVER_LIMIT', 13],
  ['2^61 keys', pull({ keys: u64(2n ** 61n) }), 'COUNT_OVER_LIMIT', 4],
  ['2^61 blocks', pull({ bits: join(1, u64(2n ** 61n)) }), 'COUNT_OVER_LIMIT', 21],
  ['no caller', pull({}, join()), 'PACKET_TRUNCATED', MASK_BITS_AT + 4],
];

const prune = (
  parts: { signer?: string; count?: number | bigint; prunes?: number; wallclock?: bigint } = {},
): Uint8Array =>
  join(
    u32(3),
    KEY_A,
    parts.signer ?? KEY_A,
    u64(parts.count ?? parts.prunes ?? 1),
    repeat(KEY_C, parts.prunes ?? 1),
    SIGNATURE,
    KEY_B,
    u64(parts.wallclock ?? WALLCLOCK),
  );
const prunes: readonly PacketCase[] = [
  ['C-140', worked('prune'), 'OK'],
  ['C-142 sender and signer', prune({ signer: KEY_B }), 'PRUNE_SENDER_MISMATCH', 36],
  ['C-142 their last bit', prune({ signer: KEY_A.replace(/5c$/, '5d') }), 'PRUNE_SENDER_MISMATCH'],
  [
    'C-142 before the wallclock',
    prune({ signer: KEY_B, wallclock: LIMIT }),
    'PRUNE_SENDER_MISMATCH',
  ],
  ['C-143 10^15 - 1', prune({ wallclock: LIMIT - 1n }), 'OK'],
  ['C-143 10^15', prune({ wallclock: LIMIT }), 'WALLCLOCK_OVER_LIMIT', 204],
  ['C-144 no origins', prune({ prunes: 0 }), 'OK'],
  ['C-144 32 origins', prune({ prunes: 32 }), 'OK'],
  ['33 origins', prune({ prunes: 33 }), 'PACKET_TOO_LONG', 1232],
  ['239 origins promised', prune({ count: 239 }), 'PACKET_TRUNCATED', 68],
  ['240 origins promised', prune({ count: 240 }), 'COUNT_OVER_LIMIT', 68],
  ['2^59 origins, times 32 is zero', prune({ count: 2n ** 59n }), 'COUNT_OVER_LIMIT', 68],
];

it.each([
  ['any packet', envelope],
  ['a pull request', pulls],
  ['a prune', prunes],
])('%s', (_name, cases) => {
  const { actual, expected } = verdicts(cases);
  expect(actual).toEqual(expected);
});

it('ten values have ten rows, one behind the other', () => {
  const { packet, columns } = skimmed(push(ten));
  expect([packet.message, packet.valueCount, MAX_VALUES]).toEqual([Message.PUSH, 10, 10]);
  expect([...columns.offset]).toEqual(ten.map((_, i) => 44 + 117 * i));
  expect([...columns.index]).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect([...columns.wallclock]).toEqual(ten.map(() => WALLCLOCK));
});

it('a message that nobody knows is none', () => {
  const { packet, columns } = skimmed(PING);
  expect(packet.message).toBe(Message.PING);
  skim(join(u32(6)), 0, 4, packet, columns, 0);
  expect([packet.message, packet.valueCount]).toEqual([-1, 0]);
});

it('fields of a message are where its layout says', () => {
  const key = (bytes: Uint8Array, at: number) => toHex(bytes, at, at + 32);
  const request = pull({ mask: 7, maskBits: 0xffffffff });
  const { packet } = skimmed(request);
  const { keysAt, keyCount, bitsAt, bitBlocks, bitLength, maskAt, maskBits } = packet;
  expect({ keysAt, keyCount, bitsAt, bitBlocks, bitLength, maskAt, maskBits }).toEqual({
    keysAt: 12,
    keyCount: 1,
    bitsAt: 29,
    bitBlocks: 2,
    bitLength: 100,
    maskAt: 61,
    maskBits: 0xffffffff,
  });
  expect(key(request, packet.sender)).toBe(KEY_A);

  const pruned = worked('prune');
  const { prunesAt, signatureAt, destinationAt, wallclock } = skimmed(pruned).packet;
  expect([prunesAt, signatureAt, destinationAt, wallclock]).toEqual([76, 108, 172, WALLCLOCK]);
  expect([key(pruned, prunesAt), key(pruned, destinationAt)]).toEqual([KEY_C, KEY_B]);

  const pong = skimmed(worked('pong')).packet;
  expect([pong.sender, pong.tokenAt, pong.signatureAt]).toEqual([4, 36, 68]);
});

it('a bare value is judged alone and has to end where it is said to', () => {
  const { columns } = skimmed(push([]));
  const cases: readonly (readonly [string, Uint8Array, string, number])[] = [
    ['good', GOOD, 'OK', -1],
    ['refused', INSANE, 'SLOT_OVER_LIMIT', 109],
    ['undecodable', value(3, HASH), 'VALUE_KIND_REMOVED', 64],
    ['one byte more', join(GOOD, 0), 'PACKET_TRAILING_BYTES', 141],
    ['one byte less', GOOD.subarray(0, 140), 'PACKET_TRUNCATED', 140],
    ['nothing', join(), 'PACKET_EMPTY', 0],
    ['too long', join(GOOD, repeat(0, 1232)), 'PACKET_TOO_LONG', 1232],
    ['good again', GOOD, 'OK', -1],
    ['as long as a packet', LONGEST, 'OK', -1],
  ];
  for (const [name, bytes, outcome, at] of cases) {
    const room = join(repeat(0xff, 5), bytes, repeat(0xff, 5));
    const result = skimValue(room, 5, 5 + bytes.length, columns, 9);
    expect([outcomeName(result), result < 0 ? lastRefusalAt() - 5 : -1], name).toEqual([
      outcome,
      at,
    ]);
    if (result !== 0) continue;
    expect([columns.offset[9], columns.length[9]], name).toEqual([5, bytes.length]);
  }
});
