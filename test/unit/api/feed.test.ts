import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/api/change.ts';
import { Feed } from '../../../src/api/feed.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { rowOf, type TestValue } from '../crds/harness.ts';
import { Bench, believe, START_MS, truth, vote } from './observed.ts';

describe('a feed', () => {
  /** Takes everything that is ready. */
  async function takeAll(feed: Feed, buffer: SharedArrayBuffer): Promise<Change[]> {
    const changes: Change[] = [];
    feed.end();
    for (;;) {
      const bytes = await feed.take();
      if (bytes < 0) return changes;
      const text = Buffer.from(buffer).toString('latin1', 0, bytes);
      expect(text.endsWith('\n')).toBe(true);
      changes.push(
        ...text
          .trimEnd()
          .split('\n')
          .map((line) => JSON.parse(line) as Change),
      );
    }
  }

  it('begins with what there is, and says so when that is not for the first time', async () => {
    const bench = new Bench({}, [vote(1, 0), vote(2, 1)]);
    const buffer = new SharedArrayBuffer(4_096);
    const first = new Feed(bench.observer.mirror, buffer, () => 5, false);
    const again = new Feed(bench.observer.mirror, buffer, () => 5, true);
    const inserts = [
      { operation: 'insert', kind: 'Vote', index: 0, at: START_MS + 1 },
      { operation: 'insert', kind: 'Vote', index: 1, at: START_MS + 1 },
    ];
    expect(await takeAll(first, buffer)).toMatchObject(inserts);
    expect(await takeAll(again, buffer)).toMatchObject([{ operation: 'reset', at: 5 }, ...inserts]);
  });

  it('lets a listener wait until something happens', async () => {
    const bench = new Bench();
    const buffer = new SharedArrayBuffer(4_096);
    const feed = new Feed(bench.observer.mirror, buffer, () => 5, false);
    bench.observer.follow(feed);
    let bytes = 0;
    const taking = feed.take().then((n) => {
      bytes = n;
    });
    bench.look();
    await Promise.resolve();
    expect(bytes).toBe(0);
    bench.put(vote(1, 0));
    bench.look();
    await taking;
    expect(bytes).toBeGreaterThan(100);
    const last = feed.take();
    feed.end();
    expect(await last).toBe(-1);
  });

  // Whatever happens to the table, whenever the listener takes, however small its buffers are: it ends
  // with the table, and never hears what cannot follow what it heard before.
  const sizes = [
    { name: 'enough for what waits', buffer: 65_536, queue: 30_000, journal: 1_024 },
    { name: 'a tiny buffer', buffer: 700, queue: 1 << 20, journal: 1_024 },
    { name: 'a tiny queue', buffer: 700, queue: 1_500, journal: 1_024 },
    { name: 'a tiny journal', buffer: 2_000, queue: 1 << 20, journal: 4 },
    { name: 'everything tiny', buffer: 700, queue: 1_500, journal: 4 },
  ];
  for (const { name, buffer: size, queue, journal } of sizes) {
    it(`is consistent with ${name}`, async () => {
      let resets = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const rng = seededRng(seed);
        const any = (): TestValue => vote(1 + rng.below(4), rng.below(6), rng.below(1_000));
        const bench = new Bench({ journalEntries: journal }, [any(), any(), any(), any()]);
        const buffer = new SharedArrayBuffer(size);
        const feed = new Feed(bench.observer.mirror, buffer, () => 5, false, queue);
        bench.observer.follow(feed);
        const belief = new Map<string, string>();
        for (let step = 0; step < 400; step++) {
          const v = any();
          if (rng.below(3) > 0) bench.put(v);
          else if (rowOf(bench.table, v) >= 0) bench.drop(v);
          if (rng.below(4) === 0) bench.look();
          // Only when something is there, or the answer would be waited for.
          if (rng.below(8) > 0) continue;
          bench.put(vote(4, 5, 1_000 + step));
          bench.look();
          const bytes = await feed.take();
          const text = Buffer.from(buffer).toString('latin1', 0, bytes);
          believe(
            belief,
            text
              .trimEnd()
              .split('\n')
              .map((line) => JSON.parse(line)),
          );
        }
        bench.table.journal.publish();
        bench.observer.drain();
        believe(belief, await takeAll(feed, buffer));
        expect(belief, `${name}, seed ${seed}`).toEqual(truth(bench.table.view));
        resets += feed.skipped > 0 ? 1 : 0;
      }
      expect(resets > 0, name).toBe(queue < 10_000);
    });
  }
});
