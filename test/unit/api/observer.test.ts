import { describe, expect, it } from 'vitest';
import { OBSERVER_THREAD, POLL_MS } from '../../../src/api/observer-api.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { LINE_I32 } from '../../../src/shm/layout.ts';
import { beginWrite, endWrite } from '../../../src/shm/seqlock.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { key } from '../crds/harness.ts';
import { Peer } from '../node/peer.ts';
import { recordedLines } from '../wire/recorded.ts';
import { Bench, believe, START_MS, storeReal, truth, vote } from './observed.ts';

describe('an observer tells', () => {
  const cases: { name: string; happens: ((b: Bench) => void)[]; tells: string[][] }[] = [
    {
      name: 'what came in and what changed',
      happens: [(b) => b.put(vote(1, 0)), (b) => b.put(vote(1, 0, 2))],
      tells: [['insert Vote 0 of 1 at 1'], ['update Vote 0 of 1 at 2']],
    },
    {
      name: 'only the latest of several in one look',
      happens: [
        (b) => {
          for (const at of [1, 2, 3]) b.put(vote(1, 0, at));
        },
      ],
      tells: [['insert Vote 0 of 1 at 3']],
    },
    {
      name: 'what left, as it was',
      happens: [(b) => b.put(vote(1, 5)), (b) => b.drop(vote(1, 5))],
      tells: [['insert Vote 5 of 1 at 1'], ['remove Vote 5 of 1 at 1']],
    },
    {
      name: 'nothing of what came and went between two looks',
      happens: [
        (b) => {
          b.put(vote(1, 0));
          b.drop(vote(1, 0));
        },
      ],
      tells: [[]],
    },
    {
      name: 'both values of a row that was used again',
      happens: [
        (b) => b.put(vote(1, 0)),
        (b) => {
          b.drop(vote(1, 0));
          b.put(vote(2, 3));
        },
      ],
      tells: [['insert Vote 0 of 1 at 1'], ['remove Vote 0 of 1 at 1', 'insert Vote 3 of 2 at 1']],
    },
    {
      name: 'the move of a label before its old row is looked at',
      happens: [
        (b) => {
          b.put(vote(1, 0));
          b.put(vote(2, 0));
        },
        (b) => {
          b.put(vote(1, 0, 2)); // row 0 has the first entry of this look
          b.drop(vote(2, 0)); // row 1
          b.drop(vote(1, 0)); // row 0
          b.put(vote(2, 0, 3)); // the row freed last: 0
        },
      ],
      tells: [
        ['insert Vote 0 of 1 at 1', 'insert Vote 0 of 2 at 1'],
        ['remove Vote 0 of 1 at 1', 'remove Vote 0 of 2 at 1', 'insert Vote 0 of 2 at 3'],
      ],
    },
    {
      name: 'an origin that came back as another row among the peers',
      happens: [
        (b) => b.put(vote(1, 0)),
        (b) => {
          b.drop(vote(1, 0));
          b.put(vote(2, 0));
          b.put(vote(1, 0, 4));
        },
        (b) => b.put(vote(1, 1, 5)),
      ],
      tells: [
        ['insert Vote 0 of 1 at 1'],
        ['remove Vote 0 of 1 at 1', 'insert Vote 0 of 2 at 1', 'insert Vote 0 of 1 at 4'],
        ['insert Vote 1 of 1 at 5'],
      ],
    },
  ];
  for (const { name, happens, tells } of cases) {
    it(name, () => {
      const bench = new Bench();
      const told = happens.map((happen) => {
        happen(bench);
        return bench.look();
      });
      expect(told, name).toEqual(tells);
      expect(bench.observer.mirror.size, name).toBe(bench.table.size);
    });
  }
});

describe('an observer', () => {
  it('knows what was there before it, and tells only what is new', () => {
    const bench = new Bench({}, [vote(1, 0), vote(2, 0)]);
    expect(bench.look()).toEqual([]);
    expect(bench.observer.status()).toMatchObject({ values: 2, nodes: 2, kinds: { Vote: 2 } });
  });

  it('keeps one node of each key, wherever among the peers it comes back', () => {
    const bench = new Bench({}, [vote(1, 0)]);
    bench.drop(vote(1, 0));
    bench.look();
    bench.put(vote(2, 0)); // has the place of 1 for a moment, unseen
    bench.put(vote(1, 0));
    bench.drop(vote(2, 0));
    bench.look();
    bench.put(vote(2, 0)); // so that the row which 1 will have is looked at first
    bench.drop(vote(1, 0));
    bench.drop(vote(2, 0));
    bench.put(vote(1, 1)); // back in its first place
    bench.look();
    const { mirror } = bench.observer;
    expect([...mirror.nodes.keys()]).toEqual([toBase58(key(1))]);
    expect(mirror.nodes.get(toBase58(key(1)))?.rows.size).toBe(1);
  });

  it('that was lapped counts the loss and ends with the table all the same', () => {
    const bench = new Bench({ journalEntries: 16 });
    const belief = new Map<string, string>();
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < 40; i++) bench.put(vote(1 + (i % 4), i % 9, round * 100 + i));
      bench.drop(vote(1 + (round % 4), round % 4));
      bench.table.journal.publish();
      bench.observer.poll();
      believe(belief, bench.heard.splice(0));
      expect(belief, `round ${round}`).toEqual(truth(bench.table.view));
    }
    const { lost, resyncs, followed } = bench.observer.status();
    expect(resyncs).toBe(5);
    expect(lost).toBeGreaterThan(100);
    expect(bench.counter(Counter.JOURNAL_LOST)).toBe(lost);
    bench.observer.poll();
    expect(bench.observer.status().followed, 'the rest of the journal').toBeGreaterThan(followed);
    expect(bench.heard, 'tells nothing twice').toEqual([]);
  });

  it('looks again at a row that main was writing', () => {
    const bench = new Bench();
    bench.put(vote(1, 0));
    bench.put(vote(2, 0));
    const { version } = bench.regions.table;
    beginWrite(version, 0);
    expect(bench.look()).toEqual(['insert Vote 0 of 2 at 1']);
    expect(bench.look()).toEqual([]);
    expect(bench.counter(Counter.ROWS_BUSY)).toBe(2);
    endWrite(version, 0);
    expect(bench.look()).toEqual(['insert Vote 0 of 1 at 1']);
    expect(bench.observer.status().busy).toBe(2);
  });

  it('beats and looks every 50 ms until it is stopped', () => {
    const bench = new Bench();
    const beats = (): number => bench.regions.control.heartbeats[OBSERVER_THREAD * LINE_I32]!;
    bench.observer.start();
    bench.put(vote(1, 0));
    bench.table.journal.publish();
    bench.clock.advance(POLL_MS - 1);
    expect(bench.heard).toEqual([]);
    bench.clock.advance(1);
    expect(bench.heard).toHaveLength(1);
    bench.clock.advance(4 * POLL_MS);
    expect(beats()).toBe(5);
    bench.observer.stop();
    bench.clock.advance(4 * POLL_MS);
    expect(beats()).toBe(5);
  });

  it('takes a long journal in turns, without waiting in between', () => {
    const bench = new Bench({ journalEntries: 32_768 });
    bench.observer.start();
    for (let i = 0; i < 10_000; i++) bench.put(vote(1, 0, i));
    bench.table.journal.publish();
    expect(bench.observer.poll()).toBe(true);
    bench.clock.advance(POLL_MS);
    expect(bench.observer.status()).toMatchObject({ followed: 10_000, lost: 0 });
  });

  it('reads contact infos, and counts nodes by version and client', () => {
    const bench = new Bench();
    const [a, b] = [new Peer(1), new Peer(2)];
    storeReal(bench.table, a.contact(), START_MS + 5);
    storeReal(bench.table, b.contact({ port: 0 }), START_MS + 6);
    storeReal(bench.table, a.slots(3), START_MS + 7);
    bench.look();
    const { observer } = bench;
    expect(observer.mirror.change('insert', 0, 0)).toMatchObject({
      at: START_MS + 5,
      kind: 'ContactInfo',
      from: a.address,
      gossip: '198.51.0.2:8001',
      version: '4.4.0',
      client: 'Agave',
      shredVersion: 20_126,
    });
    expect(observer.mirror.change('insert', 1, 0)).toMatchObject({ gossip: null });
    expect(observer.mirror.change('insert', 2, 0)).not.toHaveProperty('version');
    expect(observer.status()).toMatchObject({
      nodes: 2,
      versions: { '4.4.0': 2 },
      clients: { Agave: 2 },
      kinds: { ContactInfo: 2, EpochSlots: 1 },
    });
    bench.table.removeOrigin(a.key, 0, START_MS);
    bench.look();
    expect(observer.status()).toMatchObject({ nodes: 1, values: 1, clients: { Agave: 1 } });
    bench.table.removeOrigin(b.key, 0, START_MS);
    bench.look();
    expect(observer.status()).toMatchObject({ nodes: 0, versions: {}, clients: {}, kinds: {} });
  });

  it('measures how long after its arrival a change was seen', () => {
    const bench = new Bench();
    bench.put(vote(1, 0, 0));
    bench.clock.advance(40);
    bench.look();
    expect(bench.observer.status()).toMatchObject({ lagP50Ms: 40, lagP99Ms: 40 });
  });
});

describe('questions', () => {
  const bench = new Bench();
  const lines = recordedLines('cluster-tables.jsonl.gz').map((line) => JSON.parse(line));
  const kept = new Map<string, Record<string, unknown>>();
  for (const { node: _node, ...line } of lines) {
    const stored = storeReal(bench.table, Buffer.from(line.bytes, 'hex'), START_MS);
    if (stored > -1000 && !kept.has(line.sha256)) kept.set(line.sha256, line);
  }
  bench.look();
  const { observer } = bench;

  it('are answered by page', () => {
    const whole = observer.query({}, 1_000);
    expect(whole.next).toBeNull();
    expect(whole.values).toHaveLength(bench.table.size);
    const paged: unknown[] = [];
    let after = -1;
    for (let pages = 0; ; pages++) {
      const { values, next } = observer.query({ after }, 7);
      paged.push(...values);
      if (next === null) break;
      after = next;
      expect(pages).toBeLessThan(100);
    }
    expect(paged).toEqual(whole.values);
  });

  it('select by kind, origin, version and client', () => {
    const whole = observer.query({}, 1_000).values;
    const contacts = observer.query({ kind: 'ContactInfo' }, 1_000).values;
    expect(contacts.length).toBeGreaterThan(3);
    expect(contacts).toEqual(whole.filter((v) => v.kind === 'ContactInfo'));
    const { versions, clients } = observer.status();
    const [version] = Object.keys(versions);
    const [client] = Object.keys(clients);
    expect(observer.query({ kind: 'ContactInfo', version: version! }, 1_000).values).toHaveLength(
      versions[version!]!,
    );
    expect(observer.query({ kind: 'ContactInfo', client: client! }, 1_000).values).toHaveLength(
      clients[client!]!,
    );
    const from = (whole.find((v) => v.kind === 'Vote')?.['from'] ?? '') as string;
    const ofOne = observer.query({ from, kind: 'Vote' }, 1_000).values;
    expect(ofOne).toEqual(whole.filter((v) => v.kind === 'Vote' && v['from'] === from));
    expect(observer.query({ from: 'nobody' }, 1_000).values).toEqual([]);
  });

  it('a dump has every value as validator code saw it', async () => {
    const dumped: Record<string, unknown>[] = [];
    const pumping = setInterval(() => bench.clock.advance(1), 0);
    for await (const chunk of observer.dump()) {
      for (const line of chunk) dumped.push(JSON.parse(line));
    }
    clearInterval(pumping);
    expect(dumped).toHaveLength(bench.table.size);
    for (const line of dumped) expect(line).toEqual(kept.get(line['sha256'] as string));
  });
});
