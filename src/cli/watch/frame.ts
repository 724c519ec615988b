/** The live view as lines: state and size in, exactly as many lines out as there are rows. */
import { type Anatomy, anatomy } from '../../api/anatomy.ts';
import { renderAnatomy } from '../anatomy-text.ts';
import { KEY_HELP } from './keys.ts';
import { nodeLines } from './node-panel.ts';
import { barLines, eventLines, figureLines, kindLines, tallies } from './panels.ts';
import { filterEvents, filterNodes, sortNodesBy } from './select.ts';
import { span as rateSpan, type WatchSample, type WatchState } from './state.ts';
import { beside, fill, type Line, line, span, widthOf } from './text.ts';

/** Columns and rows of a terminal. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Below this nothing is readable any more. */
export const LEAST: Size = { columns: 60, rows: 16 };

/** From this width on, kinds stand beside versions and clients, events beside nodes. */
const WIDE_COLUMNS = 150;

const GAP = 2;

/** Draws a frame: `rows` lines, each exactly `columns` wide. */
export function renderFrame(state: WatchState, size: Size): Line[] {
  const { columns, rows } = size;
  if (columns < LEAST.columns || rows < LEAST.rows) return pad(tooSmall(size), size);
  const found = rateSpan(state);
  const body = { columns, rows: rows - 2 };
  const lines = [titleLine(state, found?.now, columns)];
  if (state.isHelping) lines.push(...helpLines());
  else if (!found) lines.push(line(' '), line(' Listening…'));
  else {
    const traffic = anatomy(found.now.stats.traffic, found.before.stats.traffic);
    lines.push(...bodyLines(state, found.now, traffic, body));
  }
  return [...pad(lines, { columns, rows: rows - 1 }), fill(footer(state, columns), columns)];
}

function pad(lines: readonly Line[], { columns, rows }: Size): Line[] {
  return Array.from({ length: rows }, (_, y) => fill(lines[y] ?? [], columns));
}

function tooSmall({ columns, rows }: Size): Line[] {
  const words = `${columns} × ${rows} is too small: the live view needs ${LEAST.columns} × ${LEAST.rows}. Enlarge the window, or q ends.`;
  const lines: Line[] = [];
  let text = '';
  for (const word of words.split(' ')) {
    if (text.length + word.length + 1 > columns && text !== '') {
      lines.push(line(text, 'warn'));
      text = '';
    }
    text = text === '' ? word : `${text} ${word}`;
  }
  return [...lines, line(text, 'warn')];
}

function titleLine(
  { head, isPaused }: WatchState,
  now: WatchSample | undefined,
  columns: number,
): Line {
  const seconds = Math.floor((now?.elapsedMs ?? 0) / 1000);
  const two = (n: number): string => `${n}`.padStart(2, '0');
  const ran = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;
  const right = ` ${isPaused ? 'PAUSED ' : ''}${ran} `;
  const left = [
    ` Earshot on ${head.cluster}`,
    `shred version ${head.shredVersion}`,
    head.gossip,
    head.identity,
  ];
  let text = left[0]!;
  for (const part of left.slice(1)) {
    if (text.length + part.length + 3 + right.length <= columns) text += ` · ${part}`;
  }
  const room = columns - right.length;
  return [span(`${text.slice(0, room).padEnd(room)}${right}`, 'title')];
}

function footer({ filter, typedOver, sort, view, isHelping }: WatchState, columns: number): Line {
  if (typedOver !== undefined) {
    return [
      span(' filter: ', 'head'),
      span(`${filter}_`, 'chosen'),
      span('  enter keeps it, escape does not', 'dim'),
    ];
  }
  const keys: [string, string][] = isHelping
    ? [['any key', 'back']]
    : [
        ['q', 'end'],
        ['tab', view],
        ['s', `by ${sort}`],
        ['r', 'reverse'],
        ['/', filter === '' ? 'filter' : `"${filter}"`],
        ['p', 'pause'],
        ['?', 'help'],
      ];
  const spans = keys.flatMap(([key, words]) => [
    span(` ${key} `, 'title'),
    span(` ${words} `, 'dim'),
  ]);
  return widthOf(spans) <= columns ? spans : spans.slice(0, 10);
}

function helpLines(): Line[] {
  const width = Math.max(...KEY_HELP.map(([keys]) => keys.length));
  return [
    [],
    line('  Keys', 'head'),
    ...KEY_HELP.map(
      ([keys, words]): Line => [span(`  ${keys.padEnd(width)}  `), span(words, 'dim')],
    ),
    [],
    line('  Figures', 'head'),
    line('  heard   values of accepted datagrams, copies included, over the last 5 seconds', 'dim'),
    line('  new     of these: not in the table, or newer than there', 'dim'),
    line('  kernel  datagrams that the system threw away because we read too late', 'dim'),
    line('  shed    datagrams that we threw away because there was too much to do', 'dim'),
    line('  unsent  datagrams of ours that found no place in the queue', 'dim'),
  ];
}

function bodyLines(state: WatchState, now: WatchSample, traffic: Anatomy, size: Size): Line[] {
  const { columns, rows } = size;
  const { view, filter, scroll } = state;
  if (view === 'traffic') return trafficLines(state, now, traffic, size);
  const lines = figureLines(state, now, traffic, columns);
  if (view === 'events') {
    lines.push(
      [],
      ...eventLines(filterEvents(state.events, filter), columns, rows - lines.length - 1, scroll),
    );
    return lines;
  }
  const nodes = sortNodesBy(filterNodes(state.nodes, filter), state.sort, state.isReversed);
  if (view === 'nodes') {
    lines.push(
      [],
      ...nodeLines(state, nodes, now.elapsedMs, columns, rows - lines.length - 1, scroll),
    );
    return lines;
  }
  const isWide = columns >= WIDE_COLUMNS;
  const mix = tallyMix(state, traffic);
  const needs = {
    bars: 1 + Math.max(mix.versions.length, mix.clients.length),
    kinds: 1 + traffic.kinds.length,
    nodes: 2 + nodes.length,
  };
  const plan = planHeights(rows - lines.length, isWide, needs);
  lines.push(...plan.gap, ...mixLines(mix, columns, plan.bars, plan.kinds), ...plan.gap);
  const events = filterEvents(state.events, filter);
  if (isWide) {
    const nodeWidth = Math.floor((columns - GAP) * 0.62);
    const eventWidth = columns - GAP - nodeWidth;
    const blocks = [
      {
        lines: nodeLines(state, nodes, now.elapsedMs, nodeWidth, plan.nodes, scroll),
        width: nodeWidth,
      },
      { lines: eventLines(events, eventWidth, plan.nodes, 0), width: eventWidth },
    ];
    lines.push(...beside(blocks, GAP));
    return lines;
  }
  const table = nodeLines(state, nodes, now.elapsedMs, columns, plan.nodes, scroll);
  lines.push(...table, ...Array<Line>(Math.max(0, plan.nodes - table.length)).fill([]));
  if (plan.events > 0) lines.push(...eventLines(events, columns, plan.events, 0));
  return lines;
}

interface Heights {
  readonly gap: readonly Line[];
  readonly bars: number;
  readonly kinds: number;
  readonly nodes: number;
  readonly events: number;
}

/** Lines that parts would fill. */
interface Needs {
  readonly bars: number;
  readonly kinds: number;
  readonly nodes: number;
}

/** Versions, clients and kinds grow a little with the window, nodes and events take the rest. */
function planHeights(rows: number, isWide: boolean, needs: Needs): Heights {
  const gap: Line[] = rows >= 26 ? [[]] : [];
  const most = rows >= 34 ? 8 : rows >= 22 ? 6 : 5;
  const kinds = isWide ? 0 : Math.min(needs.kinds, rows >= 34 ? 9 : 5);
  const bars = Math.min(most, isWide ? Math.max(needs.bars, needs.kinds) : needs.bars);
  const rest = Math.max(0, rows - bars - kinds - 2 * gap.length);
  if (isWide || rest < 8) return { gap, bars, kinds, nodes: rest, events: 0 };
  const nodes = Math.min(needs.nodes, rest - Math.max(3, Math.floor(rest / 3)));
  return { gap, bars, kinds, nodes, events: rest - nodes };
}

/** What there is how much of. */
interface Mix {
  readonly versions: readonly (readonly [string, number])[];
  readonly clients: readonly (readonly [string, number])[];
  readonly traffic: Anatomy;
}

function tallyMix(state: WatchState, traffic: Anatomy): Mix {
  const proved = state.nodes.filter((node) => node.proved);
  return {
    versions: tallies(proved, (node) => node.version),
    clients: tallies(proved, (node) => node.client),
    traffic,
  };
}

/** Versions, clients, kinds: side by side where there is room. */
function mixLines(mix: Mix, columns: number, bars: number, kinds: number): Line[] {
  const { versions, clients, traffic } = mix;
  const kindWidth = kinds === 0 ? 86 : 0;
  const gap = kinds === 0 ? 3 : GAP;
  const width = Math.floor((columns - kindWidth - (kinds === 0 ? 2 : 1) * gap) / 2);
  const blocks = [
    { lines: barLines('Versions', versions, width, bars), width },
    { lines: barLines('Clients', clients, width, bars), width },
  ];
  if (kinds > 0) return [...beside(blocks, gap), ...kindLines(traffic, columns, kinds)];
  return beside([...blocks, { lines: kindLines(traffic, kindWidth, bars), width: kindWidth }], gap);
}

function trafficLines(
  state: WatchState,
  now: WatchSample,
  traffic: Anatomy,
  { rows }: Size,
): Line[] {
  const { summary } = now;
  const context = { identity: state.head.identity, nodes: summary.proved + summary.unproved };
  const lines = renderAnatomy(traffic, context).split('\n');
  const first = Math.min(state.scroll, Math.max(0, lines.length - rows));
  return lines.slice(first, first + rows).map((text) => line(text));
}
