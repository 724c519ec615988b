import { describe, expect, it } from 'vitest';
import { seededRng } from '../../src/util/rng.ts';
import { Kind } from '../../src/wire/limits.ts';
import { TestNode } from '../unit/node/harness.ts';
import { Peer } from '../unit/node/peer.ts';
import { ATTACKS, Field, NOWHERE, VICTIM } from './attacks.ts';

/** Tenths of a second of each attack, and of the peace after it, in which late answers would leave. */
const STEPS = 40;
const STEP_MS = 100;
const AFTER_MS = 4_000;

describe('no attack makes us send more than it did, to any address or to all', () => {
  for (const [i, attack] of ATTACKS.entries()) {
    it(attack.name, () => {
      const friend = new Peer(500);
      const test = new TestNode({ seed: i + 1 }).meet(friend);
      const field = new Field(test, friend, seededRng(i));
      for (let step = 0; step < STEPS; step++) {
        attack.act(field, step);
        test.run(STEP_MS);
        field.book();
      }
      for (let ms = 0; ms < AFTER_MS; ms += STEP_MS) {
        test.run(STEP_MS);
        field.book();
      }
      // Who proved its address is spoken to, and who is named is pinged; both are not what this is about.
      const toll = field.toll(new Set([friend.ip, VICTIM.ip]));
      const words = JSON.stringify(toll);
      expect(toll.packetsIn, words).toBeGreaterThan(30);
      expect(toll.bytesRatio, words).toBeLessThanOrEqual(1);
      expect(toll.packetsRatio, words).toBeLessThanOrEqual(1);
      expect(toll.worstSecondBytes, words).toBeLessThanOrEqual(1);
      expect(toll.worstSecondPackets, words).toBeLessThanOrEqual(1);
      expect(toll.pingsPerAddress, words).toBeLessThanOrEqual(2);
      expect(toll.pingsPerIp, words).toBeLessThanOrEqual(16);
      expect(test.holds(friend), 'who is honest is still there').toBe(true);
      expect(test.parts.view.countOfKind(Kind.CONTACT_INFO), 'and nobody else').toBeLessThan(3);
    });
  }

  it('and nothing ever goes where nobody can be', () => {
    const friend = new Peer(500);
    const test = new TestNode().meet(friend);
    const field = new Field(test, friend, seededRng(1));
    const odd = ATTACKS.find(({ name }) => name.includes('where nobody can be'))!;
    for (let step = 0; step < STEPS; step++) {
      odd.act(field, step);
      test.run(STEP_MS);
      for (const sent of test.take()) {
        const isNowhere = NOWHERE.some(({ ip, port }) => ip === sent.ip && port === sent.port);
        expect(isNowhere, `to ${sent.ip}:${sent.port}`).toBe(false);
      }
    }
  });
});
