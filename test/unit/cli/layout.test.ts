import { describe, expect, test } from 'vitest';
import { dumpRows, faultContext } from '../../../src/cli/decode/dump.ts';
import { cut, paint, renderTree, span, wrap } from '../../../src/cli/decode/layout.ts';
import {
  counted,
  duration,
  grouped,
  percent,
  slotRuns,
  time,
  timeAndAge,
} from '../../../src/cli/decode/phrases.ts';

const plain = { columns: 40, colour: false };
const text = (spans: Parameters<typeof paint>[0]): string => paint(spans, plain);

describe('phrases', () => {
  const cases: readonly { said: string; as: string }[] = [
    { said: duration(0), as: '0 ms' },
    { said: duration(999), as: '999 ms' },
    { said: duration(19_100), as: '19.1 s' },
    { said: duration(100_000), as: '2 min' },
    { said: duration(5.2 * 3_600_000), as: '5.2 h' },
    { said: duration(12 * 86_400_000), as: '12 days' },
    { said: duration(1e15), as: '31,688 years' },
    { said: grouped(1_234_567), as: '1,234,567' },
    { said: counted(1, 'byte'), as: '1 byte' },
    { said: counted(0, 'byte'), as: '0 bytes' },
    { said: percent(0.1543), as: '15.4 %' },
    { said: time(1_795_247_838_401.158), as: '2026-11-21 07:57:18.401Z' },
    { said: time(0), as: '1970-01-01 00:00:00.000Z' },
    { said: time(999_999_999_999_999), as: '+033658-09-27 01:46:39.999Z' },
    { said: time(1e16), as: '10000000000000000 ms' },
    { said: time(Number.NaN), as: 'NaN ms' },
    { said: timeAndAge(1000, undefined), as: '1970-01-01 00:00:01.000Z' },
    { said: timeAndAge(1000, 1071), as: '1970-01-01 00:00:01.000Z (71 ms before capture)' },
    { said: timeAndAge(4000, 1000), as: '1970-01-01 00:00:04.000Z (3.0 s after capture)' },
    { said: slotRuns([]), as: '' },
    { said: slotRuns(['7']), as: '7' },
    { said: slotRuns(['1000', '1001', '1002', '1015']), as: '1000–1002, 1015' },
    { said: slotRuns(['5', '4', '4', '5', '6']), as: '5, 4, 4–6' },
    {
      said: slotRuns(['18446744073709551614', '18446744073709551615']),
      as: '18446744073709551614–18446744073709551615',
    },
  ];
  test.for(cases)('$as', ({ said, as }) => expect(said).toBe(as));

  test('many runs are cut short, with where they end', () => {
    const slots = Array.from({ length: 150 }, (_, i) => String(i * 2));
    expect(slotRuns(slots)).toMatch(/^0, 2, .* 198 … and 50 more runs up to 298$/);
  });
});

describe('lines', () => {
  test('are broken at spaces, and spaces inside stay', () => {
    expect(wrap(['one  two ', span('key', 'three')], 9).map(text)).toEqual(['one  two', 'three']);
  });

  test('without a space are broken anywhere', () => {
    expect(wrap(['ab', span('key', ' 0123456789')], 4).map(text)).toEqual([
      'ab',
      '0123',
      '4567',
      '89',
    ]);
  });

  test('that fit are left alone', () => {
    expect(wrap(['one two'], Number.POSITIVE_INFINITY)).toHaveLength(1);
    expect(text(cut(['one two'], 7))).toBe('one two');
  });

  test('are cut with an ellipsis', () => {
    expect(text(cut(['one ', span('key', 'two'), ' three'], 6))).toBe('one t…');
  });

  test('have colours only where the page does', () => {
    const line = ['a ', span('bad', 'b')];
    expect(paint(line, { columns: 9, colour: false })).toBe('a b');
    expect(paint(line, { columns: 9, colour: true })).toBe('a \u001b[31mb\u001b[39m');
  });
});

describe('tree', () => {
  const nodes = [
    { name: 'from', value: [span('key', 'A'.repeat(30))] },
    { name: 'mask', value: ['x y'], rows: [['00 11']] },
    {
      name: 'Value',
      value: ['from ', 'B'.repeat(35)],
      children: [
        { name: 'slots', value: ['1000–1010, 1015, 1017–1020, 1022'] },
        { name: '', value: ['more'] },
      ],
    },
  ];

  test('names are aligned, long values go on below themselves', () => {
    expect(renderTree(nodes, plain)).toEqual([
      '├─ from  AAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '├─ mask  x y',
      '│  00 11',
      '└─ Value  from',
      '      BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB',
      '      B',
      '   ├─ slots  1000–1010, 1015, 1017–1020,',
      '   │         1022',
      '   └─        more',
    ]);
  });

  test('on no terminal nothing is broken', () => {
    const lines = renderTree(nodes, { columns: Number.POSITIVE_INFINITY, colour: false });
    expect(lines).toHaveLength(6);
    expect(lines[3]).toBe(`└─ Value  from ${'B'.repeat(35)}`);
  });
});

describe('bytes', () => {
  const bytes = Uint8Array.from({ length: 40 }, (_, i) => i);
  const context = (at: number): string => text(faultContext(bytes, at));

  test('context of a fault: inside, at both ends, behind the last byte', () => {
    expect(context(20)).toBe('… 0c 0d 0e 0f 10 11 12 13 [14] 15 16 17 18 19 1a 1b 1c …');
    expect(context(0)).toBe('[00] 01 02 03 04 05 06 07 08 …');
    expect(context(39)).toBe('… 1f 20 21 22 23 24 25 26 [27]');
    expect(context(40)).toBe('… 20 21 22 23 24 25 26 27 [end]');
    expect(text(faultContext(new Uint8Array(0), 0))).toBe('[end]');
  });

  test('rows start with their offset and mark the byte at fault', () => {
    expect(dumpRows(bytes, 30, 40, 80, 33).map(text)).toEqual([
      '   30  1e 1f 20[21] 22 23 24 25 26 27',
    ]);
    expect(dumpRows(bytes, 0, 40, 80).map(text).at(-1)).toBe('   32  20 21 22 23 24 25 26 27');
    expect(dumpRows(bytes, 0, 40, 60)).toHaveLength(5);
    expect(dumpRows(bytes, 5, 5, 80)).toEqual([]);
  });
});
