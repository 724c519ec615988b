import { expect, it } from 'vitest';
import {
  HASH,
  join,
  KEY_A,
  KEY_B,
  KEY_C,
  LIMIT,
  leb,
  type PacketCase,
  type Part,
  push,
  repeat,
  SIGNATURE,
  U64_MAX,
  u32,
  u64,
  VOTE_PROGRAM,
  value,
  verdicts,
  WALLCLOCK,
  worked,
} from './parts.ts';

interface Parts {
  index?: number;
  signatures?: number;
  header?: string;
  keys?: readonly string[];
  instructionCount?: Part;
  instructions?: readonly Part[];
  wallclock?: number | bigint;
}

/** Program 2 of [A, C, vote program], accounts C and A. */
const instruction = (data: Uint8Array, program = 2, accounts = '0100'): Uint8Array =>
  join(program, leb(accounts.length / 2), accounts, leb(data.length), data);

const NO_TIMESTAMP = '00';
const TIMESTAMP = join(1, u64(1_787_000_000));
const LOCKOUTS = join(2, '0402', '0201');
const tower = (root: number | bigint, lockouts: Part, timestamp: Part = NO_TIMESTAMP): Uint8Array =>
  join(u32(14), u64(root), lockouts, HASH, timestamp, HASH);
const TOWER = tower(1000, LOCKOUTS);

const transaction = (parts: Parts): Uint8Array => {
  const keys = parts.keys ?? [KEY_A, KEY_C, VOTE_PROGRAM];
  const signatures = parts.signatures ?? 1;
  const instructions = parts.instructions ?? [instruction(TOWER)];
  return join(
    leb(signatures),
    repeat(SIGNATURE, signatures),
    parts.header ?? '010001',
    leb(keys.length),
    ...keys,
    HASH,
    parts.instructionCount ?? leb(instructions.length),
    ...instructions,
  );
};
const vote = (parts: Parts = {}): Uint8Array =>
  push([value(1, parts.index ?? 5, KEY_A, transaction(parts), u64(parts.wallclock ?? WALLCLOCK))]);
const voteOf = (data: Uint8Array): Uint8Array => vote({ instructions: [instruction(data)] });

/** Offsets in a push of one vote with one signature and three keys. */
const BODY = 44 + 68;
const HEADER_AT = BODY + 33 + 1 + 64;
const KEYS_AT = HEADER_AT + 4;
const INSTRUCTIONS_AT = KEYS_AT + 96 + 32;
const DATA_AT = INSTRUCTIONS_AT + 1 + 5;

const SLOTS = join(u64(2), u64(7), u64(9), HASH, NO_TIMESTAMP);
const UPDATE = join(u64(1), u64(7), u32(3), '01', u64(3), HASH, TIMESTAMP);
const COMPACT = join(u64(1000), LOCKOUTS, HASH, NO_TIMESTAMP);
const bodies: readonly (readonly [tag: number, body: Uint8Array])[] = [
  [2, SLOTS],
  [6, join(SLOTS, HASH)],
  [8, UPDATE],
  [9, join(UPDATE, HASH)],
  [12, COMPACT],
  [13, join(COMPACT, HASH)],
  [14, join(COMPACT, HASH)],
  [15, join(COMPACT, HASH, HASH)],
];

const forms: readonly PacketCase[] = bodies.flatMap(([tag, body]): PacketCase[] => {
  const data = join(u32(tag), body);
  return [
    [`C-064 tag ${tag}`, voteOf(data), 'OK'],
    [`C-066 tag ${tag} and five bytes`, voteOf(join(data, '0102030405')), 'OK'],
    ...Array.from(
      { length: data.length },
      (_, length): PacketCase => [
        `C-067 tag ${tag} cut to ${length}`,
        voteOf(data.subarray(0, length)),
        'VOTE_INSTRUCTION_MALFORMED',
      ],
    ),
  ];
});
const TAGS = new Set(bodies.map(([tag]) => tag));
const refusedTags = Array.from({ length: 21 }, (_, tag) => tag).filter((tag) => !TAGS.has(tag));
const tags: readonly PacketCase[] = [...refusedTags, 0x0100, 0x010e, 0x0e000000, 0xffffffff].map(
  (tag) => [
    `C-065 tag ${tag}`,
    voteOf(join(u32(tag), repeat(0, 200))),
    'VOTE_INSTRUCTION_UNKNOWN',
    DATA_AT + 1,
  ],
);

const instructions: readonly PacketCase[] = [
  ['C-061', push([worked('vote')]), 'OK'],
  ['C-062', push([worked('frozenVote1'), worked('frozenVote2')]), 'OK'],
  ['C-063 index 31', vote({ index: 31 }), 'OK'],
  ['C-063 index 32', vote({ index: 32 }), 'VALUE_INDEX_OVER_LIMIT', BODY],
  [
    'C-068 another program',
    vote({ keys: [KEY_A, KEY_C, `06${VOTE_PROGRAM.slice(2)}`] }),
    'VOTE_NOT_VOTE_PROGRAM',
    KEYS_AT + 64,
  ],
  [
    'C-068 its last byte',
    vote({ keys: [KEY_A, KEY_C, `${VOTE_PROGRAM.slice(0, -2)}01`] }),
    'VOTE_NOT_VOTE_PROGRAM',
  ],
  [
    'C-069 program is key 0',
    vote({ keys: [VOTE_PROGRAM, KEY_C, KEY_A], instructions: [instruction(TOWER, 0)] }),
    'TRANSACTION_INDEX',
    INSTRUCTIONS_AT + 1,
  ],
  [
    'C-070 no account',
    vote({ instructions: [instruction(TOWER, 2, '')] }),
    'VOTE_NO_ACCOUNT',
    INSTRUCTIONS_AT + 2,
  ],
  ['C-071 no instruction', vote({ instructions: [] }), 'VOTE_NO_INSTRUCTION', INSTRUCTIONS_AT],
  [
    'C-072 a second of another program',
    vote({ instructions: [instruction(TOWER), instruction(join('dead'), 1, '00')] }),
    'OK',
  ],
  [
    'C-072 a vote behind another program',
    vote({ instructions: [instruction(TOWER, 1), instruction(TOWER)] }),
    'VOTE_NOT_VOTE_PROGRAM',
  ],
  [
    'C-073 account 3 of 3 in the second',
    vote({ instructions: [instruction(TOWER), instruction(TOWER, 1, '03')] }),
    'TRANSACTION_INDEX',
  ],
  [
    'C-073 account 3 of 3 in the first',
    vote({ instructions: [instruction(TOWER, 2, '0103')] }),
    'TRANSACTION_INDEX',
    INSTRUCTIONS_AT + 4,
  ],
  [
    'C-073 program 3 of 3',
    vote({ instructions: [instruction(TOWER, 3)] }),
    'TRANSACTION_INDEX',
    INSTRUCTIONS_AT + 1,
  ],
  [
    '136 instructions',
    vote({ instructions: [instruction(TOWER), repeat('010000', 135)], instructionCount: leb(136) }),
    'OK',
  ],
  [
    '137 instructions',
    vote({ instructions: [instruction(TOWER), repeat('010000', 136)], instructionCount: leb(137) }),
    'COUNT_OVER_LIMIT',
    INSTRUCTIONS_AT,
  ],
  ['C-118 wallclock 10^15 - 1', vote({ wallclock: LIMIT - 1n }), 'OK'],
  ['C-118 wallclock 10^15', vote({ wallclock: LIMIT }), 'WALLCLOCK_OVER_LIMIT'],
];

const headers: readonly PacketCase[] = [
  ['C-074 (1,1,0)', vote({ header: '010100' }), 'TRANSACTION_HEADER', HEADER_AT],
  ['C-074 (0,0,0)', vote({ header: '000000' }), 'TRANSACTION_HEADER'],
  ['C-074 (2,0,1)', vote({ header: '020001' }), 'TRANSACTION_HEADER'],
  ['(1,0,2), as many as there are keys', vote({ header: '010002' }), 'OK'],
  ['(1,0,3), one more', vote({ header: '010003' }), 'TRANSACTION_HEADER'],
  ['no signature, (0,0,0)', vote({ signatures: 0, header: '000000' }), 'TRANSACTION_HEADER'],
  ['C-075 two signatures, (1,0,1)', vote({ signatures: 2 }), 'TRANSACTION_HEADER'],
  ['two signatures, (2,1,1)', vote({ signatures: 2, header: '020101' }), 'OK'],
  ['two signatures, (2,2,1)', vote({ signatures: 2, header: '020201' }), 'TRANSACTION_HEADER'],
  ['C-076 signatures = keys', vote({ signatures: 3, header: '030000' }), 'OK'],
  ['C-076 keys + 1', vote({ signatures: 4, header: '040000' }), 'TRANSACTION_HEADER'],
  ['C-082 version 0', vote({ header: '80010001' }), 'TRANSACTION_HEADER', HEADER_AT],
  ['no keys', vote({ keys: [] }), 'TRANSACTION_HEADER'],
  ['the same key three times', vote({ keys: [KEY_B, KEY_B, VOTE_PROGRAM] }), 'OK'],
];

const one = (offset: number | bigint): Uint8Array => join(1, leb(offset), 1);
const two = (first: number | bigint, second: number | bigint): Uint8Array =>
  join(2, leb(first), 1, leb(second), 1);
const slots: readonly PacketCase[] = [
  ['C-077 root 2^64-1 is none', voteOf(tower(U64_MAX, one(5))), 'OK'],
  ['C-077 none, then 2^64-1', voteOf(tower(U64_MAX, one(U64_MAX))), 'OK'],
  ['none, 2^64-1 and 0', voteOf(tower(U64_MAX, two(U64_MAX, 0))), 'OK'],
  ['none, 2^64-1 and 1', voteOf(tower(U64_MAX, two(U64_MAX, 1))), 'VOTE_SLOT_OVERFLOW'],
  ['C-078 no lockout', voteOf(tower(1000, '00')), 'OK'],
  ['C-079 2^64-2 and 2', voteOf(tower(U64_MAX - 1n, one(2))), 'VOTE_SLOT_OVERFLOW', DATA_AT + 13],
  ['2^64-2 and 1', voteOf(tower(U64_MAX - 1n, one(1))), 'OK'],
  ['2^64-2 and 1 and 1', voteOf(tower(U64_MAX - 1n, two(1, 1))), 'VOTE_SLOT_OVERFLOW'],
  ['2^63 and 2^63', voteOf(tower(2n ** 63n, one(2n ** 63n))), 'VOTE_SLOT_OVERFLOW'],
  ['2^63 and 2^63-1', voteOf(tower(2n ** 63n, one(2n ** 63n - 1n))), 'OK'],
  ['2^32-1 and 1, a carry', voteOf(tower(2n ** 32n - 1n, two(1, 2n ** 32n - 1n))), 'OK'],
  ['a carry into the last bit', voteOf(tower(2n ** 32n - 1n, two(1, U64_MAX - 2n ** 32n))), 'OK'],
  [
    'a carry beyond it',
    voteOf(tower(2n ** 32n - 1n, two(1, U64_MAX - 2n ** 32n + 1n))),
    'VOTE_SLOT_OVERFLOW',
  ],
  [
    'a carry, the last of 64 bits, and one more',
    voteOf(tower(2n ** 32n - 1n, join(3, '0101', leb(U64_MAX - 2n ** 32n), 1, '0101'))),
    'VOTE_SLOT_OVERFLOW',
  ],
  [
    '2^53 and 1, past what a double holds',
    voteOf(tower(U64_MAX - 2n ** 53n, one(2n ** 53n))),
    'OK',
  ],
  [
    '2^53 and one more',
    voteOf(tower(U64_MAX - 2n ** 53n, one(2n ** 53n + 1n))),
    'VOTE_SLOT_OVERFLOW',
  ],
  ['C-080 offsets 0', voteOf(tower(1000, join(2, '00ff', '00ff'))), 'OK'],
  ['offset not minimal', voteOf(tower(1000, join(1, '800001'))), 'VARINT_NOT_CANONICAL'],
  ['offset of 65 bits', voteOf(tower(1, join(1, 'ff'.repeat(9), '0201'))), 'VARINT_OVERFLOW'],
  ['count not minimal', voteOf(tower(1000, join('8000'))), 'VARINT_NOT_CANONICAL'],
  ['C-081 timestamp tag 2', voteOf(tower(1000, '00', '02')), 'OPTION_TAG_UNKNOWN', DATA_AT + 45],
  ['a timestamp', voteOf(tower(1000, '00', TIMESTAMP)), 'OK'],
  [
    'root tag 2',
    voteOf(join(u32(8), u64(0), '02', HASH, NO_TIMESTAMP, HASH)),
    'OPTION_TAG_UNKNOWN',
  ],
  [
    'no lockout where one is promised, and what follows would be too much',
    vote({ instructions: [instruction(join(u32(14), u64(U64_MAX - 1n), '01')), '020000'] }),
    'VOTE_INSTRUCTION_MALFORMED',
  ],
  [
    'no hash, and enough behind the instruction',
    vote({ instructions: [instruction(join(u32(2), u64(0))), instruction(repeat(0, 99))] }),
    'VOTE_INSTRUCTION_MALFORMED',
  ],
  [
    'no tag, and enough behind the instruction',
    vote({ instructions: [instruction(join('0e00')), instruction(repeat(0, 99))] }),
    'VOTE_INSTRUCTION_MALFORMED',
  ],
  ['no slot', voteOf(join(u32(2), u64(0), HASH, NO_TIMESTAMP)), 'OK'],
  [
    '2^61 slots',
    voteOf(join(u32(2), u64(2n ** 61n), repeat(0, 300))),
    'VOTE_INSTRUCTION_MALFORMED',
  ],
  [
    '2^62 lockouts',
    voteOf(join(u32(8), u64(2n ** 62n), repeat(0, 300))),
    'VOTE_INSTRUCTION_MALFORMED',
  ],
];

it.each([
  ['the form of its instruction', forms],
  ['the tag of its instruction', tags],
  ['its transaction', instructions],
  ["the transaction's header", headers],
  ['its slots', slots],
])('a vote is judged by %s', (_name, cases) => {
  const { actual, expected } = verdicts(cases);
  expect(actual).toEqual(expected);
});
