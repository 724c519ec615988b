import { describe, expect, it } from 'vitest';
import { BATCH_SLOTS, LINE_I32, SLOT_BYTES, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { BatchRing, firstRecordOf, NOBODY, packetOf } from '../../../src/shm/slab.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { seededRng } from '../../../src/util/rng.ts';

function make() {
  const regions = createRegions({ ...SMALL_CAPACITIES, batches: 4 }, true);
  return { regions, ring: new BatchRing(regions.ring) };
}

/** Fills one batch with a datagram. */
function fill(ring: BatchRing, mark: number): number {
  const batch = ring.open();
  ring.put(batch, 0, new Uint8Array(100).fill(mark), 0x7f000001, 8000 + mark, mark / 2);
  ring.close(batch, 1);
  return batch;
}

describe('batch ring', () => {
  it('keeps a datagram where the columns say', () => {
    const { regions, ring } = make();
    const batch = ring.open();
    ring.put(batch, 0, new Uint8Array(132).fill(1), 0x01020304, 8001, 10.5);
    ring.put(batch, 63, new Uint8Array(SLOT_BYTES).fill(2), 0xfffefdfc, 65535, 11);
    ring.close(batch, 64);
    const packet = packetOf(batch, 63);
    const { bytes, length, ip, port, arrival } = regions.ring;
    expect([length[packet], ip[packet], port[packet], arrival[packet]]).toEqual([
      SLOT_BYTES,
      0xfffefdfc,
      65535,
      11,
    ]);
    expect(bytes[packet * SLOT_BYTES + SLOT_BYTES - 1]).toBe(2);
    expect(bytes[packetOf(batch, 0) * SLOT_BYTES + 131]).toBe(1);
    expect(ring.count(batch)).toBe(64);
    expect(firstRecordOf(1) - firstRecordOf(0)).toBe(640);
  });

  it('gives batches to whoever claims, and to main in the order of arrival', () => {
    const { ring } = make();
    const first = fill(ring, 1);
    const second = fill(ring, 2);
    expect(ring.waiting).toBe(2);
    expect(ring.claim()).toBe(first);
    expect(ring.claim()).toBe(second);
    expect(ring.claim()).toBe(-1);
    ring.finish(second);
    expect(ring.next(), 'the older one is not done').toBe(-1);
    ring.finish(first);
    expect(ring.next()).toBe(first);
    ring.release();
    expect(ring.next()).toBe(second);
    ring.release();
    expect(ring.next()).toBe(-1);
    expect(ring.used).toBe(0);
  });

  it('a batch whose claimer died before it could say who it is is found and given up', () => {
    const { regions, ring } = make();
    expect(ring.isStray, 'nothing is there').toBe(false);
    const batch = fill(ring, 1);
    expect(ring.isStray, 'nobody has claimed it').toBe(false);
    ring.claim(5);
    expect(ring.isStray, 'it is the fifth thread’s').toBe(false);
    expect(ring.abandon(NOBODY, -3)).toBe(0);
    regions.ring.owner[batch * LINE_I32] = NOBODY;
    expect(ring.isStray).toBe(true);
    expect(ring.abandon(NOBODY, -3)).toBe(1);
    expect([ring.isStray, ring.next()]).toEqual([false, batch]);
  });

  it('uses the batch again that was given back last, and as few as the load needs', () => {
    const { ring } = make();
    const used = new Set<number>();
    for (let i = 0; i < 50; i++) {
      used.add(fill(ring, i));
      ring.finish(ring.claim());
      ring.release();
    }
    expect(used.size).toBe(1);
    const [a, b] = [fill(ring, 1), fill(ring, 2)];
    for (let i = 0; i < 2; i++) ring.finish(ring.claim());
    ring.release();
    ring.release();
    expect([fill(ring, 3), fill(ring, 4)]).toEqual([b, a]);
  });

  it('a new receiver finds the free batches, whatever the one before had open', () => {
    const { regions, ring } = make();
    const held = [fill(ring, 1), fill(ring, 2), fill(ring, 3)];
    ring.finish(ring.claim());
    ring.release();
    const abandoned = ring.open();
    const heir = new BatchRing(regions.ring);
    const taken = [fill(heir, 4), fill(heir, 5)];
    expect(new Set([...taken, ...held.slice(1)]).size, 'none twice').toBe(4);
    expect(taken).toContain(abandoned);
    expect(heir.open()).toBe(-1);
    const order = Array.from({ length: 4 }, () => heir.claim());
    expect(order).toEqual([...held.slice(1), ...taken]);
  });

  it('hands out each batch once at a time, in the order of arrival, however they are given back', () => {
    const { ring } = make();
    const rng = seededRng(3);
    const under: number[] = [];
    const claimed: number[] = [];
    for (let step = 0; step < 5_000; step++) {
      const what = rng.below(3);
      if (what === 0) {
        const batch = ring.open();
        expect(batch < 0).toBe(under.length === 4);
        if (batch < 0) continue;
        expect(under).not.toContain(batch);
        ring.close(batch, 1);
        under.push(batch);
      } else if (what === 1) {
        const batch = ring.claim();
        if (batch >= 0) claimed.push(batch);
        const open = claimed.splice(rng.below(claimed.length), 1);
        for (const one of open) ring.finish(one);
      } else if (ring.next() >= 0) {
        expect(ring.next()).toBe(under.shift());
        ring.release();
      }
    }
  });

  it('closes no batch but the open one', () => {
    const { ring } = make();
    const batch = ring.open();
    expect(() => ring.close(batch + 1, 1)).toThrow(AssertionError);
  });

  it('who had a batch the round before is not its owner', () => {
    const { ring } = make();
    for (let i = 0; i < 4; i++) {
      fill(ring, i);
      ring.finish(ring.claim(7));
      ring.release();
    }
    const batch = fill(ring, 5);
    expect(ring.claim(8)).toBe(batch);
    expect(ring.abandon(7, -3), 'of the seventh').toBe(0);
    expect(ring.abandon(8, -3), 'of the eighth').toBe(1);
  });

  it('is full until main releases, and comes round', () => {
    const { ring } = make();
    const seen: number[] = [];
    for (let i = 0; i < 4; i++) fill(ring, i);
    expect(ring.open()).toBe(-1);
    expect(ring.free).toBe(0);
    for (let i = 4; i < 14; i++) {
      const batch = ring.claim();
      expect(ring.next(), 'claimed is not done').toBe(-1);
      ring.finish(batch);
      seen.push(ring.next());
      ring.release();
      expect(fill(ring, i), `round ${i}`).toBe(batch);
      expect(ring.next(), 'nothing of the next round is done').toBe(-1);
    }
    expect(seen).toEqual([0, 1, 2, 3, 0, 1, 2, 3, 0, 1]);
    for (let i = 0; i < 4; i++) {
      ring.finish(ring.claim());
      ring.release();
    }
    expect([ring.next(), ring.claim(), ring.used], 'empty again').toEqual([-1, -1, 0]);
  });

  it('says once that main wishes to be woken', () => {
    const { ring } = make();
    fill(ring, 1);
    fill(ring, 2);
    expect(ring.finish(ring.claim())).toBe(false);
    ring.wantWake(false);
    expect(ring.finish(ring.claim())).toBe(true);
    fill(ring, 3);
    expect(ring.finish(ring.claim())).toBe(false);
  });

  it('tells everybody to stop', () => {
    const { regions, ring } = make();
    const other = new BatchRing(regions.ring);
    expect(other.stopped).toBe(false);
    ring.stop();
    expect(other.stopped).toBe(true);
  });

  const misuse: { name: string; act(ring: BatchRing): void }[] = [
    { name: 'a batch of nothing', act: (ring) => ring.close(ring.open(), 0) },
    { name: 'a batch of 65', act: (ring) => ring.close(ring.open(), BATCH_SLOTS + 1) },
    { name: 'a 65th slot', act: (ring) => ring.put(0, BATCH_SLOTS, new Uint8Array(1), 1, 1, 1) },
    {
      name: 'a datagram longer than its slot',
      act: (ring) => ring.put(0, 0, new Uint8Array(SLOT_BYTES + 1), 1, 1, 1),
    },
  ];
  for (const { name, act } of misuse) {
    it(`refuses ${name}`, () => expect(() => act(make().ring)).toThrow(AssertionError));
  }
});
