import { describe, expect, it } from 'vitest';
import { bloomContains } from '../../../src/gossip/bloom.ts';
import { FilterSet, maskHigh } from '../../../src/gossip/filter-set.ts';
import {
  FilterPlan,
  filterShape,
  filtersPerRound,
  maskBitsFor,
} from '../../../src/gossip/pull-request.ts';
import { Deck } from '../../../src/gossip/sample.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { readU32, toHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { type FilterParts, filterBytes, writePullRequest } from '../../../src/wire/encode.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';

describe('shape of pull filters', () => {
  const cases = [
    { from: 100, to: 135, maxItems: 1708, bitLength: 8186 },
    { from: 136, to: 143, maxItems: 1695, bitLength: 8124 },
    { from: 144, to: 151, maxItems: 1682, bitLength: 8062 },
    { from: 152, to: 159, maxItems: 1669, bitLength: 7999 },
    { from: 160, to: 167, maxItems: 1655, bitLength: 7932 },
    { from: 168, to: 175, maxItems: 1641, bitLength: 7865 },
    { from: 176, to: 183, maxItems: 1629, bitLength: 7808 },
    { from: 184, to: 191, maxItems: 1615, bitLength: 7740 },
    { from: 192, to: 199, maxItems: 1601, bitLength: 7673 },
    { from: 200, to: 207, maxItems: 1589, bitLength: 7616 },
    { from: 208, to: 215, maxItems: 1575, bitLength: 7549 },
    { from: 216, to: 223, maxItems: 1562, bitLength: 7486 },
    { from: 224, to: 231, maxItems: 1549, bitLength: 7424 },
    { from: 232, to: 239, maxItems: 1535, bitLength: 7357 },
    { from: 240, to: 247, maxItems: 1522, bitLength: 7295 },
    { from: 248, to: 255, maxItems: 1508, bitLength: 7228 },
    { from: 296, to: 303, maxItems: 1428, bitLength: 6844 },
  ];
  for (const { from, to, maxItems, bitLength } of cases) {
    it(`beside ${from} to ${to} bytes`, () => {
      for (const callerBytes of [from, to]) {
        expect(filterShape(callerBytes)).toEqual({ maxItems, bitLength, keyCount: 3 });
      }
      expect(4 + filterBytes(3, bitLength) + to).toBeLessThanOrEqual(PACKET_BYTES);
    });
  }

  it('a caller that leaves no room is a mistake of ours', () => {
    expect(filterShape(1_150).keyCount).toBeGreaterThan(0);
    expect(() => filterShape(1_200)).toThrow(/no filter fits/);
  });
});

describe('mask bits', () => {
  const cases = [
    { items: 0, bits: 6, filters: 8 },
    { items: 65_536, bits: 6, filters: 8 },
    { items: 131_072, bits: 7, filters: 16 },
    { items: 200_000, bits: 7, filters: 16 },
    { items: 300_000, bits: 8, filters: 32 },
    { items: 500_000, bits: 9, filters: 64 },
    { items: 1_000_000, bits: 10, filters: 128 },
    { items: 1e9, bits: 16, filters: 1024 },
  ];
  for (const { items, bits, filters } of cases) {
    it(`${items} items`, () => {
      expect(maskBitsFor(items, 1641)).toBe(bits);
      expect(filtersPerRound(bits)).toBe(filters);
    });
  }

  it('never below 6, whatever the size of the filter', () => {
    for (let callerBytes = 100; callerBytes < 400; callerBytes++) {
      expect(maskBitsFor(0, filterShape(callerBytes).maxItems)).toBeGreaterThanOrEqual(6);
    }
  });

  const masks = [
    { bits: 6, partition: 0, high: 0x03ffffff },
    { bits: 6, partition: 1, high: 0x07ffffff },
    { bits: 6, partition: 56, high: 0xe3ffffff },
    { bits: 6, partition: 63, high: 0xffffffff },
    { bits: 0, partition: 0, high: 0xffffffff },
    { bits: 16, partition: 0xabcd, high: 0xabcdffff },
  ];
  for (const { bits, partition, high } of masks) {
    it(`partition ${partition} of ${bits} bits`, () => {
      expect(maskHigh(partition, bits)).toBe(high);
    });
  }
});

/** Whether a filter's partition has a hash, by the definition. */
function covers(filter: FilterParts, hash: Uint8Array, at: number): boolean {
  const shift = 32 - filter.maskBits;
  return readU32(hash, at + 4) >>> shift === filter.maskHigh >>> shift;
}

function has(filter: FilterParts, hash: Uint8Array, at: number): boolean {
  const both = new Uint8Array(2048);
  both.set(filter.bits.subarray(0, 1232));
  both.set(filter.keys, 1232);
  return bloomContains(both, 1232, filter.keyCount, 0, filter.bitLength, hash, at);
}

function planned(seed: number): FilterPlan {
  const { filters } = createRegions(SMALL_CAPACITIES, false);
  return new FilterPlan(filters, seededRng(seed), new Deck());
}

function all(set: FilterSet): FilterParts[] {
  return Array.from({ length: set.count }, (_, i) => set.filter(i));
}

function add(set: FilterSet, hashes: Uint8Array, at: number): void {
  const filter = set.filterOf(hashes, at);
  if (filter >= 0) set.add(filter, hashes, at);
}

describe('filters of a round', () => {
  const shape = filterShape(163);

  it('have all hashes of their partitions, and in eight rounds every partition comes up', () => {
    const hashes = new Uint8Array(32 * 1_200);
    seededRng(9).fill(hashes);
    const plan = planned(1);
    const found = new Map<string, number>();
    for (let round = 0; round < 8; round++) {
      plan.start(shape, 1_200);
      for (let at = 0; at < hashes.length; at += 32) add(plan.set, hashes, at);
      expect([plan.set.count, plan.set.maskBits]).toEqual([8, 6]);
      for (let at = 0; at < hashes.length; at += 32) {
        for (const filter of all(plan.set)) {
          if (!covers(filter, hashes, at)) continue;
          expect(has(filter, hashes, at)).toBe(true);
          const name = toHex(hashes, at, at + 32);
          found.set(name, (found.get(name) ?? 0) + 1);
        }
      }
    }
    // Eight rounds of eight out of 64 partitions: every value came up exactly once.
    expect(found.size).toBe(1_200);
    expect(new Set(found.values())).toEqual(new Set([1]));
  });

  it('have keys and bits of their own, and count what is set', () => {
    const plan = planned(1);
    const hashes = new Uint8Array(32 * 20_000);
    seededRng(2).fill(hashes);
    const keys = new Set<string>();
    for (let round = 0; round < 4; round++) {
      plan.start(shape, 0);
      for (let i = 0; i < 20_000; i++) add(plan.set, hashes, 32 * i);
      for (const filter of all(plan.set)) {
        for (const at of [0, 8, 16]) keys.add(toHex(filter.keys, at, at + 8));
        expect(filter.maskLow).toBe(0xffffffff);
        expect(filter.maskHigh & 0x3ffffff).toBe(0x3ffffff);
        let set = 0;
        for (const byte of filter.bits.subarray(0, 1024))
          for (let b = byte; b > 0; b &= b - 1) set++;
        expect(filter.bitsSet).toBe(set);
        expect(set).toBeGreaterThan(500);
        const out = new Uint8Array(PACKET_BYTES);
        const end = writePullRequest(out, 0, filter, new Uint8Array(163), 0, 163);
        expect(end).toBeLessThanOrEqual(PACKET_BYTES);
        expect(end).toBeGreaterThan(PACKET_BYTES - 8);
      }
    }
    expect(keys.size).toBe(96);
  });

  it('full to what they are made for, they are wrong about a tenth of strangers', () => {
    const plan = planned(3);
    plan.start(shape, 0, 64);
    const rng = seededRng(4);
    const hash = new Uint8Array(32);
    for (let i = 0; i < 64 * shape.maxItems; i++) {
      rng.fill(hash);
      add(plan.set, hash, 0);
    }
    let wrong = 0;
    for (let i = 0; i < 4000; i++) {
      rng.fill(hash);
      if (has(plan.set.filter(readU32(hash, 8) & 63), hash, 0)) wrong++;
    }
    expect(wrong / 4000).toBeGreaterThan(0.07);
    expect(wrong / 4000).toBeLessThan(0.13);
  });

  it('as many as asked for, when asked', () => {
    const plan = planned(1);
    for (const count of [1, 20, 64, 1000]) {
      plan.start(shape, 0, count);
      const masks = all(plan.set).map((filter) => filter.maskHigh);
      expect(new Set(masks).size).toBe(Math.min(64, count));
    }
  });

  it('of no mask bits are one, for everything', () => {
    const { filters } = createRegions(SMALL_CAPACITIES, false);
    const set = new FilterSet(filters);
    set.open(shape, 0, Uint32Array.of(0), 1, seededRng(1));
    const hash = new Uint8Array(32).fill(0xff);
    expect([set.filterOf(hash, 0), set.filter(0).maskHigh]).toEqual([0, 0xffffffff]);
    set.open(shape, 6, Uint32Array.of(62), 1, seededRng(1));
    expect([set.filterOf(hash, 0), set.filterOf(hash.fill(0xfb), 0)]).toEqual([-1, 0]);
  });

  it('begin empty again in each round, up to the last there is room for', () => {
    const { filters } = createRegions(SMALL_CAPACITIES, false);
    const set = new FilterSet(filters);
    const hash = new Uint8Array(32);
    seededRng(3).fill(hash);
    const count = SMALL_CAPACITIES.filters;
    const partitions = Uint32Array.from({ length: count }, (_, i) => i);
    for (let round = 0; round < 2; round++) {
      set.open(shape, 7, partitions, count, seededRng(1 + round));
      for (let i = 0; i < count; i++) {
        expect(set.filter(i).bits.some((byte) => byte !== 0)).toBe(false);
        set.add(i, hash, 0);
        expect(set.filter(i).bitsSet).toBe(3);
      }
      filters.bytes.fill(0xff);
    }
  });

  it('some drawn whatever was asked for before, beside those that are due, none twice', () => {
    const plan = planned(2);
    const last = new Map<number, number>();
    const counts = new Set<number>();
    for (let round = 0; round < 60; round++) {
      plan.start(shape, 0, 10, 3);
      const masks = all(plan.set).map((filter) => filter.maskHigh >>> 26);
      expect(new Set(masks).size).toBe(masks.length);
      counts.add(masks.length);
      for (const mask of masks.slice(-3)) last.set(mask, (last.get(mask) ?? 0) + 1);
    }
    // Seven are dealt; those of them that are drawn as well count once.
    expect([...counts].every((count) => count >= 7 && count <= 10)).toBe(true);
    expect(counts.has(10)).toBe(true);
    expect(counts.has(9)).toBe(true);
    expect(last.size).toBeGreaterThan(55); // 180 draws out of 64, evenly
    expect(Math.max(...last.values())).toBeLessThan(12);
  });

  it('those that are due come once in a turn, whatever is drawn beside them', () => {
    const plan = planned(3);
    const dealt = new Map<number, number>();
    for (let round = 0; round < 8; round++) {
      plan.start(shape, 0, 9, 1);
      for (const { maskHigh } of all(plan.set)) {
        dealt.set(maskHigh, (dealt.get(maskHigh) ?? 0) + 1);
      }
    }
    expect(dealt.size).toBe(64);
  });

  it('as many as there is room for', () => {
    const plan = planned(1);
    plan.start(shape, 1e9);
    expect([plan.set.count, plan.set.maskBits]).toEqual([SMALL_CAPACITIES.filters, 16]);
  });
});
