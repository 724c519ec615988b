import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_OUTBOX,
  EGRESS_NAMES,
  Egress,
  egressBudget,
  LEAST_EGRESS,
  Outbox,
} from '../../../src/node/outbox.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';
import { expectAtMost, expectSame } from '../../in-loops.ts';
import { propertyCases } from '../../nightly.ts';
import { FakeTransport } from './harness.ts';

const HEADER_BYTES = 28;
const { PONG, PING, PRUNE, PULL_REQUEST, PUSH, PULL_RESPONSE } = Egress;

class Bench {
  readonly clock = new ManualClock();
  readonly transport = new FakeTransport(this.clock);
  readonly outbox: Outbox;
  #mark = 0;

  constructor(slots = 8, bytesPerSecond = DEFAULT_OUTBOX.bytesPerSecond) {
    const egressSlots = 2 ** Math.ceil(Math.log2(slots));
    const { egress } = createRegions({ ...SMALL_CAPACITIES, egressSlots }, false);
    this.outbox = new Outbox(this.transport, this.clock, egress, { slots, bytesPerSecond });
  }

  /** Queues a datagram with a number of its own in it. @returns the number, or −1 without a place */
  put(egress: number, length = 4): number {
    const bytes = new Uint8Array(length);
    const mark = this.#mark++;
    new DataView(bytes.buffer).setUint32(0, mark);
    return this.outbox.put(bytes, 0, length, 1, 2, egress) ? mark : -1;
  }

  /** Numbers of the datagrams that left since the last call. */
  left(): number[] {
    return this.transport.sent
      .splice(0)
      .map(({ bytes }) => new DataView(bytes.buffer).getUint32(0));
  }
}

describe('the outbox', () => {
  it('sends by class, oldest first, with address and bytes', () => {
    const bench = new Bench();
    const marks = [PULL_RESPONSE, PUSH, PULL_REQUEST, PONG, PRUNE, PING, PONG].map((egress) =>
      bench.put(egress),
    );
    expect(bench.outbox.waiting).toBe(7);
    expect(bench.outbox.flush()).toBe(false);
    const order = [3, 6, 5, 4, 2, 1, 0].map((i) => marks[i]!);
    expect(bench.left()).toEqual(order);
    expect([...bench.outbox.sent]).toEqual([2, 1, 1, 1, 1, 1]);
    expect([...bench.outbox.sentBytes]).toEqual([8, 4, 4, 4, 4, 4]);
    expect(bench.outbox.waiting).toBe(0);
    expect(EGRESS_NAMES.length).toBe(bench.outbox.sent.length);
  });

  it('when full drops the oldest of the lowest class below, and counts it', () => {
    const bench = new Bench(4);
    const first = [PULL_RESPONSE, PULL_RESPONSE, PUSH, PONG].map((egress) => bench.put(egress));
    expect(bench.put(PULL_RESPONSE), 'nothing is lower').toBe(-1);
    const push = bench.put(PUSH);
    const ping = bench.put(PING);
    const pong = bench.put(PONG);
    expect(bench.put(PUSH), 'pushes do not displace each other').toBe(-1);
    expect([...bench.outbox.dropped]).toEqual([0, 0, 0, 0, 2, 3]);
    bench.outbox.flush();
    expect(bench.left()).toEqual([first[3], pong, ping, push]);
  });

  it('gives pongs the last place of all, and drops a pong only for want of anything else', () => {
    const bench = new Bench(2);
    bench.put(PING);
    bench.put(PRUNE);
    const pongs = [bench.put(PONG), bench.put(PONG)];
    expect(bench.put(PONG)).toBe(-1);
    bench.outbox.flush();
    expect(bench.left()).toEqual(pongs);
    expect([...bench.outbox.dropped]).toEqual([1, 1, 1, 0, 0, 0]);
  });

  it('takes a slot back unused', () => {
    const bench = new Bench(1);
    const slot = bench.outbox.reserve(PONG);
    expect(bench.outbox.reserve(PONG), 'no second one').toBe(-1);
    expect([bench.outbox.reserved, bench.outbox.free]).toEqual([1, 0]);
    bench.outbox.release(slot);
    expect(() => bench.outbox.release(slot), 'once').toThrow(AssertionError);
    const { waiting, reserved, free } = bench.outbox;
    expect([waiting, reserved, free]).toEqual([0, 0, 1]);
    expect(bench.put(PULL_RESPONSE)).toBe(0);
    expect(bench.outbox.flush()).toBe(false);
    expect(bench.left()).toEqual([0]);
  });

  for (const length of [0, PACKET_BYTES + 1]) {
    it(`refuses a datagram of ${length} bytes`, () => {
      const { outbox } = new Bench();
      const slot = outbox.reserve(PUSH);
      expect(() => outbox.commit(slot, length, 1, 2, PUSH)).toThrow(AssertionError);
    });
  }

  it('waits while the socket has a backlog', () => {
    const bench = new Bench();
    bench.put(PONG);
    bench.transport.backlog = 257;
    expect(bench.outbox.flush(), 'asking again at once does not help').toBe(false);
    expect(bench.left()).toEqual([]);
    bench.transport.backlog = 256;
    bench.outbox.flush();
    expect(bench.left()).toEqual([0]);
  });

  it('stops after a turn of 256, for the socket to be read', () => {
    const bench = new Bench(300);
    for (let i = 0; i < 300; i++) bench.put(PUSH);
    expect(bench.outbox.flush()).toBe(true);
    expect(bench.left().length).toBe(256);
    expect(bench.outbox.flush()).toBe(false);
    expect(bench.left().length).toBe(44);
  });

  it('spends tokens in bytes with headers: a burst of a quarter second, then the rate', () => {
    const bench = new Bench(64, 40_000); // 10,000 at once
    const length = 1_000 - HEADER_BYTES;
    for (let i = 0; i < 30; i++) bench.put(PUSH, length);
    expect(bench.outbox.flush()).toBe(false);
    expect(bench.left().length).toBe(10);
    bench.clock.advance(24);
    bench.outbox.flush();
    expect(bench.left().length, '960 bytes are not enough').toBe(0);
    bench.clock.advance(1);
    bench.outbox.flush();
    expect(bench.left().length).toBe(1);
    bench.clock.advance(60_000);
    bench.outbox.flush();
    expect(bench.left().length, 'no more than a burst is saved up').toBe(10);
  });

  it('lets the longest datagram go however low the rate', () => {
    const bench = new Bench(8, 1);
    for (let i = 0; i < 4; i++) bench.put(PUSH, PACKET_BYTES);
    bench.outbox.flush();
    expect(bench.left().length).toBe(1);
  });
});

it('random use: nothing is lost, the rate is kept, classes keep their order', () => {
  for (let seed = 1; seed <= 8; seed++) {
    const rng = seededRng(seed);
    const rate = 20_000 + rng.below(200_000);
    const slots = 1 + rng.below(40);
    const bench = new Bench(slots, rate);
    const burst = Math.max(rate / 4, 2 * PACKET_BYTES);
    const waiting = new Map<number, number>();
    let asked = 0;
    let spent = 0;
    for (let step = 0; step < 400; step++) {
      if (rng.below(4) > 0) {
        asked++;
        const egress = rng.below(6);
        const mark = bench.put(egress, 4 + rng.below(PACKET_BYTES - 3));
        if (mark >= 0) waiting.set(mark, egress);
      } else {
        bench.clock.advance(rng.below(20));
        bench.outbox.flush();
        for (const { bytes } of bench.transport.sent) spent += bytes.length + HEADER_BYTES;
        const left = bench.left();
        const classes = left.map((mark) => waiting.get(mark));
        expect(classes, `seed ${seed}: classes in order`).toEqual([...classes].sort());
        for (const mark of left) waiting.delete(mark);
        const allowed = burst + (bench.clock.monoMs() * rate) / 1000;
        expectAtMost(spent, allowed, `seed ${seed}: bytes after step ${step}`);
      }
      const { outbox } = bench;
      const sum = (counts: Float64Array): number => counts.reduce((a, b) => a + b, 0);
      const accounted = sum(outbox.sent) + sum(outbox.dropped) + outbox.waiting;
      expectSame(accounted, asked, `seed ${seed}: datagrams at step ${step}`);
      expectSame(outbox.waiting + outbox.free, slots, `seed ${seed}: slots`);
    }
  }
});

describe('a budget for every second', () => {
  it('is never exceeded in any span of a second, whatever is to be sent when', () => {
    const step = fc.record({
      waitMs: fc.integer({ min: 0, max: 700 }),
      egress: fc.integer({ min: 0, max: EGRESS_NAMES.length - 1 }),
      length: fc.integer({ min: 4, max: PACKET_BYTES }),
      count: fc.integer({ min: 1, max: 60 }),
    });
    const { egress } = createRegions({ ...SMALL_CAPACITIES, egressSlots: 256 }, false);
    const most = fc.oneof(fc.constant(LEAST_EGRESS), fc.integer({ min: 10_000, max: 200_000 }));
    fc.assert(
      fc.property(most, fc.array(step, { minLength: 5, maxLength: 60 }), (mostBytes, steps) => {
        const clock = new ManualClock();
        const transport = new FakeTransport(clock);
        const options = { slots: 256, ...egressBudget(mostBytes) };
        const outbox = new Outbox(transport, clock, egress, options);
        const bytes = new Uint8Array(PACKET_BYTES);
        for (const { waitMs, egress: sort, length, count } of steps) {
          for (let i = 0; i < count; i++) outbox.put(bytes, 0, length, 1, 2, sort);
          outbox.flush();
          for (let left = waitMs; left > 0; left -= 10) {
            clock.advance(Math.min(10, left));
            outbox.flush();
          }
        }
        const { sent } = transport;
        let sum = 0;
        for (let first = 0, next = 0; next < sent.length; next++) {
          sum += sent[next]!.bytes.length + HEADER_BYTES;
          while (sent[next]!.atMs - sent[first]!.atMs >= 1_000) {
            sum -= sent[first++]!.bytes.length + HEADER_BYTES;
          }
          expectAtMost(sum, mostBytes, `the second up to ${sent[next]!.atMs} ms`);
        }
      }),
      { numRuns: propertyCases(60) },
    );
  });

  it('lets through what it promises in the long run, and no less than a node needs', () => {
    const { bytesPerSecond, burstBytes } = egressBudget(100_000);
    expect([bytesPerSecond, burstBytes]).toEqual([90_000, 10_000]);
    expect(egressBudget(1)).toEqual(egressBudget(LEAST_EGRESS));
  });
});
