import { describe, expect, it } from 'vitest';
import {
  BATCH_VALUES,
  type Capacities,
  CELL_BYTES,
  DEFAULT_CAPACITIES,
  LAYOUT,
  PLACE_BYTES,
  REGION_NAMES,
  SLOT_BYTES,
  SLOT_VALUES,
  SMALL_CAPACITIES,
} from '../../../src/shm/layout.ts';
import { HEADER_BYTES, Header, planRegion, totalBytes } from '../../../src/shm/plan.ts';
import { attachRegions, createRegions, type RegionHandles } from '../../../src/shm/regions.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { KIND_COUNT, MAX_VALUES, PACKET_BYTES, VALUES_BYTES } from '../../../src/wire/limits.ts';

describe('layout', () => {
  it('agrees with the numbers of the wire that it repeats', () => {
    expect(SLOT_BYTES).toBe(PACKET_BYTES);
    expect(SLOT_VALUES).toBe(MAX_VALUES);
    expect(PLACE_BYTES).toBeGreaterThanOrEqual(VALUES_BYTES);
    expect(PLACE_BYTES % 64).toBe(0);
    const kinds = planRegion('table', SMALL_CAPACITIES).columns.find((c) => c.name === 'kindHead');
    expect(kinds?.cells).toBe(KIND_COUNT);
  });

  for (const capacities of [SMALL_CAPACITIES, DEFAULT_CAPACITIES]) {
    for (const name of REGION_NAMES) {
      it(`${name} of ${capacities.tableRows} rows: columns lie apart, on lines of their own`, () => {
        const plan = planRegion(name, capacities);
        let behind = HEADER_BYTES;
        for (const column of plan.columns) {
          expect(column.at % 64, column.name).toBe(0);
          expect(column.at, column.name).toBeGreaterThanOrEqual(behind);
          behind = column.at + column.cells * CELL_BYTES[column.cell];
        }
        expect(plan.bytes).toBeGreaterThanOrEqual(behind);
        expect(plan.columns.map((c) => c.name)).toEqual(Object.keys(LAYOUT[name]));
      });
    }
  }

  it('reserves what the defaults promise', () => {
    expect(totalBytes(DEFAULT_CAPACITIES)).toBeLessThan(340 * 2 ** 20);
    expect(totalBytes(SMALL_CAPACITIES)).toBeLessThan(10 * 2 ** 20);
  });

  it('gives every shape a checksum of its own', () => {
    const sums = new Set<number>();
    for (const capacities of [SMALL_CAPACITIES, DEFAULT_CAPACITIES]) {
      for (const name of REGION_NAMES) sums.add(planRegion(name, capacities).checksum);
    }
    // Three regions have the same size at any capacity.
    expect(sums.size).toBe(2 * REGION_NAMES.length - 3);
  });

  const refused: { name: string; capacities: Partial<Capacities> }[] = [
    { name: 'no power of two', capacities: { tableRows: 100_000 } },
    { name: 'nothing', capacities: { peerRows: 0 } },
    { name: 'negative', capacities: { batches: -4 } },
    { name: 'a fraction', capacities: { journalEntries: 0.5 } },
    { name: 'no number', capacities: { egressSlots: Number.NaN } },
    { name: 'more rows than a table may have', capacities: { tableRows: 2 ** 21 } },
  ];
  for (const { name, capacities } of refused) {
    it(`refuses capacities: ${name}`, () => {
      expect(() => createRegions({ ...SMALL_CAPACITIES, ...capacities }, false)).toThrow(
        AssertionError,
      );
    });
  }
});

describe('attaching', () => {
  for (const shared of [true, false]) {
    it(`sees the memory that was allocated, ${shared ? 'shared' : 'plain'}`, () => {
      const regions = createRegions(SMALL_CAPACITIES, shared);
      const other = attachRegions(regions.handles);
      regions.table.bytes[5 * PLACE_BYTES] = 77;
      regions.ring.arrival[3] = 1.5;
      expect(other.table.bytes[5 * PLACE_BYTES]).toBe(77);
      expect(other.ring.arrival[3]).toBe(1.5);
      expect(other.records.kind.length).toBe(SMALL_CAPACITIES.batches * BATCH_VALUES);
      expect(regions.table.bytes.buffer instanceof SharedArrayBuffer).toBe(shared);
    });
  }

  it('works with handles that went through a structured clone', () => {
    const regions = createRegions(SMALL_CAPACITIES, false);
    const other = attachRegions(structuredClone(regions.handles));
    expect(other.capacities).toEqual(SMALL_CAPACITIES);
    expect(other.table.version.length).toBe(SMALL_CAPACITIES.tableRows);
  });

  const spoil = (word: number) => (handles: RegionHandles) => {
    new Uint32Array(handles.buffers.table, 0, 16)[word]! += 1;
    return handles;
  };
  const cases: { name: string; says: RegExp; change(handles: RegionHandles): RegionHandles }[] = [
    { name: 'another magic', says: /table: magic/, change: spoil(Header.MAGIC_LOW) },
    { name: 'the rest of the magic', says: /table: magic/, change: spoil(Header.MAGIC_HIGH) },
    { name: 'another version', says: /table: layout version/, change: spoil(Header.VERSION) },
    { name: 'another layout', says: /table: layout checksum/, change: spoil(Header.CHECKSUM) },
    { name: 'another region', says: /table: region number/, change: spoil(Header.REGION) },
    { name: 'another length', says: /table: total bytes/, change: spoil(Header.BYTES) },
    {
      name: 'other capacities than it was made for',
      says: /table: \d+ bytes instead of \d+/,
      change: (handles) => ({ ...handles, capacities: { ...SMALL_CAPACITIES, tableRows: 8192 } }),
    },
    {
      name: 'a region in the place of another of its size',
      says: /purged: /,
      change: ({ capacities, buffers }) => ({
        capacities,
        buffers: { ...buffers, purged: buffers.failed },
      }),
    },
    {
      name: 'a missing buffer',
      says: /journal: no buffer/,
      change: ({ capacities, buffers }) => ({
        capacities,
        buffers: { ...buffers, journal: undefined as unknown as ArrayBuffer },
      }),
    },
  ];
  for (const { name, says, change } of cases) {
    it(`refuses ${name}`, () => {
      const { handles } = createRegions(SMALL_CAPACITIES, false);
      const attach = () => attachRegions(change(handles));
      expect(attach).toThrow(AssertionError);
      const again = createRegions(SMALL_CAPACITIES, false).handles;
      expect(() => attachRegions(change(again))).toThrow(says);
    });
  }
});
