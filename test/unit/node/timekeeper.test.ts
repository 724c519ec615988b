import { describe, expect, it } from 'vitest';
import { Stakes } from '../../../src/crds/peers.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { Timekeeper } from '../../../src/node/timekeeper.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';
import { START_MS } from './peer.ts';

const HOUR_MS = 3_600_000;
const YEAR_MS = 365.25 * 24 * HOUR_MS;
const ROUND_MS = 100;

/** What happens to the machine's clock, and whether the true time went along. */
const FAULTS: { name: string; byMs: number; isTrue: boolean }[] = [];
for (const [words, ms] of [
  ['1 s', 1_000],
  ['1 h', HOUR_MS],
  ['10 years', 10 * YEAR_MS],
] as const) {
  FAULTS.push({ name: `a clock set ahead by ${words}`, byMs: ms, isTrue: false });
  FAULTS.push({ name: `a clock set back by ${words}`, byMs: -ms, isTrue: false });
  FAULTS.push({ name: `a machine suspended for ${words}`, byMs: ms, isTrue: true });
}
FAULTS.push({ name: 'a wall clock that stands still', byMs: Number.NaN, isTrue: false });

const [staked, ...unstaked] = peers(5);

describe('nothing leaves the table for', () => {
  for (const { name, byMs, isTrue } of FAULTS) {
    it(name, () => {
      const test = new TestNode();
      const everybody = [staked!, ...unstaked];
      // What others sign is of the true time; ours runs along with it, until the fault.
      let aheadMs = 0;
      let jumped = false;
      const trueMs = (): number => START_MS + test.clock.monoMs() + aheadMs;
      test.node.setStakes(new Stakes([[staked!.key, 5e9]]));
      test.meet(...everybody);
      let skewedAfterMs = Number.POSITIVE_INFINITY;
      const faultMs = 5_000;
      for (let ms = 0; ms < 60_000; ms += ROUND_MS) {
        if (ms >= faultMs && !jumped) {
          jumped = true;
          if (!Number.isNaN(byMs)) test.clock.jump(test.clock.wallMs() + byMs);
          if (isTrue) aheadMs = byMs;
        }
        if (jumped && Number.isNaN(byMs)) test.clock.jump(START_MS + faultMs);
        test.run(ROUND_MS);
        if (ms % 4_000 === 0) {
          for (const peer of everybody) {
            const wallclock = Math.floor(trueMs());
            test.from(peer, peer.push(peer.contact({ wallclock }), peer.slots(0, wallclock)));
          }
        }
        const { isSkewed } = test.parts.clock.report();
        if (jumped && isSkewed) skewedAfterMs = Math.min(skewedAfterMs, ms - faultMs);
      }
      for (const peer of everybody) {
        expect(test.holds(peer), 'a contact info').toBe(true);
        expect(test.holds(peer, Kind.EPOCH_SLOTS), 'a value').toBe(true);
      }
      const { counters, clock, view, identity } = test.parts;
      expect(counters[Counter.VALUES_TIMED_OUT]).toBe(0);
      expect(counters[Counter.VALUES_EVICTED]).toBe(0);
      const isSmall = Math.abs(byMs) <= 2_000;
      if (!isSmall) expect(skewedAfterMs, 'the flag').toBeLessThanOrEqual(30_000);
      const report = clock.report();
      expect(report.isSkewed, 'still off').toBe(!isSmall && !isTrue);
      const errorMs = Math.abs(clock.wallMs() - trueMs());
      expect(errorMs, 'what we believe is the true time').toBeLessThanOrEqual(1_001);
      const own = view.find(Kind.CONTACT_INFO, 0, identity.publicKey, 0);
      const lateMs = trueMs() - view.columns.wallclock[own]!;
      expect(Math.abs(lateMs), 'and what we sign').toBeLessThan(15_000);
    });
  }
});

it('a clock that was wrong from the start is flagged, and believed again when it is set right', () => {
  for (const byMs of [HOUR_MS, -HOUR_MS, 10 * YEAR_MS]) {
    const test = new TestNode();
    const trueMs = (): number => Math.floor(START_MS - byMs + test.clock.monoMs());
    const push = (): void => {
      for (const peer of unstaked) {
        test.from(peer, peer.push(peer.contact({ wallclock: trueMs() })));
        for (const { bytes, ip } of test.takeOnly('Ping')) {
          if (ip === peer.ip) test.from(peer, peer.pong(bytes));
        }
        test.from(peer, peer.push(peer.contact({ wallclock: trueMs() + 1 })));
      }
    };
    for (let i = 0; i < 30; i++) {
      push();
      test.run(1_000);
    }
    const { clock, view, identity } = test.parts;
    expect(clock.report(), 'flagged').toMatchObject({ isSkewed: true, jumps: 0 });
    test.clock.jump(trueMs());
    for (let i = 0; i < 10; i++) {
      test.run(1_000);
      push();
    }
    expect(clock.report()).toEqual({ jumpedMs: 0, isSkewed: false, jumps: 1, followed: 1 });
    for (const peer of unstaked) expect(test.holds(peer), 'those who push').toBe(true);
    const own = view.find(Kind.CONTACT_INFO, 0, identity.publicKey, 0);
    expect(Math.abs(view.columns.wallclock[own]! - trueMs())).toBeLessThan(15_000);
    const slotMs = trueMs();
    const [first] = unstaked;
    test.from(first!, first!.push(first!.slots(0, slotMs)));
    expect(test.holds(first!, Kind.EPOCH_SLOTS), 'and what they push').toBe(true);
  }
});

describe('the time that is believed', () => {
  const made = (): { clock: ManualClock; keeper: Timekeeper; tick: (ms: number) => void } => {
    const clock = new ManualClock(START_MS);
    const keeper = new Timekeeper(clock, SILENT_LOGGER);
    const tick = (ms: number): void => {
      for (let left = ms; left > 0; left -= ROUND_MS) {
        clock.advance(ROUND_MS);
        keeper.tick();
      }
    };
    return { clock, keeper, tick };
  };

  it('is the wall clock as long as that does not jump', () => {
    const { clock, keeper, tick } = made();
    tick(60_000);
    expect(keeper.wallMs()).toBe(clock.wallMs());
    expect([keeper.steadyMs(), keeper.aheadMs]).toEqual([clock.wallMs(), 0]);
    expect(keeper.report()).toEqual({ jumpedMs: 0, isSkewed: false, jumps: 0, followed: 0 });
  });

  it('follows a small step by a twentieth of the time that passes, never backwards', () => {
    for (const stepMs of [1_000, -1_000]) {
      const { clock, keeper, tick } = made();
      clock.jump(clock.wallMs() + stepMs);
      let before = keeper.wallMs();
      for (let i = 0; i < 100; i++) {
        tick(ROUND_MS);
        expect(keeper.wallMs()).toBeGreaterThan(before);
        before = keeper.wallMs();
      }
      expect(Math.abs(clock.wallMs() - keeper.wallMs())).toBeCloseTo(500, -1);
      tick(11_000);
      expect(Math.abs(clock.wallMs() - keeper.wallMs())).toBeLessThanOrEqual(3);
      expect(keeper.aheadMs).toBeCloseTo(stepMs, -1);
    }
  });

  it('stays when others agree with it, and when nobody says anything', () => {
    for (const others of [0, 100]) {
      const { clock, keeper, tick } = made();
      clock.jump(clock.wallMs() + HOUR_MS);
      for (let i = 0; i < others; i++) keeper.hear(keeper.wallMs() - i, true);
      tick(30_000);
      expect(keeper.report()).toMatchObject({ jumpedMs: HOUR_MS, isSkewed: true, followed: 0 });
      expect(keeper.wallMs()).toBe(START_MS + 30_000);
    }
  });

  it('needs eight values that agree with the jump, and twice as many as do not', () => {
    for (const [agreeing, others, follows] of [
      [7, 0, false],
      [8, 0, true],
      [8, 4, false],
      [9, 4, true],
    ] as const) {
      const { clock, keeper, tick } = made();
      clock.jump(clock.wallMs() + HOUR_MS);
      tick(ROUND_MS);
      for (let i = 0; i < agreeing; i++) keeper.hear(clock.wallMs(), true);
      for (let i = 0; i < others; i++) keeper.hear(keeper.wallMs(), true);
      tick(ROUND_MS);
      expect(keeper.report().followed, `${agreeing} against ${others}`).toBe(Number(follows));
      expect(keeper.steadyMs(), 'ages go on').toBe(START_MS + 2 * ROUND_MS);
    }
  });

  it('is said to be wrong when most fresh values are of another time', () => {
    const { keeper, tick } = made();
    const hear = (byMs: number, count: number): void => {
      for (let i = 0; i < count; i++) keeper.hear(keeper.wallMs() + byMs, true);
    };
    hear(HOUR_MS, 7);
    tick(10_000);
    expect(keeper.report().isSkewed, 'seven say nothing').toBe(false);
    hear(HOUR_MS, 9);
    hear(0, 8);
    tick(10_000);
    expect(keeper.report().isSkewed).toBe(true);
    hear(0, 8);
    tick(10_000);
    expect(keeper.report().isSkewed).toBe(false);
    for (let i = 0; i < 20; i++) keeper.hear(keeper.wallMs() - HOUR_MS, false);
    tick(10_000);
    expect(keeper.report().isSkewed, 'what is pulled may be old').toBe(false);
  });
});
