/** Keys that strangers choose: none of their choices makes a search longer than chance does. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HashIndex } from '../../src/gossip/hash-index.ts';
import { KeyedHash } from '../../src/util/keyed-hash.ts';
import { seededRng } from '../../src/util/rng.ts';
import { propertyCases } from '../nightly.ts';

const COUNT = 8_192;

/** Mean and longest search for all of `COUNT` addresses in an index that holds them. */
function searches(seed: number, address: (i: number) => { ip: number; port: number }) {
  const hash = KeyedHash.random(seededRng(seed));
  const index = new HashIndex(COUNT);
  const hashes: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    const { ip, port } = address(i);
    const h = hash.pair(ip >>> 0, port & 0xffff);
    hashes.push(h);
    index.add(h, i);
  }
  let total = 0;
  let longest = 0;
  for (const [slot, h] of hashes.entries()) {
    let steps = 1;
    for (let p = index.start(h); index.slots[p] !== slot; p = (p + 1) & index.mask) steps++;
    total += steps;
    longest = Math.max(longest, steps);
  }
  return { mean: total / COUNT, longest };
}

const random = (seed: number) => {
  const rng = seededRng(seed);
  return searches(seed, () => ({ ip: rng.u32(), port: rng.below(65_536) }));
};

const SETS: { name: string; address: (i: number) => { ip: number; port: number } }[] = [
  { name: 'one after the other', address: (i) => ({ ip: 0x05000000 + i, port: 8_001 }) },
  { name: 'multiples of a power of two', address: (i) => ({ ip: i << 16, port: 8_001 }) },
  { name: 'ports of one address', address: (i) => ({ ip: 0x05000001, port: i }) },
  { name: 'that cancel out', address: (i) => ({ ip: i * 0x10001, port: i }) },
  { name: 'a network and its mirror', address: (i) => ({ ip: i % 2 ? ~i : i, port: i >>> 1 }) },
];

describe('addresses', () => {
  for (const { name, address } of SETS) {
    it(`${name} are found as fast as random ones, within a factor of three`, () => {
      for (let seed = 1; seed <= 4; seed++) {
        const chosen = searches(seed, address);
        const chance = random(seed);
        expect(chosen.mean, 'mean').toBeLessThan(3 * chance.mean);
        expect(chosen.longest, 'longest').toBeLessThan(3 * chance.longest);
      }
    });
  }

  it('in any arithmetic progression are, too', () => {
    const chance = random(99);
    fc.assert(
      fc.property(fc.integer(), fc.integer(), fc.nat(65_535), fc.nat(65_535), (a, d, p, q) => {
        if (d === 0 && q === 0) return;
        const { mean } = searches(7, (i) => ({ ip: (a + Math.imul(d, i)) >>> 0, port: p + q * i }));
        // An even step repeats itself: equal addresses would be one entry, here they are many.
        const distinct = new Set<number>();
        for (let i = 0; i < COUNT; i++) {
          distinct.add(((a + Math.imul(d, i)) >>> 0) * 2 ** 16 + ((p + q * i) & 0xffff));
        }
        if (distinct.size === COUNT) expect(mean).toBeLessThan(3 * chance.mean);
      }),
      { numRuns: propertyCases(30), seed: 1 },
    );
  });
});
