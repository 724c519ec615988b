import { describe, expect, it } from 'vitest';
import { findViolation } from '../../../src/crds/invariants.ts';
import { RowCopy } from '../../../src/crds/view.ts';
import { PLACE_BYTES, SMALL_PLACE_BYTES } from '../../../src/shm/layout.ts';
import { TableState } from '../../../src/shm/table-cells.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { makeTable, upsert, value } from './harness.ts';

const ROWS = 64;
const small = (capacities = { tableRows: ROWS }) => makeTable({ capacities });

describe('places of values', () => {
  it('the largest value of the small places and the next larger one lie apart', () => {
    const table = small();
    upsert(table, value({ index: 1, length: SMALL_PLACE_BYTES }));
    upsert(table, value({ index: 2, length: SMALL_PLACE_BYTES + 1 }));
    expect([...table.view.columns.place.subarray(0, 2)]).toEqual([0, ROWS * SMALL_PLACE_BYTES]);
  });

  it('votes take no memory of the large places', () => {
    const table = small();
    for (let index = 0; index < 30; index++) upsert(table, value({ index, length: 421 }));
    expect(table.view.columns.state[TableState.LARGE_HIGH_WATER]).toBe(0);
    expect(table.view.columns.state[TableState.SMALL_HIGH_WATER]).toBe(30);
  });

  it('a value keeps its place while the size stays, and moves when it changes', () => {
    const table = small();
    const { place } = table.view.columns;
    const put = (wallclock: number, length: number): number => {
      expect(upsert(table, value({ wallclock, length }))).toBeGreaterThanOrEqual(
        Outcome.VALUE_UPDATED,
      );
      return place[0]!;
    };
    const large = ROWS * SMALL_PLACE_BYTES;
    expect([100, 448, 449, 1_188, 100, 1_188, 448].map((length, i) => put(1 + i, length))).toEqual([
      0,
      0,
      large,
      large,
      0,
      large,
      0,
    ]);
    expect(findViolation(table, { decode: false })).toBeUndefined();
  });

  it('there is room for a table of large values behind one of small ones', () => {
    const table = small();
    for (const length of [300, 1_188, 448]) {
      for (let index = 0; index < ROWS; index++) {
        const one = value({ index, origin: index % 8, length, wallclock: 1_000 + length });
        upsert(table, one);
      }
      for (let row = 0; row < ROWS; row++) if (table.view.columns.length[row]) table.remove(row, 1);
    }
    expect(table.size).toBe(0);
    expect(findViolation(table, { decode: false })).toBeUndefined();
    const { state, bytes } = table.view.columns;
    expect(state[TableState.SMALL_HIGH_WATER]).toBeLessThanOrEqual(ROWS);
    expect(bytes.length).toBe(ROWS * (SMALL_PLACE_BYTES + PLACE_BYTES));
  });

  it('every value is read back as it was put, whatever came, changed and left', () => {
    const table = small();
    const rng = seededRng(11);
    const copy = new RowCopy();
    const held = new Map<string, Uint8Array>();
    for (let step = 0; step < 3_000; step++) {
      const [origin, index] = [rng.below(6), rng.below(9)];
      const name = `${origin} ${index}`;
      const row = table.find(1, index, value({ origin }).bytes, 4);
      if (row >= 0 && rng.unit() < 0.3) {
        table.remove(row, step);
        held.delete(name);
        continue;
      }
      const length = 60 + rng.below(1_129);
      const one = value({ origin, index, length, wallclock: step, salt: rng.below(200) });
      upsert(table, one);
      held.set(name, one.bytes);
      if (step % 150 > 0) continue;
      expect(findViolation(table, { decode: false })).toBeUndefined();
      for (const [which, bytes] of held) {
        const [o, i] = which.split(' ').map(Number) as [number, number];
        table.view.copyRow(table.find(1, i, value({ origin: o }).bytes, 4), copy);
        expect(copy.bytes.subarray(0, copy.length)).toEqual(bytes);
      }
    }
  });
});
