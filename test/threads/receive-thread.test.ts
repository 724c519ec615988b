import { createSocket } from 'node:dgram';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { ReceiveThread } from '../../src/node/receive-thread.ts';
import { EXIT_THREADS, FATAL_FAILURES } from '../../src/node/restarts.ts';
import { loadSyscalls } from '../../src/node/syscalls.ts';
import { BatchTransport } from '../../src/node/udp-batch.ts';
import { Counter, counterTotal } from '../../src/shm/counters.ts';
import { SMALL_CAPACITIES } from '../../src/shm/layout.ts';
import { createRegions, type Regions } from '../../src/shm/regions.ts';
import { BatchRing } from '../../src/shm/slab.ts';
import { SpyError } from '../../src/util/assert.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { freePort } from '../cli/command.ts';

const file = new URL('./workers/dying-receive.mjs', import.meta.url);
const system = loadSyscalls();

/** Longest that anything here may take. */
const LIMIT_MS = 15_000;

interface Made {
  regions: Regions;
  port: number;
  thread: ReceiveThread;
  errors: Error[];
  stop: () => Promise<void>;
}

/** A socket, a ring, and a thread between them that dies `deaths` times before the real one comes. */
async function made(way: number, deaths: number): Promise<Made> {
  if (typeof system === 'string') throw new Error(system);
  const port = await freePort();
  const transport = new BatchTransport(system, { bindAddress: '127.0.0.1', port });
  await transport.open();
  const regions = createRegions({ ...SMALL_CAPACITIES, batches: 64 }, true);
  const { values } = regions.counters;
  values.set([way, deaths], values.length - 2);
  const errors: Error[] = [];
  const thread = await ReceiveThread.start({
    regions,
    descriptor: transport.descriptor,
    clock: SystemClock,
    logger: SILENT_LOGGER,
    wake() {},
    fail: (error) => errors.push(error),
    file,
  });
  const stop = async (): Promise<void> => {
    new BatchRing(regions.ring).stop();
    await thread.stop();
    await transport.close();
  };
  return { regions, port, thread, errors, stop };
}

async function until(holds: () => boolean): Promise<boolean> {
  const endMs = SystemClock.monoMs() + LIMIT_MS;
  while (!holds() && SystemClock.monoMs() < endMs) {
    await new Promise<void>((resolve) => SystemClock.after(5, resolve));
  }
  return holds();
}

describe('a receive thread', () => {
  const socket = createSocket('udp4');
  beforeAll(() => new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve)));
  afterAll(() => new Promise<void>((resolve) => socket.close(() => resolve())));

  const ways = ['throws', 'exits', 'hangs', 'runs out of memory'];
  for (const [way, words] of ways.entries()) {
    it.concurrent(`that ${words} is replaced, and nothing that came meanwhile is lost`, async ({
      expect,
      skip,
      onTestFinished,
    }) => {
      if (typeof system === 'string') skip(`no receive thread here: ${system}`);
      const { regions, port, thread, errors, stop } = await made(way, 1);
      onTestFinished(stop);
      for (let i = 0; i < 20; i++) {
        await new Promise((resolve) => socket.send(Buffer.alloc(100), port, '127.0.0.1', resolve));
      }
      const received = (): number => counterTotal(regions.counters, Counter.DATAGRAMS_RECEIVED);
      expect(await until(() => received() === 20), `${received()} of 20 received`).toBe(true);
      const ring = new BatchRing(regions.ring);
      const inRing = (): number => {
        let count = 0;
        for (let batch = 0; batch < ring.waiting; batch++) count += ring.count(batch);
        return count;
      };
      expect(await until(() => inRing() === 20), `${inRing()} of 20 in the ring`).toBe(true);
      expect([thread.failed, errors]).toEqual([1, []]);
    });
  }

  it('that dies again and again ends the process with a status of its own', async ({
    expect,
    skip,
    onTestFinished,
  }) => {
    if (typeof system === 'string') skip(`no receive thread here: ${system}`);
    const { thread, errors, stop } = await made(1, 1_000);
    onTestFinished(stop);
    expect(await until(() => errors.length > 0)).toBe(true);
    expect(thread.failed).toBe(FATAL_FAILURES);
    const [error] = errors as SpyError[];
    expect(error).toBeInstanceOf(SpyError);
    expect([error?.code, error?.exitStatus]).toEqual(['RECEIVER_DIES', EXIT_THREADS]);
  });
});
