import { describe, expect, it } from 'vitest';
import { ManualClock, SystemClock } from '../../../src/util/clock.ts';

describe('the manual clock', () => {
  it('stands still until told otherwise', () => {
    const clock = new ManualClock(1_000);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([1_000, 0]);
    clock.advance(2.5);
    expect([clock.wallMs(), clock.monoMs()]).toEqual([1_002.5, 2.5]);
    clock.jump(50);
    expect([clock.wallMs(), clock.monoMs()], 'the wall clock alone jumps').toEqual([50, 2.5]);
  });

  it('calls in order of time, then of asking, at the time asked for', () => {
    const clock = new ManualClock(0);
    const calls: string[] = [];
    const at = (name: string) => (): void => {
      calls.push(`${name} at ${clock.monoMs()}`);
    };
    clock.after(30, at('third'));
    clock.after(10, at('first'));
    clock.after(10, at('second'));
    clock.after(31, at('never'));
    clock.advance(30);
    expect(calls).toEqual(['first at 10', 'second at 10', 'third at 30']);
  });

  it('calls again and again until cancelled, also from within', () => {
    const clock = new ManualClock();
    let count = 0;
    const cancel = clock.every(100, () => {
      if (++count === 5) cancel();
    });
    clock.advance(99);
    expect(count).toBe(0);
    clock.advance(10_000);
    expect(count).toBe(5);
  });

  it('calls what is asked for meanwhile, if it falls due', () => {
    const clock = new ManualClock();
    const calls: number[] = [];
    clock.after(10, () => clock.after(10, () => calls.push(clock.monoMs())));
    clock.after(10, () => clock.soon(() => calls.push(clock.monoMs())));
    clock.advance(20);
    expect(calls).toEqual([10, 20]);
  });

  it('takes a time in the past as now, and a cancelled call as none', () => {
    const clock = new ManualClock();
    let calls = 0;
    clock.after(-5, () => calls++);
    const cancel = clock.after(0, () => calls++);
    cancel();
    cancel();
    clock.advance(0);
    expect(calls).toBe(1);
    clock.advance(1_000);
    expect(calls, 'once').toBe(1);
  });
});

describe('the clock of the machine', () => {
  it('tells milliseconds', () => {
    expect(Number.isInteger(SystemClock.wallMs())).toBe(true);
    expect(SystemClock.wallMs()).toBeGreaterThan(1.7e12);
    const before = SystemClock.monoMs();
    expect(SystemClock.monoMs()).toBeGreaterThanOrEqual(before);
  });

  it('calls back, and does not when cancelled', async () => {
    const calls: string[] = [];
    const cancelAfter = SystemClock.after(1, () => calls.push('cancelled'));
    const cancelEvery = SystemClock.every(1, () => calls.push('cancelled'));
    cancelAfter();
    cancelEvery();
    await new Promise<void>((resolve) => SystemClock.soon(resolve));
    await new Promise<void>((resolve) => {
      const cancel = SystemClock.every(1, () => {
        calls.push('every');
        cancel();
        SystemClock.after(2, resolve);
      });
    });
    expect(calls).toEqual(['every']);
  });
});
