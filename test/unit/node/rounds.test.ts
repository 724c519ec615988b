import { describe, expect, it } from 'vitest';
import { findViolation } from '../../../src/crds/invariants.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { OUR_IP, peers, TestNode } from './harness.ts';
import { type Peer, START_MS } from './peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** Wallclocks of our own contact infos as pushed to a peer, in ms since the start. */
function refreshes(test: TestNode, to: Peer): number[] {
  const seen = test
    .takeOnly('PushMessage')
    .filter(({ ip }) => ip === to.ip)
    .flatMap(({ content }) => content.values)
    .filter(({ kind, from }) => kind === 'ContactInfo' && from === test.identity.address)
    .map(({ wallclock }) => Number(wallclock) - START_MS);
  return [...new Set(seen)];
}

describe('our own contact info', () => {
  it('is in the table from the first round on, and served', () => {
    const test = new TestNode();
    test.run(0);
    const { view } = test.parts;
    const row = view.find(Kind.CONTACT_INFO, 0, test.identity.publicKey, 0);
    expect(row).toBeGreaterThanOrEqual(0);
    const peer = view.peers.find(test.identity.publicKey, 0);
    expect(view.peers.columns.ip[peer]).toBe(OUR_IP);
  });

  it('is pushed to peers every 7.6 s, and never times out', () => {
    const test = new TestNode();
    test.run(12_000); // the hurried beginning is over
    test.meet(alice).rotate();
    test.node.setStakes(new Stakes([[carol.key, 1e9]]));
    const sent: number[] = [];
    for (let i = 0; i < 4; i++) {
      test.run(7_600);
      // Alice stays alive.
      test.from(alice, alice.push(alice.contact({ wallclock: test.clock.wallMs() })));
      sent.push(...refreshes(test, alice));
    }
    expect(sent.length).toBeGreaterThanOrEqual(4);
    for (let i = 1; i < sent.length; i++) expect(sent[i]! - sent[i - 1]!).toBe(7_600);
    expect(test.parts.view.find(Kind.CONTACT_INFO, 0, test.identity.publicKey, 0)).not.toBe(-1);
  });

  it('goes to the first peers that prove themselves within half a second', () => {
    const test = new TestNode();
    test.run(50);
    test.meet(alice);
    test.run(500);
    expect(refreshes(test, alice)[0]).toBeLessThanOrEqual(600);
  });
});

describe('what gets old', () => {
  it('leaves 15 s after its last sign of life, once stakes are known', () => {
    const test = new TestNode().meet(alice, bob);
    test.from(alice, alice.push(alice.slots(0)));
    test.node.setStakes(
      new Stakes([
        [bob.key, 5e9],
        [carol.key, 5e9],
      ]),
    );
    test.run(14_900);
    expect(test.holds(alice)).toBe(true);
    test.run(200);
    expect([test.holds(alice), test.holds(bob)], 'bob has stake').toEqual([false, true]);
    expect(test.holds(alice, Kind.EPOCH_SLOTS)).toBe(false);
    expect(test.parts.counters[Counter.VALUES_TIMED_OUT]).toBe(2);
    expect(test.parts.table.purged.size, 'and is not asked for again').toBeGreaterThanOrEqual(2);
    expect(findViolation(test.parts.table)).toBeUndefined();
  });

  it('stays while its contact info is renewed', () => {
    const test = new TestNode().meet(alice);
    test.from(alice, alice.push(alice.slots(0)));
    test.node.setStakes(new Stakes([[carol.key, 5e9]]));
    for (let i = 0; i < 4; i++) {
      test.run(7_500);
      test.from(alice, alice.push(alice.contact({ wallclock: test.clock.wallMs() })));
    }
    expect(test.holds(alice, Kind.EPOCH_SLOTS)).toBe(true);
  });

  it('stays without any stake known', () => {
    const test = new TestNode().meet(alice);
    test.run(60_000);
    expect(test.holds(alice)).toBe(true);
    expect(test.parts.counters[Counter.VALUES_TIMED_OUT]).toBe(0);
  });

  it('is not all lost when the wall clock jumps', () => {
    for (const hours of [1, -1]) {
      const test = new TestNode().meet(alice);
      test.from(carol, carol.push(bob.contact()));
      test.run(100);
      test.clock.jump(test.clock.wallMs() + hours * 3_600_000);
      test.run(1_000);
      expect(test.holds(alice), `${hours} h`).toBe(true);
      expect(test.parts.unproved.size, `${hours} h`).toBe(1);
      const { counters } = test.parts;
      expect(counters[Counter.VALUES_TIMED_OUT], `${hours} h`).toBe(0);
    }
  });
});

it('hashes of failed and purged values are forgotten in time', () => {
  const test = new TestNode().meet(alice);
  const { table } = test.parts;
  test.from(alice, alice.push(alice.slots(0)), alice.push(alice.slots(0, START_MS + 1)));
  test.from(alice, alice.response(alice.slots(0)));
  expect([table.purged.size, table.failed.size]).toEqual([1, 1]);
  test.run(19_900);
  expect(table.failed.size).toBe(1);
  test.run(200);
  expect(table.failed.size).toBe(0);
  test.run(40_000);
  expect([...Array(table.purged.size).keys()].every((i) => table.purged.timeMs(i) > START_MS)).toBe(
    true,
  );
});

it('a table that fills up gives room by whole identities, the youngest first', () => {
  const test = new TestNode({ capacities: { tableRows: 128, peerRows: 64 } });
  const [first, ...crowd] = peers(20, 500) as [Peer, ...Peer[]];
  test.run(0);
  test.meet(first);
  test.clock.advance(1_000);
  for (const peer of crowd) {
    test.meet(peer);
    const now = test.clock.wallMs();
    const slots = Array.from({ length: 8 }, (_, i) => peer.slots(i, now));
    test.from(peer, peer.push(...slots));
    test.clock.advance(100);
  }
  expect(test.parts.view.size).toBeLessThanOrEqual(128);
  expect(test.parts.counters[Counter.VALUES_EVICTED]).toBeGreaterThan(0);
  expect(test.holds(first), 'the longest known stays').toBe(true);
  expect(findViolation(test.parts.table)).toBeUndefined();
});
