import { expect, it } from 'vitest';
import { findViolation } from '../../src/crds/invariants.ts';
import { CrdsTable, Route } from '../../src/crds/table.ts';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { createRegions } from '../../src/shm/regions.ts';
import { seededRng } from '../../src/util/rng.ts';
import { many } from '../nightly.ts';
import { readWhile } from './reader.ts';

interface Seen {
  copies: number;
  torn: number;
  busy: number;
  free: number;
  entries: number;
  lost: number;
  found: number;
  wrongOrigin: number;
}

it('lets another thread copy rows untorn while values come, change and go', async () => {
  const capacities = { ...SMALL_CAPACITIES, tableRows: 64, peerRows: 16, journalEntries: 1_024 };
  const regions = createRegions(capacities, true);
  const table = new CrdsTable(regions, { xxhash: await loadXxhash(), hashSeed: 77 });
  const rng = seededRng(3);
  const origins = new Uint8Array(8 * 32);
  rng.fill(origins);
  const bytes = new Uint8Array(1_188);
  const words = new Int32Array(bytes.buffer);
  const hash = new Int32Array(8);
  const hashBytes = new Uint8Array(hash.buffer);
  let mark = 0;
  let removed = 0;
  const write = (): void => {
    for (let k = 0; k < 500; k++) {
      mark++;
      const origin = rng.below(8);
      const index = rng.below(4);
      words.fill(mark);
      hash.fill(mark);
      bytes.set(origins.subarray(origin * 32, origin * 32 + 32), 4);
      const length = 40 + 4 * rng.below(287);
      table.upsert(bytes, 0, length, 1, index, 4, mark, 0, 0, hashBytes, 0, mark, Route.PUSH);
      if (k % 20 === 0) removed += table.removeOrigin(origins, rng.below(8) * 32, mark);
      table.journal.publish();
    }
  };
  write();
  const data = { handles: regions.handles, origins };
  const { seen } = await readWhile<Seen>('table-reader.mjs', data, many(300, 1_200), write);
  expect(mark).toBeGreaterThan(5_000);
  expect(removed).toBeGreaterThan(100);
  expect(seen.torn).toBe(0);
  expect(seen.wrongOrigin).toBe(0);
  expect(seen.copies).toBeGreaterThan(100);
  expect(seen.found, 'labels were found').toBeGreaterThan(0);
  expect(seen.entries, 'the journal was followed').toBeGreaterThan(100);
  expect(findViolation(table, { decode: false })).toBeUndefined();
});
