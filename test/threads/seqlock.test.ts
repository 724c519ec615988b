import { expect, it } from 'vitest';
import { beginWrite, endWrite } from '../../src/shm/seqlock.ts';
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
  const { seen } = await readWhile<Seen>('seqlock-reader.mjs', { versions, row }, 1_000, () => {
    for (let k = 0; k < 10_000; k++) {
      beginWrite(versions, 0);
      row.fill(++writes);
      endWrite(versions, 0);
    }
  });
  expect(writes).toBeGreaterThan(500_000);
  expect(seen.torn).toBe(0);
  expect(seen.copies).toBeGreaterThan(100);
  expect(seen.last).toBeGreaterThan(0);
  expect(seen.odd + seen.caught, 'they did meet').toBeGreaterThan(0);
});
