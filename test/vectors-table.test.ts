import { describe, expect, it } from 'vitest';
import { type JudgedStep, liveTables } from '../scripts/vectors/table.ts';

const FILE = new URL('fixtures/table.jsonl.gz', import.meta.url).pathname;

describe('lives of a table, as validator code lived them', async () => {
  const steps: JudgedStep[] = [];
  for await (const step of liveTables([FILE])) steps.push(step);

  for (let life = 1; life <= 8; life++) {
    it(`life ${life}: every step comes to the same`, () => {
      const its = steps.filter((step) => step.life === life);
      const different = its.find(({ difference }) => difference);
      expect(different && { at: different.step.place, ...different.difference }).toBeUndefined();
      expect(its).toHaveLength(300);
    });
  }

  it('the lives have steps of every sort, and prunes among them', () => {
    const count = new Map<string, number>();
    let pruned = 0;
    for (const { step } of steps) {
      const op = String(step.json['op']);
      count.set(op, (count.get(op) ?? 0) + 1);
      pruned += Object.keys((step.json['prunes'] as object | null | undefined) ?? {}).length;
    }
    expect([...count.keys()].sort()).toEqual(['prune', 'pull', 'purge', 'push', 'serve']);
    expect(Math.min(...count.values())).toBeGreaterThan(150);
    expect(pruned).toBeGreaterThan(50);
  });
});
