import { describe, expect, it } from 'vitest';
import { LOOPBACK_IP, parseIp } from '../../../src/util/ipv4.ts';
import type { OutcomeName } from '../../../src/util/outcome.ts';
import { ContactInfoFields, readContactInfo } from '../../../src/wire/contact-info.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { OUR_IP, OURSELVES, peers, type SentMessage, TestNode } from './harness.ts';
import { CLUSTER, type ContactWishes, Peer, START_MS } from './peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** The ping that introducing a peer causes. */
function pingFor(test: TestNode, peer: Peer, wishes: ContactWishes = {}): SentMessage<'Ping'> {
  test.from(carol, carol.push(peer.contact(wishes)));
  const pings = test.takeOnly('Ping');
  expect(pings.length).toBe(1);
  return pings[0]!;
}

describe('a contact info is not taken', () => {
  const cases: { name: string; outcome: OutcomeName; wishes: ContactWishes; pings?: number }[] = [
    {
      name: 'of another cluster',
      outcome: 'VALUE_SHRED_VERSION',
      wishes: { shredVersion: CLUSTER - 1 },
    },
    { name: 'of cluster 0', outcome: 'VALUE_SHRED_VERSION', wishes: { shredVersion: 0 } },
    { name: 'without sockets', outcome: 'VALUE_ADDRESS_UNUSABLE', wishes: { sockets: [] } },
    { name: 'with port 0', outcome: 'VALUE_ADDRESS_UNUSABLE', wishes: { port: 0 } },
    { name: 'at 0.0.0.0', outcome: 'VALUE_ADDRESS_UNUSABLE', wishes: { ip: 0 } },
    { name: 'on loopback', outcome: 'VALUE_ADDRESS_UNUSABLE', wishes: { ip: LOOPBACK_IP } },
    {
      name: 'at a private address',
      outcome: 'VALUE_ADDRESS_UNUSABLE',
      wishes: { ip: parseIp('10.1.2.3') },
    },
    {
      name: 'at a multicast address',
      outcome: 'VALUE_ADDRESS_UNUSABLE',
      wishes: { ip: parseIp('239.0.0.1') },
    },
    {
      name: 'at the broadcast address',
      outcome: 'VALUE_ADDRESS_UNUSABLE',
      wishes: { ip: 0xffffffff },
    },
    { name: 'of an address unproved', outcome: 'VALUE_ADDRESS_UNPROVED', wishes: {}, pings: 1 },
  ];
  for (const { name, outcome, wishes, pings = 0 } of cases) {
    for (const how of ['push', 'response'] as const) {
      it(`${name}, by ${how}`, () => {
        const test = new TestNode();
        const moved = test.outcomesOf(bob, bob[how](alice.contact(wishes)));
        expect(moved).toEqual({ PACKET_VALUES_FILTERED: 1, [outcome]: 1 });
        expect(test.takeOnly('Ping').length).toBe(pings);
        expect(test.parts.view.size).toBe(0);
        expect(test.parts.unproved.size).toBe(pings);
      });
    }
  }
});

describe('a pong', () => {
  it('from the pinged address proves it and takes the waiting contact info in', () => {
    const test = new TestNode();
    const ping = pingFor(test, alice);
    expect([ping.ip, ping.port]).toEqual([alice.ip, alice.port]);
    expect(test.outcomesOf(alice, alice.pong(ping.bytes))).toEqual({ OK: 1 });
    expect([test.holds(alice), test.parts.unproved.size]).toEqual([true, 0]);
    expect(test.node.contacts.proofs).toBe(1);
    const { view } = test.parts;
    const peer = view.peers.find(alice.key, 0);
    expect(view.peers.columns.ip[peer]).toBe(alice.ip);
    expect(view.peers.columns.port[peer]).toBe(alice.port);
    const next = alice.push(alice.contact({ wallclock: START_MS + 1 }));
    expect(test.outcomesOf(alice, next)).toEqual({ OK: 1, VALUE_UPDATED: 1 });
  });

  it('takes the newest of several in', () => {
    const test = new TestNode();
    const ping = pingFor(test, alice, { wallclock: START_MS - 10 });
    test.from(bob, bob.push(alice.contact({ wallclock: START_MS + 5 })));
    test.from(bob, bob.push(alice.contact({ wallclock: START_MS - 5 })));
    test.from(alice, alice.pong(ping.bytes));
    const { view } = test.parts;
    expect(view.columns.wallclock[view.find(Kind.CONTACT_INFO, 0, alice.key, 0)]).toBe(
      START_MS + 5,
    );
  });

  const cases: { name: string; pong: (ping: Uint8Array) => Uint8Array; from?: Peer }[] = [
    { name: 'to another token', pong: () => alice.pong(alice.ping()) },
    { name: 'from another port', pong: (p) => alice.pong(p), from: new Peer(1, alice.ip, 9) },
    { name: 'from another IP', pong: (p) => alice.pong(p), from: bob },
    { name: 'of another key', pong: (p) => bob.pong(p) },
  ];
  for (const { name, pong, from = alice } of cases) {
    it(`proves nothing: ${name}`, () => {
      const test = new TestNode();
      const ping = pingFor(test, alice);
      expect(test.outcomesOf(from, pong(ping.bytes))).toEqual({ PONG_UNEXPECTED: 1 });
      expect([test.holds(alice), test.node.contacts.proofs]).toEqual([false, 0]);
      const late = test.outcomesOf(alice, alice.pong(ping.bytes));
      expect(late, 'the right one still counts').toEqual({ OK: 1 });
    });
  }

  it('proves nothing: damaged', () => {
    const test = new TestNode();
    const pong = alice.pong(pingFor(test, alice).bytes);
    pong[131]! ^= 1;
    expect(test.outcomesOf(alice, pong)).toEqual({ PONG_SIGNATURE: 1 });
    expect(test.holds(alice)).toBe(false);
  });

  it('counts once: a replayed one proves nothing', () => {
    const test = new TestNode();
    const pong = alice.pong(pingFor(test, alice).bytes);
    test.from(alice, pong);
    expect(test.outcomesOf(alice, pong)).toEqual({ PONG_UNEXPECTED: 1 });
    expect(test.node.contacts.proofs).toBe(1);
  });

  it('to a ping that was repeated since proves nothing', () => {
    const test = new TestNode();
    const first = pingFor(test, alice);
    test.clock.advance(2_000);
    const second = pingFor(test, alice, { wallclock: START_MS + 1 });
    expect(test.outcomesOf(alice, alice.pong(first.bytes))).toEqual({ PONG_UNEXPECTED: 1 });
    expect(test.outcomesOf(alice, alice.pong(second.bytes))).toEqual({ OK: 1 });
  });

  it('for an old address does not take in a contact info with a new one', () => {
    const test = new TestNode();
    const ping = pingFor(test, alice);
    const moved = alice.contact({ port: 9_000, wallclock: START_MS + 1 });
    test.from(bob, bob.push(moved));
    const [again] = test.takeOnly('Ping');
    expect(again?.port).toBe(9_000);
    test.from(alice, alice.pong(ping.bytes));
    expect(test.holds(alice)).toBe(false);
    test.from({ ip: alice.ip, port: 9_000 }, alice.pong(again!.bytes));
    expect(test.holds(alice)).toBe(true);
  });
});

describe('a proved node that moves', () => {
  it('has to prove the new address; until then the old contact info stays', () => {
    const test = new TestNode();
    test.meet(alice);
    const { view, unproved } = test.parts;
    const row = view.find(Kind.CONTACT_INFO, 0, alice.key, 0);
    const moved = alice.contact({ port: 9_000, wallclock: START_MS + 1 });
    const outcomes = test.outcomesOf(bob, bob.push(moved));
    expect(outcomes).toEqual({ PACKET_VALUES_FILTERED: 1, VALUE_ADDRESS_UNPROVED: 1 });
    expect(view.columns.wallclock[row]).toBe(START_MS);
    expect(unproved.size).toBe(1);
    const [ping] = test.takeOnly('Ping');
    test.from({ ip: alice.ip, port: 9_000 }, alice.pong(ping!.bytes));
    const fields = new ContactInfoFields();
    const now = view.find(Kind.CONTACT_INFO, 0, alice.key, 0);
    const at = view.columns.place[now]!;
    readContactInfo(view.columns.bytes, at, at + view.columns.length[now]!, fields);
    expect(fields.socketPort[0]).toBe(9_000);
    expect(view.peers.columns.port[view.peers.find(alice.key, 0)]).toBe(9_000);
  });

  it('is not waited for when the contact info is older than the one held', () => {
    const test = new TestNode();
    test.meet(alice);
    const old = alice.contact({ port: 9_000, wallclock: START_MS - 1 });
    test.outcomesOf(bob, bob.push(old));
    expect(test.parts.unproved.size).toBe(0);
  });
});

describe('a contact info from the future', () => {
  for (const how of ['push', 'response'] as const) {
    it(`does not get in behind its pong, by ${how}`, () => {
      const test = new TestNode();
      const far = alice.contact({ wallclock: START_MS + 15_001 });
      test.from(bob, bob[how](far));
      const [ping] = test.takeOnly('Ping');
      test.from(alice, alice.pong(ping!.bytes));
      expect([test.holds(alice), test.parts.unproved.size]).toEqual([false, 0]);
      const moved = test.outcomesOf(bob, bob[how](far));
      expect(moved, 'nor when its address is proved').toEqual({ OK: 1, VALUE_WALLCLOCK_WINDOW: 1 });
      expect(test.holds(alice)).toBe(false);
    });
  }
});

describe('one packet', () => {
  const strangers = peers(5, 50);
  const packet = (): Uint8Array => bob.push(...strangers.map((peer) => peer.contact()));

  it('from an unproved source causes one ping at most', () => {
    const test = new TestNode();
    expect(test.outcomesOf(bob, packet())).toEqual({
      PACKET_VALUES_FILTERED: 1,
      VALUE_ADDRESS_UNPROVED: 5,
    });
    expect(test.takeOnly('Ping').length).toBe(1);
    expect(test.parts.unproved.size, 'all wait').toBe(5);
  });

  it('from a proved source causes one for each', () => {
    const test = new TestNode();
    test.meet(bob);
    test.from(bob, packet());
    expect(test.takeOnly('Ping').length).toBe(5);
  });

  it('of a proved key from another address counts as unproved', () => {
    const test = new TestNode();
    test.meet(bob);
    test.from({ ip: bob.ip, port: 1_234 }, packet());
    expect(test.takeOnly('Ping').length).toBe(1);
  });

  it('from an entrypoint causes one for each', () => {
    const test = new TestNode({ entrypoints: [bob] });
    test.from(bob, bob.response(...strangers.map((peer) => peer.contact())));
    expect(test.takeOnly('Ping').length).toBe(5);
  });
});

it('those that wait are pinged again in time, without being heard of again', () => {
  const test = new TestNode();
  test.from(bob, bob.push(...peers(5, 50).map((peer) => peer.contact())));
  test.run(3_000);
  const pinged = new Set(test.takeOnly('Ping').map(({ ip, port }) => `${ip}:${port}`));
  expect(pinged.size).toBe(5);
  test.run(60_000);
  expect(test.parts.unproved.size, 'a minute later they are forgotten').toBe(0);
  test.take();
  test.run(60_000);
  expect(test.takeOnly('Ping'), 'and left alone').toEqual([]);
});

it('an address is pinged twice in 20 s at most, whatever keys name it', () => {
  const test = new TestNode();
  test.meet(bob);
  const victim = { ip: parseIp('198.51.99.99'), port: 5_000 };
  for (let second = 0; second < 60; second++) {
    const liars = peers(3, 200 + 3 * second);
    const wallclock = test.clock.wallMs();
    test.from(bob, bob.push(...liars.map((peer) => peer.contact({ ...victim, wallclock }))));
    test.clock.advance(1_000);
  }
  const pings = test.takeOnly('Ping').filter(({ ip }) => ip === victim.ip);
  expect(pings.length).toBe(6);
  expect(test.parts.unproved.size).toBe(180);
});

describe('our own key in what others send', () => {
  /** Ourselves, as another instance would sign. */
  const twin = (test: TestNode): Peer => {
    const peer = new Peer(OURSELVES);
    expect(peer.address).toBe(test.identity.address);
    return peer;
  };

  it('with a larger outset is reported once, never stored, and ends nothing', () => {
    const test = new TestNode();
    test.parts.publisher.refreshContact();
    const ours = test.parts.publisher.contact.outset;
    for (const [i, how] of (['push', 'response', 'push'] as const).entries()) {
      const contact = twin(test).contact({
        ip: OUR_IP,
        outset: ours + 1 + i,
        wallclock: START_MS + i,
      });
      expect(test.outcomesOf(bob, bob[how](contact))).toEqual({
        PACKET_VALUES_FILTERED: 1,
        VALUE_OWN_INSTANCE: 1,
      });
    }
    const errors = test.logged.filter(({ level }) => level === 'error');
    expect(errors.length).toBe(1);
    expect(errors[0]?.message).toContain('another instance runs under our key');
    expect(test.node.contacts.otherInstance).toBe(ours + 3);
    const { view } = test.parts;
    expect(
      view.columns.outsetLow[view.find(Kind.CONTACT_INFO, 0, test.identity.publicKey, 0)],
    ).toBe(ours >>> 0);
    expect(test.takeOnly('Ping'), 'nobody is pinged for it').toEqual([]);
    expect(test.outcomesOf(bob, bob.ping())).toEqual({ OK: 1 });
  });

  const same = [
    { name: 'a smaller outset is merely outdated', outset: -1, outcome: 'VALUE_OUTDATED' },
    {
      name: 'our outset and an older clock too',
      outset: 0,
      wallclock: -1,
      outcome: 'VALUE_OUTDATED',
    },
  ];
  for (const { name, outset, wallclock = 1, outcome } of same) {
    it(`with ${name}`, () => {
      const test = new TestNode();
      test.parts.publisher.refreshContact();
      const ours = test.parts.publisher.contact.outset;
      const contact = twin(test).contact({
        ip: OUR_IP,
        outset: ours + outset,
        wallclock: START_MS + wallclock,
      });
      expect(test.outcomesOf(bob, bob.push(contact))).toEqual({ OK: 1, [outcome]: 1 });
      expect(test.logged).toEqual([]);
    });
  }

  it('comes back unchanged as a duplicate', () => {
    const test = new TestNode();
    test.parts.publisher.refreshContact();
    const own = test.parts.publisher.signContact().slice();
    expect(test.outcomesOf(bob, bob.push(own))).toEqual({ OK: 1, VALUE_DUPLICATE: 1 });
  });

  it('of another cluster is not ours to report', () => {
    const test = new TestNode();
    const contact = twin(test).contact({ outset: 2e15, shredVersion: 1 });
    expect(test.outcomesOf(bob, bob.push(contact))).toEqual({
      PACKET_VALUES_FILTERED: 1,
      VALUE_SHRED_VERSION: 1,
    });
    expect(test.logged).toEqual([]);
  });
});
