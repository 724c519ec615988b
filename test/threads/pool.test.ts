import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { readCapture } from '../../src/cli/capture/read-capture.ts';
import { tableDigest } from '../../src/crds/digest.ts';
import { sha256 } from '../../src/crypto/hash.ts';
import type { VerifierName } from '../../src/crypto/verify.ts';
import { EGRESS_NAMES, Egress } from '../../src/node/outbox.ts';
import { Counter, counterTotal } from '../../src/shm/counters.ts';
import { BATCH_SLOTS } from '../../src/shm/layout.ts';
import { fromHex, readU32, toHex } from '../../src/util/bytes.ts';
import { LOOPBACK_IP, parseIp } from '../../src/util/ipv4.ts';
import { Message } from '../../src/wire/limits.ts';
import { IS_NIGHTLY } from '../nightly.ts';
import { messageOf } from '../unit/node/harness.ts';
import { Peer, START_MS } from '../unit/node/peer.ts';
import { PoolNode } from './pool-node.ts';

/** The recorded node that is heard again. */
const PORT = 18_000;

interface Datagram {
  readonly timeMs: number;
  readonly ip: number;
  readonly port: number;
  readonly payload: Uint8Array;
}

describe('a recorded cluster, heard by one node', () => {
  const recorded: Datagram[] = [];

  beforeAll(async () => {
    const file = readFileSync(new URL('../fixtures/cluster.pcap.gz', import.meta.url));
    for await (const packet of readCapture(file)) {
      const { timeMs = 0, sourceIp = '', sourcePort = 0, destinationPort, payload } = packet;
      if (destinationPort !== PORT) continue;
      recorded.push({ timeMs, ip: parseIp(sourceIp), port: sourcePort, payload });
    }
  });

  /** Signatures that the last node judged by table. */
  let byTable = 0;

  /** Everything that a node did: its table, its counters, and each datagram it sent. */
  async function hear(threads: number, verifier: VerifierName = 'sodium') {
    const startMs = Math.floor(recorded[0]!.timeMs) - 1_000;
    const test = await PoolNode.open(threads, startMs, PORT, {}, verifier);
    const { node, clock } = test;
    node.parts.publisher.refreshContact();
    for (let i = 0; i < recorded.length; i += BATCH_SLOTS) {
      const batch = recorded.slice(i, i + BATCH_SLOTS);
      clock.advance(Math.max(0, Math.floor(batch[0]!.timeMs) - clock.wallMs()));
      for (const { payload, ip, port } of batch) test.receive(payload, ip, port);
      await test.settle();
    }
    test.pull();
    await test.settle();
    await test.close();
    const { outbox, view, counters, regions } = node.parts;
    byTable = counterTotal(regions.counters, Counter.SIGNATURES_BY_TABLE);
    return {
      digest: tableDigest(view),
      values: view.size,
      outcomes: node.counts().outcomes,
      sent: Object.fromEntries(EGRESS_NAMES.map((name, i) => [name, outbox.sent[i]!])),
      datagrams: test.take().map(({ bytes, ip, port }) => `${ip}:${port} ${toHex(bytes)}`),
      failed: counters[Counter.TASKS_FAILED],
      reserved: outbox.reserved,
    };
  }

  it('comes to the same without threads, with one that listens, and with two, whatever verifies', async () => {
    const alone = await hear(0);
    expect(alone.values).toBeGreaterThan(50);
    expect(alone.sent['pong']).toBeGreaterThan(3);
    expect(alone.sent['pullRequest']).toBe(8);
    expect(alone.sent['pullResponse']).toBeGreaterThan(3);
    expect([alone.failed, alone.reserved]).toEqual([0, 0]);
    for (const line of alone.datagrams) messageOf(fromHex(line.split(' ')[1]!)!);
    for (const threads of [1, 2]) {
      expect(await hear(threads), `${threads} threads`).toEqual(alone);
    }
    expect(byTable).toBe(0);
    for (const threads of IS_NIGHTLY ? [0, 1, 2] : [0, 2]) {
      expect(await hear(threads, 'known'), `tables, ${threads} threads`).toEqual(alone);
      // Threads make tables while they have nothing else to do, which may be never.
      if (threads === 0) expect(byTable, 'tables').toBeGreaterThan(50);
    }
    expect(await hear(0, 'openssl'), 'openssl').toEqual(alone);
  });
});

describe('a worker thread', () => {
  const peer = new Peer(1, LOOPBACK_IP, 9_001);
  const file = (name: string): URL => new URL(`./workers/dying-${name}.mjs`, import.meta.url);
  const files = { gossip: file('gossip'), listen: file('listen'), respond: file('respond') };

  // The partition that the peer's own contact info belongs to.
  const maskHigh = (readU32(sha256(peer.contact()), 4) | 0x3ffffff) >>> 0;

  /** The works of a pool, each with what it brings when it goes well, by tag of a message. */
  const works: {
    name: string;
    worker: number;
    ask: (test: PoolNode) => void;
    brings: number;
    sent: number;
  }[] = [
    {
      name: 'signing',
      worker: 0,
      ask: (test) => test.receive(peer.ping(), peer.ip, peer.port),
      brings: Message.PONG,
      sent: 1,
    },
    {
      name: 'serving',
      worker: 1,
      ask: (test) => test.receive(peer.pullRequest({ maskHigh }), peer.ip, peer.port),
      brings: Message.PULL_RESPONSE,
      sent: 1,
    },
    {
      name: 'filtering',
      worker: 0,
      ask: (test) => test.pull(),
      brings: Message.PULL_REQUEST,
      sent: 8,
    },
  ];
  // Every work for the quick ways to die; the others cost a second each.
  const ways = [
    { words: 'throws', asked: works },
    { words: 'exits', asked: works },
    { words: 'hangs', asked: works.slice(0, 1) },
    { words: 'runs out of memory', asked: works.slice(0, 1) },
  ];
  for (const [way, { words, asked }] of ways.entries()) {
    it.concurrent(`that ${words} is replaced, what it held is free, and the node goes on`, async ({
      onTestFinished,
      expect,
    }) => {
      const test = await PoolNode.open(1, START_MS, PORT, files);
      onTestFinished(() => test.close());
      const { parts } = test.node;
      const { values } = parts.regions.counters;
      const fail = (worker: number): void => {
        values.set([way, worker, 1], values.length - 3);
      };
      const failed = (): number => parts.counters[Counter.TASKS_FAILED]!;
      test.receive(peer.push(peer.contact()), peer.ip, peer.port);
      await test.settle();
      for (const [i, { name, worker, ask, brings, sent }] of asked.entries()) {
        const brought = (): number => test.take().filter(({ bytes }) => bytes[0] === brings).length;
        test.take();
        fail(worker);
        ask(test);
        await test.settle();
        expect([failed(), brought(), parts.outbox.reserved], name).toEqual([i + 1, 0, 0]);
        ask(test);
        await test.settle();
        expect([failed(), brought(), parts.outbox.reserved], name).toEqual([i + 1, sent, 0]);
      }
      expect(parts.outbox.dropped[Egress.PONG], 'the pong that was not signed').toBe(1);
      const lost = asked.length > 1 ? 1 : 0;
      expect(test.count('TASK_FAILED'), 'the request that was not served').toBe(lost);
      fail(2);
      await test.nextSlice();
      test.receive(peer.ping(), peer.ip, peer.port);
      await test.settle();
      expect(test.count('TASK_FAILED'), 'the ping that was not heard').toBe(lost + 1);
      test.receive(peer.ping(), peer.ip, peer.port);
      await test.settle();
      expect(test.take().at(-1)?.bytes[0], 'the next one is').toBe(Message.PONG);
      expect([test.pool?.failed, test.errors]).toEqual([asked.length + 1, []]);
    });
  }
});
