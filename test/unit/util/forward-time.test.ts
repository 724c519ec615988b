import { expect, it } from 'vitest';
import { ManualClock } from '../../../src/util/clock.ts';
import { ForwardTime } from '../../../src/util/forward-time.ts';

it('follows the wall clock forward, and slows down while that is behind', () => {
  const clock = new ManualClock(10_000);
  const time = new ForwardTime(clock);
  const steps: [jumpMs: number, passesMs: number, expected: number][] = [
    [0, 100, 10_100],
    [5_000, 0, 15_100],
    [-1_000, 0, 15_100],
    [0, 500, 15_350],
    [0, 400, 15_550],
    [0, 1_000, 16_050],
    [0, 200, 16_200],
    [-100, 200, 16_300],
  ];
  for (const [jumpMs, passesMs, expected] of steps) {
    clock.jump(clock.wallMs() + jumpMs);
    clock.advance(passesMs);
    expect(time.nowMs(), `${jumpMs} ${passesMs}`).toBe(expected);
  }
});
