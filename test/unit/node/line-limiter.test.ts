import { expect, it } from 'vitest';
import { LineLimiter, SUPPRESSED } from '../../../src/node/line-limiter.ts';
import { ManualClock } from '../../../src/util/clock.ts';

it('a place logs four lines at once, then one a second, and says how many it left out', () => {
  const clock = new ManualClock();
  const limiter = new LineLimiter(clock);
  for (let i = 0; i < 4; i++) expect(limiter.admit('a')).toBe(0);
  for (let i = 0; i < 5; i++) expect(limiter.admit('a')).toBe(SUPPRESSED);
  expect(limiter.admit('b'), 'another place').toBe(0);
  clock.advance(999);
  expect(limiter.admit('a')).toBe(SUPPRESSED);
  clock.advance(1);
  expect(limiter.admit('a')).toBe(6);
  expect(limiter.admit('a')).toBe(SUPPRESSED);
  clock.advance(10_000);
  for (const suppressed of [1, 0, 0, 0, SUPPRESSED]) expect(limiter.admit('a')).toBe(suppressed);
});

it('places beyond 256 share one line a second', () => {
  const limiter = new LineLimiter(new ManualClock());
  const admitted = Array.from({ length: 1_000 }, (_, i) => limiter.admit(`place ${i}`));
  expect(admitted.filter((n) => n !== SUPPRESSED).length).toBe(256 + 4);
});
