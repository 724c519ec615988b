import { describe, expect, it } from 'vitest';
import { anatomy } from '../../../../src/api/anatomy.ts';
import {
  bytesText,
  perSecondText,
  rateText,
  ratioText,
  shareText,
} from '../../../../src/cli/figures.ts';
import { paint } from '../../../../src/cli/watch/paint.ts';
import { changeLine, sampleLine } from '../../../../src/cli/watch/plain-log.ts';
import {
  bar,
  beside,
  cut,
  fill,
  line,
  plain,
  span,
  sparkline,
  textOf,
} from '../../../../src/cli/watch/text.ts';
import { madeUpChanges, madeUpSample } from './made-up.ts';

describe('text', () => {
  it('is cut with a sign, and filled to a width', () => {
    expect([cut('abcdef', 6), cut('abcdef', 5), cut('abcdef', 0)]).toEqual(['abcdef', 'abcd…', '']);
    expect(textOf(fill([span('ab'), span('cdef')], 4))).toBe('abc…');
    expect(textOf(fill([span('ab')], 4))).toBe('ab  ');
  });

  it('stands side by side', () => {
    const blocks = [
      { lines: [line('one'), line('two')], width: 4 },
      { lines: [line('x')], width: 2 },
    ];
    expect(beside(blocks, 1).map(textOf)).toEqual(['one  x ', 'two    ']);
  });

  it('from outside cannot steer a terminal', () => {
    expect(plain('a\x1b[2Jb\u202ec\u{1f600}—é')).toBe('a?[2Jb?c?—?');
  });

  it('shows shares as bars: what is there at all, shows', () => {
    expect([bar(0, 4), bar(0.0001, 4), bar(0.5, 4), bar(1, 4), bar(7, 4)]).toEqual([
      '    ',
      '▏   ',
      '██  ',
      '████',
      '████',
    ]);
    expect([sparkline([0, 4, 8], 3), sparkline([0, 0], 3), sparkline([], 2)]).toEqual([
      '▁▅█',
      ' ▁▁',
      '  ',
    ]);
  });

  it('has colours unless somebody wants none', () => {
    const spans = [span('a'), span('b', 'bad')];
    expect([paint(spans, true), paint(spans, false)]).toEqual(['a\x1b[31mb\x1b[0m', 'ab']);
  });
});

describe('figures', () => {
  const cases: [string, string][] = [
    [bytesText(0), '0 B'],
    [bytesText(999), '999 B'],
    [bytesText(999.6), '1.00 kB'],
    [bytesText(99_949), '99.9 kB'],
    [bytesText(99_950), '100 kB'],
    [bytesText(999_499), '999 kB'],
    [bytesText(1.3312e12), '1.33 TB'],
    [rateText(5_430_000), '5.43 MB/s'],
    [perSecondText(0), '0'],
    [perSecondText(0.04), '<0.1'],
    [perSecondText(3.14), '3.1'],
    [perSecondText(1_234.5), '1,235'],
    [shareText(0.0001), '<1 %'],
    [shareText(0.335), '34 %'],
    [ratioText(null), '-'],
    [ratioText(5.05), '5.1'],
  ];
  for (const [text, expected] of cases) it(expected, () => expect(text).toBe(expected));
});

describe('the log of lines', () => {
  it('tells how things stand', () => {
    const text = sampleLine(madeUpSample(20), madeUpSample(10));
    expect(text).toMatch(
      /^2026-11-21T12:00:20Z = nodes=3712 proved=3671 validators=1402 estimated=3752\.\.3831 values=88623 /,
    );
    expect(text).toMatch(/ heard\/s=11204\.0 new\/s=\d+\.\d in_bytes\/s=\d+ /);
    const { total } = anatomy(madeUpSample(20).stats.traffic, madeUpSample(10).stats.traffic);
    expect(text).toContain(`in_bytes/s=${Math.round(total.in)} `);
    expect(sampleLine({ ...madeUpSample(20), coverage: null }, undefined)).not.toContain(
      'estimated',
    );
  });

  it('tells what happened, in lines that can be cut', () => {
    const lines = madeUpChanges().map(changeLine);
    expect(lines[0]).toMatch(
      /^2026-11-21T12:12:21Z \+ \w{43,44} joined 142\.77\.16\.52:8001 4\.3\.2 JitoLabs$/,
    );
    expect(lines[2]).toBeUndefined();
    expect(lines[3]).toMatch(/ - \w+ left /);
  });
});
