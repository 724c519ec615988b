import { expect, it } from 'vitest';
import { EXIT_THREADS, FATAL_FAILURES, SHRINK_FAILURES } from '../../src/node/restarts.ts';
import type { SpyError } from '../../src/util/assert.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { Message } from '../../src/wire/limits.ts';
import { Peer, START_MS } from '../unit/node/peer.ts';
import { PoolNode } from './pool-node.ts';

const file = (name: string): URL => new URL(`./workers/dying-${name}.mjs`, import.meta.url);
const THROWS = 0;
const LISTENING = 2;

it('a pool whose threads keep dying gets smaller, never empty, and at last ends the process', async ({
  onTestFinished,
}) => {
  const test = await PoolNode.open(3, START_MS, 18_000, { listen: file('listen') });
  onTestFinished(() => test.close());
  const peer = new Peer(1, LOOPBACK_IP, 9_001);
  const { pool, errors, node } = test;
  const { values } = node.parts.regions.counters;
  const die = async (): Promise<void> => {
    const before = pool!.failed;
    values.set([THROWS, LISTENING, 1], values.length - 3);
    // A slice that began before knows nothing of it, and answers.
    while (pool!.failed === before) {
      test.receive(peer.ping(), peer.ip, peer.port);
      await test.settle();
    }
  };
  const threads: number[] = [];
  for (let i = 1; i < FATAL_FAILURES; i++) {
    await die();
    threads.push(pool!.threads);
  }
  expect(threads.slice(0, SHRINK_FAILURES)).toEqual([3, 3, 3, 3, 2]);
  expect(threads.at(-1), 'one is left').toBe(1);
  expect(errors).toEqual([]);
  test.take();
  const another = new Peer(2, LOOPBACK_IP + 1, 9_001); // the first has had its share of pongs
  test.receive(another.ping(), another.ip, another.port);
  await test.settle();
  expect(test.take().at(-1)?.bytes[0], 'and works').toBe(Message.PONG);
  await die();
  const [error] = errors as SpyError[];
  expect([error?.code, error?.exitStatus]).toEqual(['WORKERS_DIE', EXIT_THREADS]);
  expect(pool!.failed).toBe(FATAL_FAILURES);
  expect(test.count('TASK_FAILED'), 'each ping that a thread died with').toBe(FATAL_FAILURES);
});
