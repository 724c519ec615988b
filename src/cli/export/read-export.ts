import { CsvReader, type CsvRecord } from '../../api/csv.ts';
import { SpyError } from '../../util/assert.ts';

/** Longest line of what is read by lines: the largest value has 1,188 bytes and some 400,000 slots told of. */
const MAX_LINE_LETTERS = 1 << 24;

/** A record and where it stands, from 1; in a JSON document, which of its values it is. */
export interface ReadRecord {
  readonly record: Readonly<Record<string, unknown>>;
  readonly line: number;
}

/**
 * Reads an export, whichever it is: JSON lines, a JSON document, CSV with a line of names, bare hex.
 *
 * @throws SpyError EXPORT_UNREADABLE with the line that is no good
 */
export async function* readExport(input: AsyncIterable<Uint8Array>): AsyncGenerator<ReadRecord> {
  const lines = linesOf(input);
  const first = await lines.next();
  if (first.done) return;
  const head = first.value;
  if (/^\s*[[{]/.test(head)) {
    // An object that is whole on one line is a record, unless it is a document of few values.
    const isLine = /^\s*\{/.test(head) && isJson(head) && !('values' in asObject(head));
    yield* isLine ? fromJsonLines(head, lines) : fromDocument(head, lines);
  } else if (/^[0-9a-fA-F]+\s*$/.test(head)) {
    yield* fromHexLines(head, lines);
  } else {
    yield* fromCsv(head, lines);
  }
}

/** Lines without their ends; what the last one lacks it need not have. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let open = '';
  let line = 1;
  for await (const chunk of input) {
    open += decoder.decode(chunk, { stream: true });
    const parts = open.split('\n');
    open = parts.pop() ?? '';
    if (open.length > MAX_LINE_LETTERS) throw unreadable(line + parts.length, 'is far too long');
    line += parts.length;
    yield* parts;
  }
  if (open.trim() !== '') yield open;
}

async function* fromDocument(
  head: string,
  rest: AsyncIterable<string>,
): AsyncGenerator<ReadRecord> {
  const parts = [head];
  for await (const line of rest) parts.push(line);
  let document: unknown;
  try {
    document = JSON.parse(parts.join('\n'));
  } catch (cause) {
    throw new SpyError(
      'EXPORT_UNREADABLE',
      `This is no whole JSON document: ${(cause as Error).message}. It may have been cut off; write it again.`,
      { cause },
    );
  }
  const list: unknown = Array.isArray(document)
    ? document
    : ((document as { values?: unknown }).values ?? [document]);
  if (!Array.isArray(list)) throw unreadable(1, 'holds no list of values');
  for (const [i, record] of list.entries()) {
    yield { record: record as ReadRecord['record'], line: i + 1 };
  }
}

async function* fromJsonLines(
  head: string,
  rest: AsyncIterable<string>,
): AsyncGenerator<ReadRecord> {
  let line = 1;
  for await (const text of chain(head, rest)) {
    if (text.trim() !== '') {
      let record: unknown;
      try {
        record = JSON.parse(text);
      } catch {
        throw unreadable(line, 'is no JSON');
      }
      if (typeof record !== 'object' || record === null) throw unreadable(line, 'is no object');
      yield { record: record as ReadRecord['record'], line };
    }
    line++;
  }
}

async function* fromHexLines(
  head: string,
  rest: AsyncIterable<string>,
): AsyncGenerator<ReadRecord> {
  let line = 1;
  for await (const text of chain(head, rest)) {
    if (text.trim() !== '') yield { record: { bytes: text.trim() }, line };
    line++;
  }
}

async function* fromCsv(head: string, rest: AsyncIterable<string>): AsyncGenerator<ReadRecord> {
  const reader = new CsvReader();
  const names = reader.push(head)?.cells ?? [];
  if (!names.includes('bytes')) {
    throw new SpyError(
      'EXPORT_UNREADABLE',
      'The first line names no column "bytes", and is neither JSON nor hex. Export with --bytes, or with earshot dump.',
    );
  }
  for await (const text of rest) {
    const read = reader.push(text);
    if (read === undefined || (read.cells.length === 1 && read.cells[0] === '')) continue;
    yield { record: named(names, read), line: read.line };
  }
  if (reader.unfinished > 0) throw unreadable(reader.unfinished, 'opens a quote that never closes');
}

function named(names: readonly string[], { cells, line }: CsvRecord): ReadRecord['record'] {
  if (cells.length !== names.length) {
    throw unreadable(line, `has ${cells.length} cells instead of ${names.length}`);
  }
  return Object.fromEntries(names.map((name, i) => [name, cells[i] === '' ? null : cells[i]]));
}

async function* chain(head: string, rest: AsyncIterable<string>): AsyncGenerator<string> {
  yield head;
  yield* rest;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false; // a line of a document that goes on, or no JSON at all
  }
}

function asObject(text: string): ReadRecord['record'] {
  const value: unknown = isJson(text) ? JSON.parse(text) : null;
  return typeof value === 'object' && value !== null ? (value as ReadRecord['record']) : {};
}

function unreadable(line: number, why: string): SpyError {
  return new SpyError(
    'EXPORT_UNREADABLE',
    `Line ${line} ${why}. The file may have been cut off or changed; write it again.`,
  );
}
