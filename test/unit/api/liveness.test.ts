import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  judgeLiveness,
  LIVENESS,
  type LivenessEvidence,
  type LivenessVerdict,
  milliseconds,
} from '../../../src/api/liveness.ts';
import { propertyCases } from '../../nightly.ts';

const SECOND = 1_000;
const MINUTE = 60_000;

/** A validator in the best of health. */
const HEALTHY: LivenessEvidence = {
  heardMs: 2 * SECOND,
  signedMs: 3 * SECOND,
  answered: { agoMs: 20 * SECOND, roundTripMs: 12.34 },
  unanswered: 0,
  votes: { count: 12, signedMs: SECOND },
  epochSlots: { count: 3, signedMs: 5 * SECOND },
  via: { route: 'push', from: null },
  otherInstance: null,
};

const SPY: Partial<LivenessEvidence> = { votes: null, epochSlots: null };

const cases: {
  name: string;
  change: Partial<LivenessEvidence>;
  is: LivenessVerdict;
  says: RegExp;
}[] = [
  { name: 'a voting validator', change: {}, is: 'alive', says: /3 s|1 s/ },
  {
    name: 'its reason',
    change: {},
    is: 'alive',
    says: /answered 20 s ago in 12 ms, voted 1 s ago/,
  },
  { name: 'a node without votes', change: SPY, is: 'alive', says: /it signed 3 s ago/ },
  {
    name: 'two lost pings prove nothing',
    change: { unanswered: 2 },
    is: 'alive',
    says: /answered/,
  },
  {
    name: 'a third lost ping does',
    change: { unanswered: 3 },
    is: 'unreachable',
    says: /left 3 pings unanswered, last 20 s ago/,
  },
  {
    name: 'an address that never answered',
    change: { answered: null, unanswered: 4 },
    is: 'unreachable',
    says: /left 4 pings unanswered$/,
  },
  {
    name: 'an address that nobody has asked',
    change: { answered: null, unanswered: 0 },
    is: 'quiet',
    says: /not been pinged yet/,
  },
  {
    name: 'an address that was asked just now',
    change: { answered: null, unanswered: 1 },
    is: 'quiet',
    says: /not answered yet/,
  },
  {
    name: 'without a count of pings, a proof that was not renewed',
    change: { answered: { agoMs: 400 * SECOND, roundTripMs: 1 }, unanswered: null },
    is: 'unreachable',
    says: /not answered since 7 min ago/,
  },
  {
    name: 'without a count of pings, a proof that is not due',
    change: { answered: { agoMs: 300 * SECOND, roundTripMs: 1 }, unanswered: null },
    is: 'alive',
    says: /answered 5 min ago/,
  },
  {
    name: 'votes keep alive whose contact info is late',
    change: { signedMs: 2 * MINUTE },
    is: 'alive',
    says: /it signed 1 s ago/,
  },
  {
    name: 'silence of a minute',
    change: { ...SPY, signedMs: MINUTE + 1, answered: null },
    is: 'quiet',
    says: /signed nothing since 60 s ago/,
  },
  {
    name: 'silence of five minutes',
    change: { ...SPY, signedMs: 5 * MINUTE + 1, answered: null },
    is: 'stale',
    says: /from 5 min ago/,
  },
  {
    name: 'silence of hours, and the address answered in the past',
    change: { ...SPY, signedMs: 300 * MINUTE, answered: { agoMs: 2 * MINUTE, roundTripMs: 1 } },
    is: 'stale',
    says: /from 5 h ago/,
  },
  {
    name: 'an address that answers for a key that signs nothing new',
    change: { ...SPY, signedMs: 10 * MINUTE },
    is: 'contradictory',
    says: /answered 20 s ago, but the latest it signed is from 10 min ago/,
  },
  {
    name: 'a clock that is ahead',
    change: { signedMs: -20 * SECOND },
    is: 'contradictory',
    says: /20 s in the future/,
  },
  { name: 'a clock that is hardly ahead', change: { signedMs: -SECOND }, is: 'alive', says: /0 s/ },
  {
    name: 'two instances',
    change: { otherInstance: { outset: 1_786_000_000_000_000, heardMs: 4 * SECOND } },
    is: 'contradictory',
    says: /two instances .* started at 2026-08-06T\S+ still spoke 4 s ago/,
  },
  {
    name: 'a second instance that has not been heard of for long',
    change: { otherInstance: { outset: 1, heardMs: 6 * MINUTE } },
    is: 'alive',
    says: /it signed/,
  },
];

describe('liveness', () => {
  for (const { name, change, is, says } of cases) {
    it(`${name}: ${is}`, () => {
      const { verdict, because, evidence } = judgeLiveness({ ...HEALTHY, ...change });
      expect(verdict).toBe(is);
      expect(because).toMatch(says);
      expect(evidence).toEqual({ ...HEALTHY, ...change });
    });
  }

  it('always has a reason, and only one that is dead gets better by an answer', () => {
    const age = fc.integer({ min: -20_000, max: 1_000_000 });
    const pong = fc.record({
      agoMs: fc.nat(2_000_000),
      roundTripMs: fc.double({ min: 0, max: 2e4, noNaN: true }),
    });
    const said = fc.option(fc.record({ count: fc.nat(32), signedMs: age }));
    fc.assert(
      fc.property(
        fc.record({
          heardMs: fc.nat(1_000_000),
          signedMs: age,
          answered: fc.option(pong),
          unanswered: fc.option(fc.nat(9)),
          votes: said,
          epochSlots: said,
          via: fc.constant(null),
          otherInstance: fc.constant(null),
        }),
        (evidence) => {
          const { verdict, because } = judgeLiveness(evidence);
          expect(LIVENESS).toContain(verdict);
          expect(because).not.toMatch(/NaN|Infinity|undefined|null/);
          if (verdict === 'alive') expect(evidence.answered).not.toBeNull();
        },
      ),
      { numRuns: propertyCases(100) },
    );
  });

  it('writes round trips as people read them', () => {
    expect([0.04, 9.94, 10.4, 250].map(milliseconds)).toEqual([
      '0.0 ms',
      '9.9 ms',
      '10 ms',
      '250 ms',
    ]);
  });
});
