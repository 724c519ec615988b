import { describe, expect, it } from 'vitest';
import { seededRng } from '../../../src/util/rng.ts';
import type { ForkOffsets } from '../../../src/wire/decoded.ts';
import { forkSlots, packForkSlots } from '../../../src/wire/fork-slots.ts';

const raw = (bits: number, blocks: string | null): ForkOffsets => ({
  form: 'Raw',
  bitmap: { bits, blocks },
});
const runs = (...lengths: number[]): ForkOffsets => ({ form: 'RunLength', runs: lengths });

describe('slots of a fork', () => {
  const cases: { name: string; offsets: ForkOffsets; last: bigint; slots: bigint[] }[] = [
    { name: 'runs of ones first', offsets: runs(2, 1, 1), last: 10n, slots: [7n, 9n, 10n] },
    { name: 'an empty run', offsets: runs(0, 2, 2), last: 10n, slots: [7n, 8n] },
    { name: 'no run', offsets: runs(), last: 10n, slots: [] },
    { name: 'stops at slot 0', offsets: runs(65535), last: 2n, slots: [0n, 1n, 2n] },
    { name: 'a bitmap', offsets: raw(16, '2180'), last: 100n, slots: [85n, 95n, 100n] },
    { name: 'bits beyond the length', offsets: raw(3, 'ff'), last: 100n, slots: [98n, 99n, 100n] },
    { name: 'a bitmap that reaches below 0', offsets: raw(16, 'ffff'), last: 1n, slots: [0n, 1n] },
    { name: 'no blocks', offsets: raw(0, null), last: 1n, slots: [] },
    {
      name: 'beyond 2^53',
      offsets: runs(2),
      last: 2n ** 64n - 1n,
      slots: [2n ** 64n - 2n, 2n ** 64n - 1n],
    },
  ];
  for (const { name, offsets, last, slots } of cases) {
    it(name, () => expect(forkSlots(offsets, last)).toEqual(slots));
  }

  it('are at most 65,535, whatever the runs add up to', () => {
    const offsets = runs(...new Array<number>(900).fill(65535));
    const slots = forkSlots(offsets, 10n ** 12n);
    expect(slots.length).toBe(65535);
    expect(slots.at(-1)).toBe(10n ** 12n);
    expect(forkSlots(raw(70_000, 'ff'.repeat(8_750)), 10n ** 12n)).toEqual(slots);
  });
});

describe('packing a fork', () => {
  const last = 1_000_000n;
  const back = (...positions: number[]): bigint[] => positions.map((p) => last - BigInt(p));
  const range = (from: number, to: number): number[] =>
    Array.from({ length: to - from }, (_, i) => from + i);
  const rng = seededRng(2);
  const noise = range(0, 20_000).filter(() => rng.below(2) > 0);
  const cases = [
    { name: 'a few', positions: [0, 1, 2, 9], form: 'Raw', kept: 4 },
    { name: 'none', positions: [], form: 'Raw', kept: 0 },
    { name: 'without the last voted', positions: [3], form: 'Raw', kept: 1 },
    { name: 'a long run', positions: range(0, 30_000), form: 'RunLength', kept: 30_000 },
    {
      name: 'long runs, the last voted missing',
      positions: [...range(5, 9000), ...range(20_000, 20_010)],
      form: 'RunLength',
      kept: 9005,
    },
    { name: 'noise, as far as a bitmap goes', positions: noise, form: 'Raw', kept: undefined },
    { name: 'too far back', positions: [0, 70_000], form: 'Raw', kept: 1 },
  ];
  for (const { name, positions, form, kept } of cases) {
    it(name, () => {
      const slots = back(...positions);
      const offsets = packForkSlots(slots, last);
      expect(offsets.form).toBe(form);
      const unpacked = forkSlots(offsets, last);
      // What is kept is the newest part.
      const newest = [...slots]
        .sort((a, b) => (a < b ? -1 : 1))
        .slice(slots.length - unpacked.length);
      if (name !== 'too far back') expect(unpacked).toEqual(newest);
      expect(unpacked.length).toBe(kept ?? noise.filter((p) => p < 8 * 824).length);
    });
  }

  /** Runs of ones and of zeros in turn, as positions of ones. */
  const alternating = (...lengths: number[]): number[] => {
    let at = 0;
    return lengths.flatMap((length, i) => {
      at += length;
      return i % 2 === 0 ? range(at - length, at) : [];
    });
  };
  const times = (count: number, length: number): number[] => new Array<number>(count).fill(length);
  const bits = (count: number, blocks: string | null): ForkOffsets => raw(count, blocks);
  const long = times(3, 16_384);
  const exact: { name: string; positions: number[]; offsets: ForkOffsets }[] = [
    { name: 'none: no blocks at all', positions: [], offsets: bits(0, null) },
    { name: 'any order, some twice', positions: [9, 0, 2, 1, 0], offsets: bits(10, '0702') },
    {
      name: 'as far as a bitmap goes',
      positions: range(0, 6592),
      offsets: bits(6592, 'ff'.repeat(824)),
    },
    { name: 'one further', positions: range(0, 6593), offsets: runs(6593) },
    { name: 'the last voted missing', positions: range(5, 9000), offsets: runs(0, 5, 8995) },
    { name: 'what is above the last voted', positions: range(-3, 9000), offsets: runs(9000) },
    {
      name: 'the furthest position',
      positions: [...range(0, 7000), 65_534, 65_535],
      offsets: runs(7000, 58_534, 1),
    },
    // 824 bytes: runs take one byte below 128, three from 16,384 on, else two.
    {
      name: 'runs of a byte',
      positions: alternating(...times(829, 79)),
      offsets: runs(...times(824, 79)),
    },
    {
      name: 'runs of two',
      positions: alternating(...times(501, 128)),
      offsets: runs(...times(412, 128)),
    },
    {
      name: 'runs of three and of one',
      positions: alternating(...long, ...times(818, 20)),
      offsets: runs(...long, ...times(815, 20)),
    },
  ];
  for (const { name, positions, offsets } of exact) {
    it(`${name}, exactly`, () => expect(packForkSlots(back(...positions), last)).toEqual(offsets));
  }
});
