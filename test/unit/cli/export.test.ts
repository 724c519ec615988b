import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { VALUE_COLUMNS, VALUE_CSV, VALUE_TABLE } from '../../../src/api/export-columns.ts';
import type { ValueJson } from '../../../src/api/value-json.ts';
import { verifyRecord } from '../../../src/api/verify-record.ts';
import type { ExportFlags, ExportFormat } from '../../../src/cli/export/flags.ts';
import { readExport } from '../../../src/cli/export/read-export.ts';
import { shapeOf, writeRows } from '../../../src/cli/export/rows.ts';
import { Sink } from '../../../src/cli/export/sink.ts';
import { renderTable, tooWide } from '../../../src/cli/table.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';

const folder = mkdtempSync(join(tmpdir(), 'earshot-export-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = new URL('../../fixtures/cluster-tables.jsonl.gz', import.meta.url);
const values = gunzipSync(readFileSync(fixture))
  .toString()
  .trim()
  .split('\n')
  .slice(0, 60)
  .map((line) => JSON.parse(line) as ValueJson);

const SUBJECT = {
  name: 'values',
  all: VALUE_COLUMNS,
  table: VALUE_TABLE,
  csv: [...VALUE_CSV, 'bytes'],
  expendable: ['wallclock'],
};

/** What a format looks like on disk. */
async function written(format: ExportFormat, flags: Partial<ExportFlags> = {}): Promise<string> {
  const path = join(folder, `out.${format}`);
  const shape = shapeOf(SUBJECT, { output: path, ...flags } as ExportFlags, format);
  await writeRows(values, shape, new Sink(path), { spy: 'here' });
  return readFileSync(path, 'utf8');
}

async function* chunks(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(text: string, size = 1000): Promise<{ line: number; record: object }[]> {
  const records = [];
  for await (const one of readExport(chunks(text, size))) records.push(one);
  return records;
}

describe('an export', () => {
  for (const format of ['json', 'jsonl', 'csv'] as const) {
    it(`as ${format} is read again, and every record verifies`, async () => {
      const text = await written(format);
      const verifier = createVerifier('sodium');
      for (const size of [7, 100_000]) {
        const records = await read(text, size);
        expect(records.length).toBe(values.length);
        for (const { record, line } of records) {
          expect(verifyRecord(record as ValueJson, verifier), `${line}`).toBeUndefined();
        }
      }
      const lines = text.trimEnd().split('\n').length;
      expect(lines).toBe(values.length + { json: 2, jsonl: 0, csv: 1 }[format]);
    });
  }

  it('as hex is read too', async () => {
    const records = await read(`${values.map(({ bytes }) => bytes).join('\n')}\n\n`);
    expect(records.map(({ record }) => record)).toEqual(values.map(({ bytes }) => ({ bytes })));
  });

  it('has the columns, order and number of rows that were asked for', async () => {
    const flags = { columns: ['KIND', 'length'], sort: ['-length', 'kind'], limit: 3 };
    const rows = JSON.parse(await written('json', flags)) as {
      spy: string;
      values: { kind: string; length: number }[];
    };
    const largest = values.map(({ length }) => length).sort((a, b) => b - a);
    expect(rows.spy).toBe('here');
    expect(rows.values.map(({ length }) => length)).toEqual(largest.slice(0, 3));
    expect(Object.keys(rows.values[0]!)).toEqual(['kind', 'length']);
    expect((await written('csv', flags)).split('\n')[0]).toBe('kind,length');
    expect(() => shapeOf(SUBJECT, { sort: ['-size'] } as ExportFlags, 'csv')).toThrow(
      /There is no column "size"\. Choose from kind, pubkey/,
    );
  });

  it('of nothing is a whole document all the same', async () => {
    const path = join(folder, 'empty.json');
    const shape = shapeOf(SUBJECT, { output: path } as ExportFlags, 'json');
    expect(await writeRows([], shape, new Sink(path))).toBe(0);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ values: [] });
  });

  const broken = [
    { name: 'a line that is cut off', text: '{"bytes":"00"}\n{"byt', says: /Line 2 is no JSON/ },
    { name: 'a document that is cut off', text: '{"values":[\n{"a":1},', says: /no whole JSON/ },
    { name: 'a line that is no object', text: '{"bytes":"00"}\n7', says: /Line 2 is no object/ },
    { name: 'CSV without bytes', text: 'kind,pubkey\nVote,x', says: /no column "bytes".*--bytes/ },
    { name: 'CSV with a cell too few', text: 'kind,bytes\nVote', says: /Line 2 has 1 cells inst/ },
    { name: 'CSV with an open quote', text: 'kind,bytes\n"Vote,00', says: /never closes/ },
  ];
  for (const { name, text, says } of broken) {
    it(`is refused with its line: ${name}`, () => expect(read(text)).rejects.toThrow(says));
  }
});

describe('a table', () => {
  const columns = VALUE_COLUMNS.filter(({ name }) => VALUE_TABLE.includes(name));
  const width = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));
  const page = (width: number) => ({ columns: width, expendable: ['wallclock', 'index'] });

  it('shows keys whole where there is room, then shortens them, then leaves columns out', () => {
    const wide = renderTable(values, columns, page(Number.POSITIVE_INFINITY));
    expect(wide).toMatch(/^Kind +Origin +Index +Signed at +Bytes +Says\n/);
    expect(wide).toMatch(/[1-9A-HJ-NP-Za-km-z]{43,44} /);
    const narrow = renderTable(values, columns, page(width(wide) - 1));
    expect(narrow).toMatch(/ [1-9A-HJ-NP-Za-km-z]{9}… /);
    expect(narrow).toContain('Signed at');
    const tight = renderTable(values, columns, page(width(narrow) - 1));
    expect(tight).not.toContain('Signed at');
    expect(tight).toContain('Index');
    expect(width(tight)).toBeLessThan(width(narrow));
    expect(tooWide(tight, width(tight))).toBeUndefined();
    expect(tooWide(tight, 20)).toBe(
      `The table takes ${width(tight)} columns and the terminal has 20: widen it, or write to a file.`,
    );
  });
});
