/** The nodes of a frame, as a table that fits. */
import type { LivenessVerdict } from '../../api/liveness.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import { countText } from '../figures.ts';
import { shortKey } from './panels.ts';
import type { Sort, WatchState } from './state.ts';
import { type Column, type Line, type Role, row, type Span, span } from './text.ts';

const LIFE_ROLES: Readonly<Record<LivenessVerdict, Role>> = {
  alive: 'good',
  quiet: 'text',
  stale: 'dim',
  unreachable: 'bad',
  contradictory: 'warn',
};

interface NodeColumn extends Column {
  readonly sort: Sort;
  /** Leaves when there is no room, the highest first; 0 stays. */
  readonly spare: number;
  readonly cell: (node: NodeInfo, elapsedMs: number, width: number) => string | Span;
}

const ago = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes}m` : `${Math.round(minutes / 60)}h`;
};

const LONG_KEY = 44;
const SHORT_KEY = 9;

const KEY: NodeColumn = {
  head: 'Identity',
  width: LONG_KEY,
  sort: 'key',
  spare: 0,
  cell: (n, _, width) => shortKey(n.pubkey, width),
};

const STAKE: NodeColumn = {
  head: 'Stake, SOL',
  width: 11,
  right: true,
  sort: 'stake',
  spare: 0,
  cell: (n) => (n.stake === null || n.stake === 0 ? '-' : countText(n.stake)),
};

const COLUMNS: readonly NodeColumn[] = [
  { head: 'Gossip', width: 21, sort: 'address', spare: 3, cell: (n) => n.gossip ?? '-' },
  { head: 'Version', width: 12, sort: 'version', spare: 0, cell: (n) => n.version },
  { head: 'Client', width: 13, sort: 'client', spare: 0, cell: (n) => n.client },
  {
    head: 'Life',
    width: 11,
    sort: 'life',
    spare: 4,
    cell: (n) => {
      const verdict = n.liveness?.verdict;
      if (verdict === undefined) return n.proved ? 'proved' : span('unproved', 'dim');
      return span(verdict, LIFE_ROLES[verdict]);
    },
  },
  {
    head: 'Ping',
    width: 7,
    right: true,
    sort: 'life',
    spare: 5,
    cell: (n) => {
      const answered = n.liveness?.evidence.answered;
      if (!answered) return '-';
      const ms = Math.round(answered.roundTripMs);
      return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`;
    },
  },
  {
    head: 'Since',
    width: 5,
    right: true,
    sort: 'since',
    spare: 6,
    cell: (n, elapsedMs) => ago(elapsedMs - n.firstSeenMs),
  },
  {
    head: 'Seen',
    width: 4,
    right: true,
    sort: 'seen',
    spare: 2,
    cell: (n, elapsedMs) => ago(elapsedMs - n.lastSeenMs),
  },
];

const widthOfAll = (columns: readonly Column[]): number =>
  columns.reduce((sum, { width }) => sum + width + 2, -2);

/** Columns for a width: keys are cut before anything leaves. */
function chooseColumns(width: number, isStakeKnown: boolean): readonly NodeColumn[] {
  let columns = [KEY, ...(isStakeKnown ? [STAKE] : []), ...COLUMNS];
  if (widthOfAll(columns) > width) columns = [{ ...KEY, width: SHORT_KEY }, ...columns.slice(1)];
  while (widthOfAll(columns) > width) {
    const most = columns.reduce((found, c) => (c.spare > found.spare ? c : found));
    if (most.spare === 0) break;
    columns = columns.filter((c) => c !== most);
  }
  return columns;
}

/**
 * Nodes that were filtered and sorted before.
 *
 * @param total how many there are without a filter
 */
export function nodeLines(
  state: WatchState,
  nodes: readonly NodeInfo[],
  elapsedMs: number,
  width: number,
  height: number,
  scroll: number,
): Line[] {
  const { sort, isReversed, filter } = state;
  const columns = chooseColumns(
    width,
    nodes.some(({ stake }) => stake !== null),
  );
  const arrow = isReversed ? '▲' : '▼';
  const heads = columns.map((column) => {
    const isSorted = column.sort === sort && column.head !== 'Ping';
    const text =
      isSorted && column.head.length < column.width ? `${column.head}${arrow}` : column.head;
    return span(text, isSorted ? 'chosen' : 'head');
  });
  const room = Math.max(0, height - 2);
  const first = Math.min(scroll, Math.max(0, nodes.length - room));
  const shown = nodes.slice(first, first + room);
  const place = nodes.length > room ? `${first + 1} to ${first + shown.length} of ` : '';
  const found = filter === '' ? '' : ` of ${countText(state.nodes.length)} with "${filter}"`;
  return [
    [
      span('Nodes ', 'head'),
      span(
        `${place}${countText(nodes.length)}${found}, by ${sort}${isReversed ? ', reversed' : ''}`,
        'dim',
      ),
    ],
    row(columns, heads),
    ...shown.map((node) =>
      row(
        columns,
        columns.map(({ cell, width: own }) => cell(node, elapsedMs, own)),
      ),
    ),
  ].slice(0, height);
}
