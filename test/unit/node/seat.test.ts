import { describe, expect, it } from 'vitest';
import { Egress } from '../../../src/node/outbox.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { TASK_SIGNATURES, Work } from '../../../src/tasks/work.ts';
import { messageOf, OURSELVES, peers, TestNode, type Wishes } from './harness.ts';
import { HeldPool } from './held-pool.ts';
import { identityOf, type Peer } from './peer.ts';

const [alice, bob] = peers(2) as [Peer, Peer];

/** A node whose tasks wait for the test. */
function held(wishes: Wishes = {}): { test: TestNode; pool: HeldPool } {
  let pool: HeldPool | undefined;
  const test = new TestNode({
    ...wishes,
    pool: (regions) => {
      pool = new HeldPool(regions, identityOf(OURSELVES));
      return pool;
    },
  });
  return { test, pool: pool! };
}

/** As `held`, and peers have proved themselves. */
function met(wishes: Wishes = {}): { test: TestNode; pool: HeldPool } {
  const both = held(wishes);
  const { test, pool } = both;
  for (const peer of [alice, bob]) {
    test.from(peer, peer.push(peer.contact({ wallclock: test.clock.wallMs() })));
    pool.finish();
    const ping = test.takeOnly('Ping').find(({ ip }) => ip === peer.ip);
    test.from(peer, peer.pong(ping!.bytes));
    pool.finish();
  }
  test.take();
  pool.asked.length = 0;
  return both;
}

/** Pings of so many strangers. */
function pingAll(test: TestNode, count: number): void {
  for (const peer of peers(count, 100)) test.from(peer, peer.ping());
}

/** Asks for the partitions of all contact infos. */
function pullAll(test: TestNode, peer: Peer): void {
  const caller = peer.contact({ wallclock: test.clock.wallMs() });
  for (let partition = 0; partition < 64; partition += 4) {
    const requests = [0, 1, 2, 3].map((i) =>
      peer.pullRequest({ maskHigh: ((partition + i + 1) * 2 ** 26 - 1) >>> 0 }, caller),
    );
    test.from(peer, ...requests);
  }
}

const failed = (test: TestNode): number => test.parts.counters[Counter.TASKS_FAILED]!;

describe('a task', () => {
  it('signs up to 32 datagrams, which leave when it has replied; slots are theirs until then', () => {
    const { test, pool } = held();
    pingAll(test, 40);
    expect(test.take()).toEqual([]);
    expect(test.parts.outbox.reserved).toBe(40);
    expect([pool.held?.work, pool.held?.count]).toEqual([Work.SIGN, 1]);
    pool.finish(2);
    expect(test.takeOnly('Pong').length).toBe(1 + TASK_SIGNATURES);
    pool.finish();
    expect(test.takeOnly('Pong').length).toBe(40 - 1 - TASK_SIGNATURES);
    expect(test.parts.outbox.reserved).toBe(0);
  });

  it('that fails gives back its slots, and what it was to send is counted', () => {
    const { test, pool } = held();
    pingAll(test, 3);
    pool.fail();
    expect([failed(test), test.parts.outbox.dropped[Egress.PONG]]).toEqual([1, 1]);
    expect([test.parts.outbox.reserved, pool.held?.count]).toEqual([2, 2]);
    pool.finish();
    expect(test.takeOnly('Pong').length).toBe(2);
    expect(test.parts.outbox.reserved).toBe(0);
  });

  it('after three that failed waits for a second, and any success forgets them', () => {
    const { test, pool } = held();
    pingAll(test, 1);
    for (let i = 0; i < 3; i++) {
      expect(pool.held, `before failure ${i + 1}`).toBeDefined();
      pool.fail();
      pingAll(test, 1);
    }
    expect([pool.held, failed(test)]).toEqual([undefined, 3]);
    test.clock.advance(999);
    pingAll(test, 1);
    expect(pool.held).toBeUndefined();
    test.clock.advance(1);
    pingAll(test, 1);
    expect(pool.held?.count).toBe(3);
    pool.finish();
    pingAll(test, 1);
    pool.fail();
    pingAll(test, 1);
    expect(pool.held).toBeDefined();
  });

  it('is one at a time: signatures, then answers, then filters', () => {
    const { test, pool } = met();
    test.node.pulls.round(0);
    pullAll(test, alice);
    pingAll(test, 40);
    expect(pool.asked.length, 'one under way').toBe(1);
    pool.finish();
    const order = pool.asked.slice(1);
    expect(order).toEqual([...order].sort((a, b) => rank(a) - rank(b)));
    expect(new Set(order)).toEqual(new Set([Work.SIGN, Work.RESPOND, Work.FILL, Work.REQUEST]));
  });

  it('that has waited for 50 ms goes first, once', () => {
    const { test, pool } = met();
    pingAll(test, 1);
    test.node.pulls.round(0);
    pullAll(test, alice);
    pingAll(test, 200);
    pool.finish(1);
    pool.asked.length = 0;
    test.clock.advance(51);
    pool.finish(3);
    expect(pool.asked).toEqual([Work.RESPOND, Work.FILL, Work.SIGN]);
  });

  it('is begun by nobody when the node has stopped', () => {
    const { test, pool } = met();
    pullAll(test, alice);
    pingAll(test, 3);
    const requests = test.node.answers.lane.waiting;
    expect(requests).toBeGreaterThan(0);
    test.node.stop();
    expect(test.count('SHED_STOPPING')).toBe(requests);
    pool.finish();
    pool.fail();
    expect(test.take().filter(({ bytes }) => bytes[0] === 5)).toEqual([]);
    expect(test.count('SHED_STOPPING')).toBe(requests);
  });
});

const RANKS: readonly number[] = [Work.SIGN, Work.RESPOND, Work.FILL, Work.REQUEST];
const rank = (work: number): number => RANKS.indexOf(work);

describe('pings', () => {
  it('are signed before it is known where they go, and count from when they leave', () => {
    const { test, pool } = held();
    test.from(alice, alice.push(bob.contact()));
    expect(test.take()).toEqual([]);
    test.clock.advance(5_000);
    pool.finish();
    const [ping, ...more] = test.takeOnly('Ping');
    expect([ping?.ip, ping?.atMs, more.length]).toEqual([bob.ip, 5_000, 0]);
    test.clock.advance(1_999);
    test.from(alice, alice.push(bob.contact({ wallclock: test.clock.wallMs() })));
    pool.finish();
    expect(test.takeOnly('Ping'), 'the second one may leave 2 s after the first').toEqual([]);
    test.clock.advance(1);
    test.from(alice, alice.push(bob.contact({ wallclock: test.clock.wallMs() })));
    pool.finish();
    expect(test.takeOnly('Ping').length).toBe(1);
  });

  it('prove an address by the token that was signed', () => {
    const { test, pool } = held();
    test.from(alice, alice.push(alice.contact()));
    pool.finish();
    const [ping] = test.takeOnly('Ping');
    expect(messageOf(ping!.bytes)).toMatchObject({ from: test.identity.address });
    test.from(alice, alice.pong(ping!.bytes));
    expect(test.holds(alice)).toBe(true);
  });

  it('are given back when nobody waits for one any more', () => {
    const { test, pool } = held();
    test.from(alice, alice.push(bob.contact()));
    expect(test.parts.outbox.reserved).toBe(1);
    // Meanwhile one that was signed otherwise goes there.
    const order = { ip: 0, port: 0, token: new Uint8Array(32) };
    expect(test.parts.pings.nextPing(test.clock.monoMs(), order)).toBe(true);
    pool.finish();
    expect(test.take()).toEqual([]);
    expect(test.parts.outbox.reserved).toBe(0);
  });

  it('never hold more than 64 slots', () => {
    const { test, pool } = held({ allowPrivate: true });
    const crowd = peers(100, 300);
    for (let i = 0; i < 100; i += 4) {
      test.from(alice, alice.push(...crowd.slice(i, i + 4).map((peer) => peer.contact())));
    }
    pool.finish(1);
    expect(test.parts.outbox.reserved).toBeLessThanOrEqual(64);
    pool.finish();
    expect(test.parts.outbox.reserved).toBe(0);
  });
});

describe('pull requests to serve', () => {
  it('get their outcome when they are served', () => {
    const { test, pool } = met();
    const before = test.node.counts().outcomes;
    test.from(alice, alice.pullRequest({}, alice.contact({ wallclock: test.clock.wallMs() })));
    expect(test.counted(before)).toEqual({});
    expect([test.node.answers.lane.waiting, test.parts.ring.used]).toEqual([1, 0]);
    pool.finish();
    expect(test.counted(before)).toEqual({ OK: 1 });
    expect([test.node.answers.lane.waiting, test.node.answers.served]).toEqual([0, 1]);
  });

  it('beyond what may wait are refused', () => {
    const { test, pool } = met({ capacities: { requests: 8 } });
    const before = test.node.counts().outcomes;
    const request = alice.pullRequest({}, alice.contact({ wallclock: test.clock.wallMs() }));
    test.from(alice, ...new Array<Uint8Array>(11).fill(request));
    expect(test.counted(before)).toEqual({ PULL_REQUEST_OVER_BUDGET: 3 });
    pool.finish();
    expect(test.counted(before)).toEqual({ PULL_REQUEST_OVER_BUDGET: 3, OK: 8 });
  });

  it('of a task that fails have failed, and bytes and slots are there again', () => {
    const { test, pool } = met();
    const before = test.node.counts().outcomes;
    const { contact, maskHigh } = lookingFor(test, bob);
    test.from(alice, alice.pullRequest({ maskHigh }, contact));
    expect(test.parts.outbox.reserved).toBeGreaterThan(0);
    pool.fail();
    expect(test.counted(before)).toEqual({ TASK_FAILED: 1 });
    expect(test.parts.outbox.reserved).toBe(0);
    test.from(alice, alice.pullRequest({ maskHigh }, contact));
    pool.finish();
    expect(test.takeOnly('PullResponse').length).toBe(1);
  });

  it('that come where nothing can be sent are refused', () => {
    const { test, pool } = met({ outbox: { slots: 8, bytesPerSecond: 1 } });
    test.transport.backlog = 1_000;
    for (let i = 0; i < 8; i++) test.parts.outbox.put(new Uint8Array(9), 0, 9, 1, 1, Egress.PUSH);
    const before = test.node.counts().outcomes;
    test.from(alice, alice.pullRequest({}, alice.contact({ wallclock: test.clock.wallMs() })));
    expect([test.counted(before), pool.held]).toEqual([{ PULL_REQUEST_OVER_BUDGET: 1 }, undefined]);
  });
});

/** A pull request that asks for a contact info in the table. */
function lookingFor(test: TestNode, peer: Peer): { contact: Uint8Array; maskHigh: number } {
  const { view } = test.parts;
  const row = view.find(11, 0, peer.key, 0);
  const maskHigh = (view.columns.hash[32 * row + 7]! * 2 ** 24) | 0x3ffffff;
  return {
    contact: alice.contact({ wallclock: test.clock.wallMs() }),
    maskHigh: maskHigh >>> 0,
  };
}

describe('a round of pull requests', () => {
  it('that is still under way lets the next one pass', () => {
    const { test, pool } = met();
    test.run(0);
    pool.finish(1);
    test.run(500);
    expect(test.parts.counters[Counter.PULL_ROUNDS_SKIPPED]).toBe(1);
    pool.finish();
    expect(test.takeOnly('PullRequest').length).toBe(8);
  });

  for (const work of ['FILL', 'REQUEST'] as const) {
    it(`that fails at ${work} is over, and nothing stays reserved`, () => {
      const { test, pool } = met();
      test.node.pulls.round(0);
      test.node.pump();
      while (pool.held?.work !== Work[work]) pool.finish(1);
      pool.fail();
      expect([test.parts.outbox.reserved, test.node.pulls.lane.isIdle]).toEqual([0, true]);
      expect(test.parts.outbox.dropped[Egress.PULL_REQUEST]).toBe(work === 'REQUEST' ? 8 : 0);
      test.clock.advance(500);
      test.node.pulls.round(5);
      test.node.pump();
      pool.finish();
      expect(test.takeOnly('PullRequest').length).toBe(8);
    });
  }

  it('asks as many as find a slot', () => {
    const { test, pool } = met({ outbox: { slots: 8, bytesPerSecond: 1_000_000 } });
    test.node.pulls.round(0);
    test.node.pump();
    while (pool.held?.work !== Work.FILL) pool.finish(1);
    pingAll(test, 5);
    pool.finish();
    const sent = test.take().map(({ bytes }) => bytes[0]);
    expect(sent.filter((tag) => tag === 5).length).toBe(5);
    expect(sent.filter((tag) => tag === 0).length).toBeGreaterThan(2);
    expect(test.parts.outbox.reserved).toBe(0);
  });

  it('has no more filters than there is room for', () => {
    const { test, pool } = met({ capacities: { filters: 4 } });
    test.node.pulls.round(0);
    test.node.pump();
    pool.finish();
    expect(test.takeOnly('PullRequest').length).toBe(4);
    expect(SMALL_CAPACITIES.filters).toBeGreaterThan(64);
  });
});
