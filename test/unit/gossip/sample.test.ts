import { describe, expect, it } from 'vitest';
import { Deck, WeightedShuffle } from '../../../src/gossip/sample.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { ChaChaDraw } from './chacha.ts';

const W = [78, 70, 38, 27, 21, 0, 82, 42, 21, 77, 77, 0, 17, 4, 50, 96, 0, 83, 33, 16, 72];
const V = [19, 23, 7, 0, 0, 23, 3, 0, 5, 0, 19, 29];

function drawn(shuffle: WeightedShuffle, draw: { below(bound: number): number }): number[] {
  const order: number[] = [];
  for (let i = shuffle.next(draw); i >= 0; i = shuffle.next(draw)) order.push(i);
  return order;
}

const numbers = (text: string): number[] => text.split(' ').map(Number);

describe('ChaCha', () => {
  const first = [
    {
      seed: 16,
      rounds: 20,
      is: [17561962876765024395n, 470213581521912695n, 5273148429961811548n],
    },
    { seed: 48, rounds: 20, is: [0x96d914502b64b86an, 0x404e6d59e53ec9c7n, 0x7ccb78d80087241bn] },
    { seed: 48, rounds: 8, is: [0xabb52f26d06e2d4cn, 0x8d31cbd5d01fe260n, 0x6f22664e30f6f85dn] },
  ];
  for (const { seed, rounds, is } of first) {
    it(`${rounds} rounds, seed of ${seed}s`, () => {
      const draw = new ChaChaDraw(seed, rounds);
      expect(is.map(() => draw.u64())).toEqual(is);
    });
  }

  it('uniform numbers', () => {
    const draw = new ChaChaDraw(16, 20);
    const is = numbers('272634 52124 8676 230277 223574 137788 212533 213080 187008 209168');
    expect(is.map(() => draw.below(294_533))).toEqual(is);
  });
});

describe('weighted shuffle', () => {
  const cases = [
    {
      name: 'W',
      weights: W,
      seed: 48,
      rounds: 20,
      removed: [],
      is: '10 3 14 18 0 9 19 6 2 1 17 7 13 15 20 12 4 8 5 16 11',
    },
    {
      name: 'W without four',
      weights: W,
      seed: 48,
      rounds: 20,
      removed: [11, 3, 15, 0],
      is: '10 6 9 17 20 8 4 1 2 14 7 12 18 19 13 16 5',
    },
    {
      name: 'W, another seed',
      weights: W,
      seed: 37,
      rounds: 20,
      removed: [],
      is: '3 15 10 6 19 17 2 0 9 20 1 14 7 8 12 18 4 13 5 11 16',
    },
    {
      name: 'W, 8 rounds',
      weights: W,
      seed: 48,
      rounds: 8,
      removed: [],
      is: '15 9 7 17 0 20 1 14 3 19 6 18 10 2 4 8 12 13 16 5 11',
    },
    {
      name: 'zeros, 8 rounds',
      weights: [0, 0, 0, 0, 0],
      seed: 37,
      rounds: 8,
      removed: [],
      is: '4 3 1 2 0',
    },
    {
      name: 'zeros, 20 rounds',
      weights: [0, 0, 0, 0, 0],
      seed: 37,
      rounds: 20,
      removed: [],
      is: '1 4 2 3 0',
    },
    {
      name: 'V, 20 rounds',
      weights: V,
      seed: 48,
      rounds: 20,
      removed: [],
      is: '8 1 5 10 11 0 2 6 9 4 3 7',
    },
    {
      name: 'V, 8 rounds',
      weights: V,
      seed: 48,
      rounds: 8,
      removed: [],
      is: '5 11 2 0 10 1 6 8 7 3 9 4',
    },
  ];
  for (const { name, weights, seed, rounds, removed, is } of cases) {
    it(name, () => {
      const shuffle = new WeightedShuffle(32);
      // What was there before leaves no trace.
      for (const before of [[1, 2, 3], [...weights, 9, 9], weights])
        shuffle.fill(before, before.length);
      shuffle.fill(weights, weights.length);
      for (const index of removed) shuffle.remove(index);
      const first = shuffle.first(new ChaChaDraw(seed, rounds));
      expect(first).toBe(numbers(is)[0]);
      expect(drawn(shuffle, new ChaChaDraw(seed, rounds))).toEqual(numbers(is));
    });
  }

  it('an index removed twice, or after it was drawn, changes nothing', () => {
    const shuffle = new WeightedShuffle(4);
    shuffle.fill([5, 0, 7, 0], 4);
    shuffle.remove(0);
    shuffle.remove(0);
    shuffle.remove(1);
    shuffle.remove(1);
    expect(drawn(shuffle, seededRng(1))).toEqual([2, 3]);
    expect(() => shuffle.remove(4)).toThrow(/no such index/);
  });

  it('a weight beyond the exact range counts as zero and comes last', () => {
    const shuffle = new WeightedShuffle(3);
    shuffle.fill([Number.MAX_SAFE_INTEGER - 1, 2, 1], 3);
    expect(shuffle.total).toBe(Number.MAX_SAFE_INTEGER);
    const order = drawn(shuffle, seededRng(3));
    expect(order[2]).toBe(1);
  });

  it('nothing to draw from', () => {
    const shuffle = new WeightedShuffle(4);
    expect(shuffle.next(seededRng(1))).toBe(-1);
    shuffle.fill([], 0);
    expect(shuffle.first(seededRng(1))).toBe(-1);
  });

  it('draws in proportion to the weights', () => {
    const rng = seededRng(11);
    const weights = [1, 4, 9, 16, 0, 25];
    const shuffle = new WeightedShuffle(6);
    const wins = [0, 0, 0, 0, 0, 0];
    const rounds = 22_000;
    for (let i = 0; i < rounds; i++) {
      shuffle.fill(weights, 6);
      wins[shuffle.next(rng)]! += 1;
    }
    for (const [i, weight] of weights.entries()) {
      const expected = (rounds * weight) / 55;
      expect(Math.abs(wins[i]! - expected), `weight ${weight}`).toBeLessThan(
        4 * Math.sqrt(expected) + 1,
      );
    }
  });
});

describe('deck', () => {
  it('deals every number once before any comes again', () => {
    const deck = new Deck();
    const rng = seededRng(5);
    const out = new Uint32Array(8);
    const rounds: number[][] = [];
    for (let round = 0; round < 16; round++) {
      deck.deal(64, 8, rng, out);
      rounds.push([...out]);
    }
    expect(new Set(rounds.slice(0, 8).flat()).size).toBe(64);
    expect(new Set(rounds.slice(8).flat()).size).toBe(64);
    expect(rounds.slice(8), 'again in the same order').toEqual(rounds.slice(0, 8));
  });

  it('never repeats within a deal, whatever the remainder', () => {
    const deck = new Deck();
    const rng = seededRng(6);
    const out = new Uint32Array(100);
    for (const size of [7, 7, 7, 10, 100, 3]) {
      const count = Math.min(size, 5);
      deck.deal(size, count, rng, out);
      const dealt = [...out.subarray(0, count)];
      expect(new Set(dealt).size, `deck of ${size}`).toBe(count);
      expect(Math.max(...dealt), `deck of ${size}`).toBeLessThan(size);
    }
    expect(() => deck.deal(3, 4, rng, out)).toThrow(/more cards/);
  });

  it('deals every number once before any again, whatever the remainder', () => {
    const deck = new Deck();
    const rng = seededRng(8);
    const out = new Uint32Array(64);
    const dealt: number[] = [];
    for (let round = 0; dealt.length < 64 * 50; round++) {
      const count = 1 + rng.below(64);
      deck.deal(64, count, rng, out);
      expect(new Set(out.subarray(0, count)).size, `deal ${round}`).toBe(count);
      dealt.push(...out.subarray(0, count));
    }
    for (let first = 0; first + 64 <= dealt.length; first++) {
      expect(new Set(dealt.slice(first, first + 64)).size, `from ${first}`).toBe(64);
    }
  });

  it('is in uniformly random order', () => {
    const rng = seededRng(7);
    const out = new Uint32Array(8);
    const seen = new Array<number>(64).fill(0);
    for (let round = 0; round < 4000; round++) {
      new Deck().deal(64, 8, rng, out);
      for (const card of out) seen[card]! += 1;
    }
    for (const count of seen) expect(Math.abs(count - 500)).toBeLessThan(100);
  });
});
