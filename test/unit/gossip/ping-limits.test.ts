import { describe, expect, it } from 'vitest';
import {
  ALL_WINDOW_MS,
  IP_WINDOW_MS,
  PING_QUIET_MS,
  PING_RETRY_MS,
  PINGS_PER_IP,
  type PingLimitSizes,
  PingLimits,
} from '../../../src/gossip/ping-limits.ts';
import { KeyedHash } from '../../../src/util/keyed-hash.ts';
import { seededRng } from '../../../src/util/rng.ts';

const IP = 0x05060708;
const PRIVATE_IP = 0x0a000001;

function limits(sizes: PingLimitSizes = {}, allowPrivate = false): PingLimits {
  const small = { destinations: 8, queue: 8, ipCells: 64, ...sizes };
  return new PingLimits(KeyedHash.random(seededRng(3)), allowPrivate, small);
}

/** Wants a ping and sends it. @returns the slot, -1 when there was none */
function ping(of: PingLimits, ip: number, port: number, nowMs: number): number {
  return of.want(ip, port, nowMs) ? of.next(nowMs) : -1;
}

describe('limits of pings', () => {
  it('an address gets one, another after 2 s, and then none for 20 s', () => {
    const of = limits();
    const times = [0, 1, PING_RETRY_MS - 1, PING_RETRY_MS, PING_RETRY_MS + PING_QUIET_MS - 1];
    const sent = times.map((ms) => ping(of, IP, 8001, 1_000 + ms) >= 0);
    expect(sent).toEqual([true, false, false, true, false]);
    expect(of.skipped).toBe(3);
    expect(ping(of, IP, 8001, 1_000 + PING_RETRY_MS + PING_QUIET_MS)).toBeGreaterThanOrEqual(0);
  });

  it('addresses wait once, in order, and are told apart by IP and port', () => {
    const of = limits();
    expect([1, 2, 1, 3].map((port) => of.want(IP, port, 5))).toEqual([true, true, true, true]);
    of.want(IP + 1, 1, 5);
    expect([of.queued, of.due(5)]).toEqual([4, 4]);
    const slots = [1, 2, 3, 4, 5].map(() => of.next(5));
    expect(slots.at(-1)).toBe(-1);
    const said = slots.slice(0, 4).map((slot) => [of.ip(slot), of.port(slot), of.sentMs(slot)]);
    expect(said).toEqual([
      [IP, 1, 5],
      [IP, 2, 5],
      [IP, 3, 5],
      [IP + 1, 1, 5],
    ]);
    expect(of.find(IP, 2)).toBe(slots[1]);
    expect([of.find(IP + 1, 2), of.find(IP, 4), of.find(IP + 2, 1)]).toEqual([-1, -1, -1]);
    expect([of.queued, of.due(5), of.skipped]).toEqual([0, 0, 0]);
  });

  it('many addresses that share an IP or a port each have a place of their own', () => {
    const of = limits({ destinations: 64, queue: 64, ipCells: 1_024 });
    const addresses = Array.from({ length: 60 }, (_, i) =>
      i % 2 === 0 ? [IP + i, 1] : [IP + (i % 8), 2 + i],
    ) as [number, number][];
    for (const [ip, port] of addresses) expect(ping(of, ip, port, 0)).toBeGreaterThanOrEqual(0);
    for (const [ip, port] of addresses) {
      const slot = of.find(ip, port);
      expect([of.ip(slot), of.port(slot), of.find(ip, port + 100)]).toEqual([ip, port, -1]);
    }
  });

  it('an IP gets 16 in 20 s over all its ports, when asked and when sent', () => {
    const of = limits({ destinations: 64, queue: 64 });
    for (let port = 1; port <= PINGS_PER_IP + 2; port++) expect(of.want(IP, port, 0)).toBe(true);
    let sent = 0;
    while (of.next(0) >= 0) sent++;
    expect([sent, of.skipped]).toEqual([PINGS_PER_IP, 2]);
    expect([of.want(IP, 99, IP_WINDOW_MS - 1), of.skipped]).toEqual([false, 3]);
    expect(of.want(IP, 99, IP_WINDOW_MS)).toBe(true);
  });

  it('no more are seen in the promised time when one of them had to wait for the socket', () => {
    const late = 50;
    expect(IP_WINDOW_MS - late).toBeGreaterThan(PING_QUIET_MS);
    expect(ALL_WINDOW_MS - late).toBeGreaterThanOrEqual(1_000);
  });

  it('private addresses are free of that where they are allowed, and only there', () => {
    for (const [allowed, expected] of [
      [true, 20],
      [false, PINGS_PER_IP],
    ] as const) {
      const of = limits({ destinations: 64, queue: 64 }, allowed);
      let sent = 0;
      for (let port = 1; port <= 20; port++) if (ping(of, PRIVATE_IP, port, 0) >= 0) sent++;
      expect(sent).toBe(expected);
    }
    const of = limits({ destinations: 64, queue: 64 }, true);
    let sent = 0;
    for (let port = 1; port <= 20; port++) if (ping(of, IP, port, 0) >= 0) sent++;
    expect(sent).toBe(PINGS_PER_IP);
  });

  it('a full queue takes nobody', () => {
    const of = limits({ queue: 2 });
    expect([1, 2, 3].map((port) => of.want(IP, port, 0))).toEqual([true, true, false]);
    of.next(0);
    expect([of.want(IP, 3, 0), of.want(IP, 4, 0), of.skipped]).toEqual([true, false, 2]);
    const ports = [0, 0, 0].map(() => of.next(0)).map((slot) => (slot < 0 ? -1 : of.port(slot)));
    expect(ports).toEqual([2, 3, -1]);
  });

  it('counts pings without an answer, up to 255, until one is answered', () => {
    const of = limits();
    const slot = ping(of, IP, 8001, 0);
    expect(of.unanswered(slot)).toBe(1);
    of.answered(slot);
    expect(of.unanswered(slot)).toBe(0);
    for (let i = 1; i <= 300; i++) ping(of, IP, 8001, 2 * i * PING_QUIET_MS);
    expect(of.unanswered(slot)).toBe(255);
  });

  it('the longest unused place goes to another, once its limits have run out', () => {
    const of = limits({ destinations: 2 });
    const from = 100_000;
    const first = ping(of, IP, 1, from);
    ping(of, IP, 2, from + 10);
    expect(ping(of, IP, 3, from + PING_QUIET_MS - 1), 'both are in use').toBe(-1);
    of.answered(first);
    expect(ping(of, IP, 3, from + PING_QUIET_MS)).toBe(first);
    expect([of.find(IP, 1), of.find(IP, 3), of.unanswered(first)]).toEqual([-1, first, 1]);
    expect(of.want(IP, 2, from + PING_QUIET_MS + 10), 'waits, and keeps its place').toBe(true);
    expect(of.want(IP, 4, from + PING_QUIET_MS + 10)).toBe(false);
    expect(of.find(IP, 2)).toBeGreaterThanOrEqual(0);
  });
});
