import type { Measured } from './measure.ts';

/** The middle one of several measurements, figure by figure. */
export function median(runs: readonly Measured[]): Measured {
  const [first] = runs;
  if (!first) throw new Error('nothing was measured');
  const middle = (pick: (one: Measured) => number | undefined): number => {
    const sorted = runs.map((one) => pick(one) ?? Number.NaN).sort((a, b) => a - b);
    return sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  };
  const each = (pick: (one: Measured) => Readonly<Record<string, number>>) => {
    const names = new Set(runs.flatMap((one) => Object.keys(pick(one))));
    return Object.fromEntries(
      [...names].map((name) => [name, middle((one) => pick(one)[name] ?? 0)]),
    );
  };
  return {
    ...first,
    rate: middle((one) => one.rate),
    lost: middle((one) => one.lost),
    shed: each((one) => one.shed),
    values: middle((one) => one.values),
    verified: middle((one) => one.verified),
    table: middle((one) => one.table),
    missing: middle((one) => one.missing),
    exact: first.exact === undefined ? undefined : runs.every(({ exact }) => exact === true),
    cpu: each((one) => one.cpu),
    cpuTotal: middle((one) => one.cpuTotal),
    bySecond: first.bySecond.map((_, i) => middle((one) => one.bySecond[i])),
    loopP50Ms: middle((one) => one.loopP50Ms),
    loopP99Ms: middle((one) => one.loopP99Ms),
    rssBytes: middle((one) => one.rssBytes),
    warmSeconds: middle((one) => one.warmSeconds),
  };
}

const HEADINGS = [
  'load',
  'node',
  'datagrams',
  'lost',
  'shed',
  'values in',
  'verified',
  'table',
  'missing',
  'main',
  'receive',
  'pool',
  'engine',
  'CPU s/M',
  'loop p50/p99 ms',
  'RSS MB',
];

/** A generator that managed less than this of what was asked of it had too little of the machine. */
export const LATE_SHARE = 0.97;

/** All measurements as one table. */
export function renderTable(results: readonly Measured[]): string {
  const rows = [HEADINGS, ...results.map(cells)];
  const widths = HEADINGS.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => (i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

function cells(one: Measured): string[] {
  const { cpu, target } = one;
  const role = (name: string): string => (target === 'agave' ? '' : seconds(cpu[name] ?? 0));
  const late = one.rate < LATE_SHARE * one.wanted ? ' (late)' : '';
  return [
    one.row,
    target === 'agave' ? 'Agave' : 'Earshot',
    `${count(one.sent)}${late}`,
    share(one.lost, one.sent),
    shedCell(one.shed),
    count(one.values),
    count(one.verified),
    count(one.table),
    `${count(one.missing)}${one.exact === false && one.missing === 0 ? ' stale' : ''}`,
    role('main'),
    role('receive'),
    role('pool'),
    role('engine'),
    seconds(one.cpuTotal),
    one.loopP50Ms === undefined || Number.isNaN(one.loopP50Ms)
      ? ''
      : `${one.loopP50Ms.toFixed(1)}/${(one.loopP99Ms ?? Number.NaN).toFixed(1)}`,
    (one.rssBytes / 1e6).toFixed(0),
  ];
}

function shedCell(shed: Readonly<Record<string, number>>): string {
  const classes = Object.entries(shed).filter(([, n]) => n > 0);
  if (classes.length === 0) return '0';
  return classes
    .map(
      ([name, n]) =>
        `${count(n)} ${name
          .replace(/^SHED_/, '')
          .toLowerCase()
          .replaceAll('_', ' ')}`,
    )
    .join(', ');
}

/** How ours compares with the other, load by load. */
export function renderRatios(results: readonly Measured[]): string[] {
  const lines: string[] = [];
  for (const theirs of results.filter(({ target }) => target === 'agave')) {
    const ours = results.find(({ row, target }) => row === theirs.row && target === 'ours');
    if (!ours) continue;
    const ratio = (ours.cpuTotal / theirs.cpuTotal).toFixed(2);
    const memory = (ours.rssBytes / theirs.rssBytes).toFixed(2);
    lines.push(
      `${ours.row}: CPU per datagram ${ratio} of Agave's, memory ${memory}; lost ${lossOf(ours)} against ${lossOf(theirs)}, missing ${count(ours.missing)} against ${count(theirs.missing)}`,
    );
  }
  return lines;
}

/** How each target warmed up: the first second, the second, the tenth, the last. */
export function renderWarmUp(results: readonly Measured[]): string[] {
  return results.flatMap(({ row, target, bySecond }) => {
    if (bySecond.length < 10) return [];
    const at = (second: number): string => seconds(bySecond[second - 1] ?? Number.NaN);
    const last = bySecond.length;
    return [
      `${row} ${target === 'agave' ? 'Agave' : 'Earshot'}: CPU s/M in the 1st second ${at(1)}, 2nd ${at(2)}, 10th ${at(10)}${last > 10 ? `, ${last}th ${at(last)}` : ''}`,
    ];
  });
}

const count = (n: number): string => (Number.isNaN(n) ? '' : Math.round(n).toLocaleString('en'));
const seconds = (s: number): string => s.toFixed(s < 10 ? 2 : 1);

/** Lost by the kernel, and dropped by the node itself. */
function lossOf({ lost, shed, sent }: Measured): string {
  const own = Object.values(shed).reduce((sum, n) => sum + n, 0);
  return own === 0 ? share(lost, sent) : `${share(lost, sent)} and ${share(own, sent)} shed`;
}

function share(part: number, whole: number): string {
  if (part === 0) return '0';
  const percent = (part / whole) * 100;
  return `${percent.toFixed(percent < 1 ? 2 : 1)} %`;
}
