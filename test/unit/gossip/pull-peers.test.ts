import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/hash.ts';
import { PingCache } from '../../../src/gossip/ping.ts';
import {
  type CandidateRules,
  chooseEntrypoint,
  type Entrypoint,
  PeerCandidates,
  pullWeight,
} from '../../../src/gossip/pull-peers.ts';
import { readU32 } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf, type MadeUp, NOW, SHRED_VERSION, SmallTable } from './small-table.ts';

const SOL = 1_000_000_000;
const US = 1;

const RULES: CandidateRules = {
  ourKey: keyOf(US),
  shredVersion: SHRED_VERSION,
  allowPrivate: true,
};

/** Answers every ping that waits, as the keys given, port 8000 + key. */
function answerAll(pings: PingCache, keys: readonly number[]): number {
  const order = { ip: 0, port: 0, token: new Uint8Array(32) };
  let sent = 0;
  while (pings.nextPing(0, order)) {
    sent++;
    const hash = sha256(
      new Uint8Array([...new TextEncoder().encode('SOLANA_PING_PONG'), ...order.token]),
    );
    for (const key of keys) pings.pong(keyOf(key), 0, hash, 0, order.ip, order.port, 0);
  }
  return sent;
}

/** Has keys prove the address 10.10.10.10:8001 one after another. */
function answerAllAtOnce(
  pings: PingCache,
  keys: readonly number[],
  times: readonly number[],
): void {
  const order = { ip: 0, port: 0, token: new Uint8Array(32) };
  for (const [i, key] of keys.entries()) {
    const monoMs = times[i]!;
    pings.check(keyOf(key), 0, 0x0a0a0a0a, 8001, monoMs, true);
    pings.nextPing(monoMs, order);
    const prefix = new TextEncoder().encode('SOLANA_PING_PONG');
    const hash = sha256(new Uint8Array([...prefix, ...order.token]));
    expect(pings.pong(keyOf(key), 0, hash, 0, order.ip, order.port, monoMs)).toBe(true);
  }
}

/** Candidates after everybody has answered its ping. */
function gather(
  values: readonly MadeUp[],
  options: {
    rules?: CandidateRules;
    stakes?: Record<number, number>;
    nowMs?: number;
    ourStake?: number;
    answering?: readonly number[];
    capacity?: number;
  } = {},
): PeerCandidates {
  const made = new SmallTable(options.stakes);
  for (const value of values) made.put(value);
  const rng = seededRng(1);
  const sizes = { proofs: 256, destinations: 256, ipCells: 16, addressCells: 16 };
  const pings = new PingCache(rng, true, sizes);
  const { rules = RULES, capacity = 1024 } = options;
  const candidates = new PeerCandidates(rules, rng, capacity);
  const { nowMs = NOW, ourStake = 0 } = options;
  candidates.gather(made.table.view, pings, nowMs, 0, ourStake);
  expect(candidates.count, 'nobody has proved anything').toBe(0);
  answerAll(pings, options.answering ?? values.map(({ origin }) => origin));
  candidates.gather(made.table.view, pings, nowMs, 0, ourStake);
  return candidates;
}

const keysOf = (candidates: PeerCandidates): number[] =>
  Array.from({ length: candidates.count }, (_, i) => readU32(candidates.keys, 32 * i)).sort();

describe('candidates', () => {
  it('are those whose address has answered', () => {
    const candidates = gather([{ origin: 10 }, { origin: 11 }, { origin: 12 }], {
      answering: [10, 12],
    });
    expect(keysOf(candidates)).toEqual([10, 12]);
    const first = readU32(candidates.keys, 0);
    expect([candidates.ip[0], candidates.port[0]]).toEqual([0x0a000000 + first, 8001]);
  });

  const excluded: readonly { name: string; value: MadeUp; rules?: CandidateRules }[] = [
    { name: 'ourselves', value: { origin: US } },
    { name: 'of another cluster', value: { origin: 11, shredVersion: 7 } },
    { name: 'without an address', value: { origin: 11, ip: 0, port: 0 } },
    { name: 'at a multicast address', value: { origin: 11, ip: 0xe0000001 } },
    { name: 'silent for over a minute', value: { origin: 11, nowMs: NOW - 60_001 } },
    {
      name: 'not on the list',
      value: { origin: 11 },
      rules: { ...RULES, isAllowed: (keys, at) => readU32(keys, at) === 10 },
    },
  ];
  for (const { name, value, rules } of excluded) {
    it(`not: ${name}`, () => {
      const candidates = gather([{ origin: 10 }, value], { rules: rules ?? RULES });
      expect(keysOf(candidates)).toEqual([10]);
    });
  }

  it('not: at private addresses of a public cluster', () => {
    const values = [{ origin: 10, ip: 0x05050505 }, { origin: 11 }, { origin: 12, ip: 0x7f000001 }];
    expect(keysOf(gather(values, { rules: { ...RULES, allowPrivate: false } }))).toEqual([10]);
  });

  it('silent for just a minute still count', () => {
    expect(keysOf(gather([{ origin: 10, nowMs: NOW - 60_000 }]))).toEqual([10]);
  });

  it('not: silent and without stake, who are not even pinged', () => {
    const made = new SmallTable();
    for (let origin = 100; origin < 300; origin++) made.put({ origin, nowMs: NOW - 100_000 });
    const rng = seededRng(2);
    const pings = new PingCache(rng, true);
    new PeerCandidates(RULES, rng, 1024).gather(made.table.view, pings, NOW, 0, 0);
    expect(pings.limits.queued).toBe(0);
  });

  it('staked and silent: one in 16 a time', () => {
    const made = new SmallTable(
      Object.fromEntries(Array.from({ length: 800 }, (_, i) => [100 + i, SOL])),
    );
    for (let origin = 100; origin < 900; origin++) made.put({ origin, nowMs: NOW - 100_000 });
    const rng = seededRng(2);
    const pings = new PingCache(rng, true);
    const candidates = new PeerCandidates(RULES, rng, 1024);
    let sent = 0;
    for (let round = 0; round < 20; round++) {
      candidates.gather(made.table.view, pings, NOW, 0, 0);
      sent = pings.limits.queued;
      if (round === 0) expect(Math.abs(sent - 50)).toBeLessThan(25);
    }
    expect(sent).toBeGreaterThan(500); // others each time
  });

  it('one for each address, the one with the highest stake', () => {
    const stakes = { 10: 5 * SOL, 11: 9 * SOL, 12: 7 * SOL };
    const same = [10, 11, 12].map((origin) => ({ origin, ip: 0x0a0a0a0a }));
    // An address answers for one key at a time, so each proves itself in a life of its own.
    const made = new SmallTable(stakes);
    for (const value of same) made.put(value);
    const rng = seededRng(1);
    const pings = new PingCache(rng, true);
    const candidates = new PeerCandidates(RULES, rng, 1024);
    const order = { ip: 0, port: 0, token: new Uint8Array(32) };
    for (const [i, key] of [10, 11, 12].entries()) {
      const monoMs = 30_000 * i;
      pings.check(keyOf(key), 0, 0x0a0a0a0a, 8001, monoMs, true);
      expect(pings.nextPing(monoMs, order)).toBe(true);
      const hash = sha256(
        new Uint8Array([...new TextEncoder().encode('SOLANA_PING_PONG'), ...order.token]),
      );
      expect(pings.pong(keyOf(key), 0, hash, 0, order.ip, order.port, monoMs)).toBe(true);
    }
    candidates.gather(made.table.view, pings, NOW, 60_000, 0);
    expect(keysOf(candidates)).toEqual([11]);
    expect(candidates.stake[0]).toBe(9 * SOL);
  });

  it('at one IP or one port are as many as there are addresses', () => {
    const values = Array.from({ length: 80 }, (_, i) => ({
      origin: 10 + i,
      ip: 0x0a0a0a00 + (i >> 2),
      port: 8001 + (i & 3),
    }));
    expect(keysOf(gather(values, { capacity: 80 })).length).toBe(80);
  });

  it('of equal stake at one address are the first', () => {
    const made = new SmallTable({ 10: SOL, 11: SOL });
    for (const origin of [10, 11]) made.put({ origin, ip: 0x0a0a0a0a });
    const rng = seededRng(1);
    const pings = new PingCache(rng, true);
    const candidates = new PeerCandidates(RULES, rng, 16);
    candidates.gather(made.table.view, pings, NOW, 0, 0);
    answerAllAtOnce(pings, [10, 11], [0, 30_000]);
    candidates.gather(made.table.view, pings, NOW, 60_000, 0);
    expect(keysOf(candidates)).toEqual([10]);
  });

  it('nobody to choose from', () => {
    expect(gather([]).choose(seededRng(1))).toBe(-1);
  });
});

describe('choice of whom to pull from', () => {
  const cases = [
    { peer: 0, ours: 100 * SOL, weight: 1 },
    { peer: 100 * SOL, ours: 0, weight: 1 },
    { peer: SOL - 1, ours: SOL, weight: 1 },
    { peer: SOL, ours: SOL, weight: 4 },
    { peer: 255 * SOL, ours: 1000 * SOL, weight: 81 },
    { peer: 1000 * SOL, ours: 256 * SOL, weight: 100 },
    { peer: 2 ** 62, ours: 2 ** 63, weight: 1089 },
  ];
  for (const { peer, ours, weight } of cases) {
    it(`stake ${peer} of ours ${ours}`, () => expect(pullWeight(peer, ours)).toBe(weight));
  }

  it('by weight, with replacement', () => {
    const stakes = { 10: 1000 * SOL, 11: SOL };
    const values = [{ origin: 10 }, { origin: 11 }, { origin: 12 }];
    const candidates = gather(values, { stakes, ourStake: 100 * SOL });
    const rng = seededRng(3);
    const drawn: Record<number, number> = { 10: 0, 11: 0, 12: 0 };
    for (let i = 0; i < 6900; i++)
      drawn[readU32(candidates.keys, 32 * candidates.choose(rng))]! += 1;
    // 100 SOL has 7 bits: 64, 4 and 1 of 69.
    expect(Math.abs(drawn[10]! - 6400)).toBeLessThan(100);
    expect(Math.abs(drawn[11]! - 400)).toBeLessThan(80);
    expect(Math.abs(drawn[12]! - 100)).toBeLessThan(50);
  });
});

describe('entrypoints', () => {
  const at = (wallclock: number, ip = 0x05050505): Entrypoint => ({ ip, port: 8001, wallclock });
  const cases = [
    { name: 'none configured', entrypoints: [], requests: 0, known: false, is: -1 },
    { name: 'nobody else to ask', entrypoints: [at(NOW)], requests: 0, known: true, is: 0 },
    { name: 'asked just now', entrypoints: [at(NOW - 7_500)], requests: 8, known: false, is: -1 },
    {
      name: 'not asked for long',
      entrypoints: [at(NOW - 7_501)],
      requests: 8,
      known: false,
      is: 0,
    },
    { name: 'in the table', entrypoints: [at(NOW - 7_501)], requests: 8, known: true, is: -1 },
    { name: 'unusable', entrypoints: [at(0, 0)], requests: 0, known: false, is: -1 },
    {
      name: 'private, on a public cluster',
      entrypoints: [at(0, 0x0a000001)],
      requests: 0,
      known: false,
      is: -1,
    },
  ];
  for (const { name, entrypoints: given, requests, known, is } of cases) {
    it(name, () => {
      const entrypoints = given.map((one) => ({ ...one }));
      const before = entrypoints.map((one) => one.wallclock);
      const chosen = chooseEntrypoint(entrypoints, requests, NOW, false, () => known, seededRng(1));
      expect(chosen).toBe(is);
      const waited = requests > 0 && before[0] !== undefined && NOW > before[0] + 7_500;
      expect(entrypoints.map((one) => one.wallclock)).toEqual(waited ? [NOW] : before);
    });
  }

  it('one of several at random', () => {
    const rng = seededRng(1);
    const chosen = Array.from({ length: 100 }, () =>
      chooseEntrypoint([at(0), at(0), at(0)], 0, NOW, false, () => false, rng),
    );
    expect(new Set(chosen)).toEqual(new Set([0, 1, 2]));
  });
});
