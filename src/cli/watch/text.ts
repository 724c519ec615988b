/**
 * Lines of a frame as spans of text with a role, of a known width. All text is of the printable letters
 * that each take one column: identities, addresses, versions and names from closed lists, figures and the
 * signs below. Whatever else comes from outside goes through `plain` first.
 */

/** What a span is for; how that looks is decided where it is drawn. */
export type Role = 'text' | 'title' | 'head' | 'dim' | 'bar' | 'good' | 'bad' | 'warn' | 'chosen';

/** Text in one role. */
export interface Span {
  readonly text: string;
  readonly role: Role;
}

/** One line, from left to right. */
export type Line = readonly Span[];

/** A span of text. */
export const span = (text: string, role: Role = 'text'): Span => ({ text, role });

/** A line in one role. */
export const line = (text: string, role: Role = 'text'): Line => [span(text, role)];

/** Columns that a line takes. */
export const widthOf = (spans: Line): number =>
  spans.reduce((sum, { text }) => sum + text.length, 0);

/** What stands there, without roles: what tests compare, and what a plain log shows. */
export const textOf = (spans: Line): string => spans.map(({ text }) => text).join('');

/** Replaces whatever might not take one column, or steer the terminal. */
export const plain = (text: string): string => text.replace(/[^\x20-\x7e…·×–—→↑↓−▼▲]/gu, '?');

/** Cuts a text to a width, with a sign that it was. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text;
  return width <= 0 ? '' : `${text.slice(0, width - 1)}…`;
}

/** Makes a line exactly so wide. */
export function fill(spans: Line, width: number): Line {
  const fitted: Span[] = [];
  let left = width;
  for (const { text, role } of spans) {
    if (text.length > left) {
      fitted.push(span(cut(text, left), role));
      left = 0;
      break;
    }
    fitted.push(span(text, role));
    left -= text.length;
  }
  if (left > 0) fitted.push(span(' '.repeat(left)));
  return fitted;
}

/** Lays blocks side by side, each as wide as said, with gaps in between. */
export function beside(
  blocks: readonly { readonly lines: readonly Line[]; readonly width: number }[],
  gap: number,
): Line[] {
  const height = Math.max(0, ...blocks.map(({ lines }) => lines.length));
  return Array.from({ length: height }, (_, y) =>
    blocks.flatMap(({ lines, width }, i) => {
      const spans = fill(lines[y] ?? [], width);
      return i === 0 ? [...spans] : [span(' '.repeat(gap)), ...spans];
    }),
  );
}

/** A column of a table of spans. */
export interface Column {
  readonly head: string;
  /** Columns of the terminal that it takes. */
  readonly width: number;
  readonly right?: boolean;
}

/** One row of cells by columns: each cut or padded to its column, divided by two spaces. */
export function row(columns: readonly Column[], cells: readonly (string | Span)[]): Line {
  return columns.map(({ width, right }, i) => {
    const cell = cells[i] ?? '';
    const { text, role } = typeof cell === 'string' ? span(cell) : cell;
    const short = cut(text, width);
    const padded = right ? short.padStart(width) : short.padEnd(width);
    return span(i === 0 ? padded : `  ${padded}`, role);
  });
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;

/** A bar of a share of a width; what is there at all shows. */
export function bar(share: number, width: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * width * 8);
  const shown = share > 0 ? Math.max(1, eighths) : 0;
  return `${'█'.repeat(Math.floor(shown / 8))}${EIGHTHS[shown % 8]}`.padEnd(width);
}

const LEVELS = [...'▁▂▃▄▅▆▇█'];

/** The last so many figures as a line of bars, the highest reaching the top. */
export function sparkline(figures: readonly number[], width: number): string {
  const shown = figures.slice(-width);
  const most = Math.max(...shown, 0);
  return shown
    .map((figure) => (most <= 0 ? LEVELS[0] : LEVELS[Math.min(7, Math.floor((figure / most) * 8))]))
    .join('')
    .padStart(width);
}
