import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/util/bytes.ts';
import { osRng, type Rng, seededRng } from '../../../src/util/rng.ts';
import { expectAtMost, expectSame } from '../../in-loops.ts';

const draws = (rng: Rng, count: number): number[] => Array.from({ length: count }, () => rng.u32());

describe('a seeded generator', () => {
  it('repeats itself for the same seed, and for no other', () => {
    expect(draws(seededRng(7), 20)).toEqual(draws(seededRng(7), 20));
    expect(draws(seededRng(7), 20)).not.toEqual(draws(seededRng(8), 20));
    expect(draws(seededRng(0), 20)).not.toEqual(new Array(20).fill(0));
  });

  it('draws evenly', () => {
    const rng = seededRng(1);
    const counts = new Array<number>(10).fill(0);
    for (let i = 0; i < 100_000; i++) counts[rng.below(10)]!++;
    for (const [digit, count] of counts.entries()) {
      // Five standard deviations of a binomial with p = 1/10.
      expect(Math.abs(count - 10_000), `digit ${digit}`).toBeLessThan(475);
    }
  });

  it('stays within its bounds', () => {
    const rng = seededRng(2);
    for (const bound of [1, 2, 3, 255, 65_536, 2 ** 32]) {
      let most = 0;
      for (let i = 0; i < 2_000; i++) {
        const drawn = rng.below(bound);
        expectSame(Number.isInteger(drawn) && drawn >= 0 && drawn < bound, true, `${bound}`);
        most = Math.max(most, drawn);
      }
      expectAtMost(Math.floor(bound / 2), most, `${bound}`);
    }
    for (let i = 0; i < 2_000; i++) {
      const unit = rng.unit();
      expectSame(unit >= 0 && unit < 1, true);
    }
  });

  it('fills a span and nothing else, secrets too', () => {
    for (const fill of ['fill', 'secret'] as const) {
      const bytes = new Uint8Array(20).fill(0xaa);
      seededRng(3)[fill](bytes, 3, 16);
      expect(toHex(bytes, 0, 3) + toHex(bytes, 16), fill).toBe('aa'.repeat(7));
      const whole = new Uint8Array(13);
      seededRng(3)[fill](whole);
      expect(whole, fill).toEqual(bytes.slice(3, 16));
      seededRng(3)[fill](whole, 5, 5);
      expect(whole, fill).toEqual(bytes.slice(3, 16));
    }
  });
});

it('generators of the operating system differ, and so do their secrets', () => {
  const [a, b] = [osRng(), osRng()];
  expect(draws(a, 4)).not.toEqual(draws(b, 4));
  const secrets = [a, a, b].map((rng) => {
    const bytes = new Uint8Array(40);
    rng.secret(bytes, 4, 36);
    expect(toHex(bytes, 0, 4) + toHex(bytes, 36)).toBe('00'.repeat(8));
    return toHex(bytes);
  });
  expect(new Set(secrets).size).toBe(3);
});
