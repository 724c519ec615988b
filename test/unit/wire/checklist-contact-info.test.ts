import { expect, it } from 'vitest';
import { canonicalizeValue, VALUE_NOT_CANONICAL } from '../../../src/wire/skim.ts';
import {
  contactInfo,
  join,
  leb,
  type PacketCase,
  push,
  repeat,
  skimmed,
  socket,
  U64_MAX,
  u16,
  u32,
  u64,
  v4,
  verdicts,
  worked,
} from './parts.ts';

const ADDRESS = v4(203, 0, 113, 7);
const one = (...sockets: readonly Uint8Array[]) => ({ addresses: [ADDRESS], sockets });
const ci = (parts: Parameters<typeof contactInfo>[0]) => push([contactInfo(parts)]);

/** Offsets in a push of one contact info with a wallclock of six bytes. */
const BODY = 44 + 64 + 4;
const WALLCLOCK_AT = BODY + 32;
const VERSION_AT = WALLCLOCK_AT + 6 + 8 + 2;
const ADDRESSES_AT = VERSION_AT + 12;

const primitives: readonly PacketCase[] = [
  ['C-020 count of addresses 80 00', ci({ addressCount: '8000' }), 'VARINT_NOT_CANONICAL', 173],
  ['C-021 80 80 00', ci({ addressCount: '808000' }), 'VARINT_NOT_CANONICAL', ADDRESSES_AT + 2],
  ['C-021 81 80 00', ci({ addressCount: '818000' }), 'VARINT_NOT_CANONICAL', ADDRESSES_AT + 2],
  ['C-021 80 80 04', ci({ addressCount: '808004' }), 'VARINT_OVERFLOW', ADDRESSES_AT + 2],
  ['C-021 80 80 80 00', ci({ addressCount: '80808000' }), 'VARINT_OVERFLOW', ADDRESSES_AT + 2],
  ['C-022 offset 128', ci(one(join('0000 8001'))), 'OK'],
  ['C-023 offset 65535', ci(one(join('0000 ffff03'))), 'OK'],
  ['C-024 offset ff ff 04', ci(one(join('0000 ffff04'))), 'VARINT_OVERFLOW', 186],
  ['C-024 offset ff ff 7f', ci(one(join('0000 ffff7f'))), 'VARINT_OVERFLOW', 186],
  ['C-024 offset 80 80 80 01', ci(one(join('0000 80808001'))), 'VARINT_OVERFLOW', 186],
  ['C-024 offset 80 00', ci(one(join('0000 8000'))), 'VARINT_NOT_CANONICAL', 185],
  ['C-025 wallclock 80 00', ci({ wallclock: '8000' }), 'VARINT_NOT_CANONICAL', WALLCLOCK_AT + 1],
  ['C-025 wallclock 80 80 00', ci({ wallclock: '808000' }), 'VARINT_NOT_CANONICAL', 146],
  ['C-026 wallclock 2^64-1', ci({ wallclock: leb(U64_MAX) }), 'WALLCLOCK_OVER_LIMIT', 144],
  ['C-027 ff×9 02', ci({ wallclock: `${'ff'.repeat(9)}02` }), 'VARINT_OVERFLOW', 153],
  ['C-027 ff×10 00', ci({ wallclock: `${'ff'.repeat(10)}00` }), 'VARINT_OVERFLOW', 153],
  ['C-027 ff×10', ci({ wallclock: 'ff'.repeat(10) }), 'VARINT_OVERFLOW', 153],
  ['C-028 wallclock 0', ci({ wallclock: '00' }), 'OK'],
  ['C-029 largest versions', ci({ version: join('ffff03'.repeat(3), u64(0), 'ffff03') }), 'OK'],
  ['C-030 major', ci({ version: join('808004', '0300', u64(0), 3) }), 'VARINT_OVERFLOW', 162],
  ['C-030 minor', ci({ version: join('04', '808004', '00', u64(0), 3) }), 'VARINT_OVERFLOW', 163],
  ['C-030 patch', ci({ version: join('0403', '8000', u64(0), 3) }), 'VARINT_NOT_CANONICAL', 163],
  ['C-030 client', ci({ version: join('040300', u64(0), '8000') }), 'VARINT_NOT_CANONICAL', 172],
  [
    'C-031 address tag 2',
    ci({ addresses: [join(u32(2), 'cb007107')], sockets: [socket(0, 0, 1)] }),
    'ADDRESS_TAG_UNKNOWN',
    ADDRESSES_AT + 1,
  ],
  [
    'C-031 address tag 256',
    ci({ addresses: [join(u32(256), 'cb007107')], sockets: [socket(0, 0, 1)] }),
    'ADDRESS_TAG_UNKNOWN',
    ADDRESSES_AT + 1,
  ],
];

const V6 = join(u32(1), '20010db8', repeat(0, 12));
const every = Array.from({ length: 256 }, (_, key) => socket(key, 0, key & 1));

const addresses: readonly PacketCase[] = [
  ['C-040 no address, no socket', ci({}), 'OK'],
  ['C-041 an address without socket', ci(one()), 'ADDRESS_UNUSED', ADDRESSES_AT + 1],
  [
    'C-041 the second of two',
    ci({ addresses: [ADDRESS, v4(1, 2, 3, 4)], sockets: [socket(0, 0, 1)] }),
    'ADDRESS_UNUSED',
    ADDRESSES_AT + 9,
  ],
  [
    'C-042 the same twice',
    ci({ addresses: [ADDRESS, ADDRESS], sockets: [socket(0, 0, 1), socket(1, 1, 1)] }),
    'ADDRESS_DUPLICATE',
    ADDRESSES_AT + 9,
  ],
  ['C-043 key 0 twice', ci(one(socket(0, 0, 1), socket(0, 0, 1))), 'SOCKET_KEY_DUPLICATE', 185],
  ['C-043 key 255 twice', ci(one(socket(255, 0, 1), socket(255, 0, 1))), 'SOCKET_KEY_DUPLICATE'],
  ['C-044 index 1 of one', ci(one(socket(0, 1, 1))), 'SOCKET_INDEX', 183],
  ['C-044 index 0 of none', ci({ sockets: [socket(0, 0, 1)] }), 'SOCKET_INDEX', 175],
  ['C-045 IPv6', ci({ addresses: [V6], sockets: [socket(0, 0, 1)] }), 'ADDRESS_IPV6', 173],
  ['C-045 IPv6 cut short', ci({ addresses: [V6] }).subarray(0, 180), 'PACKET_TRUNCATED', 172],
  ['C-046 65534 + 1', ci(one(socket(0, 0, 65534), socket(1, 0, 1))), 'OK'],
  [
    'C-047 65535 + 1',
    ci(one(socket(0, 0, 65535), socket(1, 0, 1))),
    'SOCKET_PORT_OVERFLOW',
    ADDRESSES_AT + 1 + 8 + 1 + 5 + 2,
  ],
  ['C-047 65535 + 0', ci(one(socket(0, 0, 65535), socket(1, 0, 0))), 'OK'],
  ['C-048 key 200', ci(one(socket(200, 0, 1))), 'OK'],
  ['C-048 key 255', ci(one(socket(255, 0, 1))), 'OK'],
  ['C-049 port 0', ci(one(socket(0, 0, 0))), 'OK'],
  ['C-050 equal ports', ci(one(socket(0, 0, 10), socket(1, 0, 0))), 'OK'],
  ['C-051 256 sockets', ci({ addresses: [ADDRESS], sockets: every }), 'OK'],
  [
    'C-051 a 257th',
    ci({ addresses: [ADDRESS], sockets: [...every, socket(7, 0, 0)] }),
    'SOCKET_KEY_DUPLICATE',
  ],
  ['C-052 wallclock 10^15 - 1', ci({ wallclock: leb(10n ** 15n - 1n) }), 'OK'],
  ['C-053 wallclock 10^15', ci({ wallclock: leb(10n ** 15n) }), 'WALLCLOCK_OVER_LIMIT', 144],
  ['C-058 sockets in any order', ci(one(socket(9, 0, 1), socket(0, 0, 1), socket(4, 0, 1))), 'OK'],
  ['C-059 shred version 0', ci({ shredVersion: u16(0) }), 'OK'],
  ['C-059 outset 0', ci({ outset: u64(0) }), 'OK'],
  ['C-059 outset 2^64-1', ci({ outset: u64(U64_MAX) }), 'OK'],
  ['C-059 client 14', ci({ version: join('040300', u64(0), 14) }), 'OK'],
  ['C-059 client 65535', ci({ version: join('040300', u64(0), 'ffff03') }), 'OK'],
  [
    'five sockets promised, room for four',
    ci({ addresses: [ADDRESS], socketCount: 5, sockets: [repeat(0, 13)] }),
    'PACKET_TRUNCATED',
    ADDRESSES_AT + 9,
  ],
  ['C-060 the worked one', push([worked('contactInfo')]), 'OK'],
];

const extensions: readonly PacketCase[] = [
  ['C-054 one record', ci({ extensions: join(1, 7, 2, '6162') }), 'OK'],
  [
    'C-056 longer than the rest',
    ci({ extensions: join(1, 7, 3, '6162') }),
    'PACKET_TRUNCATED',
    176,
  ],
  ['C-056 without its length', ci({ extensions: join(1, 7) }), 'PACKET_TRUNCATED', 176],
  [
    'one record, and a wallclock of 10^15',
    ci({ wallclock: leb(10n ** 15n), extensions: join(1, 7, 2, '6162') }),
    'WALLCLOCK_OVER_LIMIT',
    144,
  ],
  ['C-056 missing altogether', ci({ extensions: join(1) }), 'PACKET_TRUNCATED', 175],
  ['C-057 239 empty ones', ci({ extensions: join(leb(239), repeat('0700', 239)) }), 'OK'],
  [
    'C-057 240 empty ones',
    ci({ extensions: join(leb(240), repeat('0700', 240)) }),
    'COUNT_OVER_LIMIT',
    ADDRESSES_AT + 2,
  ],
];

it.each([
  ['its integers', primitives],
  ['its addresses and sockets', addresses],
  ['its extensions', extensions],
])('a contact info is judged by %s', (_name, cases) => {
  const { actual, expected } = verdicts(cases);
  expect(actual).toEqual(expected);
});

it('what came before does not count: keys and addresses are remembered for one contact info only', () => {
  const many = Array.from({ length: 5 }, () => contactInfo(one(socket(0, 0, 8001))));
  const { actual, expected } = verdicts([['five alike', push(many), 'OK']]);
  expect(actual).toEqual(expected);
});

it('nor after any number of others', () => {
  const using = ci(one(socket(7, 0, 8001)));
  const unused = ci(one());
  const other = ci({});
  for (const others of [0, 1, 2, 252, 253, 254, 255, 256, 257, 508, 509, 510, 511, 512]) {
    expect([others, skimmed(using).outcome]).toEqual([others, 'OK']);
    for (let i = 0; i < others; i++) skimmed(other);
    expect([others, skimmed(unused).outcome]).toEqual([others, 'ADDRESS_UNUSED']);
  }
});

it('C-055 extensions are flagged, and gone in the form that Agave verifies', () => {
  const bytes = ci({ ...one(socket(0, 0, 8001)), extensions: join(1, 7, 2, '6162') });
  const { columns } = skimmed(bytes);
  expect(columns.flags[0]).toBe(VALUE_NOT_CANONICAL);
  const length = canonicalizeValue(bytes, columns, 0);
  const plain = contactInfo(one(socket(0, 0, 8001)));
  expect(bytes.subarray(44, 44 + length)).toEqual(plain);
  expect([columns.length[0], columns.flags[0]]).toEqual([plain.length, 0]);
});
