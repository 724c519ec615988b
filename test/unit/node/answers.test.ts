import { describe, expect, it } from 'vitest';
import { Stakes } from '../../../src/crds/peers.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { LOOPBACK_IP, parseIp } from '../../../src/util/ipv4.ts';
import type { OutcomeName } from '../../../src/util/outcome.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';
import { CLUSTER, type FilterWishes, forged, Peer, START_MS } from './peer.ts';

describe('a ping', () => {
  it('is answered to where it came from, over its token', () => {
    const test = new TestNode();
    const [peer] = peers(1) as [Peer];
    const token = new Uint8Array(32).map((_, i) => i);
    const elsewhere = { ip: peer.ip, port: 4_242 };
    expect(test.outcomesOf(elsewhere, peer.ping(token))).toEqual({ OK: 1 });
    const [pong, ...more] = test.takeOnly('Pong');
    expect(more).toEqual([]);
    expect([pong?.ip, pong?.port]).toEqual([peer.ip, 4_242]);
    expect(pong?.content.from).toBe(test.identity.address);
    const hashed = Buffer.concat([Buffer.from('SOLANA_PING_PONG'), token]);
    expect(pong?.content.hash).toBe(sha256Hex(hashed));
  });

  const unusable = [
    { name: 'loopback', ip: LOOPBACK_IP, port: 8001 },
    { name: 'private', ip: parseIp('192.168.1.1'), port: 8001 },
    { name: 'multicast', ip: parseIp('224.0.0.1'), port: 8001 },
    { name: 'broadcast', ip: 0xffffffff, port: 8001 },
    { name: 'no address', ip: 0, port: 8001 },
    { name: 'no port', ip: parseIp('198.51.100.1'), port: 0 },
  ];
  for (const { name, ip, port } of unusable) {
    it(`from a source nobody can answer is not: ${name}`, () => {
      const test = new TestNode();
      expect(test.outcomesOf({ ip, port }, new Peer(1).ping())).toEqual({ SOURCE_UNUSABLE: 1 });
      expect(test.take()).toEqual([]);
    });
  }

  it('from loopback is answered where private addresses are allowed', () => {
    const test = new TestNode({ allowPrivate: true });
    expect(test.outcomesOf({ ip: LOOPBACK_IP, port: 9 }, new Peer(1).ping())).toEqual({ OK: 1 });
    expect(test.takeOnly('Pong').length).toBe(1);
  });

  it('with a wrong signature is not answered', () => {
    const test = new TestNode();
    const [peer] = peers(1) as [Peer];
    expect(test.outcomesOf(peer, forged('ping', peer.key))).toEqual({ PING_SIGNATURE: 1 });
    expect(test.take()).toEqual([]);
  });

  it('flood of one address: 256 at once, then 64 a second; who proved its address is not limited', () => {
    const test = new TestNode({ capacities: { batches: 16 } });
    const [flooder, friend] = peers(2) as [Peer, Peer];
    test.meet(friend);
    const flood = (peer: Peer, count: number): Record<string, number> =>
      test.outcomesOf(peer, ...new Array<Uint8Array>(count).fill(peer.ping()));
    expect(flood(flooder, 300)).toEqual({ OK: 256, PING_OVER_BUDGET: 44 });
    test.clock.advance(1_000);
    expect(flood(flooder, 100)).toEqual({ OK: 64, PING_OVER_BUDGET: 36 });
    expect(flood(friend, 300)).toEqual({ OK: 300 });
    expect(flood(new Peer(3), 10)).toEqual({ OK: 10 });
    test.clock.advance(1_000);
    expect(test.takeOnly('Pong').length).toBe(256 + 64 + 300 + 10);
  });

  it('finds no place when pongs alone fill the outbox', () => {
    const test = new TestNode({ outbox: { slots: 4, bytesPerSecond: 1 } });
    test.transport.backlog = 1_000;
    const pings = new Array<Uint8Array>(6).fill(new Peer(1).ping());
    expect(test.outcomesOf(new Peer(1), ...pings)).toEqual({ OK: 4, PING_OVER_BUDGET: 2 });
    expect(test.parts.outbox.dropped[0]).toBe(2);
  });
});

describe('a pull request', () => {
  const [caller] = peers(1) as [Peer];
  const contact = (wishes: Parameters<Peer['contact']>[0] = {}): Uint8Array =>
    caller.contact(wishes);

  /** A node that has met the caller, and holds something to answer with. */
  function ready(): TestNode {
    const test = new TestNode();
    test.node.parts.publisher.refreshContact();
    test.meet(caller);
    return test;
  }

  const refusals: {
    name: string;
    outcome: OutcomeName;
    filter?: FilterWishes;
    value?: (test: TestNode) => Uint8Array;
    from?: { ip: number; port: number };
  }[] = [
    { name: 'few mask bits', outcome: 'MASK_BITS_TOO_FEW', filter: { maskBits: 5 } },
    {
      name: 'a caller that is no contact info',
      outcome: 'CALLER_NOT_CONTACT_INFO',
      value: () => caller.slots(1),
    },
    {
      name: 'another cluster',
      outcome: 'PULL_REQUEST_SHRED_VERSION',
      value: () => contact({ shredVersion: CLUSTER + 1 }),
    },
    {
      name: 'our own key',
      outcome: 'PULL_REQUEST_OWN',
      value: (test) => test.parts.publisher.signContact(),
    },
    {
      name: 'a source nobody can answer',
      outcome: 'SOURCE_UNUSABLE',
      from: { ip: LOOPBACK_IP, port: 8001 },
    },
    {
      name: 'an address that did not answer',
      outcome: 'PULL_REQUEST_UNPROVED',
      from: { ip: caller.ip, port: 4_242 },
    },
    {
      name: 'a clock 15 s ahead',
      outcome: 'PULL_REQUEST_WALLCLOCK',
      value: () => contact({ wallclock: START_MS + 15_000 }),
    },
    {
      name: 'a clock over 15 s behind',
      outcome: 'PULL_REQUEST_WALLCLOCK',
      value: () => contact({ wallclock: START_MS - 15_001 }),
    },
    {
      name: 'more keys than we compute',
      outcome: 'PULL_REQUEST_OVER_BUDGET',
      filter: { keyCount: 9 },
    },
    {
      name: 'a damaged caller',
      outcome: 'VALUE_SIGNATURE',
      value: () => contact().fill(1, 0, 64),
    },
  ];
  for (const { name, outcome, filter, value, from } of refusals) {
    it(`is refused: ${name}`, () => {
      const test = ready();
      const request = caller.pullRequest(filter, value?.(test));
      expect(test.outcomesOf(from ?? caller, request)).toEqual({ [outcome]: 1 });
      expect(test.node.answers.served).toBe(0);
      expect(test.takeOnly('PullResponse')).toEqual([]);
    });
  }

  it('from an address that did not answer gets a ping there, once', () => {
    const test = ready();
    const elsewhere = { ip: caller.ip, port: 4_242 };
    const requests = [caller.pullRequest(), caller.pullRequest()];
    expect(test.outcomesOf(elsewhere, ...requests)).toEqual({ PULL_REQUEST_UNPROVED: 2 });
    const [ping, ...more] = test.takeOnly('Ping');
    expect([ping?.ip, ping?.port, more.length]).toEqual([caller.ip, 4_242, 0]);
    expect(test.outcomesOf(elsewhere, caller.pong(ping!.bytes))).toEqual({ OK: 1 });
    expect(test.outcomesOf(elsewhere, caller.pullRequest())).toEqual({ OK: 1 });
    expect(test.node.answers.served).toBe(1);
  });

  it('is answered when its pong comes in the same batch', () => {
    const test = new TestNode();
    test.node.parts.publisher.refreshContact();
    test.from(caller, caller.pullRequest());
    const [ping] = test.takeOnly('Ping');
    const datagrams = [caller.pullRequest(), caller.pong(ping!.bytes)];
    expect(test.outcomesOf(caller, ...datagrams)).toEqual({ OK: 2 });
    expect(test.node.answers.served).toBe(1);
  });

  it('does not bring its caller into the table', () => {
    const test = new TestNode();
    test.from(caller, caller.pullRequest());
    const [ping] = test.takeOnly('Ping');
    test.from(caller, caller.pong(ping!.bytes), caller.pullRequest());
    expect(test.count('OK')).toBe(2);
    expect([test.parts.view.size, test.parts.unproved.size]).toEqual([0, 0]);
  });

  it('over the scan budget of its address is refused, others are not', () => {
    const test = ready();
    const [, other] = peers(2) as [Peer, Peer];
    test.meet(other);
    stuff(test, 4_000);
    // 4,000 entries and 8 keys cost 32,000 of 1,048,576 tokens; a full filter leaves nothing to send.
    const request = (peer: Peer): Uint8Array =>
      peer.pullRequest({ keyCount: 8, bits: new Uint8Array(64).fill(255) });
    const forty = new Array<Uint8Array>(40).fill(request(caller));
    expect(test.outcomesOf(caller, ...forty)).toEqual({ OK: 32, PULL_REQUEST_OVER_BUDGET: 8 });
    expect(test.outcomesOf(other, request(other))).toEqual({ OK: 1 });
    test.clock.advance(250); // 65,536 tokens
    expect(test.outcomesOf(caller, ...forty)).toEqual({ OK: 2, PULL_REQUEST_OVER_BUDGET: 38 });
  });
});

describe('answers', () => {
  it('carry what the filter lacks, from us, to the source, in datagrams of at most 1,232 bytes', () => {
    const test = new TestNode();
    const [caller, origin] = peers(2) as [Peer, Peer];
    test.meet(caller, origin);
    const values = Array.from({ length: 24 }, (_, i) => origin.slots(i));
    test.from(origin, origin.push(...values.slice(0, 9)), origin.push(...values.slice(9, 18)));
    test.from(origin, origin.push(...values.slice(18)));
    test.take();
    const found: string[] = [];
    for (let partition = 0; partition < 64; partition++) {
      test.clock.advance(500);
      const maskHigh = ((partition + 1) * 2 ** 26 - 1) >>> 0;
      const contact = caller.contact({ wallclock: test.clock.wallMs() });
      expect(test.outcomesOf(caller, caller.pullRequest({ maskHigh }, contact))).toEqual({ OK: 1 });
      for (const answer of test.takeOnly('PullResponse')) {
        expect(answer.content.from).toBe(test.identity.address);
        expect([answer.ip, answer.port]).toEqual([caller.ip, caller.port]);
        expect(answer.bytes.length).toBeLessThanOrEqual(PACKET_BYTES);
        found.push(...answer.content.values.map((value) => value.signature));
      }
    }
    const held = [...values, caller.contact(), origin.contact()];
    const expected = held.map((value) => toBase58(value, 0, 64));
    expect(found.sort()).toEqual(expected.sort());
    expect(test.node.answers.served).toBe(64);
  });

  it('stop at the byte budget: 2,048 at once, 10,240 saved up, more with stakes', () => {
    const cases = [
      { name: 'at the start', idleMs: 0, staked: 0, most: 2_048 },
      { name: 'after a while', idleMs: 600, staked: 0, most: 10_240 },
      { name: 'with 20 staked nodes', idleMs: 0, staked: 20, most: 20_480 },
    ];
    for (const { name, idleMs, staked, most } of cases) {
      const test = new TestNode();
      const [caller] = peers(1) as [Peer];
      test.meet(caller);
      const keys = Array.from({ length: staked }, (_, i) => [new Peer(100 + i).key, 1] as const);
      test.node.setStakes(new Stakes(keys));
      stuff(test, 2_000, caller.slots(0));
      for (let ms = 0; ms < idleMs; ms += 100) {
        test.clock.advance(100);
        test.from(caller, caller.pullRequest({ bits: new Uint8Array(64).fill(255) }));
      }
      test.take();
      const requests = new Array<Uint8Array>(60).fill(caller.pullRequest());
      const moved = test.outcomesOf(caller, ...requests);
      const sent = test.take().filter((s) => s.bytes[0] === 1);
      const bytes = sent.reduce((sum, s) => sum + s.bytes.length, 0);
      expect(bytes, name).toBeLessThanOrEqual(most);
      expect(bytes, name).toBeGreaterThan(0.6 * most); // one value is allowed for each 161 bytes
      expect(moved['PULL_REQUEST_OVER_BUDGET'], name).toBeGreaterThan(0);
    }
  });
});

/** Fills the last partition of the table with rows of other origins that no peer would accept. */
function stuff(test: TestNode, rows: number, bytes: Uint8Array = new Uint8Array(130)): void {
  const { table } = test.parts;
  const key = new Uint8Array(32);
  const hash = new Uint8Array(32).fill(255);
  for (let row = 0; row < rows; row++) {
    new DataView(key.buffer).setUint32(0, row >> 2);
    new DataView(hash.buffer).setUint32(20, row);
    const value = bytes.slice();
    const originAt = 69;
    value.set(key, originAt);
    const index = row & 3;
    const wallclock = START_MS - 1_000;
    const length = value.length;
    table.upsert(value, 0, length, 5, index, originAt, wallclock, 0, 0, hash, 0, START_MS, 1);
  }
  expect(table.size).toBeGreaterThanOrEqual(rows);
}
