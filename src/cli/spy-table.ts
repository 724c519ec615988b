import type { Coverage } from '../api/coverage.ts';
import { LIVENESS, milliseconds } from '../api/liveness.ts';
import type { NodeInfo } from '../api/nodes.ts';

/** Identities are 44 letters; below this width they are shortened so that a row stays one line. */
const WIDE_COLUMNS = 124;

/** Spaces between columns. */
const GAP = 2;

/** What the table is about. */
export interface TableContext {
  /** Columns of the terminal. */
  columns: number;
  /** Milliseconds since our start. */
  elapsedMs: number;
}

interface Column {
  head: string;
  cell: (node: NodeInfo, context: TableContext) => string;
  right?: boolean;
}

const portOf = (address: string | null, gossip: string | null): string => {
  if (address === null) return '-';
  const [ip, port] = address.split(':');
  return ip === gossip?.split(':')[0] ? (port ?? '-') : address;
};

const ago = (ms: number): string => {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds}s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 100 ? `${minutes}m` : `${Math.round(minutes / 60)}h`;
};

const roundTrip = (ms: number | undefined): string => (ms === undefined ? '-' : milliseconds(ms));

/** No format made beforehand: the first one takes 50 ms, for which every start would wait. */
const wholeSol = (sol: number): string => Math.floor(sol).toLocaleString('en-US');

/** Whole SOL; a node without any gets a dash, so that the staked ones stand out. */
const stakeText = (sol: number | null): string => {
  if (sol === null || sol === 0) return '-';
  return sol < 1 ? '<1' : wholeSol(sol);
};

const COLUMNS: readonly Column[] = [
  { head: 'Gossip', cell: (n) => n.gossip ?? '-' },
  {
    head: 'Identity',
    cell: (n, c) => (c.columns >= WIDE_COLUMNS ? n.pubkey : `${n.pubkey.slice(0, 9)}…`),
  },
  { head: 'Stake', cell: (n) => stakeText(n.stake), right: true },
  { head: 'Version', cell: (n) => n.version },
  { head: 'Client', cell: (n) => n.client },
  { head: 'TVU', cell: (n) => portOf(n.tvu, n.gossip), right: true },
  { head: 'RPC', cell: (n) => portOf(n.rpc, n.gossip), right: true },
  { head: 'Seen', cell: (n, c) => ago(c.elapsedMs - n.lastSeenMs), right: true },
  { head: 'Proved', cell: (n) => (n.proved ? 'yes' : 'no') },
  { head: 'Life', cell: (n) => n.liveness?.verdict ?? '-' },
  {
    head: 'Ping',
    cell: (n) => roundTrip(n.liveness?.evidence.answered?.roundTripMs),
    right: true,
  },
];

/** Columns that go first when the terminal is narrow, the least missed first. */
const EXPENDABLE = ['Ping', 'Seen', 'Proved', 'RPC', 'TVU', 'Life', 'Client'];

/**
 * By stake as far as it is known, largest first; then validators and proved addresses first, by version,
 * newest first, and by address.
 */
export function sortNodes(nodes: readonly NodeInfo[]): NodeInfo[] {
  const collator = new Intl.Collator('en', { numeric: true });
  return [...nodes].sort(
    (a, b) =>
      (b.stake ?? 0) - (a.stake ?? 0) ||
      Number(b.proved) - Number(a.proved) ||
      Number(b.tvu !== null) - Number(a.tvu !== null) ||
      collator.compare(b.version, a.version) ||
      collator.compare(a.gossip ?? '', b.gossip ?? '') ||
      collator.compare(a.pubkey, b.pubkey),
  );
}

/**
 * The node table, no line wider than the terminal unless it is narrower than 40 columns. No rulings: it
 * is read, cut and grepped. Table libraries lay 3,700 rows out in seconds, this in milliseconds.
 */
export function renderNodes(nodes: readonly NodeInfo[], context: TableContext): string {
  const rows = sortNodes(nodes);
  const isStakeKnown = nodes.some((n) => n.stake !== null);
  let columns = COLUMNS.filter((c) => c.head !== 'Stake' || isStakeKnown).map((column) => {
    const cells = [column.head, ...rows.map((n) => column.cell(n, context))];
    const width = cells.reduce((most, cell) => Math.max(most, cell.length), 0);
    return { ...column, cells, width };
  });
  for (const head of EXPENDABLE) {
    if (columns.reduce((sum, c) => sum + c.width + GAP, -GAP) <= context.columns) break;
    columns = columns.filter((c) => c.head !== head);
  }
  const lines = [undefined, ...rows].map((_, line) =>
    columns
      .map(({ cells, width, right }) => {
        const cell = cells[line] ?? '';
        return right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join(' '.repeat(GAP))
      .trimEnd(),
  );
  return lines.join('\n');
}

/** Counts by a property, most frequent first: `4.4.0 ×7, 4.3.2 ×1`. */
export function tally(
  nodes: readonly NodeInfo[],
  of: (node: NodeInfo) => string,
  most = 6,
): string {
  const counts = new Map<string, number>();
  for (const node of nodes) counts.set(of(node), (counts.get(of(node)) ?? 0) + 1);
  const sorted = [...counts].sort((a, b) => b[1] - a[1]);
  const shown = sorted.slice(0, most).map(([name, count]) => `${name} ×${count}`);
  const rest = sorted.slice(most).reduce((sum, [, count]) => sum + count, 0);
  if (rest > 0) shown.push(`others ×${rest}`);
  return shown.join(', ');
}

const count = (number: number, noun: string): string =>
  `${number} ${noun}${number === 1 ? '' : 's'}`;

/** How many nodes exist, in words. */
export function coverageText(coverage: Coverage): string {
  const { nodes, low, high, known, samples, captured } = coverage;
  const drawn = `${count(captured, 'node')} drawn in ${count(samples, 'sample')}`;
  const exist =
    low === high
      ? `${count(nodes, 'node')} and no more exist (with 95 % confidence)`
      : `about ${nodes} nodes exist (${low} to ${high} with 95 % confidence)`;
  return `${exist}, ${known} of them known; from ${drawn}`;
}

/** The lines under the table. */
export function renderSummary(
  nodes: readonly NodeInfo[],
  values: number,
  coverage: Coverage | null = null,
): string {
  const proved = nodes.filter((n) => n.proved).length;
  const validators = nodes.filter((n) => n.tvu !== null).length;
  const rpc = nodes.filter((n) => n.rpc !== null).length;
  const lines = [
    `${count(nodes.length, 'node')}: ${proved} answered our ping, ${nodes.length - proved} not yet; ${validators} with TVU, ${rpc} with RPC; ${count(values, 'value')} in the table`,
  ];
  if (coverage) lines.push(`Coverage: ${coverageText(coverage)}`);
  if (nodes.length > 0) {
    lines.push(`Versions: ${tally(nodes, (n) => n.version)}`);
    lines.push(`Clients:  ${tally(nodes, (n) => n.client)}`);
    if (nodes.some((n) => n.liveness)) lines.push(`Life:     ${tallyLife(nodes)}`);
    if (nodes.some((n) => n.stake !== null)) lines.push(`Stake:    ${stakeSummary(nodes)}`);
  }
  return lines.join('\n');
}

/** Verdicts in their own order, since a rare one may be the news. */
function tallyLife(nodes: readonly NodeInfo[]): string {
  const counts = LIVENESS.map((verdict) => ({
    verdict,
    count: nodes.filter((n) => n.liveness?.verdict === verdict).length,
  }));
  const found = counts.filter((one) => one.count > 0);
  return found.map((one) => `${one.verdict} ×${one.count}`).join(', ');
}

function stakeSummary(nodes: readonly NodeInfo[]): string {
  const staked = nodes.filter((n) => (n.stake ?? 0) > 0);
  const sol = staked.reduce((sum, n) => sum + (n.stake ?? 0), 0);
  return `${staked.length} ${staked.length === 1 ? 'node' : 'nodes'} with ${wholeSol(Math.round(sol))} SOL`;
}
