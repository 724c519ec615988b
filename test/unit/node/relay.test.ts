import { beforeEach, describe, expect, it } from 'vitest';
import { Stakes } from '../../../src/crds/peers.ts';
import { Egress } from '../../../src/node/outbox.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';
import { peers, type SentMessage, TestNode } from './harness.ts';
import { carry, type Peer, START_MS } from './peer.ts';

const [alice, bob, carol, dave, erin] = peers(5) as [Peer, Peer, Peer, Peer, Peer];

/** The signature of a value in base58, by which it is found again. */
const mark = (value: Uint8Array): string => toBase58(value, 0, 64);

/** To whom each of our pushes went: address by base58 signature of the values in it. */
function receivers(pushes: readonly SentMessage<'PushMessage'>[], value: Uint8Array): number[] {
  const wanted = mark(value);
  return pushes
    .filter(({ content }) => content.values.some(({ signature }) => signature === wanted))
    .map(({ ip }) => ip)
    .sort();
}

/** A node with an active set of the peers it has met. */
function established(...met: readonly Peer[]): TestNode {
  const test = new TestNode().meet(...met).rotate();
  expect(test.parts.activeSet.peerCount).toBe(met.length);
  test.take();
  return test;
}

describe('a value that comes in by push', () => {
  it('goes on at once to the active set, not back to its origin, under our name', () => {
    const test = established(alice, bob, carol);
    const value = alice.slots(0);
    test.from(bob, bob.push(value));
    const pushes = test.takeOnly('PushMessage');
    expect(receivers(pushes, value)).toEqual([bob.ip, carol.ip]);
    for (const { content, port } of pushes) {
      expect([content.from, port]).toEqual([test.identity.address, 8001]);
    }
    test.from(carol, carol.push(value));
    expect(test.takeOnly('PushMessage'), 'once').toEqual([]);
  });

  it('goes nowhere when we shall be silent; what is ours still does', () => {
    const test = new TestNode({ relays: false });
    test.parts.publisher.refreshContact();
    test.meet(alice, bob).rotate().take();
    test.from(bob, bob.push(alice.slots(0)));
    expect(test.takeOnly('PushMessage')).toEqual([]);
    test.clock.advance(1);
    test.node.publish({
      kind: 'EpochSlots',
      index: 3,
      from: test.identity.address,
      wallclock: test.clock.wallMs(),
      entries: [],
    });
    const pushes = test.takeOnly('PushMessage');
    expect(pushes.map(({ ip }) => ip).sort()).toEqual([alice.ip, bob.ip].sort());
    const kinds = pushes.flatMap(({ content }) => content.values.map(({ kind }) => kind));
    expect(new Set(kinds)).toEqual(new Set(['EpochSlots']));
  });

  it('goes on when it was pulled too, if it is recent', () => {
    const test = established(alice, bob);
    const fresh = alice.slots(0, START_MS - 15_000);
    const old = alice.slots(1, START_MS - 15_001);
    test.from(bob, bob.response(fresh, old));
    const pushes = test.takeOnly('PushMessage');
    expect([receivers(pushes, fresh), receivers(pushes, old)]).toEqual([[bob.ip], []]);
  });

  it('goes on with others in datagrams of at most 1,232 bytes', () => {
    const test = established(alice, bob);
    const values = Array.from({ length: 40 }, (_, i) => alice.slots(i));
    for (let i = 0; i < 40; i += 8) {
      const packet = alice.push(...values.slice(i, i + 8));
      test.node.receive(packet, 0, packet.length, alice.ip, alice.port);
    }
    test.settle();
    const pushes = test.takeOnly('PushMessage');
    expect(pushes.every(({ bytes }) => bytes.length <= PACKET_BYTES)).toBe(true);
    expect(pushes.flatMap(({ content }) => content.values.map((v) => v.signature))).toEqual(
      values.map(mark),
    );
    expect(pushes.length).toBe(4); // ten values of 117 bytes fit
  });

  it('stays when its sender alone is there, and when the window has passed', () => {
    const test = established(alice);
    test.from(alice, alice.push(alice.slots(0)));
    expect(test.takeOnly('PushMessage')).toEqual([]);
    test.from(alice, alice.push(alice.slots(1, START_MS - 15_001)));
    expect(test.count('VALUE_WALLCLOCK_WINDOW')).toBe(1);
    expect(test.takeOnly('PushMessage')).toEqual([]);
  });

  it('does not go to members whose address was proved too long ago; they get a ping', () => {
    const test = established(alice, bob);
    test.clock.advance(1_280_001);
    const now = test.clock.wallMs();
    test.take();
    test.from(alice, alice.push(alice.slots(0, now)));
    expect(test.takeOnly('PushMessage')).toEqual([]);
    expect(test.count('VALUE_INSERTED')).toBeGreaterThan(0);
  });
});

describe('our own values', () => {
  it('go to the active set when they are published, and again with each refresh', () => {
    const test = established(alice, bob);
    const from = test.identity.address;
    const data = { kind: 'LowestSlot', index: 0, from, wallclock: START_MS, lowest: 7 } as const;
    test.node.publish(data);
    const published = test.takeOnly('PushMessage');
    expect(published.map(({ ip }) => ip).sort()).toEqual([alice.ip, bob.ip]);
    expect(published[0]?.content.values[0]?.kind).toBe('LowestSlot');
    test.run(7_700);
    const contacts = test
      .takeOnly('PushMessage')
      .filter(({ content }) =>
        content.values.some(({ kind, from: of }) => kind === 'ContactInfo' && of === from),
      );
    expect(new Set(contacts.map(({ ip }) => ip))).toEqual(new Set([alice.ip, bob.ip]));
  });

  it('still go out while the queue is half full and those of others are left out', () => {
    const test = established(alice, bob);
    test.parts.publisher.refreshContact();
    test.from(alice, alice.ping()).take();
    test.transport.backlog = 1_000;
    const { outbox } = test.parts;
    for (let i = 0; i < 520; i++) outbox.put(alice.ping(), 0, 132, 1, 1, Egress.PONG);
    const waiting = outbox.waiting;
    test.from(alice, alice.push(alice.slots(0)));
    expect(outbox.waiting, 'nothing of others').toBe(waiting);
    const from = test.identity.address;
    test.node.publish({ kind: 'LowestSlot', index: 0, from, wallclock: START_MS, lowest: 7 });
    expect(outbox.waiting).toBe(waiting + 2);
  });
});

describe('relayers that bring an origin late', () => {
  /** Delivers values of alice by relayers in this order, the first of whom brings something new. */
  function relay(test: TestNode, rounds: number, from: number, order: readonly Peer[]): void {
    for (let i = from; i < from + rounds; i++) {
      const value = alice.slots(i);
      for (const peer of order) test.from(peer, carry(2, peer.key, [value]));
    }
  }

  it('are asked to stop after 20 values: all but the best two', () => {
    const test = new TestNode().meet(alice, bob, carol, dave);
    relay(test, 19, 0, [bob, carol, dave]);
    expect(test.takeOnly('PruneMessage')).toEqual([]);
    relay(test, 1, 19, [bob, carol, dave]);
    const [prune, ...more] = test.takeOnly('PruneMessage');
    expect(more).toEqual([]);
    expect([prune?.ip, prune?.port]).toEqual([dave.ip, dave.port]);
    expect(prune?.content).toMatchObject({
      from: test.identity.address,
      pubkey: test.identity.address,
      destination: dave.address,
      prunes: [alice.address],
      wallclock: String(START_MS),
    });
    expect(test.count('VALUE_INSERTED')).toBe(20);
    expect(test.count('VALUE_DUPLICATE')).toBe(2 * 19 + 2);
    relay(test, 19, 20, [bob, carol, dave]);
    expect(test.takeOnly('PruneMessage'), 'the count begins anew').toEqual([]);
  });

  it('are kept for their share of the stake', () => {
    const test = new TestNode().meet(alice, bob, carol, dave, erin);
    const stake = 100e9;
    const stakes = [test.identity.publicKey, alice.key, dave.key].map((k) => [k, stake] as const);
    test.node.setStakes(new Stakes(stakes));
    relay(test, 20, 0, [bob, carol, dave, erin]);
    const prunes = test.takeOnly('PruneMessage').map(({ ip }) => ip);
    expect(prunes, 'two without stake do not do: dave stays').toEqual([erin.ip]);
  });

  it('are not asked where their address is unknown or unproved', () => {
    const test = new TestNode().meet(alice, bob, carol);
    relay(test, 20, 0, [bob, carol, dave]);
    expect(test.takeOnly('PruneMessage')).toEqual([]);
    expect(test.take()).toEqual([]);
  });

  it('are not judged by values outside the window', () => {
    const test = new TestNode().meet(alice, bob, carol, dave);
    for (let i = 0; i < 40; i++) {
      const stale = alice.slots(i, START_MS - 15_001);
      for (const peer of [bob, carol, dave]) test.from(peer, peer.push(stale));
    }
    expect(test.count('VALUE_WALLCLOCK_WINDOW')).toBe(120);
    expect([test.parts.received.size, test.takeOnly('PruneMessage').length]).toEqual([0, 0]);
  });

  it('outdated values never help a relayer', () => {
    const test = new TestNode().meet(alice, bob, carol, dave);
    for (let i = 0; i < 20; i++) {
      const [older, newer] = [alice.slots(i, START_MS - 1), alice.slots(i, START_MS)];
      test.from(bob, bob.push(newer));
      test.from(dave, dave.push(older), dave.push(older));
      test.from(carol, carol.push(newer));
    }
    expect(test.count('VALUE_OUTDATED')).toBe(40);
    relay(test, 1, 20, [bob]);
    expect(test.takeOnly('PruneMessage').map(({ ip }) => ip)).toEqual([dave.ip]);
  });
});

describe('a prune', () => {
  let test: TestNode;
  beforeEach(() => {
    test = established(alice, bob, carol);
  });

  /** Whom a new value of alice goes to. */
  function spread(index: number): number[] {
    const value = alice.slots(index, test.clock.wallMs());
    test.take();
    test.from(carol, carol.push(value));
    return receivers(test.takeOnly('PushMessage'), value);
  }

  for (const form of ['plain', 'prefixed'] as const) {
    it(`is obeyed, signed ${form}: no more of that origin to its sender`, () => {
      expect(spread(0)).toEqual([bob.ip, carol.ip]);
      const prune = bob.prune(test.identity.publicKey, [alice.key], START_MS, form);
      expect(test.outcomesOf(bob, prune)).toEqual({ OK: 1 });
      const { counters } = test.node.parts;
      expect(counters[Counter.PRUNES_OBEYED]).toBe(1);
      expect(counters[Counter.ROUTES_PRUNED]).toBe(1);
      expect(spread(1)).toEqual([carol.ip]);
      const other = carol.slots(0);
      test.from(alice, alice.push(other));
      expect(receivers(test.takeOnly('PushMessage'), other), 'other origins').toEqual([
        alice.ip,
        bob.ip,
      ]);
    });
  }

  const ages = [
    { name: '500 ms old', wallclock: START_MS - 500, outcome: 'OK', left: [carol.ip] },
    {
      name: '501 ms old',
      wallclock: START_MS - 501,
      outcome: 'PRUNE_TOO_OLD',
      left: [bob.ip, carol.ip],
    },
    { name: 'from the future', wallclock: START_MS + 9e9, outcome: 'OK', left: [carol.ip] },
  ];
  for (const { name, wallclock, outcome, left } of ages) {
    it(`${name}: ${outcome}`, () => {
      const prune = bob.prune(test.identity.publicKey, [alice.key], wallclock);
      expect(test.outcomesOf(bob, prune)).toEqual({ [outcome]: 1 });
      expect(spread(0)).toEqual(left);
    });
  }

  const refused = [
    {
      name: 'for another node',
      outcome: 'PRUNE_NOT_FOR_US',
      bytes: () => bob.prune(carol.key, [alice.key]),
    },
    {
      name: 'with a bad signature',
      outcome: 'PRUNE_SIGNATURE',
      bytes: () => {
        const bytes = bob.prune(test.identity.publicKey, [alice.key]);
        bytes[bytes.length - 8]! ^= 1; // a millisecond earlier or later
        return bytes;
      },
    },
    {
      name: 'in the name of another',
      outcome: 'PRUNE_SIGNATURE',
      bytes: () => {
        const bytes = carol.prune(test.identity.publicKey, [alice.key]);
        bytes.set(bob.key, 4);
        bytes.set(bob.key, 36);
        return bytes;
      },
    },
    {
      name: 'whose sender and signer differ',
      outcome: 'PRUNE_SENDER_MISMATCH',
      bytes: () => {
        const bytes = carol.prune(test.identity.publicKey, [alice.key]);
        bytes.set(bob.key, 4);
        return bytes;
      },
    },
  ];
  for (const { name, outcome, bytes } of refused) {
    it(`is not obeyed ${name}`, () => {
      expect(test.outcomesOf(bob, bytes())).toEqual({ [outcome]: 1 });
      expect(spread(0)).toEqual([bob.ip, carol.ip]);
    });
  }

  it('cannot stop our own values', () => {
    const own = test.identity.publicKey;
    expect(test.outcomesOf(bob, bob.prune(own, [own]))).toEqual({ OK: 1 });
    test.take();
    const from = test.identity.address;
    test.node.publish({ kind: 'LowestSlot', index: 0, from, wallclock: START_MS, lowest: 7 });
    const to = test.takeOnly('PushMessage').map(({ ip }) => ip);
    expect(to.sort()).toEqual([alice.ip, bob.ip, carol.ip]);
  });

  it('of 32 origins is obeyed for each, of a stranger for none', () => {
    const origins = [alice.key, ...peers(31, 400).map(({ key }) => key)];
    const own = test.identity.publicKey;
    expect(test.outcomesOf(dave, dave.prune(own, origins))).toEqual({ OK: 1 });
    expect(spread(0)).toEqual([bob.ip, carol.ip]);
    expect(test.outcomesOf(bob, bob.prune(own, origins))).toEqual({ OK: 1 });
    expect(spread(1)).toEqual([carol.ip]);
  });
});
