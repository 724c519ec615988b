import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, expect, it } from 'vitest';
import {
  arrivalsSince,
  dumpValues,
  holdsNode,
  listNodes,
  summarize,
} from '../../../src/api/listing.ts';
import { clientName, type NodeInfo, socketAddress } from '../../../src/api/nodes.ts';
import { collectStats } from '../../../src/api/stats.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { EARSHOT_CLIENT_ID } from '../../../src/node/version.ts';
import { formatAddress, parseIp } from '../../../src/util/ipv4.ts';
import { decodeValue } from '../../../src/wire/decode.ts';
import type { DecodedContactInfo } from '../../../src/wire/decoded.ts';
import { Kind, SOCKET_NAMES } from '../../../src/wire/limits.ts';
import { peers, TestNode } from '../node/harness.ts';
import { CLUSTER, type Peer, START_MS } from '../node/peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];
const key = (name: (typeof SOCKET_NAMES)[number]): number => SOCKET_NAMES.indexOf(name);

/** A node that has met alice, a validator, and bob; carol's address has not answered. */
function acquainted(): TestNode {
  const test = new TestNode();
  test.parts.publisher.refreshContact();
  test.clock.advance(50);
  test.meet(alice, bob);
  const sockets = [
    { key: 0, ip: alice.ip, port: alice.port },
    { key: key('tvu'), ip: alice.ip, port: 8_002 },
    { key: key('rpc'), ip: alice.ip, port: 8_899 },
  ];
  const wallclock = test.clock.wallMs() + 1;
  test.from(alice, alice.push(alice.contact({ sockets, wallclock })));
  test.clock.advance(50);
  test.from(bob, bob.push(carol.contact()));
  return test;
}

describe('the list of nodes', () => {
  const test = acquainted();
  const nodes = new Map(listNodes(test.node, 0).map((node) => [node.pubkey, node]));

  it('has everybody once, ourselves not', () => {
    expect(nodes.size).toBe(3);
    expect(listNodes(test.node, 0).length).toBe(3);
    expect(nodes.has(test.identity.address)).toBe(false);
  });

  it('says who has answered, and since when each is known', () => {
    const times = (peer: Peer): unknown[] => {
      const { proved, firstSeenMs, lastSeenMs } = nodes.get(peer.address) as NodeInfo;
      return [proved, firstSeenMs, lastSeenMs];
    };
    expect(times(alice)).toEqual([true, 50, 50]);
    expect(times(carol)).toEqual([false, 100, 100]);
  });

  it('says whether each lives, and from what that is known', () => {
    const { liveness } = nodes.get(alice.address) as NodeInfo;
    expect(liveness).toMatchObject({
      verdict: 'alive',
      because: 'it signed 0 s ago, answered 0 s ago in 0.0 ms',
      evidence: { heardMs: 50, signedMs: 49, answered: { agoMs: 50, roundTripMs: 0 }, votes: null },
    });
    expect(nodes.get(carol.address)?.liveness).toMatchObject({
      verdict: 'quiet',
      evidence: { heardMs: 0, signedMs: 100, answered: null, unanswered: 1 },
    });
  });

  it('counts what a node says besides', () => {
    const test = acquainted();
    for (const index of [3, 4]) {
      test.from(alice, alice.push(alice.slots(index, test.clock.wallMs() - 10 * index)));
    }
    test.clock.advance(1_000);
    const found = listNodes(test.node, 0).find(({ pubkey }) => pubkey === alice.address);
    expect(found?.liveness?.evidence.epochSlots).toEqual({ count: 2, signedMs: 1_030 });
  });

  it('has the words of each contact info', () => {
    expect(nodes.get(alice.address)).toMatchObject({
      gossip: formatAddress(alice.ip, 8001),
      tvu: formatAddress(alice.ip, 8_002),
      rpc: formatAddress(alice.ip, 8_899),
      tpuQuic: null,
      version: '4.4.0',
      client: 'Agave',
      clientId: 3,
      commit: '00000001',
      featureSet: 2,
      shredVersion: CLUSTER,
      wallclock: START_MS + 51,
      outset: '1786000000000000',
    });
    expect(nodes.get(alice.address)?.sockets.map(({ name }) => name)).toEqual([
      'gossip',
      'tvu',
      'rpc',
    ]);
  });

  it('counts from a start later than the clock', () => {
    const late = listNodes(test.node, 75).find(({ pubkey }) => pubkey === carol.address);
    expect(late?.firstSeenMs).toBe(25);
    expect(listNodes(test.node, 1_000).every(({ firstSeenMs }) => firstSeenMs === 0)).toBe(true);
  });

  it('is summed up', () => {
    expect(summarize(test.node)).toMatchObject({
      proved: 2,
      unproved: 1,
      validators: 1,
      values: 3,
    });
  });

  it('tells whether somebody is in the table', () => {
    const held = [alice, carol].map(({ address }) => holdsNode(test.node, address));
    expect([...held, holdsNode(test.node, 'nobody')]).toEqual([true, false, false]);
  });

  it('has a node that moves once, where it has answered', () => {
    const moving = acquainted();
    const next = alice.contact({ port: 9_999, wallclock: moving.clock.wallMs() + 1_000 });
    moving.from(bob, bob.push(next));
    const found = listNodes(moving.node, 0).filter(({ pubkey }) => pubkey === alice.address);
    expect(found.map(({ gossip, proved }) => [gossip, proved])).toEqual([
      [formatAddress(alice.ip, 8001), true],
    ]);
    expect(summarize(moving.node)).toMatchObject({ proved: 2, unproved: 1 });
  });

  it('a private TVU does not make a validator', () => {
    const odd = acquainted();
    const sockets = [
      { key: 0, ip: bob.ip, port: bob.port },
      { key: key('tvu'), ip: parseIp('10.0.0.1'), port: 8_002 },
    ];
    odd.from(bob, bob.push(bob.contact({ sockets, wallclock: odd.clock.wallMs() + 1 })));
    expect(summarize(odd.node).validators).toBe(1);
  });
});

describe('an address of a service', () => {
  const contact = (ip: string, port: number): DecodedContactInfo => {
    const sockets = [{ key: 0, ip: parseIp(ip), port }];
    return decodeValue(alice.contact({ sockets })).value as DecodedContactInfo;
  };
  const cases = [
    { ip: '198.51.100.1', port: 8_001, is: '198.51.100.1:8001' },
    { ip: '127.0.0.1', port: 1, is: '127.0.0.1:1' },
    { ip: '198.51.100.1', port: 0, is: null },
    { ip: '0.0.0.0', port: 8_001, is: null },
    { ip: '224.0.0.1', port: 8_001, is: null },
  ];
  for (const { ip, port, is } of cases) {
    it(`${ip}:${port} is ${is ?? 'none'}`, () => {
      expect(socketAddress(contact(ip, port), 0)).toBe(is);
    });
  }

  it('that is not there is none; an unknown client has a number, ours a name', () => {
    const value = contact('198.51.100.1', 1);
    expect(socketAddress(value, 5)).toBeNull();
    expect([clientName(3), clientName(999), clientName(EARSHOT_CLIENT_ID)]).toEqual([
      'Agave',
      'Unknown(999)',
      'Earshot',
    ]);
  });
});

describe('a dump', () => {
  it('has every value once, by origin, kind and index, with its bytes and hash', () => {
    const test = acquainted();
    for (const index of [7, 3, 5]) test.from(alice, alice.push(alice.slots(index)));
    const values = [...dumpValues(test.node)] as {
      kind: string;
      sha256: string;
      bytes: string;
      index?: number;
    }[];
    expect(values.length).toBe(test.parts.view.size);
    for (const { bytes, sha256 } of values) {
      expect(sha256Hex(Buffer.from(bytes, 'hex'))).toBe(sha256);
    }
    const slots = values.filter(({ kind }) => kind === 'EpochSlots').map(({ index }) => index);
    expect(slots).toEqual([3, 5, 7]);
    const bytes = values.map((value) => value.bytes);
    expect(bytes).toContain(Buffer.from(alice.slots(3)).toString('hex'));
  });

  it('of an empty table is empty', () => {
    expect([...dumpValues(new TestNode().node)]).toEqual([]);
  });
});

it('arrivals of a kind are told in order, from where one left off', () => {
  const test = acquainted();
  for (const index of [2, 1]) test.from(alice, alice.push(alice.slots(index)));
  const all = [...arrivalsSince(test.node, 0, Kind.EPOCH_SLOTS)];
  expect(all.map(({ index, from }) => [index, from])).toEqual([
    [2, alice.address],
    [1, alice.address],
  ]);
  const next = all[0]!.ordinal + 1;
  expect([...arrivalsSince(test.node, next, Kind.EPOCH_SLOTS)].map(({ index }) => index)).toEqual([
    1,
  ]);
});

it('statistics account for every datagram and every value', () => {
  const test = acquainted();
  test.from(carol, carol.ping(), new Uint8Array(3), alice.push(carol.slots(0), alice.slots(0)));
  const loop = monitorEventLoopDelay();
  const stats = collectStats(test.node, loop, undefined);
  const sum = (counts: Record<string, number>): number =>
    Object.values(counts).reduce((a, b) => a + b, 0);
  expect(sum(stats.datagrams.outcomes)).toBe(stats.datagrams.received);
  expect(sum(stats.values.outcomes)).toBe(stats.values.received);
  expect(stats.datagrams.outcomes).toMatchObject({ PACKET_TRUNCATED: 1 });
  expect(stats.values.outcomes).toMatchObject({ VALUE_ORIGIN_UNKNOWN: 1 });
  expect(stats.table).toEqual({ values: 4, byKind: { ContactInfo: 3, EpochSlots: 1 } });
  expect(stats.sent).toMatchObject({ pong: 1, ping: 3 });
  expect(stats.sentBytes).toBe(4 * 132);
  expect(stats.nodes).toMatchObject({ origins: 3, unproved: 1, proofs: 2 });
  expect(stats.tasks).toEqual({ requestsWaiting: 0, failed: 0, pullRoundsSkipped: 0 });
  expect(stats.stakes).toBeNull();
  expect(JSON.parse(JSON.stringify(stats)), 'is JSON').toEqual(stats);
});
