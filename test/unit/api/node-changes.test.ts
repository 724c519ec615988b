import { describe, expect, it } from 'vitest';
import type { NodeChange, NodeState } from '../../../src/api/changes.ts';
import { Observer } from '../../../src/api/observer.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { type ContactInfoSocket, writeContactInfo } from '../../../src/wire/contact-info-encode.ts';
import type { ValueData } from '../../../src/wire/decoded.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { buildTowerSync } from '../../../src/wire/vote-transaction.ts';
import { peers, TestNode, xxhash } from '../node/harness.ts';
import { type ContactWishes, type Peer, START_MS } from '../node/peer.ts';
import { Bench, storeReal } from './observed.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** The first change of a spy that starts when the clock does. */
const FIRST = START_MS * 1_000 + 1;

/** A real node with an observer of its memory, in one thread. */
class Watched {
  readonly test = new TestNode();
  readonly observer: Observer;
  #seq: number;

  constructor() {
    this.test.meet(bob);
    this.observer = this.observe();
    this.#seq = this.observer.changes.latest;
  }

  observe(): Observer {
    return new Observer(this.test.parts.regions, xxhash, this.test.clock);
  }

  /** Bob pushes a contact info of Alice, who is where she says. */
  contact(wishes: ContactWishes = {}): void {
    this.test.clock.advance(1_000);
    const wallclock = this.test.clock.wallMs();
    const { ip, port } = { ip: wishes.ip ?? alice.ip, port: wishes.port ?? alice.port };
    this.test.from(bob, bob.push(alice.contact({ wallclock, ...wishes })));
    for (const ping of this.test.takeOnly('Ping')) {
      if (ping.ip === ip && ping.port === port)
        this.test.from({ ip, port }, alice.pong(ping.bytes));
    }
  }

  /** Alice pushes a value of her own. */
  value(data: (wallclock: number) => ValueData): void {
    this.test.clock.advance(1_000);
    this.test.from(alice, alice.push(alice.value(data(this.test.clock.wallMs()))));
  }

  /** @returns what happened since the last look */
  look(): readonly NodeChange[] {
    this.observer.poll();
    const found = this.observer.changes.since(this.#seq, {}, 1_000);
    if (found.gap) throw new Error('a gap');
    this.#seq = found.next;
    return found.changes;
  }
}

const rpc = (port: number): ContactInfoSocket => ({ key: 2, ip: alice.ip, port });
const gossip: ContactInfoSocket = { key: 0, ip: alice.ip, port: alice.port };
const OLD_OUTSET = '1786000000000000';
const from = alice.address;
const keyText = 'Vote111111111111111111111111111111111111111';

/** A vote of Alice's as validators cast it. */
function vote(index: number, slots: readonly number[], root: number | null = 5) {
  return (wallclock: number): ValueData => {
    const transaction = buildTowerSync(() => new Uint8Array(64).fill(1), {
      identity: from,
      voteAccount: from,
      lockouts: slots.map((slot) => ({ slot, confirmations: 1 })),
      root,
      hash: keyText,
      timestamp: null,
      blockId: keyText,
      recentBlockhash: keyText,
    });
    return { kind: 'Vote', index, from, wallclock, transaction };
  };
}

/** Snapshots that Alice offers. */
function snapshots(full: number, ...incremental: number[]) {
  return (wallclock: number): ValueData => ({
    kind: 'SnapshotHashes',
    from,
    wallclock,
    full: { slot: full, hash: keyText },
    incremental: incremental.map((slot) => ({ slot, hash: keyText })),
  });
}

/** A piece of Alice's proof about a slot. */
function chunk(slot: number, chunkIndex: number, numChunks = 3) {
  return (wallclock: number): ValueData => ({
    ...{ kind: 'DuplicateShred', index: slot * 10 + chunkIndex, from, wallclock, slot },
    ...{ unusedIndex: 0, unusedType: 0x5a, numChunks, chunkIndex, chunk: 'abcd' },
  });
}

const short = ({ kind, old, new: now }: NodeChange): unknown[] => [kind, old, now];

describe('changes of a node', () => {
  const cases: { name: string; happens: ((w: Watched) => void)[]; tells: unknown[][] }[] = [
    {
      name: 'it moved',
      happens: [(w) => w.contact({ ip: alice.ip + 1 })],
      tells: [['moved', '198.51.0.2:8001', '198.51.0.3:8001']],
    },
    {
      name: 'it restarted, and offers RPC now',
      happens: [(w) => w.contact({ outset: 1_786_000_000_000_001, sockets: [gossip, rpc(8899)] })],
      tells: [
        ['restarted', OLD_OUTSET, '1786000000000001'],
        ['rpcOpened', null, '198.51.0.2:8899'],
      ],
    },
    {
      name: 'its RPC went elsewhere, then away',
      happens: [
        (w) => w.contact({ sockets: [gossip, rpc(8899)] }),
        (w) => w.contact({ sockets: [gossip, rpc(9000)] }),
        (w) => w.contact(),
      ],
      tells: [
        ['rpcOpened', null, '198.51.0.2:8899'],
        ['rpcClosed', '198.51.0.2:8899', null],
        ['rpcOpened', null, '198.51.0.2:9000'],
        ['rpcClosed', '198.51.0.2:9000', null],
      ],
    },
    {
      name: 'nothing but that it lives',
      happens: [(w) => w.contact(), (w) => w.contact(), (w) => w.value(snapshots(7))],
      tells: [['snapshot', null, { full: 7, incremental: null }]],
    },
    {
      name: 'votes, of which only higher ones count',
      happens: [
        (w) => w.value(vote(0, [10, 12])),
        (w) => w.value(vote(1, [11])),
        (w) => w.value(vote(0, [14, 15, 300], null)),
      ],
      tells: [
        ['voted', null, 12],
        ['voted', 12, 300],
      ],
    },
    {
      name: 'snapshots',
      happens: [
        (w) => w.value(snapshots(100)),
        (w) => w.value(snapshots(100)),
        (w) => w.value(snapshots(100, 105, 103)),
      ],
      tells: [
        ['snapshot', null, { full: 100, incremental: null }],
        ['snapshot', { full: 100, incremental: null }, { full: 100, incremental: 105 }],
      ],
    },
    {
      name: 'a proof, when its last piece is here, and once',
      happens: [
        (w) => w.value(chunk(5, 0)),
        (w) => w.value(chunk(5, 2)),
        (w) => w.value(chunk(6, 1)),
        (w) => w.value(chunk(5, 1)),
        (w) => w.value(chunk(5, 1)),
      ],
      tells: [['duplicateShred', null, { slot: 5, chunks: 3 }]],
    },
    {
      name: 'it disappeared',
      happens: [(w) => w.test.parts.table.removeOrigin(alice.key, 0, 0)],
      tells: [['disappeared', expect.objectContaining({ pubkey: from, version: '4.4.0' }), null]],
    },
    {
      name: 'an older instance of it goes on signing',
      happens: [
        (w) => w.contact({ outset: 1_786_999_000_000_000 }),
        (w) => w.contact({ outset: 1_786_000_000_000_777 }),
        (w) => w.test.clock.advance(1_000),
      ],
      tells: [
        ['restarted', OLD_OUTSET, '1786999000000000'],
        ['duplicateInstance', '1786999000000000', '1786000000000777'],
      ],
    },
  ];
  for (const { name, happens, tells } of cases) {
    it(name, () => {
      const watched = new Watched();
      watched.contact();
      expect(watched.look().map(short), 'first').toEqual([
        ['appeared', null, expect.objectContaining({ pubkey: from, gossip: '198.51.0.2:8001' })],
      ]);
      const told = happens.flatMap((happen) => {
        happen(watched);
        watched.test.parts.table.journal.publish();
        return watched.look().map(short);
      });
      expect(told, name).toEqual(tells);
    });
  }

  it('tell of version, client and shred version', () => {
    const bench = new Bench();
    const { changes } = bench.observer;
    const version = {
      major: 4,
      minor: 4,
      channel: 0,
      patch: 0,
      commit: 1,
      featureSet: 2,
      client: 3,
    };
    let wallclock = START_MS;
    const put = (shredVersion: number, change: Partial<typeof version>): void => {
      const bytes = new Uint8Array(512);
      const end = writeContactInfo(bytes, 64, {
        ...{ pubkey: alice.key, wallclock: wallclock++, outset: 1e15, shredVersion },
        ...{ version: { ...version, ...change }, sockets: [gossip] },
      });
      storeReal(bench.table, bytes.slice(0, end), wallclock);
      bench.look();
    };
    put(1, {});
    put(1, { commit: 9 });
    put(1, { patch: 1 });
    put(1, { patch: 1, client: 5 });
    put(2, { patch: 2, client: 5 });
    const found = changes.since(FIRST - 1, {}, 9);
    expect(found.gap ? [] : found.changes.map(short)).toEqual([
      ['appeared', null, expect.objectContaining({ version: '4.4.0', client: 'Agave' })],
      ['version', '4.4.0', '4.4.1'],
      ['client', 'Agave', 'Firedancer'],
      ['version', '4.4.1', '4.4.2'],
      ['shredVersion', 1, 2],
    ]);
  });

  it('come with the node that they are of, when, and how they came', () => {
    const watched = new Watched();
    watched.contact();
    const [appeared] = watched.look();
    expect(appeared).toMatchObject({
      seq: FIRST,
      at: watched.test.clock.wallMs(),
      pubkey: from,
      gossip: '198.51.0.2:8001',
      version: '4.4.0',
      via: { route: 'push', from: bob.address },
    });
    const { test } = watched;
    test.clock.advance(1_000);
    const later = alice.contact({ wallclock: test.clock.wallMs(), sockets: [gossip, rpc(1)] });
    test.from(bob, carol.response(later));
    test.clock.advance(30);
    expect(watched.look()).toMatchObject([
      { seq: FIRST + 1, at: test.clock.wallMs() - 30, via: { route: 'pull', from: carol.address } },
    ]);
    watched.value(vote(3, [9]));
    expect(watched.look()).toMatchObject([{ seq: FIRST + 2, via: { route: 'push', from } }]);
    test.parts.table.removeOrigin(alice.key, 0, 0);
    test.parts.table.journal.publish();
    expect(watched.look()).toMatchObject([
      { kind: 'disappeared', via: { route: 'own', from: null }, gossip: '198.51.0.2:8001' },
    ]);
  });

  it('keep their order and never go back in time, whatever the wall clock does', () => {
    const watched = new Watched();
    const { test } = watched;
    const rng = seededRng(5);
    const times: number[] = [];
    for (let i = 0; i < 60; i++) {
      const jump = [-7_200_000, -3_000, 0, 0, 5_000, 86_400_000][rng.below(6)]!;
      test.clock.jump(test.clock.wallMs() + jump);
      test.clock.advance(500);
      test.parts.table.removeOrigin(alice.key, 0, 0);
      const wallclock = test.parts.clock.wallMs();
      test.from(bob, bob.push(alice.contact({ wallclock, outset: 1e15 + i })));
      for (const ping of test.takeOnly('Ping')) test.from(alice, alice.pong(ping.bytes));
      test.parts.table.journal.publish();
      times.push(...watched.look().map(({ at }) => at));
    }
    expect(times.length).toBeGreaterThan(50);
    expect(times).toEqual([...times].sort((a, b) => a - b));
  });
});

/** Applies a change to what somebody believes who has heard everything. @throws when it cannot follow */
function apply(nodes: Map<string, NodeState>, change: NodeChange): void {
  const { kind, pubkey } = change;
  const node = nodes.get(pubkey);
  const set = (more: Partial<NodeState>): void => {
    if (!node) throw new Error(`${kind} of ${pubkey}, which is not here`);
    nodes.set(pubkey, { ...node, ...more });
  };
  if (kind === 'appeared') {
    expect(node, 'appears once').toBeUndefined();
    nodes.set(pubkey, change.new);
  } else if (kind === 'disappeared') {
    expect(node, 'as it was').toEqual(change.old);
    nodes.delete(pubkey);
  } else if (kind === 'moved') set({ gossip: change.new });
  else if (kind === 'restarted') set({ outset: change.new });
  else if (kind === 'rpcOpened' || kind === 'rpcClosed') set({ rpc: change.new });
  else if (kind === 'sockets' || kind === 'duplicateInstance' || kind === 'duplicateShred') set({});
  else set({ [kind]: change.new });
}

describe('whoever hears all changes', () => {
  const journals = [
    { name: 'one by one', journalEntries: 4_096 },
    { name: 'by walks, as the journal is too small', journalEntries: 16 },
  ];
  for (const { name, journalEntries } of journals) {
    it(`knows all nodes, ${name}`, () => {
      const bench = new Bench({ journalEntries });
      const { changes } = bench.observer;
      const rng = seededRng(journalEntries);
      const origins = peers(7);
      const believed = new Map<string, NodeState>();
      const kinds = new Set<string>();
      changes.subscribe({}, (batch) => {
        for (const change of batch) {
          kinds.add(change.kind);
          apply(believed, change);
        }
      });
      for (let round = 0; round < 200; round++) {
        const wallclock = START_MS + round * 100;
        for (let i = rng.below(40); i > 0; i--) {
          const peer = origins[rng.below(origins.length)]!;
          const what = rng.below(10);
          const row = bench.table.find(Kind.CONTACT_INFO, 0, peer.key, 0);
          if (what === 0) bench.table.removeOrigin(peer.key, 0, wallclock);
          else if (what === 1 && row >= 0) bench.table.remove(row, wallclock);
          else if (what < 4) {
            const bytes = new Uint8Array(512);
            const key = { key: rng.below(4), ip: 0xc6336401 + rng.below(3), port: 8_000 };
            const end = writeContactInfo(bytes, 64, {
              ...{ pubkey: peer.key, wallclock: wallclock + i, outset: 1e15 + rng.below(2) },
              ...{ shredVersion: rng.below(2), sockets: [key] },
              version: {
                ...{ major: 4, minor: rng.below(2), channel: 0, patch: 0, commit: 1 },
                ...{ featureSet: 2, client: rng.below(3) },
              },
            });
            storeReal(bench.table, bytes.slice(0, end), wallclock);
          } else {
            const data = (what < 7 ? vote(0, [100 + round * 40 + i]) : snapshots(round))(
              wallclock + i,
            );
            storeReal(bench.table, peer.value({ ...data, from: peer.address }), wallclock);
          }
        }
        bench.look();
        const now = changes.gap(0, 'lost', {}).nodes;
        const known = new Map(now.map((node) => [node.pubkey, node]));
        expect(believed, `round ${round}`).toEqual(known);
      }
      expect(kinds.size, [...kinds].join()).toBeGreaterThan(8);
      expect(bench.observer.status().resyncs > 0).toBe(journalEntries === 16);
    });
  }
});

describe('the log of an observer', () => {
  it('begins with a gap for those who know nothing of the nodes that were here', () => {
    const { observer } = new Watched();
    const { changes } = observer;
    expect(changes.since(0, {}, 9)).toMatchObject({
      gap: true,
      reason: 'lost',
      seq: FIRST - 1,
      nodes: [{ pubkey: bob.address, voted: null }],
    });
    expect(changes.since(FIRST - 1, {}, 9)).toEqual({ changes: [], next: FIRST - 1 });
  });

  it('goes on counting in its next life, and says that it missed something', () => {
    const watched = new Watched();
    watched.contact();
    const [{ seq } = { seq: 0 }] = watched.look();
    const next = watched.observe();
    expect(next.changes.latest).toBe(seq + 1);
    expect(next.changes.since(seq, {}, 9)).toMatchObject({ gap: true, reason: 'lost' });
    expect(next.changes.since(seq + 1, {}, 9)).toEqual({ changes: [], next: seq + 1 });
  });
});
