import { describe, expect, it } from 'vitest';
import { AddressWatch } from '../../../src/node/address-watch.ts';
import { formatIp, parseIp } from '../../../src/util/ipv4.ts';
import { OUR_IP, TestNode } from './harness.ts';

const NEW_IP = parseIp('203.0.113.77');
const OTHER_IP = parseIp('203.0.113.78');

const entrypoints = [1, 2, 3].map((i) => ({ ip: parseIp(`198.18.0.${i}`), port: 8_001 }));

/** A node whose entrypoints say that it is at these addresses; 0 for those that do not answer. */
function watched(answers: readonly number[]) {
  const test = new TestNode({ entrypoints: entrypoints.slice(0, answers.length) });
  const askedMs: number[] = [];
  const watch = new AddressWatch(test.parts, async ({ ip }) => {
    askedMs.push(test.clock.monoMs());
    const answer = answers[entrypoints.findIndex((e) => e.ip === ip)]!;
    if (answer === 0) throw new Error('silent');
    return { ip: answer, shredVersion: 1 };
  });
  watch.start();
  const run = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 1_000) {
      test.run(1_000);
      for (let i = 0; i < 5; i++) await Promise.resolve();
    }
  };
  return { test, watch, askedMs, run };
}

describe('our address', () => {
  const cases = [
    { name: 'is the same', answers: [OUR_IP, OUR_IP, OUR_IP], moves: 0 },
    { name: 'is another one, all say', answers: [NEW_IP, NEW_IP, NEW_IP], moves: 1 },
    { name: 'is another one, two of three say', answers: [NEW_IP, OTHER_IP, NEW_IP], moves: 1 },
    { name: 'is another one, the only one says', answers: [NEW_IP], moves: 1 },
    { name: 'is disputed', answers: [NEW_IP, OTHER_IP], moves: 0 },
    { name: 'is another one, one of three says', answers: [0, NEW_IP, 0], moves: 0 },
    { name: 'is not told', answers: [0, 0, 0], moves: 0 },
    { name: 'is private, all say', answers: Array(3).fill(parseIp('10.1.2.3')), moves: 0 },
  ];
  for (const { name, answers, moves } of cases) {
    it(`${name}: ${moves} moves are announced`, async () => {
      const { test, watch, run } = watched(answers);
      await run(60_000);
      expect(watch.moves).toBe(moves);
      const expected = moves === 1 ? NEW_IP : OUR_IP;
      expect(formatIp(test.parts.publisher.ownIp)).toBe(formatIp(expected));
      expect(test.parts.publisher.contact.sockets[0]).toMatchObject({ ip: expected, port: 8_001 });
      watch.stop();
    });
  }

  it('is asked for soon after nobody is heard, then ever less often', async () => {
    const { watch, askedMs, run } = watched([OUR_IP]);
    await run(1_900_000);
    const gaps = askedMs.slice(1).map((ms, i) => ms - askedMs[i]!);
    expect(askedMs[0]! - 20_000, 'after the flag').toBeLessThanOrEqual(10_000);
    for (let i = 1; i < gaps.length; i++) expect(gaps[i]).toBeGreaterThanOrEqual(gaps[i - 1]!);
    expect(gaps.at(-1)).toBeGreaterThanOrEqual(600_000);
    watch.stop();
  });

  it('is not asked for where nobody could be asked, and not after the end', async () => {
    const none = watched([]);
    await none.run(60_000);
    expect(none.askedMs).toEqual([]);
    const { watch, askedMs, test, run } = watched([NEW_IP]);
    while (askedMs.length === 0) test.run(1_000); // the answer is under way
    watch.stop();
    await run(60_000);
    expect([askedMs.length, watch.moves]).toEqual([1, 0]);
  });
});
