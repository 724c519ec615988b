/** The load test itself, for a second: spy, generator and measurement as they run for real. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const E2E = fileURLToPath(new URL('../../dist/bench/e2e.js', import.meta.url));

function measure(...args: string[]): Promise<Record<string, unknown>[]> {
  return new Promise((resolve, reject) => {
    execFile(process.execPath, [E2E, ...args, '--json'], (error, stdout, stderr) => {
      if (error) reject(new Error(stderr, { cause: error }));
      else resolve((JSON.parse(stdout) as { results: Record<string, unknown>[] }).results);
    });
  });
}

it('a spy gets everything of a small load, and what it costs is told', async (ctx) => {
  if (process.platform !== 'linux') ctx.skip('reads /proc');
  const results = await measure('--row', '1000/400/40', '--seconds', '1');
  expect(results).toEqual([
    expect.objectContaining({ target: 'ours', sent: 1000, lost: 0, missing: 0, exact: true }),
  ]);
  const cpu = results[0]?.['cpu'] as Record<string, number>;
  for (const role of ['main', 'receive', 'pool']) expect(cpu[role], role).toBeGreaterThan(0);
  expect(results[0]?.['loopP99Ms']).toBeGreaterThan(0);
  expect(results[0]?.['rssBytes']).toBeGreaterThan(50e6);
});
