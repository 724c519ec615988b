import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/hash.ts';
import { bloomContains } from '../../../src/gossip/bloom.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { parseIp } from '../../../src/util/ipv4.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../../../src/wire/skim.ts';
import { peers, type Sent, TestNode } from './harness.ts';
import { type Peer, START_MS } from './peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** What a request asks for: the partition, and whether it says that we have a value. */
function readRequest(bytes: Uint8Array): {
  maskBits: number;
  partition: number;
  covers: (value: Uint8Array) => boolean;
  has: (value: Uint8Array) => boolean;
} {
  const f = new PacketFields();
  expect(skim(bytes, 0, bytes.length, f, createValueColumns(4), 0)).toBe(0);
  const { maskBits } = f;
  const partition = readU32(bytes, f.maskAt + 4) >>> (32 - maskBits);
  return {
    maskBits,
    partition,
    covers: (value) => readU32(sha256(value), 4) >>> (32 - maskBits) === partition,
    has: (value) =>
      bloomContains(bytes, f.keysAt, f.keyCount, f.bitsAt, f.bitLength, sha256(value), 0),
  };
}

const toPeer = (peer: Peer) => (sent: Sent) => sent.ip === peer.ip && sent.port === peer.port;

describe('an honest node', () => {
  const seconds = (test: TestNode, count: number): Sent[] => {
    test.run(count * 1_000 - 1);
    return test.takeOnly('PullRequest');
  };

  it('asks an eighth of 64 partitions every half second, of peers it has met', () => {
    const test = new TestNode().meet(alice, bob);
    const requests = seconds(test, 10);
    expect(requests.length).toBe(20 * 8);
    expect(test.node.pulls.sent).toBe(160);
    for (const peer of [alice, bob]) {
      expect(requests.filter(toPeer(peer)).length).toBeGreaterThan(40);
    }
    const perRound = new Map<number, Set<number>>();
    for (const { bytes, atMs } of requests) {
      const { maskBits, partition } = readRequest(bytes);
      expect(maskBits).toBe(6);
      expect(bytes.length).toBeLessThanOrEqual(PACKET_BYTES);
      const round = perRound.get(atMs) ?? new Set();
      perRound.set(atMs, round.add(partition));
    }
    expect([...perRound.keys()]).toEqual(Array.from({ length: 20 }, (_, i) => 500 * i));
    expect(
      [...perRound.values()].every(({ size }) => size === 8),
      'eight different',
    ).toBe(true);
    const all = new Set([...perRound.values()].slice(0, 8).flatMap((round) => [...round]));
    expect(all.size, 'each once in eight rounds').toBe(64);
  });

  it('asks nobody when it knows nobody', () => {
    expect(seconds(new TestNode(), 2)).toEqual([]);
  });

  it('asks an entrypoint alone while there is nobody else', () => {
    const requests = seconds(new TestNode({ entrypoints: [carol] }), 2);
    expect(requests.length).toBe(4 * 8);
    expect(requests.every(toPeer(carol))).toBe(true);
  });

  it('asks an entrypoint besides others every 7.5 s until the table knows it', () => {
    const test = new TestNode({ entrypoints: [carol] }).meet(alice);
    const before = seconds(test, 20).filter(toPeer(carol));
    const eachHalfSecond = (fromMs: number): number[] =>
      Array.from({ length: 64 }, (_, i) => fromMs + 500 * Math.floor(i / 8));
    expect(before.map(({ atMs }) => atMs)).toEqual([
      ...eachHalfSecond(8_000),
      ...eachHalfSecond(16_000),
    ]);
    const all = new Set(before.slice(0, 64).map(({ bytes }) => readRequest(bytes).partition));
    expect(all.size, 'for everything').toBe(64);
    test.clock.advance(1); // 20 s
    test.meet(carol);
    const after = seconds(test, 20);
    const rounds = new Map<number, number>();
    for (const { atMs } of after) rounds.set(atMs, (rounds.get(atMs) ?? 0) + 1);
    expect(
      [...rounds.values()].every((count) => count === 8),
      'as any peer',
    ).toBe(true);
  });

  it('asks an entrypoint anew that the table knows but nobody has heard of for a minute', () => {
    const test = new TestNode({ entrypoints: [carol] }).meet(alice, carol);
    for (let s = 0; s < 70; s++) {
      if (s % 10 === 0) test.from(bob, bob.push(alice.contact({ wallclock: test.clock.wallMs() })));
      test.run(1_000);
    }
    const late = test.takeOnly('PullRequest').filter(toPeer(carol));
    const asked = new Set(late.map(({ atMs }) => atMs).filter((atMs) => atMs > 61_000));
    expect([...asked]).toEqual(Array.from({ length: 8 }, (_, i) => 64_000 + 500 * i));
  });

  it('never asks an entrypoint at an address nobody can answer from', () => {
    const entrypoints = [{ ip: parseIp('10.0.0.1'), port: 8001 }];
    expect(seconds(new TestNode({ entrypoints }), 2)).toEqual([]);
    expect(seconds(new TestNode({ entrypoints, allowPrivate: true }), 2).length).toBe(32);
  });

  it('does not ask peers whom it has not heard of for a minute', () => {
    const test = new TestNode().meet(alice);
    expect(seconds(test, 60).length).toBe(120 * 8);
    test.run(1_000);
    test.take();
    expect(seconds(test, 2)).toEqual([]);
  });

  it('carries its own contact info, signed anew for each round', () => {
    const test = new TestNode().meet(alice);
    test.run(1_100);
    const wallclocks = test.takeOnly('PullRequest').map(({ content }) => {
      const [caller] = content.values;
      expect(caller?.from).toBe(test.identity.address);
      return Number(caller?.wallclock) - START_MS;
    });
    expect([...new Set(wallclocks)]).toEqual([0, 500, 1_000]);
  });
});

it('a filter has what the table has, what left it, what failed, and what waits', () => {
  const test = new TestNode().meet(alice, bob);
  const [older, newer] = [alice.slots(0), alice.slots(0, START_MS + 1)];
  test.from(alice, alice.push(older), alice.push(newer)); // the older one is purged
  test.from(bob, bob.push(alice.slots(1)), bob.response(alice.slots(0, START_MS - 9)));
  const failed = alice.slots(0, START_MS - 9);
  const waiting = carol.contact();
  test.from(carol, carol.push(waiting));
  const had = [older, newer, alice.slots(1), failed, waiting, alice.contact(), bob.contact()];
  const lacking = peers(40, 300).map((peer) => peer.contact());
  test.run(3_900);
  const requests = test.takeOnly('PullRequest').map(({ bytes }) => readRequest(bytes));
  let asked = 0;
  for (const request of requests) {
    for (const [i, value] of had.entries()) {
      if (!request.covers(value)) continue;
      asked++;
      expect(request.has(value), `value ${i}`).toBe(true);
    }
  }
  expect(asked).toBe(had.length);
  const misses = lacking.filter((value) => requests.some((r) => r.covers(value) && !r.has(value)));
  expect(misses.length).toBe(lacking.length);
});

describe('an eager node', () => {
  const eager = (...entrypoints: Peer[]): TestNode => new TestNode({ eager: true, entrypoints });

  it('tries an entrypoint once a second, and waits for its ping', () => {
    const test = eager(alice);
    test.run(900);
    expect(test.takeOnly('PullRequest').length).toBe(1);
    test.run(2_000);
    expect(test.takeOnly('PullRequest').length).toBe(2);
    test.run(200);
    const asHonest = test.takeOnly('PullRequest').length;
    expect(asHonest, 'then as an honest node, and the next try').toBeGreaterThanOrEqual(8);
    expect(asHonest).toBeLessThanOrEqual(9);
  });

  it('answers that ping and asks again at once, eight partitions', () => {
    const test = eager(alice);
    test.run(50);
    const [first] = test.takeOnly('PullRequest');
    test.from(alice, alice.ping());
    const sent = test.transport.sent.slice();
    const requests = test.takeOnly('PullRequest');
    expect(sent[0]?.bytes[0], 'the pong goes first').toBe(5);
    expect(requests.length).toBe(8);
    expect(requests.every(toPeer(alice))).toBe(true);
    const all = [first!, ...requests].map(({ bytes }) => readRequest(bytes).partition);
    expect(new Set(all).size, 'nine different ones').toBe(9);
  });

  const idle = [
    { name: 'of somebody whom we did not ask', asked: alice, waitMs: 50, pings: bob },
    { name: 'that comes 3 s after we asked', asked: alice, waitMs: 3_050, pings: alice },
  ];
  for (const { name, asked, waitMs, pings } of idle) {
    it(`asks nobody anew because of a ping ${name}`, () => {
      const test = eager(asked);
      test.node.pulls.round(0);
      test.node.pump();
      test.settle();
      expect(test.takeOnly('PullRequest').length).toBe(1);
      test.clock.advance(waitMs);
      test.from(pings, pings.ping());
      expect(test.take().map(({ bytes }) => bytes[0])).toEqual([5]);
    });
  }

  it('a second ping changes nothing either', () => {
    const test = eager(alice);
    test.run(50);
    test.from(alice, alice.ping());
    test.take();
    test.from(alice, alice.ping());
    expect(test.take().map(({ bytes }) => bytes[0])).toEqual([5]);
  });

  it('spreads requests over those who answer, all partitions in turn', () => {
    const test = eager(alice, bob);
    test.run(0);
    test.from(alice, alice.ping()).from(bob, bob.ping());
    test.run(1_000);
    const requests = test.takeOnly('PullRequest').map((r) => ({ ...r, ...readRequest(r.bytes) }));
    const first64 = requests.slice(0, 64).map(({ partition }) => partition);
    expect(new Set(first64).size).toBe(64);
    const shares = [alice, bob].map((peer) => requests.filter(toPeer(peer)).length);
    expect(Math.abs(shares[0]! - shares[1]!)).toBeLessThan(10);
  });
});

/** Peers that behave: they ping who asks them, and then answer with contact infos. */
class Crowd {
  readonly peers: Peer[];
  readonly #byIp: Map<number, Peer>;
  readonly #open = new Set<number>();
  /** Contact infos of nobody who answers. */
  readonly #strangers: Uint8Array[];
  answers = 0;

  constructor(count: number, strangers: number) {
    this.peers = peers(count, 1_000);
    this.#byIp = new Map(this.peers.map((peer) => [peer.ip, peer]));
    this.#strangers = peers(strangers, 2_000).map((peer) => peer.contact());
  }

  /** Lets a node talk with the crowd for a while. @returns when each pull request was sent */
  talk(test: TestNode, ms: number, news: () => number): number[] {
    const asked: number[] = [];
    for (let left = ms; left > 0; left -= 50) {
      for (const { ip, port, bytes, atMs } of test.take()) {
        if (bytes[0] === 0) asked.push(atMs);
        const peer = this.#byIp.get(ip);
        if (!peer || port !== peer.port) continue;
        if (bytes[0] === 4) test.from(peer, peer.pong(bytes));
        else if (bytes[0] === 0 && !this.#open.has(ip)) {
          this.#open.add(ip);
          test.from(peer, peer.ping());
        } else if (bytes[0] === 0) {
          this.answers++;
          const values = [this.peers[this.answers % this.peers.length]!.contact()];
          for (let i = news(); i > 0; i--) values.push(this.#strangers.pop() ?? values[0]!);
          test.from(peer, peer.response(...values));
        }
      }
      test.run(50);
    }
    return asked;
  }
}

describe('the rate of pull requests', () => {
  it('of an eager node stays under 400 a second; when nothing new comes it falls to honest', () => {
    const crowd = new Crowd(30, 300);
    const test = new TestNode({ eager: true, entrypoints: [crowd.peers[0]!] });
    test.run(0);
    const asked = crowd.talk(test, 4_000, () => 1);
    for (let from = 0, to = 0; to < asked.length; to++) {
      while (asked[to]! - asked[from]! >= 1_000) from++;
      expect(to - from + 1, `second to ${asked[to]} ms`).toBeLessThan(400);
    }
    expect(asked.length, 'but eager').toBeGreaterThan(500);
    expect(test.node.pulls.eager, 'nothing new for two cycles').toBe(false);
    expect(test.logged.map(({ message }) => message)).toEqual([
      'the table is full: asking at an honest pace now',
    ]);
    const later = crowd.talk(test, 2_000, () => 0);
    expect(later.length).toBeLessThanOrEqual(5 * 16);
  });
});

it('a thin line has room for pushes beside the requests', () => {
  const outbox = { slots: 1_024, bytesPerSecond: 18_000, burstBytes: 2_520 };
  const test = new TestNode({ outbox }).meet(alice, bob);
  test.run(20_000);
  const sent = test.take().map(({ bytes }) => bytes[0]);
  const requests = sent.filter((tag) => tag === 0).length;
  expect(requests).toBeGreaterThan(80);
  expect(requests).toBeLessThan(160);
  expect(sent.filter((tag) => tag === 2).length, 'pushes of our contact info').toBeGreaterThan(2);
});
