import { describe, expect, it } from 'vitest';
import { bloomAdd } from '../../../src/gossip/bloom.ts';
import { OutBudget, scanCost } from '../../../src/gossip/budget.ts';
import { PullAnswers, type ServeLimits, valueScore } from '../../../src/gossip/pull-serve.ts';
import { fromHex, readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { createValueColumns } from '../../../src/wire/columns.ts';
import { writePullRequest } from '../../../src/wire/encode.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { PacketFields, skim } from '../../../src/wire/skim.ts';
import { type MadeUp, NOW, SmallTable } from './small-table.ts';

const SOL = 1_000_000_000;
const CALLER = fromHex(
  '288d54f0ad0b42af1b3f8b71772fc54cf5d69feb3d451b0921254cac0f49b9f0c8ca818a04df61fc27b6244df976ccf9' +
    '8820546dc35efd7a8d695ded21afe6000b0000008a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801' +
    'b40f6f5c809c808c8134c064ea5b44590600adc304838003014433221188776655030200000000cb00710700000000c6' +
    '336409040a00c03e00000104000b0201f70600',
)!;

interface Asked {
  maskBits?: number;
  partition?: number;
  keyCount?: number;
  bitLength?: number;
}

/** A pull request as it arrives. */
function request(asked: Asked = {}): { bytes: Uint8Array; packet: PacketFields } {
  const { maskBits = 6, partition = 0, keyCount = 3, bitLength = 7932 } = asked;
  const keys = new Uint8Array(8 * keyCount);
  seededRng(1).fill(keys);
  const high = maskBits === 0 ? 0 : partition * 2 ** (32 - Math.min(32, maskBits));
  const filter = {
    keys,
    keyCount,
    bits: new Uint8Array(1024),
    bitLength,
    bitsSet: 0,
    maskLow: 0x12345, // low bits do not matter
    maskHigh: high >>> 0,
    maskBits,
  };
  const bytes = new Uint8Array(1300);
  const packet = new PacketFields();
  const end = writePullRequest(bytes, 0, filter, CALLER, 0, CALLER.length);
  expect(skim(bytes, 0, end, packet, createValueColumns(2), 0)).toBe(0);
  return { bytes, packet };
}

/** Serves one request by a table. */
class Server {
  readonly made: SmallTable;
  answers: PullAnswers;
  readonly budget = new OutBudget();
  readonly #limits: ServeLimits;

  constructor(values: readonly MadeUp[], limits: ServeLimits = {}, stakes = {}) {
    this.made = new SmallTable(stakes);
    this.#limits = { packets: 512, ...limits };
    for (const value of values) this.made.put(value);
    this.answers = this.seeded(1);
  }

  /** Answers drawn from another seed. */
  seeded(seed: number): PullAnswers {
    this.answers = new PullAnswers(this.made.table.view, seededRng(seed), this.#limits);
    return this.answers;
  }

  /** Rows in answer, in the order taken. */
  rows(
    { bytes, packet }: ReturnType<typeof request>,
    { values = 1e9, staked = 0, callerWallclock = NOW } = {},
  ): number[] {
    this.answers.start(NOW, values, staked);
    const taken = this.answers.answer(bytes, packet, callerWallclock, 7);
    const rows: number[] = [];
    for (let p = 0; p < this.answers.packetCount; p++) {
      const first = this.answers.first[p]!;
      rows.push(...this.answers.rows.subarray(first, first + this.answers.size[p]!));
      expect(this.answers.request[p]).toBe(7);
    }
    expect(rows).toHaveLength(taken);
    return rows;
  }

  /** Rows whose hash lies in a partition, by the definition. */
  inPartition(maskBits: number, partition: number): number[] {
    const { hash } = this.made.table.view.columns;
    return Array.from({ length: this.made.table.size }, (_, row) => row).filter(
      (row) => readU32(hash, 32 * row + 4) >>> (32 - maskBits) === partition,
    );
  }
}

const many = (count: number, value: Partial<MadeUp> = {}): MadeUp[] =>
  Array.from({ length: count }, (_, i) => ({
    origin: 100 + (i % 500),
    kind: Kind.VOTE,
    index: i,
    ...value,
  }));

const sorted = (rows: readonly number[]): number[] => [...rows].sort((a, b) => a - b);

describe('values in answer to a pull request', () => {
  it('are those of its partition, at every width of the mask', () => {
    const server = new Server(many(800));
    for (const maskBits of [6, 7, 11, 12, 13, 14]) {
      let sum = 0;
      for (let partition = 0; partition < 2 ** maskBits; partition += maskBits > 7 ? 13 : 1) {
        const wanted = server.inPartition(maskBits, partition);
        const got = server.rows(request({ maskBits, partition }));
        expect(sorted(got), `partition ${partition} of ${maskBits} bits`).toEqual(wanted);
        sum += got.length;
      }
      if (maskBits <= 7) expect(sum).toBe(800);
    }
  });

  it('a mask of 64 bits and more asks for one hash word', () => {
    const server = new Server(many(50));
    for (const maskBits of [64, 65, 2 ** 32 - 1]) {
      expect(server.rows(request({ maskBits, partition: 0 }))).toEqual([]);
    }
  });

  it('are not those that the filter knows', () => {
    const server = new Server(many(640));
    const { hash } = server.made.table.view.columns;
    const asked = request({ partition: 5 });
    const wanted = server.inPartition(6, 5);
    const { keysAt, keyCount, bitsAt, bitLength } = asked.packet;
    for (const row of wanted.slice(0, 4)) {
      bloomAdd(asked.bytes, keysAt, keyCount, bitsAt, bitLength, hash, 32 * row);
    }
    expect(sorted(server.rows(asked))).toEqual(wanted.slice(4));
  });

  for (const shape of [{ keyCount: 0 }, { bitLength: 0 }, { keyCount: 0, bitLength: 0 }]) {
    it(`a filter of ${JSON.stringify(shape)} knows nothing`, () => {
      const server = new Server(many(300));
      const rows = server.rows(request({ partition: 2, ...shape }));
      expect(sorted(rows)).toEqual(server.inPartition(6, 2));
    });
  }

  it('are not newer than the caller, up to 3.75 s by chance', () => {
    const values = Array.from({ length: 400 }, (_, i) => ({
      origin: 100 + i,
      wallclock: NOW + 10 * i,
    }));
    const spread = new Server(values);
    const asked = Array.from({ length: 64 }, (_, partition) => request({ partition }));
    const counts = Array.from({ length: 60 }, (_, seed) => {
      const answers = spread.seeded(seed);
      answers.start(NOW, 1e9, 0);
      let count = 0;
      for (const { bytes, packet } of asked) count += answers.answer(bytes, packet, NOW, 0);
      return count;
    });
    // One draw a batch, even over the 3.75 s in which 375 of the values lie.
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    expect(Math.abs(mean - 188)).toBeLessThan(45);
    expect(Math.min(...counts)).toBeLessThan(60);
    expect(Math.max(...counts)).toBeGreaterThan(315);
    expect(Math.max(...counts)).toBeLessThanOrEqual(375);
  });

  it('the kinds that are served', () => {
    const values = Object.values(Kind).flatMap((kind) => [
      { origin: 10, kind },
      { origin: 11, kind },
    ]);
    const server = new Server(values, {}, { 10: SOL });
    const kinds = (staked: number): number[] => {
      const { kind } = server.made.table.view.columns;
      const rows: number[] = [];
      for (let partition = 0; partition < 64; partition++) {
        rows.push(...server.rows(request({ partition }), { staked }));
      }
      return rows.map((row) => kind[row]!).sort((a, b) => a - b);
    };
    expect(kinds(499)).toEqual([1, 1, 2, 2, 5, 5, 9, 9, 10, 10, 11, 11]);
    expect(kinds(500)).toEqual([1, 2, 5, 9, 10, 10, 11, 11]);
    expect(server.answers.busy, 'the others are not looked at again').toBe(0);
  });

  it('are as new as the caller may be behind, and not a millisecond newer', () => {
    const behind = NOW + seededRng(3).below(3_750);
    const newest = { origin: 10, wallclock: behind, prefix: 0 };
    const server = new Server([newest, { ...newest, origin: 11, wallclock: behind + 1 }]);
    const { bytes, packet } = request();
    server.answers.start(NOW, 1e9, 0, seededRng(3));
    expect(server.answers.answer(bytes, packet, NOW, 0)).toBe(1);
    expect([server.answers.rows[0], server.answers.tooNew]).toEqual([0, 1]);
  });

  it('end with the value limit, which all requests of a batch share', () => {
    const server = new Server(many(640));
    server.answers.start(NOW, 12, 0);
    let taken = 0;
    for (let partition = 0; partition < 64; partition++) {
      const { bytes, packet } = request({ partition });
      taken += server.answers.answer(bytes, packet, NOW, partition);
    }
    expect([taken, server.answers.valuesLeft]).toEqual([12, 0]);
  });

  it('fill 8 datagrams of one request at most, whatever they are', () => {
    const server = new Server(many(3000, { length: 1000 }));
    const rows = server.rows(request({ partition: 1 }));
    expect(rows).toHaveLength(8);
    expect(server.inPartition(6, 1).length).toBeGreaterThan(30);
    expect(server.answers.packetCount).toBe(8);
  });

  it('come from 1,024 entries and fill 8 datagrams at most', () => {
    const crowd = many(1_100, { prefix: 0x0c01, length: 117 });
    const server = new Server(crowd, { packetsPerRequest: 500 });
    expect(server.rows(request({ partition: 3 }))).toHaveLength(1_024);
    expect(server.answers.entries).toBe(1_100);
    const bounded = new Server(crowd);
    expect(bounded.rows(request({ partition: 3 }))).toHaveLength(80);
    expect(bounded.rows(request({ maskBits: 13, partition: 0x0c01 >> 3 }))).toHaveLength(80);
    expect(bounded.rows(request({ maskBits: 13, partition: (0x0c01 >> 3) + 1 }))).toEqual([]);
  });

  it('begin at a random entry when there are more than are looked at', () => {
    const starts = new Set<number>();
    const server = new Server(many(2000), { scanned: 20, packetsPerRequest: 99 });
    const all = server.inPartition(6, 3);
    for (let seed = 0; seed < 10; seed++) {
      server.seeded(seed);
      const rows = server.rows(request({ partition: 3 }));
      expect(server.answers.entries).toBe(all.length);
      expect(new Set(rows).size).toBe(20);
      expect(rows.every((row) => all.includes(row))).toBe(true);
      starts.add(rows[0]!);
    }
    expect(starts.size).toBeGreaterThan(5);
  });

  it('are priced by what would be visited, and by the keys', () => {
    const server = new Server(many(640));
    const entries = server.inPartition(6, 9).length;
    const price = (asked: Asked): number => {
      const { bytes, packet } = request({ partition: 9, ...asked });
      return server.answers.price(bytes, packet);
    };
    expect(price({})).toBe(8 * entries);
    expect(price({ keyCount: 8, bitLength: 6400 })).toBe(8 * entries);
    expect(price({ keyCount: 20, bitLength: 6400 })).toBe(20 * entries);
    expect(price({ maskBits: 64 })).toBe(scanCost(server.inPartition(12, 0).length, 3));
  });
});

describe('packing and sending', () => {
  it('at most as many Bloom positions as entries are looked at, times the keys', () => {
    const server = new Server(many(800), { scanned: 8 });
    const positions = (maskBits: number): number[] => {
      const { bytes, packet } = request({ maskBits, keyCount: 5, bitLength: 7_000 });
      server.answers.price(bytes, packet);
      return [server.answers.entries, server.answers.hashes(packet)];
    };
    const few = server.inPartition(7, 0).length;
    expect(positions(7)).toEqual([few, 5 * few]);
    const [entries, hashes] = positions(6);
    expect([entries, hashes]).toEqual([server.inPartition(6, 0).length, 5 * Math.min(entries!, 8)]);
  });

  it('are named by the ordinals that they have, in as many datagrams as there is room for', () => {
    const server = new Server(many(800, { length: 594 }), { packets: 2 });
    const rows = server.rows(request({ partition: 3 }));
    const { ordinal } = server.made.table.view.columns;
    expect(rows.length).toBe(4); // two of 594 bytes fill a datagram to the last byte
    expect(Array.from(server.answers.bytes)).toEqual([1_188, 1_188]);
    expect(rows.map((_, i) => server.answers.ordinals[i])).toEqual(rows.map((row) => ordinal[row]));
    expect(server.answers.busy).toBe(0);
  });

  it('are not sent without a budget, not even the first', () => {
    const server = new Server(many(300));
    server.rows(request({ partition: 3 }), { values: 1 });
    expect([server.answers.packetCount, server.answers.next(server.budget)]).toEqual([1, -1]);
    expect(server.answers.dropped).toBe(1);
  });

  it('come in the order of the chance that is given, and there is room without being asked', () => {
    const server = new Server(many(800), { scanned: 8 });
    const { bytes, packet } = request({ partition: 3 });
    const drawn = [1, 1, 2].map((seed, i) => {
      const answers = new PullAnswers(server.made.table.view, seededRng(90 + i), { scanned: 8 });
      answers.start(NOW, 1e9, 0, seededRng(seed));
      const count = answers.answer(bytes, packet, NOW, 1);
      return answers.rows.slice(0, count).join();
    });
    expect(drawn[0]).toBe(drawn[1]);
    expect(drawn[0]).not.toBe(drawn[2]);
    expect(drawn[0]).not.toBe('');
  });

  it('too new for the caller are counted, for each request anew', () => {
    const server = new Server([...many(300), ...many(300, { wallclock: NOW + 10_000, index: 7 })]);
    const newer = server.inPartition(6, 3).filter((row) => {
      return server.made.table.view.columns.wallclock[row]! > NOW + 5_000;
    });
    for (let i = 0; i < 2; i++) {
      server.rows(request({ partition: 3 }));
      expect(server.answers.tooNew).toBe(newer.length);
    }
  });

  it('of rows that are being written stay for the next time', () => {
    const server = new Server(many(300));
    const asked = request({ partition: 3 });
    const wanted = server.inPartition(6, 3);
    const { version } = server.made.table.view.columns;
    version[wanted[0]!]! += 1;
    expect(sorted(server.rows(asked))).toEqual(wanted.slice(1));
    expect(server.answers.busy).toBe(1);
    version[wanted[0]!]! += 1;
    expect(sorted(server.rows(asked))).toEqual(wanted);
    expect(server.answers.busy).toBe(1);
  });

  it('greedy, in order, each request in datagrams of its own', () => {
    const server = new Server(many(900, { length: 300 }), { packetsPerRequest: 99 });
    server.answers.start(NOW, 1e9, 0);
    let expected = 0;
    for (const partition of [0, 1, 2]) {
      const { bytes, packet } = request({ partition });
      server.answers.answer(bytes, packet, NOW, partition);
      expected += Math.ceil(server.inPartition(6, partition).length / 3);
    }
    const { answers } = server;
    expect(answers.packetCount).toBe(expected);
    for (let p = 0; p < answers.packetCount; p++) {
      expect(answers.bytes[p]).toBe(300 * answers.size[p]!);
      if (answers.request[p] === answers.request[p + 1]) expect(answers.size[p]).toBe(3);
    }
  });

  it('the first datagram that does not fit the budget ends the batch', () => {
    const server = new Server(many(640, { length: 1000 }));
    server.answers.start(NOW, server.budget.refill(0, 10), 10);
    for (let partition = 0; partition < 20; partition++) {
      const { bytes, packet } = request({ partition });
      server.answers.answer(bytes, packet, NOW, partition);
    }
    const planned = server.answers.packetCount;
    expect(planned).toBe(63);
    let sent = 0;
    let next = server.answers.next(server.budget);
    for (; next >= 0; next = server.answers.next(server.budget)) sent++;
    expect(next).toBe(-1);
    expect(sent).toBe(Math.floor(10_240 / 1044));
    expect(server.answers.dropped).toBe(planned - sent);
    expect(server.answers.next(server.budget)).toBe(-1);
  });

  const scores = [
    { age: 0, staked: false, contact: false, is: 11_520 },
    { age: 0, staked: true, contact: true, is: 46_080 },
    { age: 14_999, staked: false, contact: false, is: 11_519 },
    { age: 15_000, staked: true, contact: false, is: 23_038 },
    { age: 172_770_000, staked: false, contact: false, is: 2 },
    { age: 172_770_001, staked: false, contact: false, is: 1 },
    { age: 172_790_000, staked: false, contact: true, is: 2 },
    { age: 1e12, staked: false, contact: false, is: 1 },
  ];
  for (const { age, staked, contact, is } of scores) {
    it(`score of ${age} ms${staked ? ', staked' : ''}${contact ? ', contact info' : ''}`, () => {
      expect(valueScore(age, staked, contact)).toBe(is);
    });
  }

  it('fresh values of staked nodes go first, mostly', () => {
    let wins = 0;
    const values = [
      { origin: 10, length: 1188 },
      { origin: 11, length: 1188, kind: Kind.VOTE, wallclock: NOW - 100_000_000 },
    ];
    const server = new Server(values, {}, { 10: SOL });
    const asked = Array.from({ length: 64 }, (_, partition) => request({ partition }));
    for (let seed = 0; seed < 200; seed++) {
      const answers = server.seeded(seed);
      answers.start(NOW, 1e9, 0);
      for (const { bytes, packet } of asked) answers.answer(bytes, packet, NOW, 0);
      server.budget.refill(100 * seed, 100);
      const first = answers.next(server.budget);
      if (answers.rows[answers.first[first]!] === 0) wins++;
    }
    // 46,080 against 4,854.
    expect(wins).toBeGreaterThan(165);
    expect(wins).toBeLessThan(200);
  });
});
