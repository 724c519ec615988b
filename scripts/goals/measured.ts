/** Goals that a spy on a socket decides about. */
import type { AbuseReport } from '../../bench/api-abuse.ts';
import type { DearestReport } from '../../bench/dearest-pull.ts';
import type { Measured } from '../../bench/e2e/measure.ts';
import { LATE_SHARE } from '../../bench/e2e/report.ts';
import type { DeathsReport } from '../thread-deaths.ts';
import { askScript } from './child.ts';
import { counted, type Figure, type Job, timed } from './goal.ts';
import { firstAnswerMs } from './start.ts';

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** @source reliability G7: 5,000 honest datagrams a second, 20,000 of garbage, for a minute */
const GARBAGE = { row: '25000/1000/500', garbage: '0.8', seconds: '60' };
const MOST_LOST = 0.05;
const MOST_DELAY_MS = 50;

async function besideGarbage(): Promise<readonly Figure[]> {
  const args = Object.entries(GARBAGE).flatMap(([name, value]) => [`--${name}`, value]);
  const report = (await askScript('bench/e2e.js', args)) as { results: readonly Measured[] };
  const measured = report.results[0];
  if (measured === undefined) throw new Error('Nothing was measured beside garbage.');
  const { missing, labels, rate, wanted, loopP99Ms = Number.POSITIVE_INFINITY } = measured;
  const got = `${percent(missing / labels)} of ${labels.toLocaleString('en')}`;
  const words = 'honest values lost beside garbage, for a minute';
  const delay = `${loopP99Ms.toFixed(1)} ms`;
  // Where the generator does not keep its rate, the spy has no more processor than that.
  const judge = rate < LATE_SHARE * wanted ? timed : counted;
  return [
    judge('G7', words, `${100 * MOST_LOST} % at most`, got, missing <= MOST_LOST * labels),
    timed('G7', 'loop delay p99', `${MOST_DELAY_MS} ms`, delay, loopP99Ms <= MOST_DELAY_MS),
  ];
}

/** @source reliability G10 */
const DEAREST_MS = 2;

async function dearest(): Promise<readonly Figure[]> {
  const args = ['--sources', '16', '--seconds', '10'];
  const [found] = (await askScript('bench/dearest-pull.js', args)) as readonly DearestReport[];
  if (found === undefined) throw new Error('Nothing was measured of pull requests.');
  const { msARequest } = found;
  const got = `${msARequest.toFixed(2)} ms`;
  const words = 'processor for the dearest legal packet';
  return [timed('G10', words, `${DEAREST_MS} ms`, got, msARequest <= DEAREST_MS)];
}

/** @source reliability G11 */
const DEATHS = { count: '20', throws: '0', hangs: '5' };
const SERVING_MS = { exits: 250, hangs: 1_000 } as const;

async function deaths(): Promise<readonly Figure[]> {
  const args = Object.entries(DEATHS).flatMap(([name, value]) => [`--${name}`, value]);
  const { served, holds } = (await askScript('scripts/thread-deaths.js', args)) as DeathsReport;
  const lost = Object.values(served).reduce((sum, one) => sum + one.lost, 0);
  const times = (['exits', 'hangs'] as const).map((way) => {
    const p99Ms = served[way]?.p99Ms ?? Number.POSITIVE_INFINITY;
    const words = `a listen thread ${way}: serving again, p99`;
    return timed(
      'G11',
      words,
      `${SERVING_MS[way]} ms`,
      `${Math.round(p99Ms)} ms`,
      p99Ms <= SERVING_MS[way],
    );
  });
  const got = holds ? 'none' : `${lost}, or the account is wrong`;
  return [
    counted('G11', '25 deaths of a listen thread: entries lost', 'none', got, holds),
    ...times,
  ];
}

/** @source reliability G13 */
const START_MS = 3_000;

async function start(): Promise<readonly Figure[]> {
  const ms = await firstAnswerMs();
  return [timed('G13', 'start to first answer', '3 s', `${Math.round(ms)} ms`, ms <= START_MS)];
}

/** @source reliability G16 */
const MOST_ADDED = 0.01;

async function abuse(): Promise<readonly Figure[]> {
  const report = (await askScript('bench/api-abuse.js', ['--seconds', '10'])) as AbuseReport;
  const added = Math.max(0, report.droppedAbused - report.droppedInPeace);
  const words = 'datagrams dropped for abuse of the API';
  return [
    timed('G16', words, `${percent(MOST_ADDED)} at most`, percent(added), added <= MOST_ADDED),
  ];
}

/** All of them, the longest first; one at a time. */
export function measuredJobs(): Job[] {
  const job = (goal: string, words: string, run: Job['run']): Job => {
    return { goals: [goal], words, run };
  };
  return [
    job('G7', 'sends a spy honest datagrams beside garbage', besideGarbage),
    job('G16', 'abuses the API of a spy', abuse),
    job('G10', 'asks a spy the dearest questions', dearest),
    job('G11', 'kills listen threads', deaths),
    job('G13', 'starts a spy', start),
  ];
}
