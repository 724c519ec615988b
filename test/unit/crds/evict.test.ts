import { describe, expect, it } from 'vitest';
import { limitNetwork, makeRoom, NETWORK_LIMITS } from '../../../src/crds/evict.ts';
import { findViolation } from '../../../src/crds/invariants.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { type CrdsTable, ORIGIN_LIMITS, Route } from '../../../src/crds/table.ts';
import { Outcome, outcomeName } from '../../../src/util/outcome.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { key, makeTable, rowOf, upsert, value } from './harness.ts';

const holds = (table: CrdsTable) => expect(findViolation(table, { decode: false })).toBeUndefined();

describe('what one origin may keep', () => {
  const limits = { values: 4, bytes: 1_000 };
  const contact = value({ kind: Kind.CONTACT_INFO, wallclock: 1 });
  const votes = [1, 2, 3].map((i) => value({ index: i, wallclock: i * 100, length: 200 }));
  const cases: {
    name: string;
    add: ReturnType<typeof value>;
    outcome: string;
    gone: number[];
  }[] = [
    {
      name: 'one too many: the oldest goes, not the contact info',
      add: value({ index: 9, wallclock: 250, length: 200 }),
      outcome: 'VALUE_INSERTED',
      gone: [0],
    },
    {
      name: 'many bytes: as many go as it takes',
      add: value({ index: 9, wallclock: 900, length: 700 }),
      outcome: 'VALUE_INSERTED',
      gone: [0, 1, 2],
    },
    {
      name: 'older than all that could go: refused',
      add: value({ index: 9, wallclock: 50, length: 200 }),
      outcome: 'VALUE_ORIGIN_FULL',
      gone: [],
    },
    {
      name: 'older than one of those that would have to go: refused, and nothing goes',
      add: value({ index: 9, wallclock: 150, length: 500 }),
      outcome: 'VALUE_ORIGIN_FULL',
      gone: [],
    },
    {
      name: 'as old as the oldest: taken, it came later',
      add: value({ index: 9, wallclock: 100, length: 200 }),
      outcome: 'VALUE_INSERTED',
      gone: [0],
    },
    {
      name: 'a replacement that grows: others go',
      add: value({ index: 2, wallclock: 900, length: 500 }),
      outcome: 'VALUE_UPDATED',
      gone: [0],
    },
    {
      name: 'a replacement that fits: nobody goes',
      add: value({ index: 2, wallclock: 900, length: 300 }),
      outcome: 'VALUE_UPDATED',
      gone: [],
    },
  ];
  for (const { name, add, outcome, gone } of cases) {
    it(name, () => {
      const table = makeTable({ originLimits: limits });
      for (const v of [contact, ...votes]) upsert(table, v, 5_000);
      upsert(table, value({ origin: 2 }), 5_000);
      expect(outcomeName(upsert(table, add, 5_000))).toBe(outcome);
      const missing = votes.map((v) => rowOf(table, v)).flatMap((row, i) => (row < 0 ? [i] : []));
      expect(missing).toEqual(gone);
      expect(rowOf(table, contact)).toBeGreaterThanOrEqual(0);
      expect(table.evicted).toBe(gone.length);
      expect(table.purged.size).toBe(gone.length + (outcome === 'VALUE_UPDATED' ? 1 : 0));
      holds(table);
    });
  }

  it('the oldest goes first, in whatever order they came', () => {
    const table = makeTable({ originLimits: { values: 3, bytes: 1_000 } });
    for (const [index, wallclock] of [
      [1, 300],
      [2, 100],
      [3, 200],
    ]) {
      upsert(table, value({ index: index!, wallclock: wallclock! }), 5_000);
    }
    const stays = (index: number): boolean => rowOf(table, value({ index })) >= 0;
    upsert(table, value({ index: 4, wallclock: 300 }), 5_000);
    expect([1, 2, 3].map(stays)).toEqual([true, false, true]);
    upsert(table, value({ index: 5, wallclock: 300 }), 5_000);
    expect([1, 2, 3].map(stays)).toEqual([true, false, false]);
  });

  it('of equally old ones the first to come goes first, wherever its row is', () => {
    const table = makeTable({ originLimits: { values: 3, bytes: 1_000 } });
    const equal = [1, 2, 3].map((index) => value({ index, wallclock: 100 }));
    for (const v of equal) upsert(table, v, 5_000);
    // Replaced by one as old as the others, the first is the last to have come, in the first row.
    equal[0] = value({ index: 1, wallclock: 200 });
    upsert(table, value({ index: 2, wallclock: 200 }), 5_000);
    upsert(table, value({ index: 3, wallclock: 200 }), 5_000);
    upsert(table, equal[0], 5_000);
    const stays = (index: number): boolean => rowOf(table, value({ index })) >= 0;
    upsert(table, value({ index: 4, wallclock: 300 }), 5_000);
    expect([1, 2, 3].map(stays)).toEqual([true, false, true]);
    upsert(table, value({ index: 5, wallclock: 300 }), 5_000);
    expect([1, 2, 3].map(stays)).toEqual([true, false, false]);
  });

  it('a contact info always comes in', () => {
    const table = makeTable({ originLimits: { values: 3, bytes: 1_000 } });
    for (const v of votes) upsert(table, v, 5_000);
    expect(upsert(table, contact, 5_000)).toBe(Outcome.VALUE_INSERTED);
    expect(rowOf(table, votes[0]!)).toBe(-1);
    holds(table);
  });

  it('a limit of one value still holds one', () => {
    const table = makeTable({ originLimits: { values: 1, bytes: 2_000 } });
    for (let index = 0; index < 5; index++) {
      expect(upsert(table, value({ index, wallclock: index }), 9)).toBe(Outcome.VALUE_INSERTED);
      expect([table.size, table.peers.size]).toEqual([1, 1]);
      holds(table);
    }
  });

  it('a value over the limit by itself is refused', () => {
    const table = makeTable({ originLimits: { values: 9, bytes: 300 } });
    upsert(table, contact);
    const outcome = upsert(table, value({ wallclock: 2, length: 400 }));
    expect(outcomeName(outcome)).toBe('VALUE_ORIGIN_FULL');
    expect([table.size, table.row]).toEqual([1, -1]);
    holds(table);
  });

  it('every label of the protocol fits by number, and bytes are held exactly', () => {
    const table = makeTable();
    let nowMs = 1;
    const kinds: [number, number][] = [
      [Kind.CONTACT_INFO, 1],
      [Kind.VOTE, 32],
      [Kind.LOWEST_SLOT, 1],
      [Kind.EPOCH_SLOTS, 255],
      [Kind.DUPLICATE_SHRED, 512],
      [Kind.SNAPSHOT_HASHES, 1],
      [Kind.RESTART_LAST_VOTED_FORK_SLOTS, 1],
      [Kind.RESTART_HEAVIEST_FORK, 1],
    ];
    for (const [kind, count] of kinds) {
      for (let index = 0; index < count; index++) {
        upsert(table, value({ kind, index, length: 100, wallclock: nowMs }), nowMs++);
      }
    }
    expect([table.size, table.evicted]).toEqual([ORIGIN_LIMITS.values, 0]);
    for (let index = 0; index < 255; index++) {
      const v = value({ kind: Kind.EPOCH_SLOTS, index, length: 1_100, wallclock: nowMs });
      upsert(table, v, nowMs++, Route.PULL);
      expect(table.peers.columns.bytes[0]).toBeLessThanOrEqual(ORIGIN_LIMITS.bytes);
    }
    expect(table.evicted).toBeGreaterThan(100);
    holds(table);
  });
});

/** Identities 1 to n with stake, proof, first sight and address, each with a contact info and a vote. */
function society(
  members: { stake?: number; proved?: boolean; since?: number; ip?: number; votes?: number }[],
  capacities = {},
): CrdsTable {
  const table = makeTable({ capacities });
  table.setStakes(new Stakes(members.map(({ stake = 0 }, i) => [key(i + 1), stake])));
  members.forEach(({ proved = false, since = 100, ip = 0, votes = 1 }, i) => {
    upsert(table, value({ kind: Kind.CONTACT_INFO, origin: i + 1 }), since);
    for (let index = 0; index < votes; index++) upsert(table, value({ origin: i + 1, index }));
    const peer = table.peers.find(key(i + 1), 0);
    table.peers.setProved(peer, proved);
    table.peers.setContact(peer, ip, 8001, 1);
  });
  return table;
}

const present = (table: CrdsTable, count: number) =>
  Array.from({ length: count }, (_, i) => i + 1).filter((o) => table.peers.find(key(o), 0) >= 0);

describe('who leaves a full table', () => {
  const NET = 0x0a000000;
  const cases: { name: string; members: Parameters<typeof society>[0]; first: number }[] = [
    { name: 'the least stake', members: [{ stake: 3 }, { stake: 1 }, { stake: 2 }], first: 2 },
    {
      name: 'less stake before no proof',
      members: [{ stake: 1, proved: true }, { stake: 2 }],
      first: 1,
    },
    { name: 'no proof', members: [{ proved: true }, {}, { proved: true }], first: 2 },
    {
      name: 'no proof before youth',
      members: [
        { proved: true, since: 900 },
        { proved: false, since: 1 },
      ],
      first: 2,
    },
    { name: 'the youngest', members: [{ since: 1 }, { since: 3 }, { since: 2 }], first: 2 },
    {
      name: 'the most crowded network',
      members: [{ ip: 0x0b000001 }, { ip: NET + 1 }, { ip: NET + 2 }],
      first: 2,
    },
  ];
  for (const { name, members, first } of cases) {
    it(`${name} first`, () => {
      const table = society(members, { tableRows: 16 });
      expect(makeRoom(table, [], 16 - table.size + 1, 0, 500)).toBe(2);
      const all = members.map((_, i) => i + 1);
      expect(present(table, members.length)).toEqual(all.filter((o) => o !== first));
      holds(table);
    });
  }

  it('nobody when just as many rows and identities are free', () => {
    const table = society([{}, {}], { tableRows: 16, peerRows: 4 });
    expect(makeRoom(table, [], 12, 2, 1)).toBe(0);
    expect(makeRoom(table, [], 12, 3, 1)).toBe(2);
    expect(makeRoom(table, [], 14, 0, 1), 'two rows are used').toBe(0);
    expect(makeRoom(table, [], 15, 0, 1)).toBe(2);
  });

  it('of equals the one that came into the table first', () => {
    const table = society([{}, {}, {}, {}], { tableRows: 16 });
    expect(makeRoom(table, [], 10, 0, 1), 'which is just enough').toBe(2);
    expect(present(table, 4)).toEqual([2, 3, 4]);
  });

  it('nobody while there is room', () => {
    const table = society([{}, {}], { tableRows: 16 });
    expect(makeRoom(table, [], 12, 0, 1)).toBe(0);
    expect(makeRoom(table, [], 13, 0, 1)).toBe(2);
  });

  it('as many as make room, for rows or for identities', () => {
    const members = Array.from({ length: 8 }, (_, i) => ({ since: i, votes: 3 }));
    const table = society(members, { tableRows: 32, peerRows: 8 });
    expect(makeRoom(table, [], 5, 1, 1)).toBe(8);
    expect(present(table, 8)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(makeRoom(table, [], 0, 5, 1)).toBe(12);
    expect(present(table, 8)).toEqual([1, 2, 3]);
    holds(table);
  });

  it('never the spared, not even for room', () => {
    const table = society([{ stake: 0 }, { stake: 5 }, { stake: 9 }], { tableRows: 8 });
    expect(makeRoom(table, [key(1), key(3)], 8, 0, 1)).toBe(2);
    expect(present(table, 3)).toEqual([1, 3]);
  });
});

describe('unstaked identities of one network', () => {
  const limits = { per24: 3, per16: 5 };
  const NET = 0x0a010000;
  const add = (table: CrdsTable, origin: number, ip: number, since: number) => {
    upsert(table, value({ kind: Kind.CONTACT_INFO, origin, wallclock: since }), since);
    const peer = table.peers.find(key(origin), 0);
    table.peers.setContact(peer, ip, 8001, 1);
    return limitNetwork(table, peer, [], since, limits);
  };

  it('are held to the limit of their /24 by the youngest leaving', () => {
    const table = makeTable();
    const left = [1, 2, 3, 4, 5].map((i) => add(table, i, NET + i, i));
    expect(left).toEqual([0, 0, 0, 1, 1]);
    expect(present(table, 5)).toEqual([1, 2, 3]);
    holds(table);
  });

  it('are held to the limit of their /16', () => {
    const table = makeTable();
    const left = [1, 2, 3, 4, 5, 6].map((i) => add(table, i, NET + i * 256, i));
    expect(left).toEqual([0, 0, 0, 0, 0, 1]);
    expect(add(table, 7, NET + 0x10000, 7), 'the neighbour is free').toBe(0);
  });

  it('make room for an elder', () => {
    const table = makeTable();
    for (const i of [1, 2, 3]) add(table, i, NET + i, 100 * i);
    upsert(table, value({ kind: Kind.CONTACT_INFO, origin: 4 }), 50);
    const peer = table.peers.find(key(4), 0);
    table.peers.setContact(peer, NET + 4, 1, 1);
    expect(limitNetwork(table, peer, [], 400, limits)).toBe(1);
    expect(present(table, 4)).toEqual([1, 2, 4]);
  });

  const free = [
    { name: 'a staked one', stake: 1, ip: NET + 9 },
    { name: 'one without an address', stake: 0, ip: 0 },
  ];
  for (const { name, stake, ip } of free) {
    it(`do not stand in the way of ${name}`, () => {
      const table = makeTable();
      table.setStakes(new Stakes([[key(9), stake]]));
      for (const i of [1, 2, 3]) add(table, i, NET + i, i);
      expect(add(table, 9, ip, 9)).toBe(0);
      expect(present(table, 9)).toEqual([1, 2, 3, 9]);
    });
  }

  it('are counted without the staked', () => {
    const table = makeTable();
    table.setStakes(new Stakes([1, 2, 3].map((origin) => [key(origin), 1])));
    const left = [1, 2, 3, 4, 5, 6, 7].map((i) => add(table, i, NET + i, i));
    expect(left).toEqual([0, 0, 0, 0, 0, 0, 1]);
    expect(present(table, 7)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('leave by rank among themselves, whoever else has a lower one', () => {
    const table = makeTable();
    table.setStakes(new Stakes([[key(9), 1]]));
    // Younger and unproved, but elsewhere; and one in the network with stake.
    const other = (origin: number, ip: number) => {
      upsert(table, value({ kind: Kind.CONTACT_INFO, origin, wallclock: 900 }), 900);
      table.peers.setContact(table.peers.find(key(origin), 0), ip, 8001, 1);
    };
    other(8, 0x0b000001);
    other(9, NET + 9);
    other(7, 0x0b000002);
    table.removePeer(table.peers.find(key(7), 0), 900);
    const left = [1, 2, 3, 4].map((i) => add(table, i, NET + i, i));
    expect(left).toEqual([0, 0, 0, 1]);
    expect(present(table, 9)).toEqual([1, 2, 3, 8, 9]);
    // Of equals the first stays where it is found to be the lowest.
    expect(add(table, 5, NET + 5, 3)).toBe(1);
    expect(present(table, 9)).toEqual([1, 2, 5, 8, 9]);
  });

  it('stay when they are spared', () => {
    const table = makeTable();
    for (const i of [1, 2, 3, 4]) {
      upsert(table, value({ kind: Kind.CONTACT_INFO, origin: i }), i);
      table.peers.setContact(table.peers.find(key(i), 0), NET + i, 1, 1);
    }
    const keep = [1, 2, 3, 4].map(key);
    expect(limitNetwork(table, table.peers.find(key(4), 0), keep, 9, limits)).toBe(0);
    expect(limitNetwork(table, table.peers.find(key(4), 0), keep.slice(1), 9, limits)).toBe(1);
    expect(present(table, 4)).toEqual([2, 3, 4]);
  });

  it('never have one with stake leave for them', () => {
    const table = makeTable();
    table.setStakes(new Stakes([[key(9), 1]]));
    for (const i of [9, 1, 2, 3, 4]) {
      upsert(table, value({ kind: Kind.CONTACT_INFO, origin: i }), i);
      table.peers.setContact(table.peers.find(key(i), 0), NET + i, 1, 1);
    }
    const keep = [1, 2, 3, 4].map(key);
    expect(limitNetwork(table, table.peers.find(key(4), 0), keep, 9, limits)).toBe(0);
  });

  it('are 256 of a /24 and 4,096 of a /16 unless told otherwise', () => {
    expect(NETWORK_LIMITS).toEqual({ per24: 256, per16: 4_096 });
  });
});
