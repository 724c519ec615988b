import { describe, expect, it } from 'vitest';
import type { Measured } from '../../../bench/e2e/measure.ts';
import { maxRssBytes, threadTimes, timeByRole } from '../../../bench/e2e/proc.ts';
import { median, renderRatios, renderTable, renderWarmUp } from '../../../bench/e2e/report.ts';
import { findRow, ROWS } from '../../../bench/e2e/rows.ts';

const one: Measured = {
  row: '20k',
  target: 'ours',
  sent: 120_000,
  wanted: 20_000,
  rate: 19_990,
  lost: 0,
  shed: {},
  values: 300_000,
  verified: 70_000,
  table: 50_173,
  labels: 50_172,
  missing: 0,
  exact: true,
  cpu: { main: 4, receive: 1, pool: 30, engine: 1 },
  cpuTotal: 36,
  bySecond: [60, 40],
  loopP50Ms: 0.4,
  loopP99Ms: 3,
  rssBytes: 250e6,
  warmSeconds: 4,
};
const agave: Measured = {
  ...one,
  target: 'agave',
  cpu: { main: 0, engine: 48 },
  cpuTotal: 48,
  bySecond: [48, 48],
  lost: 24,
  missing: 28,
  exact: undefined,
  values: Number.NaN,
  verified: Number.NaN,
  loopP50Ms: undefined,
  loopP99Ms: undefined,
  rssBytes: 125e6,
};

describe('the middle of several runs', () => {
  it('is taken figure by figure', () => {
    const runs = [
      { ...one, cpuTotal: 30, lost: 9, cpu: { main: 1, pool: 29 }, shed: { SHED_PUSH: 7 } },
      { ...one, cpuTotal: 50, lost: 1, cpu: { main: 3, pool: 47 } },
      { ...one, cpuTotal: 40, lost: 5, cpu: { main: 2, pool: 38 }, exact: false },
    ];
    const middle = median(runs);
    expect(middle.cpuTotal).toBe(40);
    expect(middle.lost).toBe(5);
    expect(middle.cpu).toEqual({ main: 2, pool: 38 });
    expect(middle.shed).toEqual({ SHED_PUSH: 0 });
    expect(middle.exact, 'one that is not is enough').toBe(false);
  });

  it('leaves out what a node does not tell', () => {
    expect(median([agave, agave]).exact).toBeUndefined();
    expect(median([agave]).loopP99Ms).toBeNaN();
  });
});

describe('how nodes warm up', () => {
  it('is told by the first second, the second, the tenth and the last', () => {
    const long = { ...one, bySecond: [61.04, 48, 4, 5, 6, 7, 8, 9, 10, 33, 32, 31] };
    expect(renderWarmUp([median([long])])).toEqual([
      '20k Earshot: CPU s/M in the 1st second 61.0, 2nd 48.0, 10th 33.0, 12th 31.0',
    ]);
  });

  it('is not told of a short load', () => {
    expect(renderWarmUp([one, agave])).toEqual([]);
  });
});

describe('the table of the load test', () => {
  const cells = (result: Measured): string[] =>
    renderTable([result]).split('\n')[1]?.split(/ {2,}/) ?? [];

  it('has a line for each node', () => {
    expect(cells(one)).toEqual(
      '20k|Earshot|120,000|0|0|300,000|70,000|50,173|0|4.00|1.00|30.0|1.00|36.0|0.4/3.0|250'.split(
        '|',
      ),
    );
    expect(cells(agave)).toEqual('20k|Agave|120,000|0.02 %|0|50,173|28|48.0|125'.split('|'));
  });

  const cases = [
    { name: 'a generator that was too slow', result: { ...one, rate: 15_000 }, says: '(late)' },
    { name: 'values that are not the right ones', result: { ...one, exact: false }, says: 'stale' },
    {
      name: 'what was shed, by class',
      result: { ...one, shed: { SHED_PUSH: 1200, SHED_TOO_OLD: 0, TASK_FAILED: 3 } },
      says: '1,200 push, 3 task failed',
    },
  ];
  for (const { name, result, says } of cases) {
    it(`tells of ${name}`, () => expect(renderTable([result])).toContain(says));
  }

  it('compares', () => {
    expect(renderRatios([agave, { ...one, shed: { SHED_PUSH: 1200 } }])).toEqual([
      "20k: CPU per datagram 0.75 of Agave's, memory 2.00; lost 0 and 1.0 % shed against 0.02 %, missing 0 against 28",
    ]);
    expect(renderRatios([one])).toEqual([]);
  });
});

describe('loads', () => {
  it('have names, or are put together', () => {
    expect(findRow('150k')).toBe(ROWS[3]);
    expect(findRow('2000/500/50')).toMatchObject({ rate: 2000, unique: 500, origins: 50 });
    for (const name of ['', '20', '0/1/1', '1/2', '1/2/3/4']) {
      expect(findRow(name), name).toBeUndefined();
    }
  });
});

describe('processor time', () => {
  it('is put down to the threads that took it', () => {
    const before = new Map([
      [1, { name: 'main', seconds: 1 }],
      [2, { name: 'pool', seconds: 5 }],
      [3, { name: 'node', seconds: 0.5 }],
    ]);
    const after = new Map([
      [1, { name: 'main', seconds: 1.5 }],
      [2, { name: 'pool', seconds: 7 }],
      [3, { name: 'node', seconds: 0.75 }],
      [4, { name: 'pool', seconds: 1 }],
      [5, { name: 'V8Worker', seconds: 0.25 }],
    ]);
    expect(timeByRole(before, after, ['pool', 'receive'])).toEqual({
      main: 0.5,
      pool: 3,
      engine: 0.5,
    });
  });

  it('is read from the kernel', (ctx) => {
    if (process.platform !== 'linux') ctx.skip('/proc is Linux');
    const main = threadTimes(process.pid).get(process.pid);
    expect(main?.name).toBe('main');
    expect(main?.seconds).toBeGreaterThan(0);
    expect(maxRssBytes(process.pid)).toBeGreaterThan(10e6);
  });
});
