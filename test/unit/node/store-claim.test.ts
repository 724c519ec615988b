import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { CLAIM_NAME, claimStore, FOREIGN_MS } from '../../../src/node/store-claim.ts';
import { ManualClock, SystemClock } from '../../../src/util/clock.ts';

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'earshot-claim-'));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

/** What a claim of ours says, with something else in it. */
async function claimLike(path: string, other: Record<string, unknown>): Promise<void> {
  const claim = await claimStore(path, SystemClock);
  const found = JSON.parse(readFileSync(join(path, CLAIM_NAME), 'utf8')) as object;
  await claim?.release();
  writeFileSync(join(path, CLAIM_NAME), JSON.stringify({ ...found, ...other }));
}

/** Lets a clock run for as long as something takes. */
async function during<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let isDone = false;
  const done = work.finally(() => {
    isDone = true;
  });
  done.catch(() => {});
  while (!isDone) {
    clock.advance(500);
    await new Promise<void>((resolve) => SystemClock.soon(resolve));
  }
  return await done;
}

describe('the claim on a store', () => {
  it('is had by one at a time, and leaves nothing behind', async () => {
    const path = folder();
    const claim = await claimStore(path, SystemClock);
    await expect(claimStore(path, SystemClock)).rejects.toMatchObject({
      code: 'STORE_IN_USE',
      message: expect.stringMatching(`runs already \\(process ${process.pid}, for 0 min\\)`),
    });
    await claim?.release();
    const next = await claimStore(path, SystemClock);
    await claim?.release(); // what is another's stays
    expect(readdirSync(path)).toEqual([CLAIM_NAME]);
    await next?.release();
    expect(readdirSync(path)).toEqual([]);
  });

  const stale = [
    { name: 'a process that is gone', other: { pid: 2 ** 22 + 1 } },
    { name: 'a process whose number another has by now', other: { start: '1' } },
  ];
  for (const { name, other } of stale) {
    it(`is taken from ${name}`, async () => {
      const path = folder();
      await claimLike(path, other);
      const claim = await claimStore(path, SystemClock);
      expect(readdirSync(path)).toEqual([CLAIM_NAME]);
      await claim?.release();
    });
  }

  it('of another machine is waited for, then taken', async () => {
    for (const text of ['{"pid":7,"start":"1","where":"elsewhere","sinceMs":0}', 'broken']) {
      const path = folder();
      writeFileSync(join(path, CLAIM_NAME), text);
      const clock = new ManualClock();
      const startedMs = clock.monoMs();
      const claim = await during(clock, claimStore(path, clock));
      expect(clock.monoMs() - startedMs).toBeGreaterThanOrEqual(FOREIGN_MS);
      await claim?.release();
    }
  });

  it('of another machine that goes on renewing it stays', async () => {
    const path = folder();
    await claimLike(path, { where: 'elsewhere' });
    const clock = new ManualClock();
    let renewed = 1;
    const cancel = clock.every(3_000, () => utimesSync(join(path, CLAIM_NAME), ++renewed, renewed));
    await expect(during(clock, claimStore(path, clock))).rejects.toThrow(/another machine/);
    cancel();
  });

  it('is not needed where nothing can be written', async () => {
    expect(await claimStore(join(folder(), 'nowhere'), SystemClock)).toBeUndefined();
  });

  it('is had by one of many that come at once', async () => {
    const path = folder();
    await claimLike(path, { start: '1' });
    const all = await Promise.allSettled(
      Array.from({ length: 8 }, () => claimStore(path, SystemClock)),
    );
    const claims = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(claims).toHaveLength(1);
    await claims[0]?.release();
  });
});
