import { type Span, span } from './layout.ts';

const ROW_BYTES = 16;
const NARROW_ROW_BYTES = 8;
/** Columns that a row of 16 takes at the depth of a value's fields. */
const ROW_COLUMNS = 66;
const CONTEXT_BYTES = 8;

function hex(bytes: Uint8Array, at: number): string {
  return bytes[at]!.toString(16).padStart(2, '0');
}

/** A span of a packet as rows of hex, each with the offset of its first byte; `mark` stands out. */
export function dumpRows(
  bytes: Uint8Array,
  at: number,
  end: number,
  columns: number,
  mark?: number,
): Span[][] {
  const rows: Span[][] = [];
  const rowBytes = columns < ROW_COLUMNS ? NARROW_ROW_BYTES : ROW_BYTES;
  for (let start = at; start < end; start += rowBytes) {
    const row: Span[] = [span('number', String(start).padStart(5)), ' '];
    for (let i = start; i < Math.min(end, start + rowBytes); i++) {
      row.push(i === mark ? span('bad', `[${hex(bytes, i)}]`) : span('dim', ` ${hex(bytes, i)}`));
    }
    rows.push(row);
  }
  return rows;
}

/** The bytes around the one at fault, with brackets around it; a fault may lie behind the last byte. */
export function faultContext(bytes: Uint8Array, at: number): Span[] {
  const from = Math.max(0, at - CONTEXT_BYTES);
  const to = Math.min(bytes.length, at + 1 + CONTEXT_BYTES);
  const before = Array.from({ length: Math.min(at, bytes.length) - from }, (_, i) =>
    hex(bytes, from + i),
  );
  const after = Array.from({ length: Math.max(0, to - at - 1) }, (_, i) => hex(bytes, at + 1 + i));
  if (from > 0) before.unshift('…');
  if (to < bytes.length) after.push('…');
  return [
    before.length > 0 ? `${before.join(' ')} ` : '',
    span('bad', at < bytes.length ? `[${hex(bytes, at)}]` : '[end]'),
    after.length > 0 ? ` ${after.join(' ')}` : '',
  ];
}
