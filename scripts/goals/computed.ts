/** Goals that processor time alone decides about. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../../bench/harness.ts';
import type { SessionResult } from '../fuzz/session.ts';
import { ask, askScript } from './child.ts';
import { counted, type Figure, type Job } from './goal.ts';

/** @source reliability G1, G2, G3, G6, for every change */
const DECODER_INPUTS = 20_000_000;
const ACTIONS = 1_000_000;
const BRANCHES = 0.95;
const CASES = 10_000;

/** Each goal's inputs are divided among so many processes. */
const PARTS = 2;

const number = (n: number): string => n.toLocaleString('en');

/** Inputs or actions of one target, divided. */
function fuzz(
  target: string,
  goals: readonly string[],
  seed: number,
  limit: readonly string[],
  judge: (all: readonly SessionResult[]) => readonly Figure[],
): Job[] {
  const done: SessionResult[] = [];
  return Array.from({ length: PARTS }, (_, part) => ({
    goals,
    words: `fuzzes ${target}, ${part + 1} of ${PARTS}`,
    async run(): Promise<readonly Figure[]> {
      const args = ['--target', target, '--seed', String(seed + part), '--forget', ...limit];
      const patient = { isPatient: true };
      done.push((await askScript('scripts/fuzz.js', args, patient)) as SessionResult);
      return done.length === PARTS ? judge(done) : []; // the last one tells of all
    },
  }));
}

/** That nothing was found, in as many inputs or steps as it takes. */
function foundNothing(
  goal: string,
  what: string,
  least: number,
  unit: 'inputs' | 'steps',
  all: readonly SessionResult[],
): Figure {
  const found = all.flatMap(({ findings }) => findings.map(({ why }) => why));
  const tried = all.reduce((sum, one) => sum + one[unit], 0);
  const seconds = Math.round(all.reduce((sum, one) => sum + one.seconds, 0));
  const got = `${found.join('; ') || 'no finding'} in ${number(tried)} ${unit} (${seconds} s)`;
  return counted(goal, what, `none in ${number(least)}`, got, found.length === 0 && tried >= least);
}

function judgeDecoder(all: readonly SessionResult[]): readonly Figure[] {
  const share = Math.min(...all.map(({ branches }) => branches.taken / branches.total));
  const missing = [...new Set(all.flatMap(({ missingCanaries }) => missingCanaries))];
  const proved = all.every(({ canariesProved }) => canariesProved);
  return [
    foundNothing('G1', 'decoder: crashes, hangs, broken promises', DECODER_INPUTS, 'inputs', all),
    counted(
      'G3',
      'decoder: branches taken',
      `${100 * BRANCHES} %`,
      `${(100 * share).toFixed(1)} %`,
      share >= BRANCHES,
    ),
    counted(
      'G3',
      'decoder: canaries reached',
      'all but the one that cannot be',
      missing.length === 0 && proved ? 'all but that' : `not ${missing.join(', ') || 'proved'}`,
      missing.length === 0 && proved,
    ),
  ];
}

function judgeStories(all: readonly SessionResult[]): readonly Figure[] {
  return [foundNothing('G2', 'a node under actions: broken promises', ACTIONS, 'steps', all)];
}

/** Every property, from a seed. */
function properties(seed: number): Job {
  return {
    goals: ['G6'],
    words: `tries every property ${number(CASES)} times`,
    async run() {
      const folder = mkdtempSync(join(tmpdir(), 'earshot-goals-'));
      const counts = join(folder, 'counts');
      const args = [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', ROOT];
      const config = ['--config', join(ROOT, 'test', 'properties.config.ts')];
      const reporters = ['--reporter=dot', `--reporter=${join(ROOT, 'test/count-reporter.ts')}`];
      const env = { CASES: String(CASES), SEED: String(seed), COUNTS_FILE: counts };
      const ended = await ask([...args, ...config, ...reporters], { isPatient: true, env });
      try {
        const last = readFileSync(counts, 'utf8').trim().split('\n').at(-1) ?? '';
        const holds = ended.status === 0;
        if (!holds) process.stderr.write(`${ended.text}\n${ended.complaints}\n`);
        const aim = `every one in ${number(CASES)} cases`;
        return [counted('G6', 'properties, and tests beside them', aim, last, holds)];
      } finally {
        rmSync(folder, { recursive: true, force: true });
      }
    },
  };
}

/** All of them; several run side by side, and give way to those that measure. @param seed everything is drawn from it, so that a run can be repeated */
export function computedJobs(seed: number): Job[] {
  const inputs = ['--count', String(DECODER_INPUTS / PARTS)];
  const actions = ['--steps', String(ACTIONS / PARTS)];
  return [
    properties(seed),
    ...fuzz('apply', ['G2'], seed, actions, judgeStories),
    ...fuzz('decoder', ['G1', 'G3'], seed, inputs, judgeDecoder),
  ];
}
