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
});
