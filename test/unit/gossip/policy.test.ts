import { describe, expect, it } from 'vitest';
import {
  checkCluster,
  checkPrune,
  checkPullRequest,
  countsAsStaked,
  isInCallerWindow,
  isInPushWindow,
  isPulledFromFuture,
  isPushed,
  isServed,
  isTaken,
  type PullRequestFacts,
} from '../../../src/gossip/policy.ts';
import { Outcome, outcomeName } from '../../../src/util/outcome.ts';
import { Kind } from '../../../src/wire/limits.ts';

const NOW = 1_800_000_000_000;

describe('type gate', () => {
  // For a staked origin, then for one that is not.
  const cases = [
    { kind: 'CONTACT_INFO', taken: [true, true], pushed: [true, true], served: [true, true] },
    { kind: 'SNAPSHOT_HASHES', taken: [true, true], pushed: [true, true], served: [true, true] },
    { kind: 'VOTE', taken: [true, true], pushed: [true, true], served: [true, false] },
    { kind: 'EPOCH_SLOTS', taken: [true, true], pushed: [true, false], served: [true, false] },
    { kind: 'DUPLICATE_SHRED', taken: [true, false], pushed: [true, false], served: [true, false] },
    { kind: 'LOWEST_SLOT', taken: [true, false], pushed: [true, false], served: [true, false] },
    {
      kind: 'RESTART_LAST_VOTED_FORK_SLOTS',
      taken: [true, false],
      pushed: [true, false],
      served: [false, false],
    },
    {
      kind: 'RESTART_HEAVIEST_FORK',
      taken: [true, false],
      pushed: [true, false],
      served: [false, false],
    },
  ] as const;
  it('has a case for every kind', () => {
    expect(cases.map(({ kind }) => kind).sort()).toEqual(Object.keys(Kind).sort());
  });
  for (const { kind, taken, pushed, served } of cases) {
    it(kind, () => {
      const both = [true, false] as const;
      expect(both.map((staked) => isTaken(Kind[kind], staked))).toEqual(taken);
      expect(both.map((staked) => isPushed(Kind[kind], staked))).toEqual(pushed);
      expect(both.map((staked) => isServed(Kind[kind], staked))).toEqual(served);
    });
  }

  const stakes = [
    { staked: 0, lamports: 0, counts: true },
    { staked: 499, lamports: 0, counts: true },
    { staked: 500, lamports: 0, counts: false },
    { staked: 500, lamports: 999_999_999, counts: false },
    { staked: 500, lamports: 1_000_000_000, counts: true },
  ];
  for (const { staked, lamports, counts } of stakes) {
    it(`${lamports} lamports among ${staked} staked nodes`, () => {
      expect(countsAsStaked(staked, lamports)).toBe(counts);
    });
  }
});

describe('clocks', () => {
  const cases = [
    { skew: -15_001, push: false, caller: false, pulled: false },
    { skew: -15_000, push: true, caller: true, pulled: false },
    { skew: 0, push: true, caller: true, pulled: false },
    { skew: 14_999, push: true, caller: true, pulled: false },
    { skew: 15_000, push: true, caller: false, pulled: false },
    { skew: 15_001, push: false, caller: false, pulled: true },
  ];
  for (const { skew, push, caller, pulled } of cases) {
    it(`${skew} ms away`, () => {
      expect(isInPushWindow(NOW + skew, NOW)).toBe(push);
      expect(isInCallerWindow(NOW + skew, NOW)).toBe(caller);
      expect(isPulledFromFuture(Kind.CONTACT_INFO, NOW + skew, NOW)).toBe(pulled);
      expect(isPulledFromFuture(Kind.VOTE, NOW + skew, NOW)).toBe(pulled);
      expect(isPulledFromFuture(Kind.EPOCH_SLOTS, NOW + skew, NOW)).toBe(false);
    });
  }
});

describe('cluster of a value', () => {
  const cases = [
    {
      name: 'contact info of ours',
      kind: Kind.CONTACT_INFO,
      version: 5,
      known: false,
      outcome: 'OK',
    },
    {
      name: 'contact info of another',
      kind: Kind.CONTACT_INFO,
      version: 6,
      known: true,
      outcome: 'VALUE_SHRED_VERSION',
    },
    {
      name: 'contact info with zero',
      kind: Kind.CONTACT_INFO,
      version: 0,
      known: true,
      outcome: 'VALUE_SHRED_VERSION',
    },
    { name: 'vote of a known origin', kind: Kind.VOTE, version: 0, known: true, outcome: 'OK' },
    {
      name: 'vote of a stranger',
      kind: Kind.VOTE,
      version: 5,
      known: false,
      outcome: 'VALUE_ORIGIN_UNKNOWN',
    },
  ];
  for (const { name, kind, version, known, outcome } of cases) {
    it(name, () => expect(outcomeName(checkCluster(kind, version, 5, known))).toBe(outcome));
  }
});

describe('prunes', () => {
  const cases = [
    { name: 'fresh', age: 0, ours: true, outcome: 'OK' },
    { name: 'just fresh enough', age: 500, ours: true, outcome: 'OK' },
    { name: 'too old', age: 501, ours: true, outcome: 'PRUNE_TOO_OLD' },
    { name: 'too old and for another', age: 501, ours: false, outcome: 'PRUNE_TOO_OLD' },
    { name: 'for another', age: 0, ours: false, outcome: 'PRUNE_NOT_FOR_US' },
    { name: 'from the future', age: -86_400_000, ours: true, outcome: 'OK' },
  ];
  for (const { name, age, ours, outcome } of cases) {
    it(name, () => expect(outcomeName(checkPrune(NOW - age, NOW, ours))).toBe(outcome));
  }
});

describe('admission of pull requests', () => {
  const good: PullRequestFacts = {
    maskBits: 6,
    keyCount: 3,
    callerShredVersion: 5,
    ourShredVersion: 5,
    isOwnKey: false,
    isSourceUsable: true,
    isProved: true,
    valuesLeft: 1,
    callerWallclock: NOW,
    nowMs: NOW,
  };
  // Each is broken in addition to all that come after it: the first in this order is what it ends with.
  const faults: readonly (readonly [Partial<PullRequestFacts>, number])[] = [
    [{ maskBits: 5 }, Outcome.MASK_BITS_TOO_FEW],
    [{ callerShredVersion: 6 }, Outcome.PULL_REQUEST_SHRED_VERSION],
    [{ isOwnKey: true }, Outcome.PULL_REQUEST_OWN],
    [{ isSourceUsable: false }, Outcome.SOURCE_UNUSABLE],
    [{ isProved: false }, Outcome.PULL_REQUEST_UNPROVED],
    [{ valuesLeft: 0 }, Outcome.PULL_REQUEST_OVER_BUDGET],
    [{ callerWallclock: NOW + 15_000 }, Outcome.PULL_REQUEST_WALLCLOCK],
  ];
  it('passes a good one', () => {
    expect(checkPullRequest(good)).toBe(Outcome.OK);
    expect(checkPullRequest({ ...good, maskBits: 2 ** 32 - 1, keyCount: 8 })).toBe(Outcome.OK);
  });
  it('with more keys than we compute', () => {
    expect(checkPullRequest({ ...good, keyCount: 9 })).toBe(Outcome.PULL_REQUEST_OVER_BUDGET);
  });
  for (const [i, [fault, outcome]] of faults.entries()) {
    it(outcomeName(outcome), () => {
      expect(checkPullRequest({ ...good, ...fault })).toBe(outcome);
      const all = Object.assign({}, ...faults.slice(i).map(([one]) => one));
      expect(checkPullRequest({ ...good, ...all })).toBe(outcome);
    });
  }
});
