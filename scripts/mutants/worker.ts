/**
 * Runs in the sandbox, as a process of its own, because a mutant may never come to an end: loads the tests
 * once and runs those that reach a mutant, for one mutant after another. What it finds out it writes to its
 * standard output at once, one line of JSON each.
 */
import { readFileSync, writeSync } from 'node:fs';
import fc from 'fast-check';
import { type Covered, type Line, type Order, THOROUGH_MS } from './protocol.ts';
import { type Case, cases, settled } from './stand-in.ts';
import { control, startCounting, takeHits } from './switch.ts';

/** Tests that take longer are left out. @units ms, with the mistakes compiled in and off */
const SLOWEST_MS = 1_000;

/** Where a mutant is reached so many times more often than in the test as it is, something is endless. */
const HITS_FACTOR = 50;
const HITS_MORE = 10_000;

/** How many tests that noticed something are tried first. */
const LIKELY = 6;

const say = (line: Line): void => {
  writeSync(1, `${JSON.stringify(line)}\n`);
};

const order = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Order;
fc.configureGlobal({ ...fc.readConfigureGlobal(), endOnFailure: true, seed: 1 });

/** Processor time: the machine may have other work. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

/** @returns what a test failed with, undefined if it passed */
async function failure(one: Case): Promise<unknown> {
  try {
    const result = one.run();
    if (result instanceof Promise) await result;
    return undefined;
  } catch (error) {
    return error ?? 'nothing';
  }
}

/** Loads tests. */
async function load(files: readonly string[] = order.tests): Promise<void> {
  for (const file of files) await import(file);
  await settled();
}

/** Runs every test twice: the second time takes no caches by surprise, and shows that it can be repeated. */
async function cover(): Promise<void> {
  const hits = startCounting(order.mutants);
  await load();
  const atLoad = takeHits(hits);
  const covered: Covered = { atLoad: atLoad.map(([id]) => id), tests: [] };
  for (const one of cases) {
    const first = await failure(one);
    const before = takeHits(hits);
    const from = processorMs();
    const second = first ?? (await failure(one));
    const ms = processorMs() - from;
    const reached = new Map(before);
    for (const [id, count] of takeHits(hits)) {
      reached.set(id, Math.max(count, reached.get(id) ?? 0));
    }
    const problem = second === undefined ? undefined : String(second).slice(0, 200);
    const isOut = problem !== undefined || ms > SLOWEST_MS;
    covered.tests.push({ name: one.name, ms, problem, isOut, reached: isOut ? [] : [...reached] });
  }
  say({ covered });
}

/** Tests that reach a mutant, the fastest first. */
function plan(covered: Covered): Map<number, { test: number; hits: number }[]> {
  const plans = new Map<number, { test: number; hits: number }[]>();
  for (const test of fastestFirst(covered)) {
    for (const [id, hits] of covered.tests[test]!.reached) {
      const tests = plans.get(id) ?? [];
      tests.push({ test, hits });
      plans.set(id, tests);
    }
  }
  return plans;
}

function fastestFirst({ tests }: Covered): number[] {
  return tests
    .flatMap(({ isOut }, i) => (isOut ? [] : [i]))
    .sort((a, b) => tests[a]!.ms - tests[b]!.ms);
}

/** Runs mutants until one has left something behind that no test is to blame for. */
async function run(covered: Covered): Promise<void> {
  await load();
  const plans = plan(covered);
  /** Tests that noticed the last few mutants are likely to notice the next. */
  const likely: number[] = [];
  for (const id of order.ids) {
    say({ begin: id });
    const from = processorMs();
    let aliveMs = from;
    let killer: string | undefined;
    let isSpoilt = false;
    control.isOver = false;
    let budgetMs = order.budgetMs;
    const planned = plans.get(id) ?? [];
    const first = planned.filter(({ test }) => likely.includes(test));
    for (const { test, hits } of [...first, ...planned.filter((one) => !first.includes(one))]) {
      if (budgetMs < 0) break;
      budgetMs -= covered.tests[test]!.ms;
      const one = cases[test]!;
      control.hits = 0;
      control.hitLimit = hits * HITS_FACTOR + HITS_MORE;
      control.active = id;
      const error = await failure(one);
      control.active = -1;
      if (processorMs() - aliveMs > 500) {
        aliveMs = processorMs();
        say({ alive: id });
      }
      if (error === undefined && !control.isOver) continue;
      killer = one.name;
      if (!likely.includes(test)) likely.unshift(test);
      if (likely.length > LIKELY) likely.pop();
      // Only what passes again without the mistake has been killed by this test.
      isSpoilt = (await failure(one)) !== undefined;
      break;
    }
    const ms = processorMs() - from;
    if (isSpoilt && id !== order.ids[0]) {
      say({ spoilt: id });
      return;
    }
    const status = killer === undefined ? 'survived' : control.isOver ? 'endless' : 'killed';
    say({ end: id, status, by: killer, ms });
    if (isSpoilt) return;
  }
}

/** A mistake in what is done while modules load needs a process of its own. */
async function runFromStart(covered: Covered): Promise<void> {
  const id = order.ids[0]!;
  say({ begin: id });
  control.active = id;
  control.hitLimit = 100_000_000;
  try {
    // Recorded cases come last, and take long to load.
    await load(order.tests.filter((file) => !file.includes('/scripts/')));
  } catch (error) {
    say({ end: id, status: 'killed', by: `loading: ${String(error).slice(0, 80)}`, ms: 0 });
    return;
  }
  let budgetMs = order.budgetMs;
  for (const test of fastestFirst(covered)) {
    if (budgetMs < 0) break;
    if (test >= cases.length) {
      if (order.budgetMs < THOROUGH_MS) continue;
      await load();
    }
    budgetMs -= covered.tests[test]!.ms;
    if ((await failure(cases[test]!)) === undefined) continue;
    say({ end: id, status: 'killed', by: cases[test]!.name, ms: 0 });
    return;
  }
  say({ end: id, status: 'survived', by: undefined, ms: 0 });
}

Error.stackTraceLimit = 3;
if (order.coverage === undefined) await cover();
else {
  const covered = JSON.parse(readFileSync(order.coverage, 'utf8')) as Covered;
  await (order.fromStart ? runFromStart(covered) : run(covered));
}
process.exit(0);
