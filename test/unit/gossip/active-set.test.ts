import { describe, expect, it } from 'vitest';
import {
  ACTIVE_SET_SIZE,
  ActiveSet,
  type Candidates,
  FANOUT,
  originBucket,
  STAKE_BUCKETS,
  stakeBucket,
} from '../../../src/gossip/active-set.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf } from './small-table.ts';

const SOL = 1_000_000_000;
const US = 1;

function candidates(
  numbers: readonly number[],
  stake: (number: number) => number = () => 0,
): Candidates {
  const keys = new Uint8Array(32 * numbers.length);
  for (const [i, number] of numbers.entries()) keys.set(keyOf(number), 32 * i);
  return { count: numbers.length, keys, stake: Float64Array.from(numbers, stake) };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from }, (_, i) => from + i);

/** Whom a value of an origin goes to. */
function peersFor(set: ActiveSet, bucket: number, origin: number): number[] {
  const out = new Uint16Array(FANOUT);
  const count = set.peersFor(bucket, keyOf(origin), 0, out);
  expect(count).toBeLessThanOrEqual(FANOUT);
  return [...out.subarray(0, count)].map((peer) => readU32(set.peerKeys, 32 * peer));
}

describe('stake buckets', () => {
  const cases = [
    ...[0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 4, 4, 4, 4, 5, 5].map((is, sol) => ({
      stake: sol * SOL,
      is,
    })),
    { stake: SOL - 1, is: 0 },
    { stake: 2 * SOL - 1, is: 1 },
    { stake: 4_194_303 * SOL, is: 22 },
    { stake: 4_194_304 * SOL, is: 23 },
    { stake: 8_388_607 * SOL, is: 23 },
    { stake: 8_388_608 * SOL, is: 24 },
    { stake: 2 ** 64, is: 24 },
  ];
  for (const { stake, is } of cases)
    it(`${stake} lamports`, () => expect(stakeBucket(stake)).toBe(is));

  it('the smaller stake counts, and none is the lowest', () => {
    expect(originBucket(8 * SOL, 2 * SOL)).toBe(2);
    expect(originBucket(2 * SOL, 8 * SOL)).toBe(2);
    expect(originBucket(0, 8 * SOL)).toBe(0);
    expect(originBucket(8 * SOL, 0)).toBe(0);
  });
});

describe('active set', () => {
  it('fills from nothing to 12 a bucket, and stays as it is without more candidates', () => {
    const set = new ActiveSet(keyOf(US), seededRng(1));
    expect(peersFor(set, 0, 500)).toEqual([]);
    set.rotate(candidates([]), 0);
    expect(set.peerCount).toBe(0);
    set.rotate(candidates(range(10, 15)), 0);
    const before = range(0, STAKE_BUCKETS).map((bucket) => peersFor(set, bucket, 500));
    for (const peers of before) expect([...peers].sort()).toEqual(range(10, 15));
    set.rotate(candidates(range(10, 15)), 0);
    expect(range(0, STAKE_BUCKETS).map((bucket) => peersFor(set, bucket, 500))).toEqual(before);
    set.rotate(candidates(range(10, 100)), 0);
    for (const bucket of range(0, STAKE_BUCKETS)) expect(set.size(bucket)).toBe(ACTIVE_SET_SIZE);
  });

  it('each rotation brings one new peer and lets the oldest go', () => {
    const set = new ActiveSet(keyOf(US), seededRng(2));
    const all = candidates(range(10, 200));
    set.rotate(all, 0);
    for (let round = 0; round < 30; round++) {
      const before = peersFor(set, 3, 500);
      set.rotate(all, 0);
      const after = peersFor(set, 3, 500);
      expect(after.slice(0, 8), `round ${round}`).toEqual(before.slice(1, 9));
      expect(set.size(3)).toBe(12);
    }
    expect(set.peerCount).toBeLessThanOrEqual(25 * 12);
  });

  it('values go to the nine oldest, never back to their origin', () => {
    const set = new ActiveSet(keyOf(US), seededRng(3));
    set.rotate(candidates(range(10, 60)), 0);
    const members = peersFor(set, 0, US);
    expect(members).toHaveLength(9);
    const origin = members[2]!;
    const peers = peersFor(set, 0, origin);
    expect(peers).toHaveLength(9);
    expect(peers).not.toContain(origin);
    expect(peers.slice(0, 8)).toEqual(members.filter((peer) => peer !== origin));
  });

  it('a prune stops an origin from its sender, in its bucket alone, until the sender has left', () => {
    const set = new ActiveSet(keyOf(US), seededRng(4));
    set.rotate(candidates(range(10, 60)), 0);
    const [sender] = peersFor(set, 2, 500) as [number];
    expect(set.prune(2, keyOf(sender), 0, keyOf(500), 0)).toBe(true);
    expect(peersFor(set, 2, 500)).not.toContain(sender);
    expect(peersFor(set, 2, 501)).toContain(sender);
    for (const bucket of range(0, STAKE_BUCKETS)) {
      if (bucket === 2) continue;
      const peers = peersFor(set, bucket, 500);
      expect(peers.includes(sender), `bucket ${bucket}`).toBe(
        peersFor(set, bucket, 501).includes(sender),
      );
    }
    expect(peersFor(set, 2, 500)).toHaveLength(9); // a spare stepped in
    expect(set.prune(2, keyOf(999), 0, keyOf(500), 0)).toBe(false);
    for (let round = 0; round < 13; round++) set.rotate(candidates(range(10, 60)), 0);
    set.rotate(candidates([sender]), 0);
    expect(set.has(keyOf(sender), 0)).toBe(true);
  });

  it('forgets whom it has let go, and what they had pruned', () => {
    const set = new ActiveSet(keyOf(US), seededRng(9));
    set.rotate(candidates(range(10, 22)), 0);
    for (const sender of range(10, 22)) set.prune(2, keyOf(sender), 0, keyOf(500), 0);
    expect(peersFor(set, 2, 500)).toEqual([]);
    expect([set.has(keyOf(10), 0), set.has(keyOf(30), 0), set.peerCount]).toEqual([
      true,
      false,
      12,
    ]);
    for (let round = 0; round < 12; round++) set.rotate(candidates(range(30, 42)), 0);
    expect([...peersFor(set, 2, 500)].length).toBe(FANOUT);
    const all = range(0, 50).filter((number) => set.has(keyOf(number), 0));
    expect(all).toEqual(range(30, 42));
    expect(set.peerCount).toBe(12);
  });

  it('we are no peer of ours, should we be among them', () => {
    const set = new ActiveSet(keyOf(US), seededRng(10));
    set.rotate(candidates([10, 11, US, 12]), 0);
    expect(peersFor(set, 0, US).toSorted()).toEqual([10, 11, 12]);
    expect(peersFor(set, 0, 500)).toHaveLength(4);
    const ours = new ActiveSet(keyOf(US), seededRng(10));
    ours.rotate(candidates([10]), 0); // has the number 0, and we the next
    expect(ours.has(keyOf(10), 0)).toBe(true);
    ours.rotate(candidates([US]), 0);
    expect([peersFor(ours, 0, US), peersFor(ours, 0, 500)]).toEqual([[10], [10, US]]);
  });

  it('our own values cannot be pruned', () => {
    const set = new ActiveSet(keyOf(US), seededRng(5));
    set.rotate(candidates(range(10, 14)), 0);
    for (const sender of range(10, 14)) {
      expect(set.prune(0, keyOf(sender), 0, keyOf(US), 0)).toBe(false);
    }
    expect(peersFor(set, 0, US)).toHaveLength(4);
  });

  it('a peer in many buckets has one number', () => {
    const set = new ActiveSet(keyOf(US), seededRng(6));
    set.rotate(candidates(range(10, 22)), 0);
    expect(set.peerCount).toBe(12);
    const out = new Uint16Array(FANOUT);
    const numbers = new Set<number>();
    for (const bucket of range(0, STAKE_BUCKETS)) {
      const count = set.peersFor(bucket, keyOf(500), 0, out);
      for (const peer of out.subarray(0, count)) numbers.add(peer);
    }
    expect(numbers.size).toBe(12);
  });

  it('chooses by the square of the bucket, capped by its own', () => {
    const rng = seededRng(7);
    const staked = (number: number): number => (number === 10 ? 2 ** 30 * SOL : 0);
    let [low, high] = [0, 0];
    for (let i = 0; i < 100; i++) {
      const set = new ActiveSet(keyOf(US), rng);
      set.rotate(candidates([9]), 0); // the oldest, which leaves; then whoever is drawn first
      set.rotate(candidates(range(10, 60), staked), 0);
      if (peersFor(set, 0, US)[0] === 10) low++;
      if (peersFor(set, 24, US)[0] === 10) high++;
    }
    expect(low).toBeLessThan(10); // one of 50, evenly
    expect(high).toBeGreaterThan(85); // 625 against 49
  });

  it('in the lowest bucket with stake, one SOL counts four times as much as none', () => {
    const set = new ActiveSet(keyOf(US), seededRng(12));
    set.rotate(
      candidates(range(10, 70), (number) => (number < 40 ? SOL : 0)),
      0,
    );
    expect(peersFor(set, 1, US).filter((peer) => peer < 40).length).toBeGreaterThan(5);
  });

  it('filters are wrong about other origins in each set', () => {
    const wrong = [21, 22].map((seed) => {
      const set = new ActiveSet(keyOf(US), seededRng(seed));
      set.rotate(candidates([10]), 0);
      for (let origin = 1_000; origin < 11_000; origin++) {
        set.prune(3, keyOf(10), 0, keyOf(origin), 0);
      }
      return range(20_000, 20_400).filter((origin) => peersFor(set, 3, origin).length === 0);
    });
    for (const origins of wrong) expect(origins.length).toBeGreaterThan(20);
    const both = wrong[0]!.filter((origin) => wrong[1]!.includes(origin));
    expect(both.length).toBeLessThan(wrong[0]!.length / 2);
  });

  it('whoever takes the place of another begins with an empty filter', () => {
    const set = new ActiveSet(keyOf(US), seededRng(11));
    const items = 20_000; // makes one key, so that any bit left behind is met
    set.rotate(candidates([10]), items);
    const [sender, { keys: origins }] = [keyOf(10), candidates(range(1_000, 21_000))];
    for (let at = 0; at < origins.length; at += 32) set.prune(3, sender, 0, origins, at);
    set.rotate(candidates(range(30, 42)), items); // 10 leaves, 50 gets its place
    const other = peersFor(set, 3, US)[5]!;
    set.prune(3, keyOf(other), 0, keyOf(500), 0);
    set.rotate(candidates([50]), items);
    expect(peersFor(set, 3, 501)).toContain(other);
    expect(peersFor(set, 3, 500), 'and leaves the filters of others alone').not.toContain(other);
    for (const number of range(51, 62)) set.rotate(candidates([number]), items);
    const skipped = range(1_000, 3_000).filter((origin) => peersFor(set, 3, origin)[0] !== 50);
    expect(skipped.length).toBeLessThan(3); // the peer's own bit
  });

  it('more items make fewer keys, and pruning works with each', () => {
    for (const items of [8_192, 12_000, 20_000]) {
      const set = new ActiveSet(keyOf(US), seededRng(8));
      set.rotate(candidates(range(10, 14)), items);
      set.prune(0, keyOf(10), 0, keyOf(77), 0);
      expect(peersFor(set, 0, 77), `${items} items`).not.toContain(10);
      expect(peersFor(set, 0, 77).length, `${items} items`).toBeGreaterThanOrEqual(2);
    }
  });
});
