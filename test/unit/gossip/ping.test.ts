import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/hash.ts';
import {
  ADDRESS_PINGED,
  ADDRESS_PROVED,
  PingCache,
  type PingCacheSizes,
  type PingOrder,
  PROOF_MS,
} from '../../../src/gossip/ping.ts';
import { PING_QUEUE, PINGS_PER_SECOND } from '../../../src/gossip/ping-limits.ts';
import { ProvedAddresses } from '../../../src/gossip/proved-addresses.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { LOOPBACK_IP } from '../../../src/util/ipv4.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { keyOf } from './small-table.ts';

const PUBLIC_IP = 0x05060708;
const SMALL: PingCacheSizes = {
  proofs: 64,
  destinations: 64,
  queue: 32,
  ipCells: 64,
};

/** A cache with the words that the protocol has for it. */
class Pinger {
  readonly addresses = ProvedAddresses.create(
    createRegions(SMALL_CAPACITIES, false).addresses,
    seededRng(6),
  );
  readonly cache: PingCache;
  readonly order: PingOrder = { ip: 0, port: 0, token: new Uint8Array(32) };
  nowMs = 0;

  constructor(allowPrivate = false, sizes = SMALL) {
    this.cache = new PingCache(seededRng(5), allowPrivate, sizes, this.addresses);
  }

  check(key: number, ip = PUBLIC_IP, port = 8001, mayPing = true): number {
    return this.cache.check(keyOf(key), 0, ip, port, this.nowMs, mayPing);
  }

  ping(): boolean {
    return this.cache.nextPing(this.nowMs, this.order);
  }

  /** Answers the last ping as `key` from an address. */
  pong(key: number, ip = this.order.ip, port = this.order.port, token = this.order.token): boolean {
    const hash = sha256(
      new Uint8Array([...new TextEncoder().encode('SOLANA_PING_PONG'), ...token]),
    );
    return this.cache.pong(keyOf(key), 0, hash, 0, ip, port, this.nowMs);
  }

  proved(key: number, ip = PUBLIC_IP, port = 8001): boolean {
    return this.cache.isProved(keyOf(key), 0, ip, port, this.nowMs);
  }

  prove(key: number, ip = PUBLIC_IP, port = 8001): void {
    this.check(key, ip, port);
    expect(this.ping() && this.pong(key), `proof of ${key}`).toBe(true);
  }
}

describe('proofs of address', () => {
  it('a ping answered from there, and its life', () => {
    const pinger = new Pinger();
    expect(pinger.check(1)).toBe(ADDRESS_PINGED);
    expect(pinger.ping()).toBe(true);
    expect([pinger.order.ip, pinger.order.port]).toEqual([PUBLIC_IP, 8001]);
    pinger.nowMs = 80;
    expect(pinger.proved(1)).toBe(false);
    expect(pinger.pong(1)).toBe(true);
    expect(pinger.cache.lastRoundTripMs).toBe(80);
    expect(pinger.check(1)).toBe(ADDRESS_PROVED);
    expect(pinger.addresses.isLikelyProved(PUBLIC_IP, 8001, pinger.nowMs)).toBe(true);
    pinger.nowMs = 80 + PROOF_MS / 4;
    expect(pinger.check(1)).toBe(ADDRESS_PROVED);
    pinger.nowMs++;
    expect(pinger.check(1)).toBe(ADDRESS_PROVED | ADDRESS_PINGED);
    pinger.nowMs = 80 + PROOF_MS;
    expect(pinger.proved(1)).toBe(true);
    pinger.nowMs++;
    expect(pinger.proved(1)).toBe(false);
    expect(pinger.addresses.isLikelyProved(PUBLIC_IP, 8001, pinger.nowMs)).toBe(false);
  });

  const wrong: readonly { name: string; pong: (pinger: Pinger) => boolean }[] = [
    { name: 'by another key', pong: (pinger) => pinger.pong(2) },
    { name: 'from another IP', pong: (pinger) => pinger.pong(1, PUBLIC_IP + 1) },
    { name: 'from another port', pong: (pinger) => pinger.pong(1, PUBLIC_IP, 8002) },
    { name: 'to another token', pong: (pinger) => pinger.pong(1, PUBLIC_IP, 8001, keyOf(9)) },
  ];
  for (const { name, pong } of wrong) {
    it(`a pong ${name} proves nothing, and the right one still does`, () => {
      const pinger = new Pinger();
      pinger.check(1);
      pinger.ping();
      expect(pong(pinger)).toBe(false);
      expect(pinger.proved(1)).toBe(false);
      expect(pinger.pong(1)).toBe(true);
    });
  }

  it('a token counts once, until the next one, and for 20 s', () => {
    const pinger = new Pinger();
    pinger.check(1);
    pinger.ping();
    const first = pinger.order.token.slice();
    pinger.nowMs = 2_000;
    pinger.check(1);
    expect(pinger.ping()).toBe(true);
    expect(pinger.pong(1, PUBLIC_IP, 8001, first)).toBe(false);
    expect(pinger.pong(1)).toBe(true);
    expect(pinger.pong(1)).toBe(false);
    pinger.nowMs = 22_000;
    pinger.check(2);
    expect(pinger.ping()).toBe(true);
    pinger.nowMs = 42_001;
    expect(pinger.pong(2)).toBe(false);
  });

  it('no token tells the next', () => {
    const pinger = new Pinger(true, { ...SMALL, destinations: 1024, queue: 1024 });
    const tokens = new Set<string>();
    for (let port = 1; port <= 500; port++) {
      pinger.check(1, LOOPBACK_IP, port);
      pinger.ping();
      tokens.add(toHex(pinger.order.token));
      expect(pinger.order.token.slice(8).some((byte) => byte !== 0)).toBe(true);
    }
    expect(tokens.size).toBe(500);
  });

  it('a question that may not ping, does not', () => {
    const pinger = new Pinger();
    expect(pinger.check(1, PUBLIC_IP, 8001, false)).toBe(0);
    expect(pinger.ping()).toBe(false);
  });

  it('strangers that name an honest address cannot keep it from proving itself', () => {
    const pinger = new Pinger();
    const honest = 7;
    let forged = 1000;
    for (; pinger.nowMs < 60_000 && !pinger.proved(honest); pinger.nowMs += 50) {
      for (let i = 0; i < 40; i++) pinger.check(forged++);
      if (pinger.nowMs % 7_500 === 0) pinger.check(honest); // its contact info comes along
      // The address belongs to the honest key, and answers every ping as itself.
      while (pinger.ping()) pinger.pong(honest);
    }
    expect(pinger.proved(honest)).toBe(true);
    expect(pinger.nowMs).toBeLessThan(30_000);
  });

  it('a full cache lets the oldest wish go, then the oldest proof', () => {
    const pinger = new Pinger(true, { ...SMALL, proofs: 4 });
    pinger.prove(1, LOOPBACK_IP, 1);
    pinger.prove(2, LOOPBACK_IP, 2);
    for (const key of [3, 4, 5]) pinger.check(key, LOOPBACK_IP, key);
    expect(pinger.cache.evicted).toBe(1);
    const answered = new Map<number, boolean>();
    while (pinger.ping()) answered.set(pinger.order.port, pinger.pong(pinger.order.port));
    expect([...answered]).toEqual([
      [3, false],
      [4, true],
      [5, true],
    ]);
    expect([1, 2].map((key) => pinger.proved(key, LOOPBACK_IP, key))).toEqual([true, true]);
    pinger.check(6, LOOPBACK_IP, 6);
    expect([1, 2].map((key) => pinger.proved(key, LOOPBACK_IP, key))).toEqual([false, true]);
  });

  it('wishes of a crowd do not displace one another before they are answered', () => {
    const proofs = 32;
    const pinger = new Pinger(true, { ...SMALL, proofs });
    for (let key = 1; key <= proofs; key++) pinger.prove(key, LOOPBACK_IP, key);
    // Two at a time come in before the first is answered, long after the cache is full.
    for (let key = 101; key <= 120; key += 2) {
      for (const each of [key, key + 1]) pinger.check(each, LOOPBACK_IP, each);
      while (pinger.ping()) pinger.pong(pinger.order.port);
      const proved = [key, key + 1].map((each) => pinger.proved(each, LOOPBACK_IP, each));
      expect(proved, `${key}`).toEqual([true, true]);
      pinger.nowMs += 1_000;
    }
  });

  it('a wish that is repeated takes one place, and does not make the next displace it', () => {
    const proofs = 32;
    const pinger = new Pinger(true, { ...SMALL, proofs });
    for (let key = 1; key <= proofs; key++) pinger.prove(key, LOOPBACK_IP, key);
    for (let times = 0; times < 3; times++) {
      pinger.check(101, LOOPBACK_IP, 101);
      while (pinger.ping()); // nobody answers
      pinger.nowMs += 30_000;
    }
    for (const key of [101, 102]) pinger.check(key, LOOPBACK_IP, key);
    while (pinger.ping()) pinger.pong(pinger.order.port);
    expect([101, 102].map((key) => pinger.proved(key, LOOPBACK_IP, key))).toEqual([true, true]);
  });

  it('wishes that nobody answers take a sixteenth of a full cache, and no more', () => {
    const proofs = 32;
    const pinger = new Pinger(true, { ...SMALL, proofs });
    for (let key = 1; key <= proofs; key++) pinger.prove(key, LOOPBACK_IP, key);
    for (let key = 101; key <= 140; key++) {
      pinger.check(key, LOOPBACK_IP, key);
      pinger.nowMs += 100;
    }
    const kept = Array.from({ length: proofs }, (_, i) => i + 1).filter((key) =>
      pinger.proved(key, LOOPBACK_IP, key),
    );
    expect(kept.length).toBe(proofs - 2);
  });
});

describe('limits of pings', () => {
  it('to one address: one, one more after 2 s, then none for 20 s, whatever the key', () => {
    const pinger = new Pinger();
    const sent: number[] = [];
    for (let key = 1; pinger.nowMs <= 50_000; pinger.nowMs += 100) {
      pinger.check(key++);
      if (pinger.ping()) sent.push(pinger.nowMs);
    }
    expect(sent).toEqual([0, 2_000, 22_000, 24_000, 44_000, 46_000]);
  });

  it('a second ping that comes late is the repetition, or the first of a new round', () => {
    const pinger = new Pinger();
    const sent: number[] = [];
    for (const at of [0, 15_000, 20_000, 34_999, 35_000, 36_000, 37_000, 60_000]) {
      pinger.nowMs = at;
      pinger.check(1);
      if (pinger.ping()) sent.push(at);
    }
    expect(sent).toEqual([0, 15_000, 35_000, 37_000, 60_000]);
  });

  it('to one IP: 16 in 20 s', () => {
    const pinger = new Pinger(false, { ...SMALL, destinations: 4096 });
    const sent: number[] = [];
    for (let port = 1; pinger.nowMs < 60_000; pinger.nowMs += 50) {
      pinger.check(1, PUBLIC_IP, port++);
      while (pinger.ping()) sent.push(pinger.nowMs);
    }
    expect(sent.length).toBe(48);
    for (let i = 16; i < sent.length; i++)
      expect(sent[i]! - sent[i - 16]!).toBeGreaterThanOrEqual(20_000);
    expect(pinger.cache.limits.skipped).toBeGreaterThan(1000);
  });

  const exempt = [
    { name: 'loopback where allowed', ip: LOOPBACK_IP, allowPrivate: true, pings: 30 },
    { name: 'private where allowed', ip: 0xc0a80101, allowPrivate: true, pings: 30 },
    { name: 'public where private is allowed', ip: PUBLIC_IP, allowPrivate: true, pings: 16 },
    { name: 'loopback elsewhere', ip: LOOPBACK_IP, allowPrivate: false, pings: 16 },
  ];
  for (const { name, ip, allowPrivate, pings } of exempt) {
    it(`of one IP: ${name}`, () => {
      const pinger = new Pinger(allowPrivate);
      for (let port = 1; port <= 30; port++) pinger.check(1, ip, port);
      let sent = 0;
      while (pinger.ping()) sent++;
      expect(sent).toBe(pings);
    });
  }

  it('in all: 1,000 in any second, and 4,096 waiting', () => {
    const pinger = new Pinger(true, { proofs: 64, destinations: 8192 });
    for (let i = 0; i < 6000; i++) pinger.check(1, LOOPBACK_IP + (i >> 8), 1 + (i & 255));
    expect(pinger.cache.limits.queued).toBe(PING_QUEUE);
    const perTick: number[] = [];
    for (; pinger.nowMs < 5_000; pinger.nowMs += 100) {
      let sent = 0;
      while (pinger.ping()) sent++;
      perTick.push(sent);
    }
    const total = perTick.reduce((sum, sent) => sum + sent, 0);
    expect(total).toBe(PING_QUEUE);
    for (let i = 0; i + 10 <= perTick.length; i++) {
      const inSecond = perTick.slice(i, i + 10).reduce((sum, sent) => sum + sent, 0);
      expect(inSecond, `second from tick ${i}`).toBeLessThanOrEqual(PINGS_PER_SECOND);
    }
  });

  it('an address is not forgotten while its limit runs, even when there is no room', () => {
    const pinger = new Pinger(true, { ...SMALL, destinations: 2 });
    pinger.check(1, LOOPBACK_IP, 1);
    pinger.check(2, LOOPBACK_IP, 2);
    while (pinger.ping());
    expect(pinger.cache.limits.skipped).toBe(0);
    expect(pinger.check(3, LOOPBACK_IP, 3)).toBe(0);
    expect(pinger.cache.limits.skipped).toBe(1);
    pinger.nowMs = 19_999;
    expect(pinger.check(3, LOOPBACK_IP, 3)).toBe(0);
    pinger.nowMs = 20_000;
    expect(pinger.check(3, LOOPBACK_IP, 3)).toBe(ADDRESS_PINGED);
    expect(pinger.ping()).toBe(true);
    expect(pinger.pong(3)).toBe(true);
  });

  it('a token of the address that had the place before is worth nothing', () => {
    const pinger = new Pinger(true, { ...SMALL, destinations: 1 });
    pinger.check(1, LOOPBACK_IP, 1);
    pinger.ping();
    pinger.nowMs = 20_000;
    pinger.check(1, LOOPBACK_IP, 2);
    expect(pinger.pong(1, LOOPBACK_IP, 2)).toBe(false);
    expect(pinger.ping()).toBe(true);
    expect(pinger.pong(1, LOOPBACK_IP, 2)).toBe(true);
  });
});
