import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CsvReader, csvLine } from '../../../src/api/csv.ts';
import { propertyCases } from '../../nightly.ts';

function read(text: string): { records: string[][]; reader: CsvReader } {
  const reader = new CsvReader();
  const records = text.split('\n').flatMap((line) => {
    const record = reader.push(line);
    return record ? [[...record.cells]] : [];
  });
  return { records, reader };
}

describe('csv', () => {
  const cases = [
    { name: 'plain', cells: ['a', 1, true, null], line: 'a,1,true,' },
    { name: 'a comma', cells: ['a,b', 'c'], line: '"a,b",c' },
    { name: 'quotes', cells: ['say "so"'], line: '"say ""so"""' },
    { name: 'a line end', cells: ['a\nb', ''], line: '"a\nb",' },
  ];
  for (const { name, cells, line } of cases) {
    it(`quotes what needs it: ${name}`, () => {
      expect(csvLine(cells)).toBe(line);
      expect(read(line).records).toEqual([cells.map((cell) => (cell === null ? '' : `${cell}`))]);
    });
  }

  it('reads what it writes, whatever it is', () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', ' ') });
    const record = fc
      .array(cell, { minLength: 1, maxLength: 4 })
      .filter((cells) => !(cells.at(-1) ?? '').endsWith('\r'));
    fc.assert(
      fc.property(fc.array(record, { maxLength: 4 }), (records) => {
        const text = records.map((cells) => csvLine(cells)).join('\n');
        expect(read(text).records).toEqual(records.length === 0 ? [['']] : records);
      }),
      { numRuns: propertyCases(100) },
    );
  });

  it('knows where a record began, and that one has not ended', () => {
    const reader = new CsvReader();
    reader.push('a,b');
    expect(reader.push('"x')).toBeUndefined();
    expect(reader.unfinished).toBe(2);
    expect(reader.push('y",z')).toEqual({ line: 2, cells: ['x\ny', 'z'] });
    expect(reader.unfinished).toBe(0);
  });

  it('gives up on a quote without end', () => {
    const reader = new CsvReader();
    reader.push('"');
    expect(() => reader.push('x'.repeat(1 << 21))).toThrow(RangeError);
  });
});
