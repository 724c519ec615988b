import { describe, expect, it } from 'vitest';
import { findViolation } from '../../../src/crds/invariants.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { LOOPBACK_IP, parseIp } from '../../../src/util/ipv4.ts';
import { type Rng, seededRng } from '../../../src/util/rng.ts';
import { Message } from '../../../src/wire/limits.ts';
import { expectAtMost, expectSame } from '../../in-loops.ts';
import { OUR_IP, OURSELVES, peers, type Sent, TestNode, verifier } from './harness.ts';
import { forged, Peer } from './peer.ts';

const [alice, bob] = peers(2) as [Peer, Peer];

describe('stopping', () => {
  it('works off what was received, answers it, and counts what comes later', () => {
    const test = new TestNode();
    test.run(0);
    test.take();
    for (let i = 0; i < 200; i++) {
      const ping = alice.ping();
      test.node.receive(ping, 0, ping.length, alice.ip, alice.port);
    }
    test.node.stop();
    expect(test.counted()).toEqual({ OK: 200 });
    expect(test.takeOnly('Pong').length).toBe(200);
    expect(test.outcomesOf(alice, alice.ping())).toEqual({ SHED_STOPPING: 1 });
    expect(test.take()).toEqual([]);
  });

  it('ends the rounds, and doing it again changes nothing', () => {
    const test = new TestNode({ entrypoints: [alice] });
    test.run(1_000);
    test.node.stop();
    test.take();
    test.clock.advance(60_000);
    test.node.stop();
    expect(test.take()).toEqual([]);
  });

  it('leaves the table to be read', () => {
    const test = new TestNode().meet(alice);
    test.node.stop();
    expect(test.holds(alice)).toBe(true);
  });
});

describe('a turn', () => {
  it('leaves the rest for the next ones, and loses nothing', () => {
    const test = new TestNode({ capacities: { batches: 16 } });
    const push = alice.push(alice.slots(0));
    for (let i = 0; i < 640; i++) test.node.receive(push, 0, push.length, alice.ip, alice.port);
    test.node.pump();
    expect(test.count('PACKET_VALUES_FILTERED')).toBe(256);
    test.settle();
    expect(test.count('PACKET_VALUES_FILTERED')).toBe(640);
  });

  it('sends what the budget holds back as it comes free', () => {
    const test = new TestNode({ outbox: { slots: 1_024, bytesPerSecond: 16_000 } });
    for (let i = 0; i < 200; i++) {
      const ping = alice.ping();
      test.node.receive(ping, 0, ping.length, alice.ip, alice.port);
    }
    test.settle();
    expect(test.take().length).toBe(25); // a quarter of a second: 4,000 bytes at 160
    test.clock.advance(500);
    expect(test.take().length).toBe(50);
    test.clock.advance(2_000);
    expect(test.take().length).toBe(125);
  });
});

it('stakes can change at any time', () => {
  const test = new TestNode().meet(alice);
  test.node.setStakes(new Stakes([[alice.key, 3e9]]));
  const { view, timeouts } = test.parts;
  expect(view.peers.columns.stake[view.peers.find(alice.key, 0)]).toBe(3e9);
  expect([timeouts.of(alice.key, 0), timeouts.of(bob.key, 0)]).toEqual([172_800_000, 15_000]);
  expect(test.parts.ourStake).toBe(0);
});

/** Random traffic of honest peers, liars and noise, some of it from addresses nobody could have. */
class Traffic {
  readonly rng: Rng;
  readonly test: TestNode;
  readonly #crowd = peers(12, 600);
  readonly #proved = new Set<string>();
  readonly #addresses: { ip: number; port: number }[];
  readonly #pings: Sent[] = [];
  #index = 0;

  constructor(seed: number) {
    this.rng = seededRng(seed);
    const [entrypoint] = this.#crowd as [Peer];
    this.test = new TestNode({ seed, eager: seed % 2 === 0, entrypoints: [entrypoint] });
    this.#proved.add(`${entrypoint.ip}:${entrypoint.port}`);
    this.#addresses = [
      ...this.#crowd,
      { ip: parseIp('198.51.200.1'), port: 53 },
      { ip: LOOPBACK_IP, port: 8001 },
      { ip: OUR_IP, port: 8001 },
      { ip: 0, port: 0 },
    ];
    this.test.run(0);
  }

  /** One datagram from somewhere, and what comes of it. */
  step(): void {
    const { rng, test } = this;
    const peer = this.#any(this.#crowd);
    const source = rng.below(4) === 0 ? this.#any(this.#addresses) : peer;
    const bytes = this.#datagram(peer);
    if (rng.below(12) === 0) bytes[rng.below(bytes.length)]! ^= 1 << rng.below(8);
    test.node.receive(bytes, 0, bytes.length, source.ip, source.port);
    if (rng.below(3) === 0) test.run(rng.below(400));
    if (rng.below(2) === 0) this.#answerPing();
    this.#check();
  }

  #any<T>(items: readonly T[]): T {
    return items[this.rng.below(items.length)]!;
  }

  #datagram(peer: Peer): Uint8Array {
    const { rng, test } = this;
    const now = test.clock.wallMs() + rng.below(3) * 16_000 - 16_000;
    const address = rng.below(3) === 0 ? this.#any(this.#addresses) : peer;
    const about = this.#any([...this.#crowd, new Peer(OURSELVES)]);
    const contact = about.contact({ wallclock: now, ip: address.ip, port: address.port });
    const other = this.#any(this.#crowd).slots(this.#index++ % 255, now);
    switch (rng.below(8)) {
      case 0:
        return peer.push(contact, other);
      case 1:
        return peer.response(contact, other, this.#any(this.#crowd).contact({ wallclock: now }));
      case 2:
        return peer.ping();
      case 3:
        return peer.pong(peer.ping());
      case 4:
        return peer.prune(test.identity.publicKey, [about.key], test.clock.wallMs());
      case 5:
        return peer.pullRequest({ maskHigh: rng.u32() }, peer.contact({ wallclock: now }));
      case 6:
        return forged(rng.below(2) === 0 ? 'ping' : 'pong', peer.key);
      default: {
        const noise = new Uint8Array(1 + rng.below(1_232));
        rng.fill(noise);
        if (noise.length > 4) noise.set([rng.below(7), 0, 0, 0]);
        return noise;
      }
    }
  }

  /** A peer answers one of our pings, if it was meant for it, and so proves its address. */
  #answerPing(): void {
    const ping = this.#pings.splice(this.rng.below(this.#pings.length + 1), 1)[0];
    const peer = this.#crowd.find(({ ip, port }) => ip === ping?.ip && port === ping.port);
    if (!ping || !peer) return;
    const before = this.test.node.contacts.proofs;
    this.test.from(peer, peer.pong(ping.bytes));
    if (this.test.node.contacts.proofs > before) this.#proved.add(`${peer.ip}:${peer.port}`);
  }

  /** To addresses that have not answered go pings and pongs, nothing else; and nothing to nowhere. */
  #check(): void {
    for (const sent of this.test.take()) {
      const to = `${sent.ip}:${sent.port}`;
      const message = readU32(sent.bytes, 0);
      if (message === Message.PING) this.#pings.push(sent);
      const isGreeting = message === Message.PING || message === Message.PONG;
      if (!isGreeting) expectSame(this.#proved.has(to), true, `message ${message} to ${to}`);
      expectSame([0, LOOPBACK_IP].includes(sent.ip), false, `message ${message} to ${to}`);
      expectAtMost(sent.bytes.length, 1_232);
    }
  }
}

it('random traffic: only pings and pongs go to unproved addresses, and the table stays sound', () => {
  for (let seed = 1; seed <= 4; seed++) {
    const traffic = new Traffic(seed);
    const { test } = traffic;
    for (let i = 0; i < 250; i++) traffic.step();
    const verify = (b: Uint8Array, key: number, signature: number, at: number, end: number) =>
      verifier.verify(b, key, b, signature, b, at, end);
    expect(
      findViolation(test.parts.table, { decode: true, verify }),
      `seed ${seed}`,
    ).toBeUndefined();
    expect(test.parts.view.size, `seed ${seed}`).toBeGreaterThan(5);
    expect(test.node.contacts.proofs, `seed ${seed}`).toBeGreaterThan(3);
    const { counters } = test.parts;
    expect(counters[Counter.DATAGRAMS_RECEIVED], `seed ${seed}`).toBeGreaterThan(250);
    expect(Object.keys(test.counted()).length, `seed ${seed}: outcomes met`).toBeGreaterThan(15);
  }
});
