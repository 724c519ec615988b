import { SpyError } from '../util/assert.ts';
import type { Cell } from './csv.ts';
import { compareVersions, originOf } from './export-filter.ts';
import type { NodeInfo } from './nodes.ts';
import type { ValueJson } from './value-json.ts';

/** One column of what is exported: the same name in `--columns`, `--sort`, CSV and JSON. */
export interface Column<Row> {
  readonly name: string;
  /** Over a table. */
  readonly head: string;
  readonly cell: (row: Row) => Cell;
  /** In a table, where that is not the cell. */
  readonly text?: (row: Row) => string;
  /** Numbers stand at the right. */
  readonly right?: boolean;
  /** How rows are sorted by it, where not as numbers or words. */
  readonly compare?: (a: string, b: string) => number;
  /** Its fields in JSON, where the row has it under this name; else the cell. */
  readonly json?: (row: Row) => unknown;
}

type NodeColumn = Column<NodeInfo>;

/** Plain fields of a node: head, and whether they are numbers. */
function field(name: keyof NodeInfo & string, head: string, right = false): NodeColumn {
  return { name, head, right, cell: (node) => node[name] as Cell };
}

const sockets = (node: NodeInfo): string =>
  node.sockets.map(({ key, name, addr, port }) => `${name ?? key}=${addr}:${port}`).join(' ');

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)}s`;

/** Everything that is known of a node. */
export const NODE_COLUMNS: readonly NodeColumn[] = [
  field('pubkey', 'Identity'),
  field('gossip', 'Gossip'),
  { ...field('version', 'Version'), compare: compareVersions },
  field('client', 'Client'),
  field('clientId', 'Client id', true),
  field('commit', 'Commit'),
  field('featureSet', 'Feature set', true),
  field('shredVersion', 'Shreds', true),
  field('stake', 'Stake', true),
  { ...field('proved', 'Proved'), text: ({ proved }) => (proved ? 'yes' : 'no') },
  { name: 'life', head: 'Life', cell: ({ liveness }) => liveness?.verdict ?? null },
  { name: 'because', head: 'Because', cell: ({ liveness }) => liveness?.because ?? null },
  {
    name: 'roundTripMs',
    head: 'Ping',
    right: true,
    cell: ({ liveness }) => liveness?.evidence.answered?.roundTripMs ?? null,
    text: ({ liveness }) => {
      const ms = liveness?.evidence.answered?.roundTripMs;
      return ms === undefined ? '-' : `${ms.toFixed(1)} ms`;
    },
  },
  field('tvu', 'TVU'),
  field('rpc', 'RPC'),
  field('tpuQuic', 'TPU QUIC'),
  {
    ...field('firstSeenMs', 'First seen', true),
    text: ({ firstSeenMs }) => seconds(firstSeenMs),
  },
  { ...field('lastSeenMs', 'Last seen', true), text: ({ lastSeenMs }) => seconds(lastSeenMs) },
  { ...field('wallclock', 'Signed at'), text: ({ wallclock }) => time(wallclock) },
  { ...field('outset', 'Started at'), text: ({ outset }) => time(Number(outset) / 1000) },
  { name: 'sockets', head: 'Sockets', cell: sockets, json: (node) => node.sockets },
];

/** What a table of nodes shows unless told otherwise; stake only when somebody's is known. */
export const NODE_TABLE = [
  'gossip',
  'pubkey',
  'stake',
  'version',
  'client',
  'rpc',
  'proved',
  'life',
];

/** What of a node stands in CSV unless told otherwise. */
export const NODE_CSV = NODE_COLUMNS.map(({ name }) => name);

/** What a row of values is about. */
export const VALUE_COLUMNS: readonly Column<ValueJson>[] = [
  { name: 'kind', head: 'Kind', cell: (value) => value.kind },
  { name: 'pubkey', head: 'Origin', cell: originOf },
  { name: 'index', head: 'Index', right: true, cell: (value) => (value['index'] ?? null) as Cell },
  {
    name: 'wallclock',
    head: 'Signed at',
    cell: wallclockOf,
    text: (value) => time(wallclockOf(value)),
  },
  { name: 'length', head: 'Bytes', right: true, cell: (value) => value.length },
  {
    name: 'sha256',
    head: 'SHA-256',
    cell: (value) => value.sha256,
    text: (value) => `${value.sha256.slice(0, 12)}…`,
  },
  { name: 'content', head: 'Says', cell: gist },
  { name: 'bytes', head: 'Signed bytes', cell: (value) => value.bytes ?? null },
];

/** What a table of values shows unless told otherwise. */
export const VALUE_TABLE = ['kind', 'pubkey', 'index', 'wallclock', 'length', 'content'];

/** What of a value stands in CSV unless told otherwise. */
export const VALUE_CSV = ['kind', 'pubkey', 'index', 'wallclock', 'length', 'sha256', 'content'];

/** When a value was signed, by its origin's clock. @units ms since the Unix epoch */
export function wallclockOf(value: ValueJson): number {
  const contact = value['contactInfo'] as { wallclock?: unknown } | undefined;
  return Number(value['wallclock'] ?? contact?.wallclock ?? 0);
}

/** What a value says, in few words. */
export function gist(value: ValueJson): string {
  const text = (name: string): string => String(value[name] ?? '');
  switch (value.kind) {
    case 'ContactInfo': {
      const { gossip, version } = value['contactInfo'] as {
        gossip: string | null;
        version: { major: number; minor: number; patch: number };
      };
      return `${version.major}.${version.minor}.${version.patch} at ${gossip ?? 'no address'}`;
    }
    case 'Vote':
      return `votes for slot ${(value['voted'] as { slots: string[] }).slots.at(-1) ?? 'none'}`;
    case 'LowestSlot':
      return `has slots from ${text('lowest')}`;
    case 'EpochSlots': {
      const [first] = value['firstSlots'] as string[];
      return `${text('slotCount')} slots${first === undefined ? '' : ` from ${first}`}`;
    }
    case 'DuplicateShred':
      return `slot ${text('slot')}, chunk ${Number(value['chunkIndex']) + 1} of ${text('numChunks')}`;
    case 'SnapshotHashes':
      return `snapshot of slot ${(value['full'] as [string, string])[0]}`;
    case 'RestartLastVotedForkSlots':
      return `voted up to slot ${text('lastVotedSlot')}`;
    default:
      return `heaviest fork at slot ${text('lastSlot')}`;
  }
}

/** UTC to the second; what no clock says is shown as it stands. */
function time(ms: number): string {
  const date = new Date(ms);
  if (!(Math.abs(ms) < 8.64e15)) return String(ms);
  return date.toISOString().slice(0, 19).replace('T', ' ');
}

/** @throws SpyError COLUMN_UNKNOWN, with all there are */
export function chooseColumns<Row>(
  all: readonly Column<Row>[],
  names: readonly string[],
): Column<Row>[] {
  return names.map((name) => {
    const column = all.find((one) => one.name.toLowerCase() === name.trim().toLowerCase());
    if (column) return column;
    throw new SpyError(
      'COLUMN_UNKNOWN',
      `There is no column "${name.trim()}". Choose from ${all.map((one) => one.name).join(', ')}.`,
    );
  });
}

/**
 * Sorts by one column after another, `-` in front for the largest first; rows that are equal stay in order.
 *
 * @throws SpyError COLUMN_UNKNOWN
 */
export function sortRows<Row>(
  rows: readonly Row[],
  all: readonly Column<Row>[],
  names: readonly string[],
): Row[] {
  const orders = names.map((name) => {
    const [column] = chooseColumns(all, [name.trim().replace(/^-/, '')]);
    return { column: column as Column<Row>, sign: name.trim().startsWith('-') ? -1 : 1 };
  });
  return [...rows].sort((a, b) => {
    for (const { column, sign } of orders) {
      const order = compareCells(column.cell(a), column.cell(b), column.compare);
      if (order !== 0) return order * sign;
    }
    return 0;
  });
}

const COLLATOR = new Intl.Collator('en', { numeric: true });

/** What is missing counts as less than all there is. */
function compareCells(a: Cell, b: Cell, compare?: (a: string, b: string) => number): number {
  if (a === null || b === null) return Number(a !== null) - Number(b !== null);
  if (typeof a === 'string' && typeof b === 'string') {
    return compare ? compare(a, b) : COLLATOR.compare(a, b);
  }
  return Number(a) - Number(b);
}

/** A row as JSON with these columns only, under their names. */
export function pick<Row>(row: Row, columns: readonly Column<Row>[]): Record<string, unknown> {
  return Object.fromEntries(
    columns.map(({ name, cell, json }) => [name, json ? json(row) : cell(row)]),
  );
}
