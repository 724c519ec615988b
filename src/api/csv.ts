/**
 * Comma-separated values as RFC 4180 describes them, except that lines end in LF, as everything else that
 * a command prints. Writing is one function and reading a page: there is no need for a library.
 */

/** What can stand in a cell. */
export type Cell = string | number | boolean | null;

/** One line without its end; cells with commas, quotes or line ends are quoted, null is empty. */
export function csvLine(cells: readonly Cell[]): string {
  return cells
    .map((cell) => {
      const text = cell === null ? '' : String(cell);
      return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
    })
    .join(',');
}

/** Cells of a record that was read, and the line of the file on which it began, from 1. */
export interface CsvRecord {
  readonly line: number;
  readonly cells: readonly string[];
}

/** Longest record that is read: a value with everything about it takes a hundredth. */
const MAX_RECORD_LETTERS = 1 << 20;

/** Puts records together out of lines: a quoted cell may hold line ends. */
export class CsvReader {
  #lines = 0;
  #open = '';
  #openedAt = 0;

  /**
   * Takes the next line of the file, without its end.
   *
   * @returns the record that ends here, `undefined` while a quoted cell is open
   * @throws RangeError for a record without end
   */
  push(line: string): CsvRecord | undefined {
    this.#lines++;
    if (this.#open === '') this.#openedAt = this.#lines;
    const text = this.#open === '' ? line : `${this.#open}\n${line}`;
    // Each quote opens or closes, doubled ones do both: an odd number leaves a cell open.
    if ((text.split('"').length - 1) % 2 === 1) {
      if (text.length > MAX_RECORD_LETTERS) throw new RangeError('a quoted cell without end');
      this.#open = text;
      return undefined;
    }
    this.#open = '';
    return { line: this.#openedAt, cells: cellsOf(text.replace(/\r$/, '')) };
  }

  /** Line on which a record began that has not ended, 0 for none. */
  get unfinished(): number {
    return this.#open === '' ? 0 : this.#openedAt;
  }
}

/** The cells of a whole record. */
function cellsOf(text: string): string[] {
  const cells: string[] = [];
  for (let at = 0; at <= text.length; ) {
    const [whole = '', quoted, plain = ''] =
      /^(?:"((?:[^"]|"")*)"|([^,]*))/.exec(text.slice(at)) ?? [];
    cells.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    at += whole.length + 1;
  }
  return cells;
}
