import type { Column } from '../api/export-columns.ts';

/** Spaces between columns. */
const GAP = 2;

/** Keys are shortened to so many letters and an ellipsis when a row would not fit. */
const KEY_LETTERS = 9;

/** How a table is fitted to its page. */
export interface TablePage {
  /** Columns of the terminal; infinite where there is none. */
  readonly columns: number;
  /** Names of columns that may go when it is narrow, the least missed first. */
  readonly expendable: readonly string[];
}

/**
 * Rows as a table without rulings: it is read, cut and grepped. Where it does not fit, keys are shortened,
 * then columns left out.
 */
export function renderTable<Row>(
  rows: readonly Row[],
  columns: readonly Column<Row>[],
  page: TablePage,
): string {
  let laid = columns.map((column) => {
    const { head, cell, text } = column;
    const cells = [head, ...rows.map((row) => (text ? text(row) : cellText(cell(row))))];
    return measured({ column, cells, width: 0 });
  });
  const isTooWide = (): boolean =>
    laid.reduce((sum, { width }) => sum + width + GAP, -GAP) > page.columns;
  if (isTooWide()) {
    laid = laid.map((one) => (one.column.name === 'pubkey' ? measured(shortened(one)) : one));
  }
  for (const name of page.expendable) {
    if (!isTooWide()) break;
    laid = laid.filter(({ column }) => column.name !== name);
  }
  return [undefined, ...rows]
    .map((_, line) =>
      laid
        .map(({ cells, width, column }) => {
          const cell = cells[line] ?? '';
          return column.right ? cell.padStart(width) : cell.padEnd(width);
        })
        .join(' '.repeat(GAP))
        .trimEnd(),
    )
    .join('\n');
}

/** What to do about lines that the terminal breaks; undefined when they fit. */
export function tooWide(text: string, columns: number): string | undefined {
  const widest = text.split('\n').reduce((most, line) => Math.max(most, line.length), 0);
  if (widest <= columns) return undefined;
  return `The table takes ${widest} columns and the terminal has ${columns}: widen it, or write to a file.`;
}

interface Laid<Row> {
  readonly column: Column<Row>;
  readonly cells: readonly string[];
  readonly width: number;
}

function measured<Row>(laid: Laid<Row>): Laid<Row> {
  const width = laid.cells.reduce((most, cell) => Math.max(most, cell.length), 0);
  return { ...laid, width };
}

function shortened<Row>({ column, cells }: Laid<Row>): Laid<Row> {
  const [head = '', ...keys] = cells;
  return { column, cells: [head, ...keys.map((key) => `${key.slice(0, KEY_LETTERS)}…`)], width: 0 };
}

function cellText(cell: string | number | boolean | null): string {
  if (cell === null || cell === '') return '-';
  return typeof cell === 'boolean' ? (cell ? 'yes' : 'no') : String(cell);
}
