import { describe, expect, it } from 'vitest';
import { ChangeFeed } from '../../../src/api/change-feed.ts';
import { type ChangeEvent, ChangeReader } from '../../../src/api/change-reader.ts';
import {
  type ChangeFilter,
  type ChangeKind,
  ChangeLog,
  type ChangeLogOptions,
  type NodeChange,
  type NodeState,
  type Unnumbered,
} from '../../../src/api/changes.ts';
import { seededRng } from '../../../src/util/rng.ts';

const via = { route: 'push', from: 'Sender' } as const;

function state(pubkey: string, gossip = '198.51.100.7:8001', version = '4.0.1'): NodeState {
  const rest = { rpc: null, client: 'Agave', shredVersion: 1, outset: '0' };
  return { pubkey, gossip, version, ...rest, voted: null, snapshot: null };
}

const head = { via, gossip: '198.51.100.7:8001', version: '4.0.1' };
const voted = (pubkey: string, slot: number): Unnumbered => ({
  ...{ ...head, kind: 'voted', pubkey, old: null, new: slot },
});
const moved = (pubkey: string, old: string, now: string): Unnumbered => ({
  ...{ ...head, kind: 'moved', pubkey, old, new: now, gossip: now },
});
const upgraded = (pubkey: string, old: string, now: string): Unnumbered => ({
  ...{ ...head, kind: 'version', pubkey, old, new: now, version: now },
});

/** A log on a clock that stands still, with some nodes. */
function makeLog(options: Partial<ChangeLogOptions> = {}): ChangeLog {
  return new ChangeLog({ states: () => [state('A'), state('B')], nowMs: () => 1_000, ...options });
}

/** Numbers of what a log tells after a number. */
function numbersSince(log: ChangeLog, seq: number, filter: ChangeFilter = {}): number[] | string {
  const found = log.since(seq, filter, 1_000);
  return found.gap ? found.reason : found.changes.map((change) => change.seq);
}

describe('a filter lets through', () => {
  const log = makeLog();
  log.append(
    [
      voted('A', 5), // 1
      moved('A', '198.51.100.7:8001', '203.0.113.9:8001'), // 2
      moved('B', '203.0.113.255:1', '192.0.2.1:8001'), // 3
      upgraded('B', '4.0.1', '4.1.0-beta.2'), // 4
      upgraded('C', '4.01.5', '3.9'), // 5
    ],
    [],
  );
  const cases: { filter: ChangeFilter; numbers: number[] }[] = [
    { filter: {}, numbers: [1, 2, 3, 4, 5] },
    { filter: { kinds: [] }, numbers: [] },
    { filter: { kinds: ['voted', 'version'] }, numbers: [1, 4, 5] },
    { filter: { pubkeys: ['A'] }, numbers: [1, 2] },
    { filter: { pubkeys: ['A', 'B'], kinds: ['moved'] }, numbers: [2, 3] },
    { filter: { version: '4.0.1' }, numbers: [1, 2, 3, 4] },
    { filter: { version: '4.0' }, numbers: [1, 2, 3, 4] },
    { filter: { version: '4.1.0' }, numbers: [4] },
    { filter: { version: '4.01' }, numbers: [5] },
    { filter: { version: '4.1.' }, numbers: [] },
    { filter: { network: '203.0.113.0/24' }, numbers: [2, 3] },
    { filter: { network: '203.0.113.0/25' }, numbers: [2] },
    { filter: { network: '203.0.113.9' }, numbers: [2] },
    { filter: { network: '0.0.0.0/0' }, numbers: [1, 2, 3, 4, 5] },
    { filter: { network: '192.0.0.0/8', kinds: ['moved'], pubkeys: ['B'] }, numbers: [3] },
  ];
  for (const { filter, numbers } of cases) {
    it(JSON.stringify(filter), () => expect(numbersSince(log, 0, filter)).toEqual(numbers));
  }

  for (const network of ['', 'x', '1.2.3', '1.2.3.4/33', '1.2.3.4/-1', '1.2.3.4/8/8', '::/0']) {
    it(`no network ${JSON.stringify(network)}`, () => {
      const refused = expect.objectContaining({ code: 'CHANGES_NETWORK' });
      expect(() => log.since(0, { network }, 9)).toThrow(refused);
      expect(() => log.subscribe({ network }, () => {})).toThrow(refused);
    });
  }
});

describe('a log', () => {
  it('tells a page at a time, and where to go on', () => {
    const log = makeLog();
    log.append([voted('A', 1), upgraded('A', '1', '2'), voted('A', 2), voted('B', 3)], []);
    const first = log.since(0, { kinds: ['voted'] }, 2);
    expect(first).toMatchObject({ changes: [{ seq: 1 }, { seq: 3 }], next: 3 });
    expect(log.since(3, { kinds: ['voted'] }, 2)).toMatchObject({ changes: [{ seq: 4 }], next: 4 });
    expect(log.since(3, { kinds: ['moved'] }, 2)).toEqual({ changes: [], next: 4 });
  });

  it('keeps the last of the frequent kinds and of the others each', () => {
    const log = makeLog({ capacity: 4 });
    log.append([upgraded('A', '1', '2')], []);
    for (let slot = 0; slot < 10; slot++) log.append([voted('A', slot)], []);
    expect([log.oldest, log.latest]).toEqual([8, 11]);
    expect(numbersSince(log, 0, { kinds: ['version'] }), 'nothing of that was lost').toEqual([1]);
    expect(numbersSince(log, 0)).toBe('lost');
    expect(numbersSince(log, 6)).toBe('lost');
    expect(numbersSince(log, 7)).toEqual([8, 9, 10, 11]);
    for (let i = 0; i < 5; i++) log.append([upgraded('A', `${i}`, `${i + 1}`)], []);
    expect(numbersSince(log, 0, { kinds: ['version'] })).toBe('lost');
    expect(numbersSince(log, 1, { kinds: ['version'] })).toBe('lost');
    expect(numbersSince(log, 12, { kinds: ['version'] })).toEqual([13, 14, 15, 16]);
    expect(numbersSince(log, 11)).toBe('lost');
    expect(numbersSince(log, 12)).toEqual([13, 14, 15, 16]);
  });

  it('gives all nodes that are meant instead of what it does not have', () => {
    const log = makeLog({
      lastSeq: 7,
      states: () => [state('A'), state('B', '203.0.113.5:1'), state('C', undefined, '3.1.0')],
    });
    expect(log.since(6, {}, 9)).toMatchObject({ kind: 'gap', since: 6, seq: 7, reason: 'lost' });
    const nodes = (filter: ChangeFilter): string[] => {
      const gap = log.since(0, filter, 9);
      return gap.gap ? gap.nodes.map(({ pubkey }) => pubkey) : [];
    };
    expect(nodes({ kinds: ['moved'] })).toEqual(['A', 'B', 'C']);
    expect(nodes({ pubkeys: ['C'] })).toEqual(['C']);
    expect(nodes({ network: '203.0.113.0/24' })).toEqual(['B']);
    expect(nodes({ version: '3' })).toEqual(['C']);
    expect(log.since(8, {}, 9)).toMatchObject({ gap: true, reason: 'future', seq: 7 });
    expect(log.since(7, {}, 9)).toEqual({ changes: [], next: 7 });
  });

  it('tells subscribers what they want, in batches, until they leave', () => {
    const log = makeLog();
    const heard: number[][] = [];
    const leave = log.subscribe({ kinds: ['voted'] }, (batch) =>
      heard.push(batch.map((c) => c.seq)),
    );
    log.append([voted('A', 1), upgraded('A', '1', '2'), voted('A', 2)], []);
    log.append([upgraded('A', '2', '3')], []);
    log.append([voted('A', 3)], []);
    leave();
    log.append([voted('A', 4)], []);
    expect(heard).toEqual([[1, 3], [5]]);
  });

  it('dates what is old back, but never before what came first', () => {
    let nowMs = 1_000;
    const log = makeLog({ nowMs: () => nowMs });
    log.append([voted('A', 1), voted('A', 2), voted('A', 3)], [40, 60, 10]);
    nowMs = 500;
    log.append([voted('A', 4)], [0]);
    const found = log.since(0, {}, 9);
    expect(found.gap ? [] : found.changes.map(({ at }) => at)).toEqual([960, 960, 990, 990]);
  });
});

describe('a feed of changes', () => {
  /** Reads a feed until nothing more is there. */
  async function drain(feed: ChangeFeed, buffer: SharedArrayBuffer, reader: ChangeReader) {
    const events: ChangeEvent[] = [];
    feed.end();
    for (;;) {
      const length = await feed.take();
      if (length < 0) return events;
      expect(length).toBeLessThanOrEqual(buffer.byteLength);
      events.push(...reader.read(Buffer.from(buffer).toString('latin1', 0, length)));
    }
  }

  it('hands over a gap of any size and goes on behind it', async () => {
    const states = Array.from({ length: 500 }, (_, i) => state(`Node${i}`));
    const log = makeLog({ lastSeq: 9, states: () => states });
    const buffer = new SharedArrayBuffer(2_048);
    const feed = new ChangeFeed(log, buffer, 3, {});
    const reader = new ChangeReader(3);
    const first = feed.take();
    const length = await first;
    const begun = reader.read(Buffer.from(buffer).toString('latin1', 0, length));
    expect(begun, 'no part of a gap').toEqual([]);
    log.append([voted('A', 77)], []);
    const rest = await drain(feed, buffer, reader);
    expect(rest).toMatchObject([
      { kind: 'gap', since: 3, seq: 9, nodes: states },
      { kind: 'voted', seq: 10 },
    ]);
    expect(reader.seq).toBe(10);
  });

  it('waits for what is wanted', async () => {
    const log = makeLog();
    const buffer = new SharedArrayBuffer(4_096);
    const feed = new ChangeFeed(log, buffer, 0, { pubkeys: ['B'] });
    let answers = 0;
    const taken = feed.take().then((length) => {
      answers++;
      return length;
    });
    log.append([voted('A', 1)], []);
    feed.flush();
    await Promise.resolve();
    expect(answers).toBe(0);
    log.append([voted('B', 2)], []);
    feed.flush();
    const text = Buffer.from(buffer).toString('latin1', 0, await taken);
    expect(new ChangeReader(0).read(text)).toMatchObject([{ seq: 2, pubkey: 'B' }]);
  });

  it('loses and doubles nothing over 1,000 disconnects, or says so', async () => {
    const rng = seededRng(42);
    const capacity = 256;
    const log = makeLog({ capacity, states: () => [state('now')] });
    const all: NodeChange[] = [];
    log.subscribe({}, (batch) => all.push(...batch));
    const buffer = new SharedArrayBuffer(4_096);
    let seq = 0;
    let gaps = 0;
    const heard: number[] = [];
    const missed: [number, number][] = [];
    const grow = (count: number): void => {
      for (let i = 0; i < count; i++) {
        const one = rng.below(3) === 0 ? upgraded('B', '1', '2') : voted('A', i);
        log.append(i % 2 === 0 ? [one, voted('A', i)] : [one], []);
      }
    };
    for (let round = 0; round < 1_000; round++) {
      grow(rng.below(20) + (rng.below(50) === 0 ? 2 * capacity : 0));
      const feed = new ChangeFeed(log, buffer, seq, {});
      const reader = new ChangeReader(seq);
      // The connection breaks after some bufferfuls, or before the first.
      for (let takes = rng.below(4); takes > 0 && reader.seq !== log.latest; takes--) {
        const length = await feed.take();
        for (const event of reader.read(Buffer.from(buffer).toString('latin1', 0, length))) {
          if (event.kind === 'gap') {
            gaps++;
            missed.push([event.since, event.seq]);
          } else heard.push(event.seq);
        }
        seq = reader.seq ?? seq;
        grow(rng.below(5));
      }
    }
    const reader = new ChangeReader(seq);
    const rest = await drain(new ChangeFeed(log, buffer, seq, {}), buffer, reader);
    for (const event of rest) if (event.kind !== 'gap') heard.push(event.seq);
    for (const event of rest) if (event.kind === 'gap') missed.push([event.since, event.seq]);
    const isMissed = (n: number): boolean => missed.some(([from, to]) => n > from && n <= to);
    expect(heard).toEqual(all.map((change) => change.seq).filter((n) => !isMissed(n)));
    expect(gaps).toBeGreaterThan(3);
    expect(heard.length).toBeGreaterThan(5_000);
  });
});

/** Every kind is in one ring or the other: a filter for one of them alone finds it. */
it('finds each kind by itself', () => {
  const log = makeLog();
  const kinds: ChangeKind[] = ['voted', 'version'];
  log.append([voted('A', 1), upgraded('A', '1', '2')], []);
  expect(kinds.map((kind) => numbersSince(log, 0, { kinds: [kind] }))).toEqual([[1], [2]]);
});
