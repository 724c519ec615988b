import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Result, Surroundings } from '../bench/harness.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

function bench(...args: string[]): Surroundings & { results: Result[] } {
  const out = execFileSync(process.execPath, ['dist/bench/run.js', '--json', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return JSON.parse(out) as Surroundings & { results: Result[] };
}

/** As compiled, because that is how `npm run bench` runs. */
describe('the benches', () => {
  const { results, ...where } = bench('--smoke');

  it('say where they ran', () => {
    expect(where.mode).toBe('smoke');
    expect(where.node).toBe(process.version);
    expect(where.cores).toBeGreaterThan(0);
    expect(where.commit).not.toBe('');
  });

  for (const result of results) {
    it(`${result.suite}: ${result.name}`, () => {
      if ('value' in result) {
        expect(result.value).toBeLessThanOrEqual(result.ceiling ?? Number.MAX_VALUE);
        return;
      }
      expect(result.meanNs).toBeGreaterThan(0);
      expect(result.p99Ns).toBeGreaterThanOrEqual(result.p50Ns);
      expect(result.checksum).toMatch(/^[0-9a-f]{8}$/);
    });
  }

  it('do the same work every time', () => {
    const timed = (all: readonly Result[]): string[] =>
      all.flatMap((one) => ('checksum' in one ? `${one.suite}: ${one.name} ${one.checksum}` : []));
    const suites = new Set(results.filter((one) => 'checksum' in one).map(({ suite }) => suite));
    expect([...suites].sort()).toEqual([
      'bloom',
      'known-keys',
      'listen',
      'pull',
      'table',
      'traffic',
      'verify',
      'wire',
    ]);
    expect(timed(bench('--smoke', ...suites).results)).toEqual(timed(results));
  });
});
