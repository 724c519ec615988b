import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { seededRng } from '../../../src/util/rng.ts';
import { encodeValueData } from '../../../src/wire/encode.ts';
import { entrySlots, packSlots } from '../../../src/wire/epoch-slots.ts';

const from = 'AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9';
const run = (first: number, count: number, step = 1): number[] =>
  Array.from({ length: count }, (_, i) => first + i * step);

describe('entries', () => {
  const bitmap = { bits: 16, blocks: 'ff03' };
  const cases = [
    {
      name: 'as many as num says',
      entry: { form: 'Uncompressed', firstSlot: 7, num: 3, bitmap },
      slots: [7, 8, 9],
    },
    {
      name: 'no more than there are bits',
      entry: { form: 'Uncompressed', firstSlot: '7', num: '16383', bitmap },
      slots: run(7, 10),
    },
    {
      name: 'no bit behind the length',
      entry: { form: 'Uncompressed', firstSlot: 7, num: 16, bitmap: { bits: 10, blocks: 'ffff' } },
      slots: run(7, 10),
    },
    {
      name: 'none without blocks',
      entry: { form: 'Uncompressed', firstSlot: 7, num: 3, bitmap: { bits: 0, blocks: null } },
      slots: [],
    },
    {
      name: 'none of a corrupt stream',
      entry: { form: 'Flate2', firstSlot: 7, num: 3, compressed: 'ff' },
      slots: [],
    },
    {
      name: 'none from where no slot can be',
      entry: { form: 'Uncompressed', firstSlot: 1e15, num: 3, bitmap },
      slots: [],
    },
  ] as const;
  for (const { name, entry, slots } of cases) {
    it(name, () => expect(entrySlots(entry)).toEqual(slots));
  }
});

describe('packing', () => {
  const rng = seededRng(11);
  const sparse = run(1000, 2000).filter(() => rng.below(3) > 0);
  const cases = [
    { name: 'nothing', slots: [], forms: [], all: true },
    { name: 'one slot', slots: [5], forms: ['Uncompressed'], all: true },
    { name: 'a full bitmap', slots: run(0, 6808), forms: ['Uncompressed'], all: true },
    {
      name: 'one more than a bitmap',
      slots: run(0, 6809),
      forms: ['Flate2', 'Uncompressed'],
      all: true,
    },
    {
      name: 'out of order',
      slots: [9, 12, 11, 3, 4],
      forms: ['Flate2', 'Uncompressed'],
      all: true,
    },
    {
      name: 'far apart',
      slots: [1, 1e6, 2e6, 3e6],
      forms: ['Flate2', 'Flate2', 'Flate2', 'Uncompressed'],
      all: true,
    },
    { name: 'more than one value holds', slots: run(1, 900, 10_000), forms: undefined, all: false },
    {
      name: 'noise',
      slots: sparse.concat(
        run(1e6, 4000).filter(() => rng.below(2) > 0),
        run(2e6, 90),
      ),
      forms: undefined,
      all: false,
    },
  ];
  for (const { name, slots, forms, all } of cases) {
    it(name, () => {
      const { entries, taken } = packSlots(slots);
      if (forms) expect(entries.map((entry) => entry.form)).toEqual(forms);
      expect(taken === slots.length).toBe(all);
      const unpacked = entries.flatMap((entry) => [...entrySlots(entry)]);
      const sorted = (list: readonly number[]) => [...list].sort((a, b) => a - b);
      expect(sorted(unpacked)).toEqual(sorted(slots.slice(0, taken)));
      const data = encodeValueData({ kind: 'EpochSlots', index: 0, from, wallclock: 1, entries });
      // Budget 928 of the body and what the tag and index take, and an Uncompressed head is 8 over its 29.
      expect(data.length).toBeLessThanOrEqual(928 + 5 + 8);
    });
  }

  it('makes no entry that names nothing, however the room comes to its end', () => {
    let full = 0;
    for (let seed = 1; seed <= 40; seed++) {
      const chance = seededRng(seed);
      let slot = 0;
      const far = Array.from({ length: 300 }, () => {
        slot += chance.below(4) === 0 ? 10_000 : 1 + chance.below(300);
        return slot;
      });
      const { entries } = packSlots(far);
      expect(
        entries.every((entry) => entrySlots(entry).length > 0),
        `${seed}`,
      ).toBe(true);
      if (entries.at(-1)!.form === 'Flate2') full++;
    }
    expect(full).toBeGreaterThan(0); // to the last byte
  });

  it('keeps a bitmap that deflating would not make smaller, and stops', () => {
    const dense = run(0, 6808).filter(() => rng.below(2) > 0);
    const { entries, taken } = packSlots([...dense, 1e6]);
    expect(entries.map((entry) => entry.form)).toEqual(['Uncompressed']);
    expect(taken).toBe(dense.length);
  });

  it('deflates to a bitmap that is just as large as there is room for', () => {
    // Of rising density until deflating takes all of the 851 bytes and not one more.
    for (let density = 325; density < 345; density++) {
      const chance = seededRng(density);
      const slots = run(0, 6808).filter((slot) => slot === 0 || chance.below(1000) < density);
      const bitmap = new Uint8Array(851);
      for (const slot of slots) bitmap[slot >>> 3]! |= 1 << (slot & 7);
      const { length } = deflateRawSync(bitmap, { level: 9 });
      if (length < 850) continue;
      const { entries } = packSlots([...slots, 1e6]);
      expect(entries[0]!.form, `${length}`).toBe(length > 851 ? 'Uncompressed' : 'Flate2');
      if (length === 851) return;
    }
    expect.fail('no bitmap deflates to 851 bytes');
  });
});
