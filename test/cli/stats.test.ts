/** `earshot stats` asking a spy that is played here: two readings, and what can be wrong with them. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { madeUpTraffic } from '../unit/cli/watch/made-up.ts';
import { type Result, run } from './command.ts';

/** Runs the command against a spy that gives one answer after the other, the last one again and again. */
async function ask(answers: readonly object[], ...args: readonly string[]): Promise<Result> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify(answers[Math.min(asked.length, answers.length) - 1]));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  try {
    const result = await run('stats', '-u', url, '--seconds', '0.3', ...args);
    expect(new Set(asked)).toEqual(new Set(['/v1/stats']));
    return result;
  } finally {
    server.close();
  }
}

/** What a spy says so many seconds after its start. */
const report = (seconds: number, identity = 'K'.repeat(44)) => ({
  identity,
  table: { nodes: 3_671 },
  stats: { traffic: madeUpTraffic(seconds) },
});

describe.concurrent('earshot stats', () => {
  it('takes two readings and tells what was between them', async () => {
    const { status, stdout, stderr } = await ask([report(100), report(110)], '--top', '1');
    expect([status, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Gossip traffic over 10 s, heard by K{44}\n3,671 nodes, /);
    expect(stdout).toMatch(/^Vote +8,204 /m);
    expect(stdout).toMatch(/^Origins, 1 of 3,690, since the start /m);
  });

  it('or one, of all the time since the start, as JSON', async () => {
    const { status, stdout } = await ask([report(100)], '--since-start', '--json');
    const found = JSON.parse(stdout) as { seconds: number; nodes: number; rests: unknown[] };
    expect([status, found.seconds, found.nodes, found.rests.length]).toEqual([0, 100, 3_671, 4]);
  });

  const wrong: { name: string; answers: object[]; says: RegExp }[] = [
    {
      name: 'another spy answers the second time',
      answers: [report(100), report(3, 'L'.repeat(44))],
      says: /^earshot: The spy at http:\S+ was started anew meanwhile\. Measure again\.$/m,
    },
    {
      name: 'a spy that counts no traffic',
      answers: [{ ...report(1), stats: {} }],
      says: /answers \(without counts of traffic\), but not as a spy does/,
    },
  ];
  for (const { name, answers, says } of wrong) {
    it(`refuses: ${name}`, async () => {
      const { status, stdout, stderr } = await ask(answers);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(says);
    });
  }
});
