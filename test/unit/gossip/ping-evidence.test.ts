import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/hash.ts';
import {
  ADDRESS_PINGED,
  ADDRESS_PROVED,
  PingCache,
  type PingOrder,
  PROOF_MS,
  PROOF_REFRESH_MS,
} from '../../../src/gossip/ping.ts';
import { PING_QUIET_MS } from '../../../src/gossip/ping-limits.ts';
import { ProvedAddresses } from '../../../src/gossip/proved-addresses.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf } from './small-table.ts';

const [IP, PORT] = [0x05060708, 8001];

/** A cache that pings and is answered. */
class Pinger {
  readonly cache: PingCache;
  readonly order: PingOrder = { ip: 0, port: 0, token: new Uint8Array(32) };

  constructor(size = 8) {
    const sizes = { proofs: size, destinations: size, queue: size };
    this.cache = new PingCache(seededRng(5), false, sizes);
  }

  check(key: number, nowMs: number, ip = IP, port = PORT): number {
    return this.cache.check(keyOf(key), 0, ip, port, nowMs, true);
  }

  pong(key: number, nowMs: number, ip = IP, port = PORT): boolean {
    const prefix = new TextEncoder().encode('SOLANA_PING_PONG');
    const hash = sha256(new Uint8Array([...prefix, ...this.order.token]));
    return this.cache.pong(keyOf(key), 0, hash, 0, ip, port, nowMs);
  }

  /** Has a key prove an address. */
  prove(key: number, askedMs: number, answeredMs: number, ip = IP, port = PORT): boolean {
    this.check(key, askedMs, ip, port);
    this.cache.nextPing(askedMs, this.order);
    return this.pong(key, answeredMs, ip, port);
  }

  evidence(key: number, ip = IP, port = PORT): (number | string)[] {
    const out = { answeredMs: 1, roundTripMs: 1, unanswered: 1 };
    this.cache.evidence(keyOf(key), 0, ip, port, out);
    return [out.answeredMs, out.roundTripMs, out.unanswered];
  }
}

describe('evidence of answers', () => {
  it('is of a key and an address, and none before the first answer', () => {
    const pinger = new Pinger();
    const none = Number.NEGATIVE_INFINITY;
    expect(pinger.evidence(1)).toEqual([none, 0, 0]);
    expect(pinger.prove(1, 100, 130)).toBe(true);
    expect(pinger.evidence(1)).toEqual([130, 30, 0]);
    expect(pinger.evidence(2)).toEqual([none, 0, 0]);
    expect(pinger.evidence(1, IP, PORT + 1)).toEqual([none, 0, 0]);
    pinger.check(3, 200, IP + 1);
    pinger.cache.nextPing(200, pinger.order);
    expect(pinger.evidence(3, IP + 1)).toEqual([none, 0, 1]);
    expect(pinger.evidence(9, IP + 1), 'a stranger at an address that was pinged').toEqual([
      none,
      0,
      1,
    ]);
    expect(pinger.cache.lastRoundTripMs).toBe(30);
    const first = new Pinger();
    first.check(1, 200);
    first.cache.nextPing(200, first.order);
    expect(first.evidence(1), 'the first address of all').toEqual([none, 0, 1]);
  });
});

describe('proofs, to the millisecond', () => {
  it('last as long as they are said to', () => {
    const pinger = new Pinger();
    pinger.prove(1, 100, 130);
    const proved = (nowMs: number): boolean => pinger.cache.isProved(keyOf(1), 0, IP, PORT, nowMs);
    expect([130 + PROOF_MS, 131 + PROOF_MS].map(proved)).toEqual([true, false]);
    expect(pinger.cache.isProved(keyOf(2), 0, IP, PORT, 200)).toBe(false);
    expect(pinger.check(1, 130 + PROOF_MS)).toBe(ADDRESS_PROVED | ADDRESS_PINGED);
    const other = new Pinger();
    other.prove(1, 100, 130);
    expect(other.check(1, 131 + PROOF_MS)).toBe(ADDRESS_PINGED);
  });

  it('are of one key at one address, however many there are', () => {
    const pinger = new Pinger(64);
    // Eight keys at eight addresses, each with one of its own and two that are another's.
    for (let i = 0; i < 48; i++) {
      const [key, ip, port] = [i % 8, IP + ((i >> 3) % 4), PORT + (i % 3)];
      pinger.prove(key, 30_000 * i, 30_000 * i + 10, ip, port);
    }
    const proved: string[] = [];
    for (let key = 0; key < 9; key++) {
      for (let host = 0; host < 5; host++) {
        for (let port = 0; port < 4; port++) {
          const [answeredMs] = pinger.evidence(key, IP + host, PORT + port);
          if (Number.isFinite(answeredMs)) proved.push(`${key} ${host} ${port} ${answeredMs}`);
        }
      }
    }
    const expected = new Map<string, number>();
    for (let i = 0; i < 48; i++) {
      expected.set(`${i % 8} ${(i >> 3) % 4} ${i % 3}`, 30_000 * i + 10);
    }
    expect(proved).toEqual([...expected].map(([name, ms]) => `${name} ${ms}`).sort());
  });

  it('need an answer within 20 s, to the ping under way, from where it went', () => {
    expect(new Pinger().prove(1, 100, 100 + PING_QUIET_MS)).toBe(true);
    expect(new Pinger().prove(1, 100, 101 + PING_QUIET_MS)).toBe(false);
    const pinger = new Pinger();
    pinger.check(1, 100);
    expect(pinger.pong(1, 110), 'not yet sent').toBe(false);
    pinger.cache.nextPing(100, pinger.order);
    expect(pinger.pong(1, 110, IP + 1)).toBe(false);
    expect(pinger.pong(1, 110, IP, PORT + 1)).toBe(false);
    expect(pinger.pong(2, 110), 'nobody asked of this key').toBe(false);
    expect(pinger.pong(1, 110)).toBe(true);
    expect(pinger.pong(1, 111), 'used up').toBe(false);
  });

  it('come to all keys that ask while a ping is under way, and to none that ask before or after', () => {
    const pinger = new Pinger();
    expect(pinger.check(1, 100)).toBe(ADDRESS_PINGED);
    pinger.cache.nextPing(100, pinger.order);
    expect(pinger.check(2, 101), 'refused a ping of its own').toBe(ADDRESS_PINGED);
    expect(pinger.pong(2, 105)).toBe(true);
    expect(pinger.check(3, 106), 'nothing is under way any more').toBe(0);
    expect(pinger.pong(3, 107)).toBe(false);
  });

  it('leave in the order in which they were had, wishes before them', () => {
    const pinger = new Pinger();
    for (let key = 1; key <= 8; key++) pinger.prove(key, 100 * key, 100 * key + 10, IP + key);
    expect(pinger.cache.evicted).toBe(0);
    const later = 8_000_000;
    const held = (): number[] =>
      [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].filter((key) =>
        Number.isFinite(pinger.evidence(key, IP + key)[0] as number),
      );
    pinger.check(9, later, IP + 9);
    expect([held(), pinger.cache.evicted]).toEqual([[2, 3, 4, 5, 6, 7, 8], 1]);
    pinger.check(10, later, IP + 10);
    expect([held(), pinger.cache.evicted], 'the wish goes first').toEqual([
      [2, 3, 4, 5, 6, 7, 8],
      2,
    ]);
  });

  it('are renewed where they are, and no wish takes their place meanwhile', () => {
    const alone = new Pinger(1);
    alone.prove(1, 100, 110);
    const later = 111 + PROOF_REFRESH_MS;
    expect(alone.check(1, later)).toBe(ADDRESS_PROVED | ADDRESS_PINGED);
    expect([alone.evidence(1)[0], alone.cache.evicted]).toEqual([110, 0]);
    const pinger = new Pinger(2);
    pinger.prove(1, 100, 110, IP + 1);
    expect(pinger.check(1, later, IP + 1)).toBe(ADDRESS_PROVED | ADDRESS_PINGED);
    for (const key of [2, 3]) pinger.check(key, later, IP, PORT);
    expect([pinger.evidence(1, IP + 1)[0], pinger.cache.evicted]).toEqual([110, 1]);
  });

  it('of two wishes the one that was repeated stays', () => {
    const pinger = new Pinger(2);
    for (const key of [1, 2, 1, 3]) pinger.check(key, 100);
    pinger.cache.nextPing(100, pinger.order);
    expect([pinger.pong(2, 110), pinger.pong(1, 110), pinger.cache.evicted]).toEqual([
      false,
      true,
      1,
    ]);
  });
});

it('addresses are proved one by one, up to their time', () => {
  const { addresses } = createRegions(SMALL_CAPACITIES, false);
  const proved = ProvedAddresses.create(addresses, seededRng(6));
  proved.mark(IP, PORT, 1_000);
  const is = (ip: number, port: number, nowMs: number): boolean =>
    proved.isLikelyProved(ip, port, nowMs);
  expect([is(IP, PORT, 999), is(IP, PORT, 1_000)]).toEqual([true, false]);
  const others = Array.from({ length: 20 }, (_, i) => is(IP + 1 + i, PORT, 0));
  expect(others.filter(Boolean).length).toBeLessThan(3);
});
