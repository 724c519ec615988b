import { describe, expect, it } from 'vitest';
import { ProvedAddresses } from '../../../src/gossip/proved-addresses.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { BatchRing } from '../../../src/shm/slab.ts';
import { Shedder } from '../../../src/tasks/shed.ts';
import { writeU32 } from '../../../src/util/bytes.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { type OutcomeName, outcomeName } from '../../../src/util/outcome.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { Message } from '../../../src/wire/limits.ts';

const FRIEND = 0x05060708;
const STRANGER = 0x09090909;
const BATCHES = 32;

type Datagram = readonly [message: number, ip: number];

/** A ring of 32 batches with a number of them in use, and the verdict on the last one. */
function shed(used: number, last: readonly Datagram[], ageMs = 0): OutcomeName[] {
  const clock = new ManualClock();
  clock.advance(10_000);
  const regions = createRegions({ ...SMALL_CAPACITIES, batches: BATCHES }, false);
  const addresses = ProvedAddresses.create(regions.addresses, seededRng(1));
  addresses.mark(FRIEND, 8001, 1e9);
  const ring = new BatchRing(regions.ring);
  const put = (datagrams: readonly Datagram[]): number => {
    const batch = ring.open();
    for (const [slot, [message, ip]] of datagrams.entries()) {
      const bytes = new Uint8Array(132);
      writeU32(bytes, 0, message);
      ring.put(batch, slot, bytes, ip, 8001, clock.monoMs() - ageMs);
    }
    ring.close(batch, datagrams.length);
    return batch;
  };
  for (let i = 1; i < used; i++) put([[Message.PUSH, FRIEND]]);
  const batch = put(last);
  const shedder = new Shedder(regions, ring, addresses, clock);
  for (let i = 1; i < used; i++) shedder.plan(ring.claim());
  ring.claim();
  shedder.plan(batch);
  return last.map((_, slot) => outcomeName(shedder.outcome[slot] ?? 0));
}

const EVERY: readonly Datagram[] = [
  [Message.PONG, STRANGER],
  [Message.PING, STRANGER],
  [Message.PRUNE, STRANGER],
  [Message.PULL_RESPONSE, FRIEND],
  [Message.PULL_RESPONSE, STRANGER],
  [Message.PUSH, FRIEND],
  [Message.PUSH, STRANGER],
  [Message.PULL_REQUEST, FRIEND],
];

describe('what is dropped when the ring fills', () => {
  const cases = [
    { used: 8, dropped: [] },
    { used: 14, dropped: ['SHED_PULL_REQUEST'] },
    { used: 22, dropped: ['SHED_PUSH_UNPROVED', 'SHED_PULL_REQUEST'] },
    { used: 27, dropped: ['SHED_PUSH', 'SHED_PUSH_UNPROVED', 'SHED_PULL_REQUEST'] },
    {
      used: 30,
      dropped: ['SHED_PULL_RESPONSE', 'SHED_PUSH', 'SHED_PUSH_UNPROVED', 'SHED_PULL_REQUEST'],
    },
  ] as const;
  for (const { used, dropped } of cases) {
    it(`with ${used} of ${BATCHES} batches in use: ${dropped.join(', ') || 'nothing'}`, () => {
      const outcomes = shed(used, EVERY);
      expect(outcomes.filter((o) => o !== 'OK')).toEqual(dropped);
      expect(outcomes.slice(0, 4), 'pongs, pings, prunes, answers of friends').toEqual(
        Array(4).fill('OK'),
      );
    });
  }

  it('drops whatever waited for over two seconds', () => {
    expect(new Set(shed(1, EVERY, 2_001))).toEqual(new Set(['SHED_TOO_OLD']));
    expect(new Set(shed(1, EVERY, 1_999))).toEqual(new Set(['OK']));
  });
});
