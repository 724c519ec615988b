import { describe, expect, it } from 'vitest';
import { NO_STAKES, PeerFlag, Stakes } from '../../../src/crds/peers.ts';
import { LifeSign } from '../../../src/shm/layout.ts';
import { AssertionError } from '../../../src/util/assert.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { key, makeTable, upsert, value } from './harness.ts';

describe('stakes', () => {
  it('are found by key at any offset', () => {
    const stakes = new Stakes([
      [key(1), 5_000_000_000],
      [key(2), 0],
    ]);
    const bytes = new Uint8Array(100);
    bytes.set(key(1), 33);
    expect(stakes.get(bytes, 33)).toBe(5_000_000_000);
    expect([stakes.get(key(2), 0), stakes.has(key(2), 0)]).toEqual([0, true]);
    expect([stakes.get(key(3), 0), stakes.has(key(3), 0)]).toEqual([0, false]);
    expect([stakes.size, stakes.anyPositive]).toEqual([2, true]);
    expect([...stakes.entries()]).toEqual([
      [key(1), 5_000_000_000],
      [key(2), 0],
    ]);
  });

  const empty: { name: string; stakes: Stakes; size: number }[] = [
    { name: 'nobody', stakes: NO_STAKES, size: 0 },
    { name: 'zeros only', stakes: new Stakes([[key(1), 0]]), size: 1 },
  ];
  for (const { name, stakes, size } of empty) {
    it(`of ${name} are none`, () => {
      expect([stakes.anyPositive, stakes.size, stakes.get(key(1), 0)]).toEqual([false, size, 0]);
    });
  }

  it('of one identity twice: the later counts, once', () => {
    const stakes = new Stakes([
      [key(1), 3],
      [key(1), 4],
    ]);
    expect([stakes.size, stakes.get(key(1), 0)]).toEqual([1, 4]);
  });

  it('of a whole cluster are all found, and nobody else', () => {
    const rng = seededRng(3);
    const keys = Array.from({ length: 4_000 }, () => {
      const pubkey = new Uint8Array(32);
      rng.fill(pubkey);
      return pubkey;
    });
    const stakes = new Stakes(keys.slice(0, 2_000).map((pubkey, i) => [pubkey, i + 1]));
    keys.forEach((pubkey, i) => {
      expect(stakes.get(pubkey, 0), `key ${i}`).toBe(i < 2_000 ? i + 1 : 0);
    });
  });

  it('need whole keys and no debt', () => {
    expect(() => new Stakes([[new Uint8Array(31), 1]])).toThrow(AssertionError);
    expect(() => new Stakes([[key(1), -1]])).toThrow(AssertionError);
  });
});

describe('peers', () => {
  it('know their stake from the start and after every new map', () => {
    const table = makeTable();
    const { stake } = table.peers.columns;
    table.setStakes(new Stakes([[key(1), 10]]));
    upsert(table, value({ origin: 1 }));
    upsert(table, value({ origin: 2 }));
    const [one, two] = [1, 2].map((origin) => table.peers.find(key(origin), 0)) as [number, number];
    expect([stake[one], stake[two]]).toEqual([10, 0]);
    table.setStakes(new Stakes([[key(2), 20]]));
    expect([stake[one], stake[two]]).toEqual([0, 20]);
    expect(table.stakes.size).toBe(1);
  });

  it('lose what their contact info said when it goes', () => {
    const table = makeTable();
    upsert(table, value({ kind: 11 }));
    upsert(table, value({ kind: 1 }));
    const peer = table.peers.find(key(1), 0);
    const p = table.peers.columns;
    table.peers.setContact(peer, 0xfefefefe, 65_535, 50_093);
    expect([p.ip[peer], p.port[peer], p.shredVersion[peer]]).toEqual([0xfefefefe, 65_535, 50_093]);
    upsert(table, value({ kind: 11, wallclock: 2_000 }));
    expect(p.ip[peer], 'until somebody says what the newer one advertises').toBe(0xfefefefe);
    table.remove(table.peers.contactRow(peer), 1);
    expect([p.ip[peer], p.port[peer], p.shredVersion[peer]]).toEqual([0, 0, 0]);
    expect(table.peers.contactRow(peer)).toBe(-1);
    expect(table.peers.size).toBe(1);
  });

  it('are marked as proved and back', () => {
    const table = makeTable();
    upsert(table, value());
    const peer = table.peers.find(key(1), 0);
    table.peers.setProved(peer, true);
    table.peers.setProved(peer, true);
    expect(table.peers.columns.flags[peer]).toBe(PeerFlag.PROVED);
    table.peers.setProved(peer, false);
    expect(table.peers.columns.flags[peer]).toBe(0);
  });

  it('keep the evidence of their life apart, and lose it when they leave', () => {
    const table = makeTable();
    const [one, two] = [1, 2].map((origin) => {
      upsert(table, value({ origin }));
      return table.peers.find(key(origin), 0);
    }) as [number, number];
    const signs = (peer: number): number[] =>
      [LifeSign.ANSWERED, LifeSign.ROUND_TRIP, LifeSign.OTHER_OUTSET, LifeSign.OTHER_HEARD].map(
        (sign) => table.peers.lifeSign(peer, sign),
      );
    table.peers.setAnswered(two, 9_000, 12);
    table.peers.setOtherInstance(two, 1_786_999_995_000_000, 9_500);
    table.peers.setAnswered(one, 8_000, 34);
    expect([one, two].map(signs)).toEqual([
      [8_000, 34, 0, 0],
      [9_000, 12, 1_786_999_995_000_000, 9_500],
    ]);
    table.removePeer(two, 1);
    upsert(table, value({ origin: 3 }));
    const three = table.peers.find(key(3), 0);
    expect([three, signs(three), signs(one)]).toEqual([two, [0, 0, 0, 0], [8_000, 34, 0, 0]]);
  });

  it('state when they came', () => {
    const table = makeTable();
    upsert(table, value({ origin: 4 }), 12_345);
    upsert(table, value({ origin: 4, index: 1 }), 20_000);
    expect(table.peers.columns.since[table.peers.find(key(4), 0)]).toBe(12_345);
  });
});
