import { styleText } from 'node:util';

/** What a piece of text is, which decides its colour. */
export type Ink = 'plain' | 'strong' | 'name' | 'key' | 'number' | 'dim' | 'good' | 'bad';

/** A piece of a line in one ink. */
export type Span = string | { readonly text: string; readonly ink: Ink };

/** A field with its value, or a heading with fields below it. */
export interface TreeNode {
  readonly name: string;
  readonly value: readonly Span[];
  /** Lines below the value that are kept as they are, such as rows of a dump. */
  readonly rows?: readonly (readonly Span[])[];
  readonly children?: readonly TreeNode[];
}

/** What lines are written on. */
export interface Page {
  /** Columns of the terminal; Infinity where nobody watches. */
  readonly columns: number;
  readonly colour: boolean;
}

const COLOURS = {
  strong: 'bold',
  name: 'cyan',
  key: 'yellow',
  number: 'magenta',
  dim: 'dim',
  good: 'green',
  bad: 'red',
} as const;

/** Room that a value keeps however deep it stands in a narrow terminal. */
const NARROWEST = 16;
/** Names of siblings are padded to the longest of them, up to this. */
const WIDEST_NAME = 16;

/** A piece of text in an ink. */
export const span = (ink: Ink, text: string): Span => ({ text, ink });

/** How many columns a line takes: all that is printed here is one column wide. */
export function widthOf(spans: readonly Span[]): number {
  return spans.reduce((sum, one) => sum + textOf(one).length, 0);
}

/** A line with its colours, or without where the page has none. */
export function paint(spans: readonly Span[], page: Page): string {
  return spans
    .map((one) => {
      if (typeof one === 'string' || one.ink === 'plain' || !page.colour) return textOf(one);
      return styleText(COLOURS[one.ink], one.text, { validateStream: false });
    })
    .join('');
}

/** Cuts a line to the page, with an ellipsis in place of what is missing. */
export function cut(spans: readonly Span[], columns: number): readonly Span[] {
  if (widthOf(spans) <= columns) return spans;
  const kept: Span[] = [];
  let room = Math.max(1, columns - 1);
  for (const one of spans) {
    const text = textOf(one).slice(0, room);
    kept.push(span(inkOf(one), text));
    room -= text.length;
    if (room === 0) break;
  }
  return [...kept, '…'];
}

/** Breaks a line at spaces into lines of at most `columns`; what has no space is broken anywhere. */
export function wrap(spans: readonly Span[], columns: number): Span[][] {
  const lines: Span[][] = [[]];
  let used = 0;
  for (const one of spans) {
    // A word keeps the spaces before it, so that spacing survives inside a line.
    for (const word of textOf(one).match(/ *[^ ]+| +$/g) ?? []) {
      let rest = word;
      if (used > 0 && used + rest.length > columns) {
        trimLast(lines.at(-1)!);
        lines.push([]);
        used = 0;
        rest = rest.trimStart();
      }
      for (; rest.length > columns; rest = rest.slice(columns)) {
        lines.at(-1)!.push(span(inkOf(one), rest.slice(0, columns)));
        lines.push([]);
        used = 0;
      }
      lines.at(-1)!.push(span(inkOf(one), rest));
      used += rest.length;
    }
  }
  return lines;
}

/** Takes spaces off the end of a line. */
function trimLast(line: Span[]): void {
  const last = line.pop();
  if (last !== undefined) line.push(span(inkOf(last), textOf(last).trimEnd()));
}

/** Draws fields as an indented tree: names of siblings aligned, long values continued below themselves. */
export function renderTree(nodes: readonly TreeNode[], page: Page, indent = ''): string[] {
  const leaves = nodes.filter((node) => !node.children && node.name.length <= WIDEST_NAME);
  const nameWidth = Math.max(0, ...leaves.map((node) => node.name.length));
  return nodes.flatMap((node, index) => {
    const last = index === nodes.length - 1;
    const below = `${indent}${last ? '   ' : '│  '}`;
    const name = node.children ? node.name : node.name.padEnd(nameWidth);
    const lead = name === '' ? '' : `${name}  `;
    const hang = `${below}${node.children ? '   ' : ' '.repeat(lead.length)}`;
    // The first line of a heading starts behind its name, the others further left.
    const first = node.children ? [span('strong', lead), ...node.value] : node.value;
    const room = Math.max(
      NARROWEST,
      page.columns - (node.children ? below : hang).length - (node.children ? 3 : 0),
    );
    const [top = [], ...more] = wrap(first, room);
    const start = span('dim', `${indent}${last ? '└─ ' : '├─ '}`);
    const head = node.children ? [start, ...top] : [start, span('name', lead), ...top];
    return [
      paint(head, page).trimEnd(),
      ...more.map((line) => paint([span('dim', hang), ...line], page)),
      ...(node.rows ?? []).map((row) => paint([span('dim', below), ...row], page)),
      ...renderTree(node.children ?? [], page, below),
    ];
  });
}

function textOf(one: Span): string {
  return typeof one === 'string' ? one : one.text;
}

function inkOf(one: Span): Ink {
  return typeof one === 'string' ? 'plain' : one.ink;
}
