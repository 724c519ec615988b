import { expect, it } from 'vitest';
import { receiveUntilStopped } from '../../../src/node/receive.ts';
import type { Syscalls } from '../../../src/node/syscalls.ts';
import { Counter, counterBlock } from '../../../src/shm/counters.ts';
import { BATCH_SLOTS, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { BatchRing } from '../../../src/shm/slab.ts';
import { ManualClock } from '../../../src/util/clock.ts';

/** A datagram comes each time somebody looks. */
function trickle(onRead: () => void): Syscalls {
  const none = (): number => 0;
  const recvmmsg = (): number => {
    onRead();
    return 1;
  };
  const calls = { socket: none, bind: none, setsockopt: none, getsockopt: none, sendto: none };
  return {
    ...calls,
    recvmmsg,
    sendmmsg: none,
    usleep: none,
    close: none,
    address: none,
    errno: none,
  };
}

it('a receive thread fills batches while listening is behind, instead of many with little in them', () => {
  const regions = createRegions({ ...SMALL_CAPACITIES, batches: 16 }, false);
  const ring = new BatchRing(regions.ring);
  const sizes: number[] = [];
  let reads = 0;
  const system = trickle(() => {
    reads++;
    for (; sizes.length < ring.waiting; ) sizes.push(ring.count(regions.ring.order[sizes.length]!));
    if (sizes.length === 7) ring.stop();
  });
  const counters = counterBlock(regions.counters, 1);
  const clock = new ManualClock();
  receiveUntilStopped({ system, descriptor: 1, regions, thread: 1, counters, clock, wake() {} });
  expect(sizes.slice(0, 7), 'nobody claims a batch').toEqual([2, 2, 2, 2, 17, 17, 17]);
  expect(counters[Counter.DATAGRAMS_RECEIVED]).toBe(reads);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(BATCH_SLOTS);
});
