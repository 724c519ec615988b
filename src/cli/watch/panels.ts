/** The parts of a frame: each gives lines no wider than it is told. */
import type { Anatomy } from '../../api/anatomy.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import { countText, perSecondText, rateText, ratioText, shareText } from '../figures.ts';
import type { WatchEvent } from './events.ts';
import type { WatchSample, WatchState } from './state.ts';
import {
  bar,
  type Column,
  fill,
  type Line,
  type Role,
  row,
  type Span,
  span,
  sparkline,
  widthOf,
} from './text.ts';

/** Names of kinds as people say them, short enough for a column. */
const KIND_WORDS: Readonly<Record<string, string>> = {
  ContactInfo: 'contact infos',
  Vote: 'votes',
  EpochSlots: 'epoch slots',
  LowestSlot: 'lowest slots',
  DuplicateShred: 'duplicate shreds',
  SnapshotHashes: 'snapshot hashes',
  RestartLastVotedForkSlots: 'restart: last votes',
  RestartHeaviestFork: 'restart: forks',
};

const LABEL_WIDTH = 9;
const FIGURE_WIDTH = 9;

/** A label, its figure, and as many of the details as fit. */
function figure(label: string, value: string, details: readonly Span[], width: number): Line {
  const spans: Span[] = [
    span(label.padEnd(LABEL_WIDTH), 'dim'),
    span(value.padStart(FIGURE_WIDTH), 'head'),
  ];
  for (const [i, detail] of details.entries()) {
    const gap = i === 0 ? '   ' : ' · ';
    if (widthOf(spans) + gap.length + detail.text.length > width) break;
    spans.push(span(gap, 'dim'), detail);
  }
  return spans;
}

/** Nodes, coverage, values, bytes, drops: one line each. */
export function figureLines(
  state: WatchState,
  { summary, coverage, stats }: WatchSample,
  anatomy: Anatomy,
  width: number,
): Line[] {
  const { values, total, packets } = anatomy;
  const known = summary.proved + summary.unproved;
  const lines = [
    figure(
      'Nodes',
      countText(known),
      [
        span(`${countText(summary.validators)} validators`),
        span(`${countText(summary.unproved)} not proved`),
        span(`+${countText(state.joined.length)}`, 'good'),
        span(`−${countText(state.left.length)} in a minute`, 'bad'),
      ],
      width,
    ),
  ];
  if (coverage) {
    const { nodes, low, high, known: marked } = coverage;
    lines.push(
      figure(
        'Coverage',
        shareText(nodes > 0 ? Math.min(1, marked / nodes) : 1),
        [
          span(`of some ${countText(nodes)} that exist`),
          span(
            low === high
              ? 'no more, 95 % sure'
              : `${countText(low)} to ${countText(high)}, 95 % sure`,
          ),
        ],
        width,
      ),
    );
  }
  const heard = heardRates(state);
  lines.push(
    figure(
      'Values',
      countText(summary.values),
      [
        span(`${perSecondText(values.values)}/s heard`),
        span(`${perSecondText(values.fresh)}/s new`),
        span(`${ratioText(values.copies)} copies of each`),
        span(sparkline(heard, Math.min(24, heard.length)), 'bar'),
      ],
      width,
    ),
    figure(
      'Bytes',
      rateText(total.in),
      [
        span('in'),
        span(`${rateText(total.out)} out`),
        span(`${perSecondText(packets.in)} packets/s in`),
        span(`${perSecondText(packets.out)} out`),
      ],
      width,
    ),
    dropLine(stats, anatomy, width),
  );
  return lines;
}

/** Values heard a second, sample by sample. */
function heardRates({ samples }: WatchState): number[] {
  const rates: number[] = [];
  for (let i = 1; i < samples.length; i++) {
    const seconds = (samples[i]!.atMs - samples[i - 1]!.atMs) / 1000;
    const values = samples[i]!.stats.values.received - samples[i - 1]!.stats.values.received;
    rates.push(seconds > 0 ? values / seconds : 0);
  }
  return rates;
}

/** What was lost since the start, and how much of what comes in is refused now. */
function dropLine(stats: WatchSample['stats'], { sorts, packets }: Anatomy, width: number): Line {
  const { kernelDropped, shed } = stats.datagrams;
  const unsent = Object.values(stats.notSent).reduce((sum, n) => sum + n, 0);
  const refused = sorts.find(({ name }) => name === 'refused')?.packetsIn ?? 0;
  const counted = (name: string, count: number): Span =>
    span(`${name} ${countText(count)}`, count > 0 ? 'bad' : 'text');
  const share = packets.in > 0 ? refused / packets.in : 0;
  return figure(
    'Drops',
    countText(kernelDropped + shed + unsent),
    [
      counted('kernel', kernelDropped),
      counted('shed', shed),
      counted('unsent', unsent),
      span(`${shareText(share)} of packets refused`, share > 0.05 ? 'warn' : 'text'),
    ],
    width,
  );
}

/** How many nodes have each name, the most frequent first. */
export function tallies(
  nodes: readonly NodeInfo[],
  of: (node: NodeInfo) => string,
): [string, number][] {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(of(node), (counts.get(of(node)) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** Names with bars of their share; what has no place is one bar at the end. */
export function barLines(
  head: string,
  entries: readonly (readonly [string, number])[],
  width: number,
  height: number,
): Line[] {
  const all = entries.reduce((sum, [, count]) => sum + count, 0);
  const room = Math.max(0, height - 1);
  const shown = entries.length > room ? entries.slice(0, Math.max(0, room - 1)) : entries;
  const rest = entries.slice(shown.length);
  const rows: (readonly [string, number])[] = [...shown];
  if (rest.length > 0 && room > 0) {
    rows.push([`${rest.length} others`, rest.reduce((sum, [, count]) => sum + count, 0)]);
  }
  const nameWidth = Math.min(20, Math.max(8, ...rows.map(([name]) => name.length)));
  const barWidth = Math.max(0, width - nameWidth - 7 - 5 - 2);
  return [
    [span(`${head} `, 'head'), span(`${entries.length}`, 'dim')],
    ...rows.map(([name, count]): Line => {
      const share = all > 0 ? count / all : 0;
      return [
        span(
          fill([span(name)], nameWidth)
            .map((s) => s.text)
            .join(''),
        ),
        span(' '),
        span(bar(share, barWidth), 'bar'),
        span(countText(count).padStart(7)),
        span(shareText(share).padStart(6), 'dim'),
      ];
    }),
  ];
}

/** Kinds of values with what is heard of them. */
export function kindLines({ kinds }: Anatomy, width: number, height: number): Line[] {
  const columns: Column[] = [
    {
      head: kinds.length < height ? 'Values' : `Values, ${height - 1} of ${kinds.length}`,
      width: 19,
    },
    { head: 'in table', width: 8, right: true },
    { head: 'heard/s', width: 8, right: true },
    { head: 'new/s', width: 7, right: true },
    { head: 'copies', width: 6, right: true },
    { head: 'bytes', width: 9, right: true },
  ];
  const used = columns.reduce((sum, column) => sum + column.width + 2, -2);
  const barWidth = width - used - 2;
  return [
    headLine(columns),
    ...kinds.slice(0, Math.max(0, height - 1)).map((kind): Line => {
      const cells = row(columns, [
        KIND_WORDS[kind.kind] ?? kind.kind,
        countText(kind.held.values),
        perSecondText(kind.values),
        perSecondText(kind.fresh),
        ratioText(kind.copies),
        rateText(kind.bytes),
      ]);
      return barWidth < 4 ? cells : [...cells, span('  '), span(bar(kind.share, barWidth), 'bar')];
    }),
  ];
}

const headLine = (columns: readonly Column[]): Line =>
  row(
    columns,
    columns.map(({ head }) => span(head, 'head')),
  );

const clock = (atMs: number): string => new Date(atMs).toISOString().slice(11, 19);

/** What happened, newest first. */
export function eventLines(
  events: readonly WatchEvent[],
  width: number,
  height: number,
  scroll: number,
): Line[] {
  const room = Math.max(0, height - 1);
  const first = Math.min(scroll, Math.max(0, events.length - room));
  const keyWidth = width >= 110 ? 44 : 9;
  return [
    [span('Events ', 'head'), span(`${events.length}, newest first, UTC`, 'dim')],
    ...events.slice(first, first + room).map(({ atMs, sign, role, pubkey, text }): Line => {
      const key = pubkey === undefined ? '' : `${shortKey(pubkey, keyWidth)}  `;
      return [
        span(`${clock(atMs)} `, 'dim'),
        span(`${sign} `, role),
        span(key, 'dim'),
        span(text, textRole(role)),
      ];
    }),
  ];
}

/** Comings and goings have their colour in the sign; what is worth a look all over. */
const textRole = (role: Role): Role => (role === 'warn' ? 'warn' : 'text');

/** A key that is cut says so. */
export const shortKey = (pubkey: string, width: number): string =>
  pubkey.length <= width ? pubkey.padEnd(width) : `${pubkey.slice(0, width - 1)}…`;
