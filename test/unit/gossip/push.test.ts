import { describe, expect, it } from 'vitest';
import { ActiveSet, type Candidates } from '../../../src/gossip/active-set.ts';
import { MAX_PUSHES, PushPlan } from '../../../src/gossip/push.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { keyOf, NOW, SmallTable } from './small-table.ts';

const US = 1;
const SOL = 1_000_000_000;

function setOf(peers: readonly number[]): ActiveSet {
  const set = new ActiveSet(keyOf(US), seededRng(1));
  const keys = new Uint8Array(32 * peers.length);
  for (const [i, peer] of peers.entries()) keys.set(keyOf(peer), 32 * i);
  const candidates: Candidates = {
    count: peers.length,
    keys,
    stake: new Float64Array(peers.length),
  };
  set.rotate(candidates, 0);
  return set;
}

/** Datagrams by peer: the rows of each. */
function datagrams(plan: PushPlan, set: ActiveSet): Map<number, number[][]> {
  const all = new Map<number, number[][]>();
  while (plan.nextPeer()) {
    const packets: number[][] = [];
    while (plan.nextPacket())
      packets.push([...plan.rows.subarray(plan.first, plan.first + plan.size)]);
    all.set(readU32(set.peerKeys, 32 * plan.peer), packets);
  }
  return all;
}

describe('generation of pushes', () => {
  it('sends each value once to each peer, in the order of arrival', () => {
    const made = new SmallTable();
    const set = setOf([10, 11, 12]);
    const plan = new PushPlan(set);
    const rows = [20, 21, 22].map((origin) => made.put({ origin }));
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(9);
    const sent = datagrams(plan, set);
    expect([...sent.keys()].sort()).toEqual([10, 11, 12]);
    for (const packets of sent.values()) expect(packets).toEqual([rows]);
    expect(plan.cursor).toBe(made.table.cursor);
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(0);
    expect(datagrams(plan, set).size).toBe(0);
  });

  it('a value replaced before its turn goes out once, as it is now', () => {
    const made = new SmallTable();
    const set = setOf([10]);
    const plan = new PushPlan(set);
    const row = made.put({ origin: 20, wallclock: NOW - 5 });
    const other = made.put({ origin: 21 });
    expect(made.put({ origin: 20, wallclock: NOW })).toBe(row);
    plan.generate(made.table.view, NOW, 0, 0);
    expect(datagrams(plan, set).get(10)).toEqual([[other, row]]);
    made.put({ origin: 21, wallclock: NOW + 1 });
    plan.generate(made.table.view, NOW, 0, 0);
    expect(datagrams(plan, set).get(10)).toEqual([[other]]);
  });

  const left = [
    { name: '15 s old', wallclock: NOW - 15_000, sent: 1 },
    { name: 'older', wallclock: NOW - 15_001, sent: 0 },
    { name: '15 s ahead', wallclock: NOW + 15_000, sent: 1 },
    { name: 'further ahead', wallclock: NOW + 15_001, sent: 0 },
  ];
  for (const { name, wallclock, sent } of left) {
    it(`a value ${name}`, () => {
      const made = new SmallTable();
      const plan = new PushPlan(setOf([10]));
      made.put({ origin: 20, wallclock });
      expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(sent);
      expect(plan.unsent).toBe(1 - sent);
      expect(plan.cursor).toBe(1);
    });
  }

  it('kinds that need stake, once enough is known', () => {
    const made = new SmallTable({ 21: SOL });
    const plan = new PushPlan(setOf([10]));
    for (const origin of [20, 21]) made.put({ origin, kind: Kind.EPOCH_SLOTS });
    expect(plan.generate(made.table.view, NOW, 0, 500)).toBe(1);
    plan.cursor = 0;
    expect(plan.generate(made.table.view, NOW, 0, 499)).toBe(2);
  });

  it('values with nobody to go to are not kept for later', () => {
    const made = new SmallTable();
    const set = new ActiveSet(keyOf(US), seededRng(1));
    const plan = new PushPlan(set);
    made.put({ origin: 20 });
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(0);
    expect([plan.unsent, plan.cursor]).toEqual([1, 1]);
  });

  it('of an origin do not go to who pruned it', () => {
    const made = new SmallTable();
    const set = setOf([10, 11]);
    const plan = new PushPlan(set);
    const [first, second] = [20, 21].map((origin) => made.put({ origin }));
    set.prune(0, keyOf(10), 0, keyOf(21), 0);
    plan.generate(made.table.view, NOW, 0, 0);
    const sent = datagrams(plan, set);
    expect([sent.get(10), sent.get(11)]).toEqual([[[first]], [[first, second]]]);
  });

  it('of one origin alone while others have to be left out', () => {
    const made = new SmallTable();
    const set = setOf([10, 11]);
    const plan = new PushPlan(set);
    const [row] = [20, 21, 22].map((origin) => made.put({ origin }));
    const own = made.table.view.columns.peer[row!]!;
    expect(plan.generate(made.table.view, NOW, 0, 0, own)).toBe(2);
    expect([plan.shed, plan.cursor]).toEqual([2, 3]);
    expect(datagrams(plan, set).get(10)).toEqual([[row]]);
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(0);
  });

  it('datagrams are filled to 1,188 bytes', () => {
    const made = new SmallTable();
    const set = setOf([10]);
    const plan = new PushPlan(set);
    const lengths = [594, 594, 1188, 400, 400, 400, 117, 1188];
    const rows = lengths.map((length, i) => made.put({ origin: 20 + i, length }));
    plan.generate(made.table.view, NOW, 0, 0);
    expect(plan.nextPeer()).toBe(true);
    const packed: (readonly [number, number])[] = [];
    while (plan.nextPacket()) packed.push([plan.size, plan.bytes]);
    expect(packed).toEqual([
      [2, 1188],
      [1, 1188],
      [2, 800],
      [2, 517],
      [1, 1188],
    ]);
    expect([...plan.rows.subarray(0, rows.length)]).toEqual(rows);
  });

  it('stops at 4,096 pairs behind the value it was at, and goes on from there', () => {
    const made = new SmallTable();
    const set = setOf([10, 11, 12, 13, 14, 15, 16, 17, 18]);
    const plan = new PushPlan(set);
    for (let index = 0; index < 600; index++) made.put({ origin: 20 + index, kind: Kind.VOTE });
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(MAX_PUSHES);
    expect(plan.cursor).toBe(456); // 455 values to 9 peers, and the next to one
    const first = [...datagrams(plan, set).values()].flat(2).length;
    expect(plan.generate(made.table.view, NOW, 0, 0)).toBe(144 * 9);
    expect(first + [...datagrams(plan, set).values()].flat(2).length).toBe(MAX_PUSHES + 144 * 9);
  });
});
