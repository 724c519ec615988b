import { csvLine } from '../../api/csv.ts';
import { type Column, chooseColumns, pick, sortRows } from '../../api/export-columns.ts';
import { renderTable, tooWide } from '../table.ts';
import type { ExportFlags, ExportFormat } from './flags.ts';
import type { Sink } from './sink.ts';

/** What is exported, and what is shown of it unless told otherwise. */
export interface Subject<Row> {
  /** Name of the list in a JSON document. */
  readonly name: string;
  readonly all: readonly Column<Row>[];
  readonly table: readonly string[];
  readonly csv: readonly string[];
  /** Columns that a narrow terminal does without, the least missed first. */
  readonly expendable: readonly string[];
}

/** Columns and order that were asked for, checked before anybody listens. */
export interface Shape<Row> {
  readonly subject: Subject<Row>;
  readonly format: ExportFormat;
  /** Those that were named; undefined for all. */
  readonly chosen: readonly Column<Row>[] | undefined;
  readonly sort: readonly string[] | undefined;
  readonly limit: number;
  /** Columns of the terminal that a table has to fit; infinite where it goes elsewhere. */
  readonly columns: number;
}

/** @throws SpyError COLUMN_UNKNOWN */
export function shapeOf<Row>(
  subject: Subject<Row>,
  flags: ExportFlags,
  format: ExportFormat,
): Shape<Row> {
  const { columns, sort, limit = Number.POSITIVE_INFINITY } = flags;
  if (sort) sortRows([], subject.all, sort);
  const chosen = columns && chooseColumns(subject.all, columns);
  const isTerminal = flags.output === '-' && process.stdout.isTTY;
  const width = isTerminal ? process.stdout.columns || 80 : Number.POSITIVE_INFINITY;
  return { subject, format, chosen, sort, limit, columns: width };
}

/**
 * Writes rows as they come, one line each; only sorting and tables need all of them first.
 *
 * @param head fields of the JSON document besides the list
 * @returns how many rows were written
 */
export async function writeRows<Row extends object>(
  rows: Iterable<Row> | AsyncIterable<Row>,
  shape: Shape<Row>,
  sink: Sink,
  head: Readonly<Record<string, unknown>> = {},
): Promise<number> {
  const { subject, format, chosen, sort, limit } = shape;
  if (format === 'table') return writeTable(await gather(rows), shape, sink);
  const columns = chosen ?? chooseColumns(subject.all, subject.csv);
  const shown = (row: Row): string =>
    format === 'csv'
      ? csvLine(columns.map(({ cell }) => cell(row)))
      : JSON.stringify(chosen ? pick(row, chosen) : row);
  if (format === 'csv') await sink.line(csvLine(columns.map(({ name }) => name)));
  if (format === 'json') {
    const fields = Object.entries(head).map(
      ([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)},`,
    );
    await sink.line(`{${fields.join('')}${JSON.stringify(subject.name)}:[`);
  }
  let count = 0;
  let held: string | undefined; // a comma stands behind every row but the last
  for await (const row of sort ? sortRows(await gather(rows), subject.all, sort) : rows) {
    if (count >= limit || sink.closed) break;
    if (held !== undefined) await sink.line(format === 'json' ? `${held},` : held);
    held = shown(row);
    count++;
  }
  if (held !== undefined) await sink.line(held);
  if (format === 'json') await sink.line(']}');
  await sink.end();
  return count;
}

async function writeTable<Row>(rows: Row[], shape: Shape<Row>, sink: Sink): Promise<number> {
  const { subject, chosen, sort, limit, columns } = shape;
  const sorted = (sort ? sortRows(rows, subject.all, sort) : rows).slice(0, limit);
  const page = { columns, expendable: chosen ? [] : subject.expendable };
  if (sorted.length > 0) {
    const shown = chosen ?? chooseColumns(subject.all, subject.table);
    const text = renderTable(sorted, shown, page);
    await sink.line(text);
    const hint = tooWide(text, columns);
    if (hint !== undefined) process.stderr.write(`${hint} --columns shows fewer of them.\n`);
  }
  await sink.end();
  return sorted.length;
}

async function gather<Row>(rows: Iterable<Row> | AsyncIterable<Row>): Promise<Row[]> {
  const all: Row[] = [];
  for await (const row of rows) all.push(row);
  return all;
}
