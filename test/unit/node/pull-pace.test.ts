import { describe, expect, it } from 'vitest';
import { PullPace } from '../../../src/node/pull-pace.ts';

/** Asks for a number of requests every 100 ms. @returns what was granted each time */
function ask(pace: PullPace, wanted: number, fromMs: number, toMs: number): number[] {
  const granted: number[] = [];
  for (let nowMs = fromMs; nowMs < toMs; nowMs += 100) granted.push(pace.take(wanted, nowMs));
  return granted;
}

const total = (counts: readonly number[]): number => counts.reduce((a, b) => a + b, 0);

describe('the pace', () => {
  it('never grants 400 requests in a second, however many are wanted', () => {
    const pace = new PullPace(true);
    pace.answered(4_999);
    const granted = ask(pace, 1_000, 5_000, 35_000);
    for (let i = 0; i + 10 <= granted.length; i++) {
      expect(total(granted.slice(i, i + 10)), `second from tick ${i}`).toBeLessThan(400);
    }
    expect(total(granted)).toBeGreaterThan(299 * 30);
  });

  it('is an honest one after 64 requests that nobody has answered, until somebody does', () => {
    const pace = new PullPace(true);
    const unanswered = total(ask(pace, 1_000, 0, 30_000));
    expect(unanswered).toBeGreaterThan(64 + 16 * 28);
    expect(unanswered).toBeLessThan(64 + 32 + 16 * 31);
    pace.answered(30_000);
    expect(total(ask(pace, 1_000, 30_000, 40_000))).toBeGreaterThan(299 * 10);
  });

  it('grants what is wanted when it is little', () => {
    expect(ask(new PullPace(true), 7, 0, 1_000)).toEqual(new Array(10).fill(7));
  });

  it('saves up 32', () => {
    const pace = new PullPace(true);
    expect(pace.take(100, 60_000)).toBe(32);
    expect(pace.take(100, 60_000)).toBe(0);
    expect(pace.take(100, 60_010)).toBe(3);
    expect(pace.take(100, 90_000)).toBe(32);
  });

  it('that was not asked to be eager never is', () => {
    const pace = new PullPace(false);
    expect(pace.eager).toBe(false);
    pace.answered(0);
    pace.answered(100_000);
    expect(pace.eager).toBe(false);
  });
});

describe('the eager time', () => {
  const look = { partitions: 64, known: 10_000 };
  const cases = [
    { name: 'goes on while a look at the table brings much', gain: 1_000, asked: 128, eager: true },
    { name: 'goes on at 1 %', gain: 100, asked: 128, eager: true },
    { name: 'ends below 1 %', gain: 99, asked: 128, eager: false },
    { name: 'is not judged before two cycles were asked for', gain: 0, asked: 127, eager: true },
  ];
  for (const { name, gain, asked, eager } of cases) {
    it(name, () => {
      const pace = new PullPace(true);
      pace.answered(1_000);
      let nowMs = 1_000;
      for (let left = asked; left > 0; nowMs += 100) left -= pace.take(Math.min(left, 10), nowMs);
      pace.judge(gain, look.known, look.partitions, nowMs);
      expect(pace.eager).toBe(eager);
    });
  }

  it('counts what was gained since the last look', () => {
    const pace = new PullPace(true);
    pace.answered(0);
    ask(pace, 20, 0, 1_000);
    pace.judge(5_000, 5_000, 64, 1_000);
    expect(pace.eager).toBe(true);
    ask(pace, 20, 1_000, 2_000);
    pace.judge(5_010, 5_010, 64, 2_000);
    expect(pace.eager).toBe(false);
  });

  it('without any answer is not judged, but ends after a minute', () => {
    const pace = new PullPace(true);
    ask(pace, 20, 0, 59_000);
    pace.judge(0, 1, 64, 60_000);
    expect(pace.eager).toBe(true);
    pace.judge(0, 1, 64, 60_001);
    expect(pace.eager).toBe(false);
  });

  it('begins again after a minute of silence, and not before', () => {
    for (const { silenceMs, eager } of [
      { silenceMs: 60_000, eager: false },
      { silenceMs: 60_001, eager: true },
    ]) {
      const pace = new PullPace(true);
      ask(pace, 20, 0, 1_000);
      pace.answered(1_000);
      pace.judge(0, 1, 1, 1_000);
      expect(pace.eager, 'after a look that brought nothing').toBe(false);
      pace.answered(1_000 + silenceMs);
      expect(pace.eager, `after ${silenceMs} ms`).toBe(eager);
      pace.judge(0, 1, 1, 1_000 + silenceMs + 59_000);
      expect(pace.eager, 'a minute from then').toBe(eager);
    }
  });
});
