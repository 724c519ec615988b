/**
 * Draws what stands on a terminal as SVG, for the documentation: what `tmux capture-pane -ep` prints comes
 * in, a drawing goes out.
 *
 *     tmux capture-pane -ep -t earshot | node dist/scripts/frame-svg.js > docs/watch-80.svg
 */
import { readFileSync } from 'node:fs';

const LETTER_WIDTH = 8;
const LINE_HEIGHT = 17;
const MARGIN = 12;
const BACKGROUND = '#12161c';
const FOREGROUND = '#d6dbe2';

/** Colours by their number in SGR, dark enough for neither and light enough for both eyes and print. */
const COLOURS: Readonly<Record<number, string>> = {
  31: '#f2777a',
  32: '#8fce6b',
  33: '#f0c05a',
  36: '#58b8d0',
};

/** How letters are drawn from a place on. */
interface Style {
  readonly isBold: boolean;
  readonly isDim: boolean;
  readonly isReversed: boolean;
  readonly colour: string | undefined;
}

const PLAIN: Style = { isBold: false, isDim: false, isReversed: false, colour: undefined };

function change(style: Style, code: number): Style {
  if (code === 0) return PLAIN;
  if (code === 1) return { ...style, isBold: true };
  if (code === 2) return { ...style, isDim: true };
  if (code === 7) return { ...style, isReversed: true };
  if (code === 22) return { ...style, isBold: false, isDim: false };
  if (code === 27) return { ...style, isReversed: false };
  if (code === 39) return { ...style, colour: undefined };
  return COLOURS[code] === undefined ? style : { ...style, colour: COLOURS[code] };
}

const inMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** Blocks are drawn as boxes: fonts leave gaps between them. */
const BLOCKS = ' ▏▎▍▌▋▊▉█';
const LEVELS = ' ▁▂▃▄▅▆▇█';

function box(letter: string, x: number, y: number, fill: string): string | undefined {
  const width = BLOCKS.indexOf(letter);
  const height = LEVELS.indexOf(letter);
  if (width <= 0 && height <= 0) return undefined;
  const w = width > 0 ? (LETTER_WIDTH * width) / 8 : LETTER_WIDTH - 1;
  const h = width > 0 ? LINE_HEIGHT - 5 : ((LINE_HEIGHT - 4) * height) / 8;
  return `<rect x="${x}" y="${y + LINE_HEIGHT - 2 - h}" width="${w}" height="${h}" fill="${fill}"/>`;
}

/** Draws text in one style. */
function run(text: string, style: Style, column: number, row: number): string {
  const x = MARGIN + column * LETTER_WIDTH;
  const y = MARGIN + row * LINE_HEIGHT;
  const ink = style.colour ?? FOREGROUND;
  const [fill, back] = style.isReversed ? [BACKGROUND, ink] : [ink, undefined];
  let drawn = '';
  if (back !== undefined) {
    drawn += `<rect x="${x}" y="${y}" width="${text.length * LETTER_WIDTH}" height="${LINE_HEIGHT}" fill="${back}"/>`;
  }
  const letters = [...text].map((letter, i) => {
    const shape = box(letter, x + i * LETTER_WIDTH, y, fill);
    drawn += shape ?? '';
    return shape === undefined ? letter : ' ';
  });
  if (letters.join('').trim() === '') return drawn;
  const weight = style.isBold ? ' font-weight="bold"' : '';
  const dim = style.isDim ? ' opacity="0.6"' : '';
  const width = text.length * LETTER_WIDTH;
  return `${drawn}<text x="${x}" y="${y + 13}" fill="${fill}" textLength="${width}" xml:space="preserve"${weight}${dim}>${inMarkup(letters.join(''))}</text>`;
}

const ESC = String.fromCharCode(27);
const SEQUENCE = new RegExp(`(${ESC}\\[[\\d;]*m)`);

const lines = readFileSync(0, 'utf8').replace(/\n$/, '').split('\n');
let drawing = '';
let columns = 0;
let style = PLAIN;
for (const [row, line] of lines.entries()) {
  let column = 0;
  for (const part of line.split(SEQUENCE)) {
    if (SEQUENCE.test(part)) {
      for (const code of part.slice(2, -1).split(';')) style = change(style, Number(code));
    } else if (part !== '') {
      drawing += `${run(part, style, column, row)}\n`;
      column += [...part].length;
    }
  }
  columns = Math.max(columns, column);
}
const width = columns * LETTER_WIDTH + 2 * MARGIN;
const height = lines.length * LINE_HEIGHT + 2 * MARGIN;
process.stdout.write(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="13">\n<title>earshot spy --watch</title>\n<rect width="100%" height="100%" rx="6" fill="${BACKGROUND}"/>\n${drawing}</svg>\n`,
);
