import { describe, expect, it } from 'vitest';
import { collectTraffic, type TrafficStats } from '../../../src/api/traffic.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';
import type { Peer } from './peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** Counts of a node that has just looked who lives where. */
function traffic(test: TestNode): TrafficStats {
  return collectTraffic(test.parts.regions, test.clock.monoMs());
}

/** A node that has met peers and knows their addresses; what that took is counted, too. */
function acquainted(...met: Peer[]): TestNode {
  const test = new TestNode().meet(...met);
  test.parts.traffic.learnAddresses(test.node.pulls.entrypoints);
  return test;
}

describe('values by kind', () => {
  it('are fresh once, copies after that, and outdated when older', () => {
    const test = acquainted(alice, bob);
    const old = alice.slots(0);
    const young = alice.slots(0, test.clock.wallMs() + 1);
    test.from(bob, bob.push(young)).from(alice, alice.push(young)).from(bob, bob.push(young, old));
    const kind = traffic(test).kinds.EpochSlots!;
    expect(kind.pushed).toEqual({ values: 4, bytes: 3 * young.length + old.length });
    expect(kind.fresh).toEqual({ values: 1, bytes: young.length });
    expect(kind.copies).toEqual({ values: 2, bytes: 2 * young.length });
    expect([kind.outdated, kind.refused]).toEqual([1, 0]);
    expect(kind.held).toEqual({ values: 1, bytes: young.length });
  });

  it('are refused when nobody knows their origin', () => {
    const test = acquainted(alice);
    test.from(alice, alice.push(carol.slots(0), alice.slots(0)));
    const { pushed, fresh, refused } = traffic(test).kinds.EpochSlots!;
    expect([pushed.values, fresh.values, refused]).toEqual([2, 1, 1]);
  });

  it('of answers count as pulled', () => {
    const test = acquainted(alice);
    test.from(alice, alice.response(alice.slots(0), alice.slots(1)));
    test.from(alice, alice.response(alice.slots(0)));
    const { pushed, pulled, fresh, copies } = traffic(test).kinds.EpochSlots!;
    expect([pushed.values, pulled.values, fresh.values, copies.values]).toEqual([0, 3, 2, 1]);
  });

  it('are each received value, once', () => {
    const test = acquainted(alice, bob);
    for (let i = 0; i < 20; i++) test.from(bob, bob.push(alice.slots(i % 7), carol.slots(i)));
    const { kinds } = traffic(test);
    let values = 0;
    for (const kind of Object.values(kinds)) {
      const { fresh, copies, outdated, refused, pushed, pulled } = kind;
      const ended = fresh.values + copies.values + outdated + refused;
      expect(ended).toBe(pushed.values + pulled.values);
      values += ended;
    }
    expect(values).toBe(test.parts.counters[Counter.VALUES_RECEIVED]);
  });

  it('are relayed once for each peer that they go to', () => {
    const test = acquainted(alice, bob).rotate();
    test.take();
    const value = alice.slots(0);
    test.from(carol, carol.push(value));
    const pushes = test.takeOnly('PushMessage');
    const values = pushes.flatMap((push) => push.content.values);
    expect(values.length).toBeGreaterThan(0);
    const { kinds } = traffic(test);
    const relayed = Object.values(kinds).reduce((sum, kind) => sum + kind.relayed.values, 0);
    expect(relayed).toBe(values.length);
  });
});

describe('voters', () => {
  it('are origins with a vote in the table', () => {
    const test = acquainted(alice, bob);
    expect(traffic(test).voterCount).toBe(0);
    const { table, view } = test.parts;
    test.from(alice, alice.push(alice.slots(0), alice.slots(1)));
    // The kind is what counts here; a vote's transaction would be pages long.
    for (const index of [0, 1]) {
      view.columns.kind[table.find(Kind.EPOCH_SLOTS, index, alice.key, 0)] = Kind.VOTE;
    }
    expect(traffic(test).voterCount).toBe(1);
  });
});

describe('datagrams by class', () => {
  it('count for whoever lives at their source', () => {
    const entrypoint = { ip: parseIp('198.51.100.77'), port: 8001 };
    const test = new TestNode({ entrypoints: [entrypoint] }).meet(alice, bob);
    const key = new Uint8Array(alice.key);
    test.node.setStakes(new Stakes([[key, 5e9]]));
    test.parts.traffic.learnAddresses(test.node.pulls.entrypoints);
    const before = traffic(test).classes;
    const push = alice.push(alice.slots(0));
    test.from(alice, push).from(bob, push, push).from(entrypoint, push).from(carol, push);
    const after = traffic(test).classes;
    const heard = Object.entries(after).map(([name, { in: heard }]) => {
      const was = before[name as keyof typeof before].in;
      return [name, heard.packets - was.packets, heard.bytes - was.bytes];
    });
    expect(heard).toEqual([
      ['unproved', 1, push.length],
      ['unstaked', 2, 2 * push.length],
      ['staked', 1, push.length],
      ['entrypoint', 1, push.length],
    ]);
    expect(traffic(test).stakesKnown).toBe(true);
  });

  it('count what leaves, to whom and as what', () => {
    const test = acquainted(alice);
    const before = traffic(test);
    test.from(alice, alice.ping()).from(carol, carol.ping());
    const after = traffic(test);
    expect(after.sent.pong.packets - before.sent.pong.packets).toBe(2);
    expect(after.classes.unstaked.out.packets - before.classes.unstaked.out.packets).toBe(1);
    expect(after.classes.unproved.out.packets).toBeGreaterThan(before.classes.unproved.out.packets);
  });

  it('are refused by what became of them, whatever they say they are', () => {
    const test = acquainted(alice);
    const damaged = alice.push(alice.slots(0));
    damaged[damaged.length - 1]! ^= 1;
    test.from(alice, damaged, new Uint8Array(20));
    const { received } = traffic(test);
    expect(received.refused).toEqual({ packets: 2, bytes: damaged.length + 20 });
  });

  it('belong to nobody once the row is another’s', () => {
    const test = acquainted(alice);
    const { table, view } = test.parts;
    table.removeOrigin(alice.key, 0, test.clock.wallMs());
    expect(view.peers.find(alice.key, 0)).toBe(-1);
    const before = traffic(test).classes;
    test.from(alice, alice.ping());
    const after = traffic(test).classes;
    expect(after.unproved.in.packets - before.unproved.in.packets).toBe(1);
    expect(after.unstaked.in.packets).toBe(before.unstaked.in.packets);
  });
});

describe('origins and relayers', () => {
  it('are named with what they signed and brought, the largest first', () => {
    const test = acquainted(alice, bob);
    const values = Array.from({ length: 5 }, (_, i) => alice.slots(i));
    test.from(bob, bob.push(...values), bob.push(...values));
    const { origins, relayers, originCount, relayerCount } = traffic(test);
    expect(originCount).toBe(2);
    expect(relayerCount).toBe(1);
    expect(origins[0]).toMatchObject({ pubkey: alice.address, values: 10, fresh: 5 });
    const [first] = relayers;
    expect(first).toMatchObject({
      pubkey: bob.address,
      packets: 2,
      values: 10,
      fresh: 5,
      copies: 5,
    });
  });

  it('start at nothing in a row that was another’s', () => {
    const test = acquainted(alice);
    const { table } = test.parts;
    table.removeOrigin(alice.key, 0, test.clock.wallMs());
    test.meet(carol).from(carol, carol.push(carol.slots(0)));
    const { origins } = traffic(test);
    expect(origins.map((o) => [o.pubkey, o.values])).toEqual([[carol.address, 1]]);
  });
});
