import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { canonicalizeValue, VALUE_NOT_CANONICAL } from '../../../src/wire/skim.ts';
import {
  HASH,
  join,
  KEY_A,
  LIMIT,
  leb,
  type PacketCase,
  type Part,
  push,
  repeat,
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

type Number64 = number | bigint;
const BODY = 44 + 68;

const duplicateShred = (
  parts: {
    index?: number;
    wallclock?: Number64;
    slot?: Number64;
    unused?: Part;
    chunks?: number;
    chunk?: number;
    length?: Number64;
    data?: Uint8Array;
  } = {},
): Uint8Array => {
  const data = parts.data ?? join('deadbeef');
  return value(
    9,
    u16(parts.index ?? 7),
    KEY_A,
    u64(parts.wallclock ?? WALLCLOCK),
    u64(parts.slot ?? 300_000_001),
    parts.unused ?? '000000005a',
    parts.chunks ?? 3,
    parts.chunk ?? 0,
    u64(parts.length ?? data.length),
    data,
  );
};
const duplicateShreds: readonly PacketCase[] = [
  ['C-084 chunk of 1055', push([duplicateShred({ data: repeat(1, 1055) })]), 'OK'],
  [
    'C-084 chunk of 1056',
    push([duplicateShred({ data: repeat(1, 1056) })]),
    'PACKET_TOO_LONG',
    1232,
  ],
  ['C-085 index 511', push([duplicateShred({ index: 511 })]), 'OK'],
  ['C-085 index 512', push([duplicateShred({ index: 512 })]), 'VALUE_INDEX_OVER_LIMIT', BODY],
  ['C-086 no chunks', push([duplicateShred({ chunks: 0 })]), 'DUPLICATE_SHRED_CHUNK'],
  ['C-086 chunk 3 of 3', push([duplicateShred({ chunk: 3 })]), 'DUPLICATE_SHRED_CHUNK', BODY + 56],
  ['C-086 chunk 254 of 255', push([duplicateShred({ chunks: 255, chunk: 254 })]), 'OK'],
  ['C-087 unused fields', push([duplicateShred({ unused: 'adde0000ff' })]), 'OK'],
  ['any slot', push([duplicateShred({ slot: U64_MAX })]), 'OK'],
  ['C-118', push([duplicateShred({ wallclock: LIMIT })]), 'WALLCLOCK_OVER_LIMIT', BODY + 34],
  ['an empty chunk', push([duplicateShred({ data: join() })]), 'OK'],
  ['chunk longer than the rest', push([duplicateShred({ length: 5 })]), 'PACKET_TRUNCATED'],
  ['chunk of 2^64-1', push([duplicateShred({ length: U64_MAX })]), 'COUNT_OVER_LIMIT', BODY + 57],
  ['worked', push([worked('duplicateShred')]), 'OK'],
];

const lowestSlot = (
  parts: {
    index?: number;
    root?: Number64;
    lowest?: Number64;
    slots?: Part;
    stash?: Part;
    wallclock?: Number64;
  } = {},
): Uint8Array =>
  value(
    2,
    parts.index ?? 0,
    KEY_A,
    u64(parts.root ?? 0),
    u64(parts.lowest ?? 5),
    parts.slots ?? u64(0),
    parts.stash ?? u64(0),
    u64(parts.wallclock ?? WALLCLOCK),
  );
const lowestSlots: readonly PacketCase[] = [
  ['C-088 index 1', push([lowestSlot({ index: 1 })]), 'LOWEST_SLOT_INDEX', BODY],
  ['C-089 root 1', push([lowestSlot({ root: 1 })]), 'LOWEST_SLOT_OBSOLETE_FIELDS', BODY + 33],
  ['C-089 root 2^56', push([lowestSlot({ root: 2n ** 56n })]), 'LOWEST_SLOT_OBSOLETE_FIELDS'],
  [
    'C-089 one slot',
    push([lowestSlot({ slots: join(u64(1), u64(7)) })]),
    'LOWEST_SLOT_OBSOLETE_FIELDS',
    BODY + 49,
  ],
  [
    'C-089 one byte of stash',
    push([lowestSlot({ stash: join(u64(1), 7) })]),
    'LOWEST_SLOT_OBSOLETE_FIELDS',
    BODY + 57,
  ],
  ['C-089 lowest 10^15 - 1', push([lowestSlot({ lowest: LIMIT - 1n })]), 'OK'],
  ['C-089 lowest 10^15', push([lowestSlot({ lowest: LIMIT })]), 'SLOT_OVER_LIMIT', BODY + 41],
  ['C-118', push([lowestSlot({ wallclock: LIMIT })]), 'WALLCLOCK_OVER_LIMIT'],
  ['slots cut short', push([lowestSlot({ slots: join(u64(9), u64(7)) })]), 'PACKET_TRUNCATED'],
  ['2^61 slots', push([lowestSlot({ slots: u64(2n ** 61n) })]), 'COUNT_OVER_LIMIT', BODY + 49],
  ['957 slots', push([lowestSlot({ slots: u64(957) })]), 'PACKET_TRUNCATED', BODY + 49],
  ['958 slots', push([lowestSlot({ slots: u64(958) })]), 'COUNT_OVER_LIMIT', BODY + 49],
  ['stash of 2^64-1', push([lowestSlot({ stash: u64(U64_MAX) })]), 'COUNT_OVER_LIMIT', BODY + 57],
  [
    'stash longer than the rest',
    push([lowestSlot({ stash: u64(9) })]),
    'PACKET_TRUNCATED',
    BODY + 57,
  ],
];

const snapshots = (
  full: Number64,
  incremental: readonly Number64[],
  wallclock: Number64 = WALLCLOCK,
): Uint8Array =>
  value(
    10,
    KEY_A,
    u64(full),
    HASH,
    u64(incremental.length),
    ...incremental.flatMap((slot) => [u64(slot), HASH]),
    u64(wallclock),
  );
const NOT_ABOVE = 'SNAPSHOT_INCREMENTAL_NOT_ABOVE_FULL';
const ascending = Array.from({ length: 25 }, (_, i) => 101 + i);
const snapshotHashes: readonly PacketCase[] = [
  ['C-100 100', push([snapshots(100, [100])]), NOT_ABOVE, BODY + 80],
  ['C-100 50', push([snapshots(100, [50])]), NOT_ABOVE],
  ['C-100 101', push([snapshots(100, [101])]), 'OK'],
  ['C-100 the last of three', push([snapshots(100, [101, 102, 100])]), NOT_ABOVE, BODY + 160],
  ['C-100 compared as numbers', push([snapshots(0x1ff, [0x200, 0x10000])]), 'OK'],
  ['C-101 full 10^15', push([snapshots(LIMIT, [])]), 'SLOT_OVER_LIMIT', BODY + 32],
  ['C-101 incremental', push([snapshots(100, [LIMIT])]), 'SLOT_OVER_LIMIT', BODY + 80],
  ['C-101 full 10^15 - 1', push([snapshots(LIMIT - 1n, [])]), 'OK'],
  ['C-102 25', push([snapshots(100, ascending)]), 'OK'],
  ['C-103 twice, descending', push([snapshots(100, [300, 300, 200, 101])]), 'OK'],
  ['C-118', push([snapshots(100, [], LIMIT)]), 'WALLCLOCK_OVER_LIMIT'],
];

const uncompressed = (first: Number64, num: Number64, ...vector: readonly Part[]): Uint8Array =>
  join(u32(1), u64(first), u64(num), ...vector);
const flate = (first: Number64, num: Number64, bytes: Uint8Array): Uint8Array =>
  join(u32(0), u64(first), u64(num), u64(bytes.length), bytes);
const epochSlots = (
  entries: readonly Uint8Array[],
  index = 0,
  wallclock: Number64 = WALLCLOCK,
): Uint8Array => value(5, index, KEY_A, u64(entries.length), ...entries, u64(wallclock));
const bits = (blocks: string, length: Number64): Uint8Array =>
  join(1, u64(blocks.length / 2), blocks, u64(length));
const epochs = (...entries: readonly Uint8Array[]): Uint8Array => push([epochSlots(entries)]);
const ENTRY_AT = BODY + 41;
const epochSlotsCases: readonly PacketCase[] = [
  ['C-032 entry tag 2', epochs(join(u32(2), repeat(0, 40))), 'SLOTS_TAG_UNKNOWN', ENTRY_AT],
  ['C-033 bit vector tag 2', epochs(uncompressed(1, 1, 2, u64(0), u64(0))), 'OPTION_TAG_UNKNOWN'],
  ['C-104 index 254', push([epochSlots([], 254)]), 'OK'],
  ['C-104 index 255', push([epochSlots([], 255)]), 'VALUE_INDEX_OVER_LIMIT', BODY],
  ['C-105 no entries', epochs(), 'OK'],
  [
    'deflated to 2^64-1 bytes',
    epochs(join(u32(0), u64(1), u64(1), u64(U64_MAX))),
    'COUNT_OVER_LIMIT',
    ENTRY_AT + 20,
  ],
  [
    'a bit vector cut short',
    epochs(uncompressed(1, 1, 1, u64(99))),
    'PACKET_TRUNCATED',
    ENTRY_AT + 21,
  ],
  ['C-106 16383', epochs(uncompressed(1, 16383, bits('ff', 8))), 'OK'],
  [
    'C-106 16384',
    epochs(uncompressed(1, 16384, bits('ff', 8))),
    'EPOCH_SLOTS_COUNT_OVER_LIMIT',
    ENTRY_AT + 12,
  ],
  ['C-106 2^32', epochs(flate(1, 2n ** 32n, join())), 'EPOCH_SLOTS_COUNT_OVER_LIMIT'],
  ['C-106 2^31', epochs(flate(1, 2n ** 31n, join())), 'EPOCH_SLOTS_COUNT_OVER_LIMIT'],
  ['C-107 10^15 - 1', epochs(flate(LIMIT - 1n, 1, join())), 'OK'],
  ['C-107 10^15', epochs(flate(LIMIT, 1, join())), 'SLOT_OVER_LIMIT', ENTRY_AT + 4],
  ['C-108 one block, 8 bits', epochs(uncompressed(1, 1, bits('ff', 8))), 'OK'],
  [
    'C-108 one block, 7 bits',
    epochs(uncompressed(1, 1, bits('ff', 7))),
    'EPOCH_SLOTS_BITMAP_SHAPE',
    ENTRY_AT + 30,
  ],
  ['C-109 two, 8 bits', epochs(uncompressed(1, 1, bits('ffff', 8))), 'EPOCH_SLOTS_BITMAP_SHAPE'],
  ['C-110 one, 9 bits', epochs(uncompressed(1, 1, bits('ff', 9))), 'BITVEC_OVER_CAPACITY'],
  ['C-111 no blocks', epochs(uncompressed(1, 1, bits('', 0))), 'OK'],
  ['C-112 none and 5 bits', epochs(uncompressed(1, 1, 0, u64(5))), 'BITVEC_OVER_CAPACITY'],
  ['C-113 garbage', epochs(flate(1, 1, join('deadbeef'))), 'OK'],
  ['C-113 nothing', epochs(flate(1, 1, join())), 'OK'],
  ['C-118', push([epochSlots([], 0, LIMIT)]), 'WALLCLOCK_OVER_LIMIT'],
  [
    'the wallclock before an entry',
    push([epochSlots([flate(LIMIT, 1, join())], 0, LIMIT)]),
    'WALLCLOCK_OVER_LIMIT',
  ],
  [
    'the first of two entries',
    epochs(flate(1, 16384, join()), flate(LIMIT, 1, join())),
    'EPOCH_SLOTS_COUNT_OVER_LIMIT',
  ],
  [
    'a decode failure before a sanitize failure',
    epochs(flate(LIMIT, 1, join()), join(u32(2), repeat(0, 24))),
    'SLOTS_TAG_UNKNOWN',
  ],
];

const restart = (offsets: Part, wallclock: Number64 = WALLCLOCK): Uint8Array =>
  value(12, KEY_A, u64(wallclock), offsets, u64(300_000_000), HASH, u16(50093));
const runs = (...encoded: readonly Part[]): Uint8Array =>
  join(u32(0), u64(encoded.length), ...encoded);
const raw = (...vector: readonly Part[]): Uint8Array => join(u32(1), ...vector);
const heaviest = (wallclock: Number64): Uint8Array =>
  value(13, KEY_A, u64(wallclock), u64(U64_MAX), HASH, u64(U64_MAX), u16(0));
const restarts: readonly PacketCase[] = [
  ['C-032 offsets tag 2', push([restart(join(u32(2), u64(0)))]), 'SLOTS_TAG_UNKNOWN', BODY + 40],
  ['C-033 tag 2', push([restart(raw(2, u64(0), u64(0)))]), 'OPTION_TAG_UNKNOWN', BODY + 44],
  ['C-115 the worked ones', push([worked('restartRuns'), worked('restartRaw')]), 'OK'],
  ['C-115 the worked one', push([worked('heaviestFork')]), 'OK'],
  ['C-116 a surplus block', push([restart(raw(bits('2180', 8)))]), 'OK'],
  ['C-118 tag 12', push([restart(runs(), LIMIT)]), 'WALLCLOCK_OVER_LIMIT', BODY + 32],
  ['C-118 tag 13', push([heaviest(LIMIT)]), 'WALLCLOCK_OVER_LIMIT', BODY + 32],
  ['tag 13, anything else', push([heaviest(LIMIT - 1n)]), 'OK'],
  ['runs of 0 and 65535', push([restart(runs(0, leb(65535)))]), 'OK'],
  ['3828 runs', push([restart(join(u32(0), u64(3828)))]), 'PACKET_TRUNCATED', BODY + 44],
  ['3829 runs', push([restart(join(u32(0), u64(3829)))]), 'COUNT_OVER_LIMIT', BODY + 44],
  ['a run of 65536', push([restart(runs('808004'))]), 'VARINT_OVERFLOW'],
  ['a run in three bytes for two', push([restart(runs('ff8000'))]), 'VARINT_NOT_CANONICAL'],
  ['more runs than bytes', push([restart(join(u32(0), u64(1000), 1, 1))]), 'PACKET_TRUNCATED'],
  ['bits beyond blocks', push([restart(raw(bits('ff', 9)))]), 'BITVEC_OVER_CAPACITY'],
];

const removed: readonly PacketCase[] = [0, 3, 4, 6, 7, 8].map((tag) => [
  `C-117 tag ${tag}`,
  push([value(tag, KEY_A, repeat(0, 300))]),
  'VALUE_KIND_REMOVED',
  44 + 64,
]);
const unknown: readonly PacketCase[] = [14, 15, 255, 256, 0x0b00000b, 0xffffffff].map((tag) => [
  `C-117 tag ${tag}`,
  push([value(tag, KEY_A, repeat(0, 300))]),
  'VALUE_KIND_UNKNOWN',
  44 + 64,
]);

it.each([
  ['DuplicateShred', duplicateShreds],
  ['LowestSlot', lowestSlots],
  ['SnapshotHashes', snapshotHashes],
  ['EpochSlots', epochSlotsCases],
  ['the restart kinds', restarts],
  ['kinds of the past', removed],
  ['kinds that never were', unknown],
])('%s', (_name, cases) => {
  const { actual, expected } = verdicts(cases);
  expect(actual).toEqual(expected);
});

describe('canonical form', () => {
  const none = join(0, u64(0));
  const cases: readonly (readonly [name: string, sent: Uint8Array, written: Uint8Array])[] = [
    [
      'C-111 no blocks',
      epochSlots([uncompressed(1, 1, bits('', 0))]),
      epochSlots([uncompressed(1, 1, none)]),
    ],
    [
      'C-111 between others',
      epochSlots([
        flate(1, 1, join('aabb')),
        uncompressed(2, 2, bits('', 0)),
        uncompressed(3, 3, bits('0304', 16)),
        uncompressed(4, 4, bits('', 0)),
      ]),
      epochSlots([
        flate(1, 1, join('aabb')),
        uncompressed(2, 2, none),
        uncompressed(3, 3, bits('0304', 16)),
        uncompressed(4, 4, none),
      ]),
    ],
    ['C-116 surplus', restart(raw(bits('2180', 8))), restart(raw(bits('21', 8)))],
    ['C-116 padding bits stay', restart(raw(bits('ffffff', 9))), restart(raw(bits('ffff', 9)))],
    ['C-116 none left', restart(raw(bits('2180', 0))), restart(raw(none))],
    ['C-116 none there', restart(raw(bits('', 0))), restart(raw(none))],
  ];
  it.each(cases)('%s', (_name, sent, written) => {
    // Other values around it must not move.
    const before = lowestSlot();
    const after = duplicateShred();
    const bytes = push([before, sent, after]);
    const { outcome, columns } = skimmed(bytes);
    expect([outcome, ...columns.flags.subarray(0, 3)]).toEqual(['OK', 0, VALUE_NOT_CANONICAL, 0]);
    expect(canonicalizeValue(bytes, columns, 1)).toBe(written.length);
    const span = (row: number) =>
      bytes.subarray(columns.offset[row], columns.offset[row]! + columns.length[row]!);
    expect([span(0), span(1), span(2)]).toEqual([before, written, after]);
    expect(columns.flags[1]).toBe(0);
    // What is canonical is left alone.
    expect(canonicalizeValue(bytes, columns, 1)).toBe(written.length);
    expect(span(1)).toEqual(written);
  });
});

it('the worked values have the hashes that were given with them', () => {
  const hashes: Record<string, string> = {
    contactInfo: '2e60c50e615fe6e0e2a0d33eb7a12483da2f6d2797794268d9686ec797c9ff52',
    epochSlots: '06c05e6afc7aad29027d0d80cbb961b9db46ff2a5bfc11a9382b3c4de05bfcfe',
    duplicateShred: '6c58e50b807e8fd954f4a0912d3dd316b43462d035daf8fe91f42eb1a5658b10',
    restartRuns: '51556e903136385b8ee035afcf32245f4bb3111173ab5399002b101fa434b9b0',
    restartRaw: '4633c8a8dfdfbfc53a62cdb44057a11c6a585de17b4880d8648c4c7ff26eede9',
    heaviestFork: 'bdbf85693c9e9e891b43fa4f8a5e075c6b48d1fa92ac2fe0f97f42dac6f9f919',
    vote: '7f00bb622107abb7f372ef50baa991507c24f3fa81d9e61616051b11faacbcd4',
    frozenVote1: '1b67592783bcd2fa282bec399bb39d1a93d744a762ca7a1f571cfbb8521d9805',
    frozenVote2: '818dd10b880cb3689d4563afd25434b9402822ed7801de1ec0257662fb4f0bbd',
  };
  for (const [name, hash] of Object.entries(hashes)) {
    const bytes = push([worked(name)]);
    const { outcome, columns } = skimmed(bytes);
    const span = bytes.subarray(columns.offset[0], columns.offset[0]! + columns.length[0]!);
    const found = createHash('sha256').update(span).digest('hex');
    expect([outcome, columns.flags[0], found], name).toEqual(['OK', 0, hash]);
  }
});
