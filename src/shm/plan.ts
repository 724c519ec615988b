/** Where the columns of each region lie, for given capacities, and what its header says about it. */
import { assert } from '../util/assert.ts';
import {
  type Capacities,
  CELL_BYTES,
  type Cell,
  type ColumnSpec,
  dimensions,
  LAYOUT,
  MAX_TABLE_ROWS,
  REGION_NAMES,
  type RegionName,
} from './layout.ts';

/** Bytes before the first column. */
export const HEADER_BYTES = 64;
/** "EARS" and "HOT1" read as little-endian words. */
export const MAGIC_LOW = 0x53524145;
export const MAGIC_HIGH = 0x31544f48;
/** Raised whenever the meaning of a column changes without its shape changing. */
export const LAYOUT_VERSION = 1;

/** Words of the header. */
export const Header = Object.freeze({
  MAGIC_LOW: 0,
  MAGIC_HIGH: 1,
  VERSION: 2,
  CHECKSUM: 3,
  REGION: 4,
  BYTES: 5,
});

/** One column of one region, for given capacities. */
export interface ColumnPlan {
  readonly name: string;
  readonly cell: Cell;
  readonly at: number;
  /** Cells, over all rows. */
  readonly cells: number;
}

/** One region for given capacities. */
export interface RegionPlan {
  readonly name: RegionName;
  readonly number: number;
  readonly bytes: number;
  readonly columns: readonly ColumnPlan[];
  /** Over names, types and offsets: two programs that disagree about any of them differ here. */
  readonly checksum: number;
}

/** Works out where everything lies. @errors AssertionError for capacities that cannot work */
export function planRegion(name: RegionName, capacities: Capacities): RegionPlan {
  checkCapacities(capacities);
  const rowsOf = dimensions(capacities);
  const columns: ColumnPlan[] = [];
  let at = HEADER_BYTES;
  for (const [columnName, spec] of Object.entries<ColumnSpec>(LAYOUT[name])) {
    const cells = rowsOf[spec.rows] * spec.stride;
    columns.push({ name: columnName, cell: spec.cell, at, cells });
    at = Math.ceil((at + cells * CELL_BYTES[spec.cell]) / 64) * 64;
  }
  const text = columns.map((c) => `${c.name} ${c.cell} ${c.at} ${c.cells}`).join('\n');
  return {
    name,
    number: REGION_NAMES.indexOf(name),
    bytes: at,
    columns,
    checksum: fnv1a(`${name} ${at}\n${text}`),
  };
}

/** Bytes of all regions together. */
export function totalBytes(capacities: Capacities): number {
  return REGION_NAMES.reduce((sum, name) => sum + planRegion(name, capacities).bytes, 0);
}

function checkCapacities(capacities: Capacities): void {
  for (const [name, value] of Object.entries(capacities)) {
    const whole = Number.isInteger(value) && value >= 1 && value <= 2 ** 24;
    assert(whole && (value & (value - 1)) === 0, `${name} must be a power of two, not ${value}`);
  }
  assert(
    capacities.tableRows <= MAX_TABLE_ROWS,
    `a table has at most ${MAX_TABLE_ROWS} rows, not ${capacities.tableRows}`,
  );
}

/** FNV-1a, 32 bits. @source http://www.isthe.com/chongo/tech/comp/fnv/ */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
