import type { Line, Role } from './text.ts';

/** Select graphic rendition, as every terminal of the last thirty years knows it. */
const COLOURS: Readonly<Record<Role, string>> = {
  text: '',
  title: '7',
  head: '1',
  dim: '2',
  bar: '36',
  good: '32',
  bad: '31',
  warn: '33',
  chosen: '1;36',
};

/** Without colours, for those who asked for none: https://no-color.org */
const PLAIN: Readonly<Record<Role, string>> = {
  ...COLOURS,
  bar: '',
  good: '',
  bad: '',
  warn: '1',
  chosen: '1',
};

/** A line as a terminal takes it. */
export function paint(spans: Line, isColoured: boolean): string {
  const styles = isColoured ? COLOURS : PLAIN;
  return spans
    .map(({ text, role }) => (styles[role] === '' ? text : `\x1b[${styles[role]}m${text}\x1b[0m`))
    .join('');
}
