import { expect, it } from 'vitest';
import { JournalWriter } from '../../src/shm/journal.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { createRegions } from '../../src/shm/regions.ts';
import { beginWrite, endWrite } from '../../src/shm/seqlock.ts';
import { many } from '../nightly.ts';
import { readWhile } from './reader.ts';

interface Seen {
  copies: number;
  torn: number;
  caught: number;
  odd: number;
  last: number;
}

it('never lets a reader accept a row that was written meanwhile', async () => {
  const versions = new Int32Array(new SharedArrayBuffer(64));
  const row = new Int32Array(new SharedArrayBuffer(4 * 64));
  let writes = 0;
  const ms = many(300, 1_000);
  const { seen } = await readWhile<Seen>('seqlock-reader.mjs', { versions, row }, ms, () => {
    for (let k = 0; k < 10_000; k++) {
      beginWrite(versions, 0);
      row.fill(++writes);
      endWrite(versions, 0);
    }
  });
  expect(writes).toBeGreaterThan(50_000);
  expect(seen.torn).toBe(0);
  expect(seen.copies).toBeGreaterThan(100);
  expect(seen.last).toBeGreaterThan(0);
  expect(seen.odd + seen.caught, 'they did meet').toBeGreaterThan(0);
});

it('laps a reader of the journal without ever showing it a mixture of entries', async () => {
  interface Followed {
    entries: number;
    lapped: number;
    mixed: number;
    backwards: number;
    lost: number;
  }
  const regions = createRegions({ ...SMALL_CAPACITIES, journalEntries: 2 }, true);
  const writer = new JournalWriter(regions.journal);
  let n = 0;
  const data = { handles: regions.handles };
  const { seen } = await readWhile<Followed>('journal-reader.mjs', data, many(250, 800), () => {
    for (let k = 0; k < 10_000; k++, n++) {
      writer.append(n, ~n, n % 251, n % 241);
      writer.publish();
    }
  });
  expect([seen.mixed, seen.backwards]).toEqual([0, 0]);
  expect(seen.lapped, 'it was lapped').toBeGreaterThan(0);
  expect(seen.lost).toBeGreaterThanOrEqual(seen.lapped);
  expect(seen.entries + seen.lost).toBeLessThanOrEqual(n);
  expect(seen.entries).toBeGreaterThan(0);
});
