import { describe, expect, it } from 'vitest';
import type { WorkPool } from '../../../src/node/pools.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { BATCH_SLOTS } from '../../../src/shm/layout.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';
import { TestNode } from './harness.ts';
import { Peer } from './peer.ts';

const source = new Peer(1);

/** Threads that never come to a batch. */
const NOBODY_LISTENS: WorkPool = { threads: 1, runOne: () => false, runTask() {} };

describe('a datagram that cannot be a message ends at once', () => {
  const cases = [
    { name: 'empty', length: 0, ip: source.ip, port: 1, outcome: 'PACKET_EMPTY' },
    {
      name: 'too long',
      length: PACKET_BYTES + 1,
      ip: source.ip,
      port: 1,
      outcome: 'PACKET_TOO_LONG',
    },
    { name: 'from nowhere', length: 132, ip: 0, port: 1, outcome: 'SOURCE_UNUSABLE' },
    { name: 'from no port', length: 132, ip: source.ip, port: 0, outcome: 'SOURCE_UNUSABLE' },
  ];
  for (const { name, length, ip, port, outcome } of cases) {
    it(name, () => {
      const test = new TestNode();
      test.node.receive(new Uint8Array(PACKET_BYTES + 1), 0, length, ip, port);
      expect(test.counted(), 'before any work').toEqual({ [outcome]: 1 });
      expect(test.parts.ring.used).toBe(0);
      expect(test.parts.counters[Counter.BYTES_RECEIVED]).toBe(length);
    });
  }

  it('the longest that can is looked at', () => {
    const test = new TestNode();
    const packet = new Uint8Array(PACKET_BYTES);
    packet[0] = 99;
    expect(test.outcomesOf(source, packet)).toEqual({ MESSAGE_UNKNOWN: 1 });
  });
});

describe('the ring', () => {
  it('takes 64 datagrams a batch, hands full ones over by itself, and the rest when sealed', () => {
    const test = new TestNode();
    const ping = source.ping();
    const receive = (): void => test.node.receive(ping, 0, ping.length, source.ip, source.port);
    for (let i = 0; i < BATCH_SLOTS; i++) receive();
    expect(test.parts.ring.waiting).toBe(1);
    receive();
    expect(test.parts.ring.waiting, 'one in an open batch').toBe(1);
    test.settle();
    expect(test.parts.ring.used).toBe(0);
    expect(test.counted()).toEqual({ OK: BATCH_SLOTS + 1 });
  });

  it('is not filled with batches of one while listening is behind', () => {
    const test = new TestNode({ pool: () => NOBODY_LISTENS, capacities: { batches: 16 } });
    const ping = source.ping();
    for (let i = 0; i < 60; i++) test.from(source, ping);
    expect([test.parts.ring.waiting, test.node.gathered]).toEqual([4, 56]);
    expect(test.parts.ring.claim(), 'a thread comes to the first').toBeGreaterThanOrEqual(0);
    test.from(source, ping);
    expect([test.parts.ring.waiting, test.node.gathered]).toEqual([4, 0]);
    for (let i = 0; i < BATCH_SLOTS; i++) test.from(source, ping);
    expect([test.parts.ring.waiting, test.node.gathered], 'a full one').toEqual([5, 0]);
  });

  it('when full refuses what comes, counts it, and goes on after', () => {
    const test = new TestNode(); // 4 batches
    const ping = source.ping();
    for (let i = 0; i < 4 * BATCH_SLOTS + 5; i++) {
      test.node.receive(ping, 0, ping.length, source.ip, source.port);
    }
    expect(test.counted()).toEqual({ SHED_RING_FULL: 5 });
    test.settle();
    const after = { SHED_RING_FULL: 5, OK: 4 * BATCH_SLOTS };
    expect(test.counted()).toEqual(after);
    test.clock.advance(1_000);
    expect(test.outcomesOf(source, ping)).toEqual({ OK: 1 });
  });

  it('keeps a copy: the caller may use its bytes again at once', () => {
    const test = new TestNode();
    const bytes = new Uint8Array(200);
    bytes.set(source.ping(), 50);
    test.node.receive(bytes, 50, 132, source.ip, source.port);
    bytes.fill(0);
    test.settle();
    expect(test.counted()).toEqual({ OK: 1 });
  });
});
