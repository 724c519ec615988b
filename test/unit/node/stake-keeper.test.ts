import { afterEach, describe, expect, it } from 'vitest';
import { Stakes } from '../../../src/crds/peers.ts';
import {
  LOAD_TIMEOUT_MS,
  PATIENCE_MS,
  RETRY_MS,
  StakeKeeper,
} from '../../../src/node/stake-keeper.ts';
import type { StakeSource } from '../../../src/node/stakes.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { ManualClock } from '../../../src/util/clock.ts';
import { seededRng } from '../../../src/util/rng.ts';

const PERIOD_MS = 600_000;
const SOL = 1_000_000_000;

/** `count` nodes with as many SOL each. */
function stakesOf(count: number, sol = 1): Stakes {
  return new Stakes(
    Array.from({ length: count }, (_, i) => {
      const key = new Uint8Array(32).fill(7);
      new DataView(key.buffer).setUint32(8, i);
      return [key, sol * SOL] as const;
    }),
  );
}

type Answer = Stakes | undefined | Error | 'hang';

/** A keeper whose source answers as it is told. */
class Bench implements StakeSource {
  readonly name = 'https://rpc.example';
  readonly isLocal: boolean;
  readonly periodMs: number;
  readonly spread: number;
  readonly clock = new ManualClock();
  readonly logged: { level: string; fields: Record<string, unknown>; message: string }[] = [];
  readonly handed: number[] = [];
  readonly keeper: StakeKeeper;
  answer: Answer;
  calls = 0;
  aborted = 0;

  constructor(
    answer: Answer,
    { isLocal = false, periodMs = PERIOD_MS, spread = 0, seed = 1 } = {},
  ) {
    this.answer = answer;
    this.isLocal = isLocal;
    this.periodMs = periodMs;
    this.spread = spread;
    const log = (level: string) => (fields: object, message: string) => {
      this.logged.push({ level, fields: fields as Record<string, unknown>, message });
    };
    const logger = {
      debug: log('debug'),
      info: log('info'),
      warn: log('warn'),
      error: log('error'),
    };
    this.keeper = new StakeKeeper(this, { clock: this.clock, rng: seededRng(seed), logger });
    this.keeper.subscribe((stakes) => this.handed.push(stakes.size));
    benches.push(this);
  }

  load(signal: AbortSignal): Promise<Stakes | undefined> {
    this.calls++;
    signal.addEventListener('abort', () => this.aborted++);
    const { answer } = this;
    if (answer === 'hang') return new Promise(() => {});
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  }

  async advance(ms: number): Promise<void> {
    this.clock.advance(ms);
    await new Promise(setImmediate);
  }

  /** Milliseconds until the source is asked again, up to a second more than an hour. */
  async untilAsked(): Promise<number> {
    const before = this.calls;
    for (let ms = 0; ms < 3_601_000; ms += 1_000) {
      if (this.calls > before) return ms;
      this.clock.advance(1_000);
    }
    await new Promise(setImmediate);
    return this.calls > before ? 3_601_000 : Number.POSITIVE_INFINITY;
  }

  messages(level: string): string[] {
    return this.logged.filter((l) => l.level === level).map((l) => l.message);
  }
}

const benches: Bench[] = [];
afterEach(() => {
  for (const bench of benches.splice(0)) bench.keeper.stop();
});

const failure = (code: string): SpyError => new SpyError(code, `A sentence on ${code}.`);

describe('stakes', () => {
  it('are loaded, handed over and told of', async () => {
    const bench = new Bench(stakesOf(600, 2));
    await bench.keeper.start();
    expect(bench.handed).toEqual([600]);
    expect(bench.logged).toEqual([
      {
        level: 'info',
        fields: { source: 'https://rpc.example', nodes: 600, sol: 1_200 },
        message: 'stakes loaded',
      },
    ]);
    expect(bench.keeper.report()).toEqual({
      source: 'https://rpc.example',
      nodes: 600,
      sol: 1_200,
      loads: 1,
      failures: {},
    });
  });

  it('reach who subscribes late', async () => {
    const bench = new Bench(stakesOf(3));
    await bench.keeper.start();
    const late: number[] = [];
    bench.keeper.subscribe((stakes) => late.push(stakes.size));
    expect(late).toEqual([3]);
  });

  it('are refreshed after the period, and only a change is told of', async () => {
    const bench = new Bench(stakesOf(600));
    await bench.keeper.start();
    await bench.advance(PERIOD_MS - 1);
    expect(bench.calls).toBe(1);
    await bench.advance(1);
    expect(bench.calls).toBe(2);
    expect(bench.messages('info')).toEqual(['stakes loaded']);
    bench.answer = stakesOf(601);
    await bench.advance(PERIOD_MS);
    expect(bench.messages('info')).toEqual(['stakes loaded', 'stakes loaded']);
    bench.answer = stakesOf(601, 2);
    await bench.advance(PERIOD_MS);
    expect(bench.logged.at(-1)?.fields['sol'], 'the same nodes with more').toBe(1_202);
    expect(bench.handed).toEqual([600, 600, 601, 601]);
  });

  it('that did not change are not handed over again', async () => {
    const bench = new Bench(stakesOf(5));
    await bench.keeper.start();
    bench.answer = undefined;
    await bench.advance(PERIOD_MS);
    expect([bench.calls, bench.handed.length]).toEqual([2, 1]);
    expect(bench.keeper.report().loads).toBe(2);
    expect(bench.keeper.report().nodes).toBe(5);
  });

  it('are asked for at times that differ from spy to spy, within the spread', async () => {
    const times: number[] = [];
    for (let seed = 1; seed <= 8; seed++) {
      const bench = new Bench(stakesOf(5), { spread: 0.2, seed });
      await bench.keeper.start();
      times.push(await bench.untilAsked());
    }
    expect(new Set(times).size).toBeGreaterThan(4);
    expect(Math.min(...times)).toBeGreaterThanOrEqual(PERIOD_MS * 0.8);
    expect(Math.max(...times)).toBeLessThanOrEqual(PERIOD_MS * 1.2 + 1_000);
  });

  it('that never change are loaded once', async () => {
    const bench = new Bench(stakesOf(5), { periodMs: Number.POSITIVE_INFINITY, isLocal: true });
    await bench.keeper.start();
    expect(await bench.untilAsked()).toBe(Number.POSITIVE_INFINITY);
  });

  const counts = [
    { nodes: 1, warned: true },
    { nodes: 499, warned: true },
    { nodes: 500, warned: false },
  ];
  for (const { nodes, warned } of counts) {
    it(`of ${nodes} nodes are ${warned ? 'too few to filter by, which is told' : 'enough'}`, async () => {
      const bench = new Bench(stakesOf(nodes));
      await bench.keeper.start();
      const said = bench.logged.filter((l) => l.level === 'warn');
      expect(said.map((l) => l.fields)).toEqual(warned ? [{ nodes, needed: 500 }] : []);
      if (warned) expect(said[0]?.message).toContain('every origin counts as staked');
    });
  }

  it('tell again when they become too few or enough, not in between', async () => {
    const bench = new Bench(stakesOf(499));
    await bench.keeper.start();
    for (const nodes of [498, 500, 501, 499]) {
      bench.answer = stakesOf(nodes);
      await bench.advance(PERIOD_MS);
    }
    const told = bench.logged.filter((l) => l.message !== 'stakes loaded');
    expect(told.map((l) => [l.level, l.fields['nodes']])).toEqual([
      ['warn', 499],
      ['info', 500],
      ['warn', 499],
    ]);
  });
});

describe('a source that fails', () => {
  it('at the start and at hand ends the start', async () => {
    const bench = new Bench(failure('STAKES_EMPTY'), { isLocal: true });
    await expect(bench.keeper.start()).rejects.toThrow('A sentence on STAKES_EMPTY.');
    expect(bench.logged).toEqual([]);
    expect(await bench.untilAsked()).toBe(Number.POSITIVE_INFINITY);
  });

  it('at the start and elsewhere is told of and tried again', async () => {
    const bench = new Bench(failure('STAKES_UNREACHABLE'));
    await bench.keeper.start();
    expect(bench.handed).toEqual([]);
    expect(bench.logged).toEqual([
      {
        level: 'warn',
        fields: { source: 'https://rpc.example', code: 'STAKES_UNREACHABLE', keptNodes: 0 },
        message: 'A sentence on STAKES_UNREACHABLE. Going on without stakes.',
      },
    ]);
    bench.answer = stakesOf(600);
    await bench.advance(RETRY_MS);
    expect(bench.handed).toEqual([600]);
    expect(bench.messages('info')).toEqual(['stakes can be had again', 'stakes loaded']);
  });

  it('leaves the stakes as they were', async () => {
    const bench = new Bench(stakesOf(600));
    await bench.keeper.start();
    bench.answer = failure('STAKES_EMPTY');
    await bench.advance(PERIOD_MS);
    expect(bench.handed).toEqual([600]);
    expect(bench.keeper.report()).toMatchObject({ nodes: 600, failures: { STAKES_EMPTY: 1 } });
    expect(bench.messages('warn')).toEqual([
      'A sentence on STAKES_EMPTY. The stakes loaded before stay in use.',
    ]);
  });

  it('is told of once for each kind until it works again, and counted each time', async () => {
    const bench = new Bench(stakesOf(600));
    await bench.keeper.start();
    const round = async (answer: Answer): Promise<void> => {
      bench.answer = answer;
      await bench.untilAsked();
      await bench.advance(0);
    };
    for (const code of ['A', 'A', 'B', 'A', 'B']) await round(failure(code));
    expect(bench.logged.filter((l) => l.level === 'warn').map((l) => l.fields['code'])).toEqual([
      'A',
      'B',
    ]);
    await round(stakesOf(600));
    await round(failure('A'));
    expect(bench.messages('warn')).toHaveLength(3);
    expect(bench.keeper.report().failures).toEqual({ A: 4, B: 2 });
  });

  it('is asked less and less often, then as usual', async () => {
    const bench = new Bench(failure('A'));
    await bench.keeper.start();
    const waits: number[] = [];
    for (let i = 0; i < 9; i++) {
      waits.push((await bench.untilAsked()) / 1_000);
      await bench.advance(0);
    }
    expect(waits).toEqual([10, 20, 40, 80, 160, 320, 600, 600, 600]);
    bench.answer = stakesOf(600);
    await bench.untilAsked();
    await bench.advance(0);
    bench.answer = failure('A');
    expect(await bench.untilAsked(), 'the usual period after a success').toBe(PERIOD_MS);
    await bench.advance(0);
    expect(await bench.untilAsked(), 'from the start again').toBe(RETRY_MS);
  });

  it('within a shorter period never waits longer than that', async () => {
    const bench = new Bench(stakesOf(1), { isLocal: true, periodMs: 60_000 });
    await bench.keeper.start();
    bench.answer = failure('A');
    const waits: number[] = [];
    for (let i = 0; i < 6; i++) {
      waits.push((await bench.untilAsked()) / 1_000);
      await bench.advance(0);
    }
    expect(waits).toEqual([60, 10, 20, 40, 60, 60]);
  });

  it('by silence is given up on after its time', async () => {
    const bench = new Bench('hang');
    const start = bench.keeper.start();
    await bench.advance(LOAD_TIMEOUT_MS - 1);
    await start;
    expect([bench.aborted, bench.logged.length]).toEqual([0, 1]);
    await bench.advance(1);
    expect(bench.aborted).toBe(1);
    expect(bench.logged.at(-1)?.fields['code']).toBe('STAKES_TIMEOUT');
    bench.answer = stakesOf(600);
    await bench.advance(RETRY_MS);
    expect(bench.handed).toEqual([600]);
    await bench.advance(LOAD_TIMEOUT_MS);
    expect(bench.aborted, 'the time of an attempt that succeeded').toBe(1);
  });

  it('to answer soon is not waited for, but listened to', async () => {
    const bench = new Bench('hang');
    let answer: (stakes: Stakes) => void = () => {};
    bench.load = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    let hasStarted = false;
    const start = bench.keeper.start().then(() => {
      hasStarted = true;
    });
    await bench.advance(PATIENCE_MS - 1);
    expect(hasStarted).toBe(false);
    await bench.advance(1);
    await start;
    expect(bench.messages('warn')).toEqual(['no stakes yet: going on without for now']);
    answer(stakesOf(600));
    await bench.advance(0);
    expect(bench.handed).toEqual([600]);
  });

  it('by a bug is not excused', async () => {
    const bench = new Bench(new RangeError('a bug'), { isLocal: true });
    await expect(bench.keeper.start()).rejects.toThrow(RangeError);
  });
});

describe('stopping', () => {
  it('ends the waiting', async () => {
    const bench = new Bench(stakesOf(5));
    await bench.keeper.start();
    bench.keeper.stop();
    expect(await bench.untilAsked()).toBe(Number.POSITIVE_INFINITY);
    expect(bench.keeper.report().nodes).toBe(5);
  });

  it('ends an attempt, silently', async () => {
    const bench = new Bench('hang', { isLocal: true });
    const start = bench.keeper.start();
    bench.keeper.stop();
    await start;
    expect([bench.aborted, bench.logged.length]).toEqual([1, 0]);
    expect(await bench.untilAsked()).toBe(Number.POSITIVE_INFINITY);
  });

  it('comes before an answer that is under way, however near it is', async () => {
    for (let turns = 0; turns < 6; turns++) {
      const bench = new Bench(stakesOf(5));
      const start = bench.keeper.start();
      for (let i = 0; i < turns; i++) await Promise.resolve();
      const before = bench.handed.length;
      bench.keeper.stop();
      await start;
      expect(bench.handed.length, `after ${turns} turns`).toBe(before);
      expect(await bench.untilAsked(), `after ${turns} turns`).toBe(Number.POSITIVE_INFINITY);
    }
  });
});
