import { describe, expect, it } from 'vitest';
import { readCorpus, readFindings } from '../../scripts/fuzz/corpus.ts';
import { Limits, MOST_MS } from '../../scripts/fuzz/limits.ts';
import { minimise } from '../../scripts/fuzz/minimise.ts';
import { ROOT } from '../../scripts/fuzz/root.ts';
import { type FuzzTarget, judgeCanaries, UNREACHABLE } from '../../scripts/fuzz/target.ts';
import { loadTarget, TARGET_NAMES } from '../../scripts/fuzz/targets.ts';
import { fromHex } from '../../src/util/bytes.ts';
import { seededRng } from '../../src/util/rng.ts';

/** Mutated inputs for each target, and for one whose inputs are whole stories: enough to see that it works. */
const FRESH_INPUTS = 50;
const FRESH_STORIES = 4;

/** The machine may be busy with other tests: only what hangs is noticed here, what is slow by the fuzzer. */
const PATIENCE = 20;

/** Runs inputs one after another, a fresh runner where the target wants one. @returns points reached */
async function runAll(target: FuzzTarget, inputs: readonly Uint8Array[]): Promise<Set<string>> {
  const reached = new Set<string>();
  const open = () => target.open({ rng: seededRng(1), reach: (point) => reached.add(point) });
  const limits = new Limits(PATIENCE * (target.mostMs ?? MOST_MS));
  let runner = await open();
  let runs = 0;
  for (const input of inputs) {
    if (runs++ >= (target.runsPerRunner ?? Number.POSITIVE_INFINITY)) {
      await runner.close?.();
      runner = await open();
      runs = 1;
    }
    await limits.run(runner, input);
  }
  await runner.close?.();
  return reached;
}

describe.each(TARGET_NAMES)('fuzz target %s', (name) => {
  it('has nothing against its corpus, which reaches every canary', async () => {
    const target = await loadTarget(name);
    const corpus = readCorpus(ROOT, name);
    expect(corpus.length).toBeGreaterThan(0);
    const reached = await runAll(target, corpus);
    expect(judgeCanaries(target.canaries, reached)).toEqual({ missing: [], isProved: true });
  });

  it('has nothing against what was once found', async () => {
    const target = await loadTarget(name);
    for (const { hex, why } of readFindings(ROOT, name)) {
      const input = fromHex(hex) ?? new Uint8Array(0);
      await expect(runAll(target, [input]), why).resolves.toBeDefined();
    }
  });

  it('runs fresh inputs', async () => {
    const target = await loadTarget(name);
    const rng = seededRng(7);
    const corpus = readCorpus(ROOT, name);
    const runner = await target.open({ rng, reach: () => {} });
    const any = (): Uint8Array => corpus[rng.below(corpus.length)]!;
    const count = target.mostMs === undefined ? FRESH_INPUTS : FRESH_STORIES;
    const inputs = Array.from({ length: count }, () => runner.mutate?.(any(), any()) ?? any());
    await runner.close?.();
    await runAll(target, inputs);
  });
});

describe('the fuzzer', () => {
  it('would notice a canary that is not reached, and a check that always agrees', () => {
    expect(judgeCanaries(['a', 'b'], new Set(['a']))).toEqual({ missing: ['b'], isProved: true });
    const all = new Set(['a', UNREACHABLE]);
    expect(judgeCanaries(['a'], all)).toEqual({ missing: [], isProved: false });
  });

  it('makes inputs small', async () => {
    const input = new Uint8Array(500).fill(3);
    input[321] = 7;
    const small = await minimise(input, (candidate) => candidate.includes(7));
    expect([...small]).toEqual([7]);
    const both = await minimise(
      input,
      (candidate) => candidate.includes(7) && candidate.length >= 10,
    );
    expect([both.length, both.includes(7), both.includes(3)]).toEqual([10, true, false]);
  });
});
