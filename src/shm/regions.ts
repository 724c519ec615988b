/** Allocates the regions, or attaches to ones that another thread allocated. */
import { assert } from '../util/assert.ts';
import {
  type Capacities,
  type Cell,
  DEFAULT_CAPACITIES,
  type LAYOUT,
  REGION_NAMES,
  type RegionName,
} from './layout.ts';
import {
  type ColumnPlan,
  HEADER_BYTES,
  Header,
  LAYOUT_VERSION,
  MAGIC_HIGH,
  MAGIC_LOW,
  planRegion,
  type RegionPlan,
} from './plan.ts';

/** The typed array of a column. */
export type ColumnArray<C extends Cell> = C extends 'u8'
  ? Uint8Array
  : C extends 'u16'
    ? Uint16Array
    : C extends 'i16'
      ? Int16Array
      : C extends 'u32'
        ? Uint32Array
        : C extends 'i32'
          ? Int32Array
          : Float64Array;

/** A region as its columns. */
export type RegionColumns<R extends RegionName> = {
  readonly [C in keyof (typeof LAYOUT)[R]]: (typeof LAYOUT)[R][C] extends { readonly cell: Cell }
    ? ColumnArray<(typeof LAYOUT)[R][C]['cell']>
    : never;
};

/** What `workerData` carries: plain data, the buffers shared. */
export interface RegionHandles {
  readonly capacities: Capacities;
  readonly buffers: Readonly<Record<RegionName, ArrayBufferLike>>;
}

/** All regions, and the handles to give to another thread. */
export type Regions = { readonly [R in RegionName]: RegionColumns<R> } & {
  readonly capacities: Capacities;
  readonly handles: RegionHandles;
};

/**
 * Allocates every region once, at start-up; nothing is touched, so nothing is resident yet.
 *
 * @param shared false builds them on plain memory, for tests and simulations in one thread
 */
export function createRegions(capacities: Partial<Capacities> = {}, shared = true): Regions {
  const full: Capacities = { ...DEFAULT_CAPACITIES, ...capacities };
  const buffers = REGION_NAMES.map((name) => {
    const plan = planRegion(name, full);
    const buffer = shared ? new SharedArrayBuffer(plan.bytes) : new ArrayBuffer(plan.bytes);
    writeHeader(buffer, plan);
    return [name, buffer] as const;
  });
  return attachRegions({
    capacities: full,
    buffers: Object.fromEntries(buffers) as Record<RegionName, ArrayBufferLike>,
  });
}

/** Views of regions that another thread allocated. @errors AssertionError when they differ from ours */
export function attachRegions(handles: RegionHandles): Regions {
  const columns = REGION_NAMES.map((name) => {
    const plan = planRegion(name, handles.capacities);
    const buffer = handles.buffers[name];
    checkHeader(buffer, plan);
    return [name, columnsOf(buffer, plan)] as const;
  });
  return {
    ...(Object.fromEntries(columns) as unknown as { [R in RegionName]: RegionColumns<R> }),
    capacities: handles.capacities,
    handles,
  };
}

function writeHeader(buffer: ArrayBufferLike, plan: RegionPlan): void {
  const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4);
  header[Header.MAGIC_LOW] = MAGIC_LOW;
  header[Header.MAGIC_HIGH] = MAGIC_HIGH;
  header[Header.VERSION] = LAYOUT_VERSION;
  header[Header.CHECKSUM] = plan.checksum;
  header[Header.REGION] = plan.number;
  header[Header.BYTES] = plan.bytes;
}

function checkHeader(buffer: ArrayBufferLike | undefined, plan: RegionPlan): void {
  assert(buffer !== undefined, `region ${plan.name}: no buffer`);
  assert(
    buffer.byteLength === plan.bytes,
    `region ${plan.name}: ${buffer.byteLength} bytes instead of ${plan.bytes}`,
  );
  const header = new Uint32Array(buffer, 0, HEADER_BYTES / 4);
  const expected = [
    ['magic', Header.MAGIC_LOW, MAGIC_LOW],
    ['magic', Header.MAGIC_HIGH, MAGIC_HIGH],
    ['layout version', Header.VERSION, LAYOUT_VERSION],
    ['layout checksum', Header.CHECKSUM, plan.checksum],
    ['region number', Header.REGION, plan.number],
    ['total bytes', Header.BYTES, plan.bytes],
  ] as const;
  for (const [what, word, value] of expected) {
    assert(
      header[word] === value,
      `region ${plan.name}: ${what} is ${header[word]} instead of ${value}`,
    );
  }
}

function columnsOf(buffer: ArrayBufferLike, plan: RegionPlan): Record<string, unknown> {
  return Object.fromEntries(plan.columns.map((c) => [c.name, columnArray(buffer, c)]));
}

function columnArray(buffer: ArrayBufferLike, { cell, at, cells }: ColumnPlan): unknown {
  switch (cell) {
    case 'u8':
      return new Uint8Array(buffer, at, cells);
    case 'u16':
      return new Uint16Array(buffer, at, cells);
    case 'i16':
      return new Int16Array(buffer, at, cells);
    case 'u32':
      return new Uint32Array(buffer, at, cells);
    case 'i32':
      return new Int32Array(buffer, at, cells);
    case 'f64':
      return new Float64Array(buffer, at, cells);
  }
}
