import { describe, expect, it } from 'vitest';
import { Outcome, outcomeName } from '../../../src/util/outcome.ts';
import {
  readBitVec,
  readCount,
  readShort,
  readVarint,
  refusedAt,
  skipOptionalU64,
  skipShort,
} from '../../../src/wire/cursor.ts';
import {
  createValueColumns,
  lastRefusalAt,
  PacketFields,
  skim,
  skimValue,
} from '../../../src/wire/skim.ts';
import {
  contactInfo,
  HASH,
  join,
  KEY_A,
  KEY_C,
  leb,
  type Part,
  push,
  repeat,
  SIGNATURE,
  socket,
  u32,
  u64,
  VOTE_PROGRAM,
  v4,
  value,
  worked,
} from './parts.ts';

const AT = 3; // nothing may depend on beginning at zero

describe('bytes behind the end count for nothing', () => {
  const forms: readonly (readonly [
    name: string,
    whole: Uint8Array,
    read: (bytes: Uint8Array, at: number, end: number) => number,
  ])[] = [
    ['readShort', join('808001'), readShort],
    ['skipShort', join('808001'), skipShort],
    ['readVarint', join('80808080808080808001'), readVarint],
    ['skipOptionalU64', join('01', u64(7)), skipOptionalU64],
    ['readCount of nothing', join(u64(0)), (bytes, at, end) => readCount(bytes, at, end, 5, 1)],
    [
      'readBitVec',
      join('01', u64(2), 'ffff', u64(16)),
      (bytes, at, end) => readBitVec(bytes, at, end, 957, 1),
    ],
  ];

  it.each(forms)('%s', (_name, whole, read) => {
    // What follows would go on well.
    const bytes = join(repeat(0xff, AT), whole, repeat(0, 16));
    for (let length = 0; length < whole.length; length++) {
      expect(outcomeName(read(bytes, AT, AT + length)), `${length}`).toBe('PACKET_TRUNCATED');
    }
    expect(read(bytes, AT, AT + whole.length)).toBeGreaterThanOrEqual(0);
  });

  it('elements that a count promises have to be there: the count is at fault, whatever follows', () => {
    const bytes = join(repeat(0xff, AT), u64(3), repeat(0, 100));
    const read = (length: number): number => readCount(bytes, AT, AT + 8 + length, 5, 4);
    expect([11, 12, 13].map(read)).toEqual([Outcome.PACKET_TRUNCATED, 3, 3]);
    expect(refusedAt).toBe(AT);
  });
});

/** A vote around the data of an instruction, with a second instruction behind it. */
function vote(...instruction: readonly Part[]): Uint8Array {
  const data = join(...instruction);
  const keys = join(leb(3), KEY_A, KEY_C, VOTE_PROGRAM);
  const instructions = join(
    '02',
    '02',
    '020100',
    leb(data.length),
    data,
    '02',
    '0101',
    '8001',
    repeat(7, 128),
  );
  return value(1, 0, KEY_A, '01', SIGNATURE, '010001', keys, HASH, instructions, u64(1));
}

const WHOLE: Readonly<Record<string, Uint8Array>> = {
  ping: worked('ping'),
  prune: worked('prune'),
  'pull request': worked('pullRequest'),
  'contact info': push([
    contactInfo({
      version: join('8001', '8101', '8201', u64(0), '8301'),
      addresses: [v4(1, 2, 3, 4), v4(5, 6, 7, 8)],
      sockets: [socket(0, 0, 20_000), socket(1, 1, 300)],
      extensions: join('02', '07', '03', '010203', '08', '8001', repeat(5, 128)),
    }),
  ]),
  'contact info without anything': push([contactInfo()]),
  // Up to the address: it is refused as soon as it is there.
  'an IPv6 address': push([contactInfo({ addresses: [join(u32(1), repeat(9, 16))] })]).subarray(
    0,
    193,
  ),
  'lowest slot': push([
    value(2, 0, KEY_A, u64(0), u64(5), u64(2), u64(7), u64(8), u64(3), '010203', u64(1)),
  ]),
  'epoch slots': push([
    value(
      ...[5, 0, KEY_A, u64(2)],
      ...[u32(0), u64(3), u64(4), u64(40), repeat(0x11, 40)],
      ...[u32(1), u64(3), u64(4), 1, u64(2), 'ffff', u64(16), u64(1)],
    ),
  ]),
  'duplicate shred': push([worked('duplicateShred')]),
  'snapshot hashes': push([
    value(10, KEY_A, u64(3), HASH, u64(2), u64(4), HASH, u64(5), HASH, u64(1)),
  ]),
  'runs of a fork': push([worked('restartRuns')]),
  'bits of a fork': push([worked('restartRaw')]),
  'heaviest fork': push([worked('heaviestFork')]),
  'vote by slots': push([vote(u32(2), u64(2), u64(5), u64(6), HASH, '01', u64(9))]),
  'vote by lockouts': push([
    vote(u32(9), u64(1), u64(5), u32(3), '01', u64(2), HASH, '01', u64(9), HASH),
  ]),
  'tower sync': push([
    vote(u32(15), u64(5), '02', '01', 3, 'ac02', 2, HASH, '01', u64(9), HASH, HASH),
  ]),
};

const TOO_SHORT = /^(PACKET_(TRUNCATED|EMPTY)|VOTE_INSTRUCTION_MALFORMED) at /;

/** Which byte is at fault for which lengths, where it is not the end: that of a count, mostly. */
const BLAMED: Readonly<Record<string, string>> = {
  ping: '',
  prune: '68: 76-107',
  'pull request': '4: 12-35, 37: 45-60, 219: 220-235, 236: 237-248',
  'contact info': '132: 133-148, 149: 150-155, 161: 162-164, 166: 168-295',
  'contact info without anything': '',
  'an IPv6 address': '128: 129-136',
  'lowest slot': '117: 125-140, 141: 149-151',
  'epoch slots': '101: 109-164, 129: 165-176, 198: 206-207',
  'duplicate shred': '125: 133-136',
  'snapshot hashes': '140: 148-227',
  'runs of a fork': '112: 120-122',
  'bits of a fork': '113: 121-122',
  'heaviest fork': '',
  'vote by slots':
    '101: 102-165, 169: 170-265, 300: 301-302, 303: 304-372, 374: 375-375, 376: 378-505',
  'vote by lockouts':
    '101: 102-165, 169: 170-265, 300: 301-302, 303: 304-409, 411: 412-412, 413: 415-542',
  'tower sync':
    '101: 102-165, 169: 170-265, 300: 301-302, 303: 304-426, 428: 429-429, 430: 432-559',
};

/** Cuts bytes at every length. @returns the lengths at which another byte than the end is at fault */
function cutAnywhere(whole: Uint8Array, judge: (bytes: Uint8Array, end: number) => number): string {
  const skimmed = (bytes: Uint8Array, end: number): string =>
    `${outcomeName(judge(bytes, end))} at ${lastRefusalAt() - AT}`;
  const room = (behind: number): Uint8Array => join(repeat(0xff, AT), repeat(behind, 1300));
  const complete = join(repeat(0xff, AT), whole, repeat(0, 40));
  const others = [0, 1, 0xff].map(room);
  const wrong: string[] = [];
  const blamed: { at: number; from: number; to: number }[] = [];
  for (let length = 0; length < whole.length; length++) {
    if (length > 0) for (const bytes of others) bytes[AT + length - 1] = whole[length - 1]!;
    const found = skimmed(complete, AT + length);
    const at = lastRefusalAt() - AT;
    // It is not what lies behind that decides, and what only begins well is not decoded.
    const isSame = others.every((bytes) => skimmed(bytes, AT + length) === found);
    if (!isSame || !TOO_SHORT.test(found)) wrong.push(`${length}: ${found}`);
    if (at === length) continue;
    const last = blamed.at(-1);
    if (last?.at === at && last.to === length - 1) last.to = length;
    else blamed.push({ at, from: length, to: length });
  }
  expect(wrong).toEqual([]);
  expect(skimmed(complete, AT + whole.length)).toMatch(/^(OK|ADDRESS_IPV6|LOWEST_SLOT)/);
  return blamed.map(({ at, from, to }) => `${at}: ${from}-${to}`).join(', ');
}

describe('with all of a head there, the head decides', () => {
  const columns = createValueColumns(3);
  const bare = (bytes: Uint8Array): string =>
    outcomeName(skimValue(bytes, 0, bytes.length, columns, 0));
  const lowest = value(2, 1, KEY_A, u64(0), u64(5), u64(0), u64(0), u64(1));
  const slots = vote(u32(8), u64(0), '02', HASH, '00');
  const cases: readonly (readonly [name: string, bytes: Uint8Array, outcome: string])[] = [
    ['an unknown kind', value(14), 'VALUE_KIND_UNKNOWN'],
    ['a wrong index', lowest.subarray(0, 68 + 49), 'LOWEST_SLOT_INDEX'],
    ['a wrong index, one byte less', lowest.subarray(0, 68 + 48), 'PACKET_TRUNCATED'],
    ['no vote', vote(u32(3)), 'VOTE_INSTRUCTION_UNKNOWN'],
    ['a tag that is none, zeros elsewhere', slots.fill(0, 0, 64), 'OPTION_TAG_UNKNOWN'],
  ];
  it.each(cases)('%s', (_name, bytes, outcome) => expect(bare(bytes)).toBe(outcome));

  it('a message that does not exist', () => {
    expect(outcomeName(skim(u32(6), 0, 4, new PacketFields(), columns, 0))).toBe('MESSAGE_UNKNOWN');
  });
});

describe('cut anywhere', () => {
  const packet = new PacketFields();
  const columns = createValueColumns(3);

  const isPush = ([tag]: Uint8Array): boolean => tag === 2;
  const all = Object.entries(WHOLE);

  it.each(all.filter(([, whole]) => !isPush(whole)))('%s', (name, whole) => {
    const blamed = cutAnywhere(whole, (bytes, end) => skim(bytes, AT, end, packet, columns, 0));
    expect(blamed).toBe(BLAMED[name]);
  });

  it.each(all.filter(([, whole]) => isPush(whole)))('%s, alone and pushed', (name, whole) => {
    const value = whole.subarray(44);
    const blamed = cutAnywhere(value, (bytes, end) => skimValue(bytes, AT, end, columns, 0));
    expect(blamed).toBe(BLAMED[name]);
    const pushed = cutAnywhere(whole, (bytes, end) => skim(bytes, AT, end, packet, columns, 0));
    expect(pushed).toMatch(/^36: 44-160/); // the count of values, up to the smallest there is
  });
});
