/** What changes in a node when it learns the stakes. */
import { describe, expect, it } from 'vitest';
import { listNodes } from '../../../src/api/listing.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { SILENT_LOGGER } from '../../../src/node/ports.ts';
import { StakeKeeper } from '../../../src/node/stake-keeper.ts';
import { stakeSource } from '../../../src/node/stakes.ts';
import { toBase58 } from '../../../src/util/base58.ts';
import { seededRng } from '../../../src/util/rng.ts';
import type { ValueData } from '../../../src/wire/decoded.ts';
import { peers, TestNode } from './harness.ts';
import { type Peer, START_MS } from './peer.ts';

const SOL = 1_000_000_000;
const [alice, bob] = peers(2) as [Peer, Peer];

/** Stakes of alice and of so many others. */
function stakesOf(lamports: number | undefined, others: number): Stakes {
  const entries = Array.from({ length: others }, (_, i) => {
    const key = new Uint8Array(32).fill(9);
    new DataView(key.buffer).setUint32(8, i, true);
    return [key, 5 * SOL] as const;
  });
  return new Stakes(lamports === undefined ? entries : [...entries, [alice.key, lamports]]);
}

const envelope = { from: alice.address, wallclock: START_MS };
const LOWEST_SLOT: ValueData = { kind: 'LowestSlot', index: 0, ...envelope, lowest: 1 };
const EPOCH_SLOTS: ValueData = { kind: 'EpochSlots', index: 0, ...envelope, entries: [] };
const SHRED: ValueData = {
  kind: 'DuplicateShred',
  index: 0,
  ...envelope,
  slot: 1,
  unusedIndex: 0,
  unusedType: 90,
  numChunks: 1,
  chunkIndex: 0,
  chunk: '00',
};
const SNAPSHOTS: ValueData = {
  kind: 'SnapshotHashes',
  ...envelope,
  full: { slot: 1, hash: toBase58(new Uint8Array(32)) },
  incremental: [],
};

describe('kinds of values', () => {
  const staked = [
    { name: 'no stakes', stakes: stakesOf(undefined, 0), counts: true },
    { name: '499 others', stakes: stakesOf(undefined, 499), counts: true },
    { name: '500 others', stakes: stakesOf(undefined, 500), counts: false },
    { name: '498 others and the origin', stakes: stakesOf(1, 498), counts: true },
    { name: '499 others and an origin below 1 SOL', stakes: stakesOf(SOL - 1, 499), counts: false },
    { name: '499 others and an origin of 1 SOL', stakes: stakesOf(SOL, 499), counts: true },
  ];

  for (const { name, stakes, counts } of staked) {
    for (const data of [LOWEST_SLOT, SHRED]) {
      it(`${data.kind} is ${counts ? 'taken' : 'left'} with ${name}`, () => {
        const test = new TestNode().meet(alice);
        test.node.setStakes(stakes);
        const outcomes = test.outcomesOf(alice, alice.push(alice.value(data)));
        expect(outcomes, name).toMatchObject(
          counts ? { OK: 1, VALUE_INSERTED: 1 } : { PACKET_VALUES_FILTERED: 1 },
        );
      });
    }

    it(`those of other kinds are taken with ${name}`, () => {
      const test = new TestNode().meet(alice);
      test.node.setStakes(stakes);
      const values = [EPOCH_SLOTS, SNAPSHOTS].map((data) => alice.value(data));
      expect(test.outcomesOf(alice, alice.push(...values)), name).toMatchObject({
        VALUE_INSERTED: 2,
      });
    });

    it(`EpochSlots are ${counts ? '' : 'not '}relayed and served with ${name}`, () => {
      const test = new TestNode().meet(alice, bob).rotate();
      test.node.setStakes(stakes);
      test.take();
      const values = [EPOCH_SLOTS, SNAPSHOTS].map((data) => alice.value(data));
      test.from(alice, alice.push(...values));
      const pushed = test
        .takeOnly('PushMessage')
        .filter(({ ip }) => ip === bob.ip)
        .flatMap(({ content }) => content.values.map((value) => value.kind));
      expect(pushed.sort(), name).toEqual(
        counts ? ['EpochSlots', 'SnapshotHashes'] : ['SnapshotHashes'],
      );
      const served = new Set<string>();
      for (let part = 0; part < 64; part++) {
        // Each request asks for a 64th of the table.
        const filter = { maskHigh: (part * 2 ** 26 + 0x3ffffff) >>> 0 };
        test.clock.advance(1_000);
        const caller = bob.contact({ wallclock: test.clock.wallMs() });
        test.from(bob, bob.pullRequest(filter, caller));
        for (const { content } of test.takeOnly('PullResponse')) {
          for (const { kind, from } of content.values) if (from === alice.address) served.add(kind);
        }
      }
      expect(served.has('EpochSlots'), name).toBe(counts);
      expect(served.has('SnapshotHashes'), name).toBe(true);
    });
  }

  it('that are in the table already stay when stakes become known, but go no further', () => {
    const test = new TestNode().meet(alice);
    test.from(alice, alice.push(alice.value(LOWEST_SLOT)));
    test.node.setStakes(stakesOf(undefined, 500));
    const newer = alice.value({ ...LOWEST_SLOT, wallclock: START_MS + 1 });
    expect(test.outcomesOf(alice, alice.push(newer))).toMatchObject({ PACKET_VALUES_FILTERED: 1 });
    test.node.setStakes(new Stakes());
    expect(test.outcomesOf(alice, alice.push(newer))).toMatchObject({ VALUE_UPDATED: 1 });
  });
});

describe('the time that a silent node is kept', () => {
  const cases = [
    { name: 'nobody has any', stakes: stakesOf(undefined, 0), keptMs: 172_800_000 },
    { name: 'it has some', stakes: stakesOf(1, 1), keptMs: 172_800_000 },
    { name: 'others have some', stakes: stakesOf(undefined, 1), keptMs: 15_000 },
  ];
  for (const { name, stakes, keptMs } of cases) {
    it(`is ${keptMs / 1_000} s when ${name}`, () => {
      const test = new TestNode().meet(alice);
      test.node.setStakes(stakes);
      test.clock.advance(keptMs - 1);
      test.run(0);
      expect(test.holds(alice), `${name}, in time`).toBe(true);
      test.run(100);
      expect(test.holds(alice), `${name}, too late`).toBe(false);
    });
  }

  it('follows a refresh of the stakes', () => {
    const test = new TestNode().meet(alice);
    test.node.setStakes(stakesOf(1, 1));
    test.run(20_000);
    expect(test.holds(alice)).toBe(true);
    test.node.setStakes(stakesOf(undefined, 1));
    test.run(100);
    expect(test.holds(alice)).toBe(false);
  });
});

describe('the stake of a node', () => {
  it('is shown in SOL once stakes are known, also of a node that has not answered our ping', async () => {
    const test = new TestNode().meet(alice);
    test.from(bob, bob.push(bob.contact()));
    const shown = (): Record<string, number | null> =>
      Object.fromEntries(listNodes(test.node, 0).map((node) => [node.pubkey, node.stake]));
    expect(shown()).toEqual({ [alice.address]: null, [bob.address]: null });
    const source = stakeSource(new Map([[alice.address, '2500000000']]));
    const ports = { clock: test.clock, rng: seededRng(1), logger: SILENT_LOGGER };
    const keeper = new StakeKeeper(source, ports);
    keeper.subscribe((stakes) => test.node.setStakes(stakes));
    await keeper.start();
    expect(shown()).toEqual({ [alice.address]: 2.5, [bob.address]: 0 });
  });
});
