import { describe, expect, it } from 'vitest';
import { LifeSign } from '../../../src/shm/layout.ts';
import { Kind } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';
import { type Peer, START_MS } from './peer.ts';

const [alice, bob] = peers(2) as [Peer, Peer];

/** The evidence of a peer's life: answered, round trip, other outset, other heard. */
function signs(test: TestNode, peer: Peer): number[] {
  const { peers: rows } = test.parts.view;
  const row = rows.find(peer.key, 0);
  return Object.values(LifeSign).map((sign) => rows.lifeSign(row, sign));
}

describe('signs of life', () => {
  it('an answered ping is noted with the time that it took', () => {
    const test = new TestNode();
    test.parts.publisher.refreshContact();
    test.clock.advance(50);
    test.meet(alice);
    expect(signs(test, alice)).toEqual([START_MS + 50, 0, 0, 0]);
  });

  it('unanswered pings are counted until one is answered', () => {
    const test = new TestNode();
    test.from(alice, alice.push(bob.contact()));
    const found = { answeredMs: 0, roundTripMs: 0, unanswered: 0 };
    const look = (): number[] => {
      test.parts.pings.evidence(bob.key, 0, bob.ip, bob.port, found);
      return [found.answeredMs, found.roundTripMs, found.unanswered];
    };
    expect(look()).toEqual([Number.NEGATIVE_INFINITY, 0, 1]);
    test.run(3_000);
    expect(look()[2]).toBe(2);
    const pings = test.transport.sent.filter(({ bytes, ip }) => bytes[0] === 4 && ip === bob.ip);
    const last = pings.at(-1)!;
    test.from(bob, bob.pong(last.bytes));
    const now = test.clock.monoMs();
    expect(look()).toEqual([now, now - last.atMs, 0]);
    expect(signs(test, bob).slice(0, 2)).toEqual([test.clock.wallMs(), now - last.atMs]);
  });

  const other = [
    { name: 'that goes on signing shows', signedMs: 20_000, shows: true },
    { name: 'that signed before the other had started does not', signedMs: 10_000, shows: false },
    { name: 'that stopped a minute ago does not', signedMs: 20_000, laterMs: 90_000, shows: false },
  ];
  for (const { name, signedMs, laterMs = 0, shows } of other) {
    it(`an older instance ${name}`, () => {
      const test = new TestNode();
      test.parts.publisher.refreshContact();
      test.meet(alice, bob);
      const startedUs = (START_MS + 1_000) * 1_000;
      test.clock.advance(2_000);
      const second = { outset: startedUs, wallclock: test.clock.wallMs() };
      test.from(alice, alice.push(bob.contact(second)));
      test.clock.advance(20_000 + laterMs);
      const first = { outset: startedUs - 5, wallclock: START_MS + 1_000 + signedMs };
      test.from(alice, alice.response(bob.contact(first)));
      const [, , outset, heard] = signs(test, bob);
      expect([outset, heard]).toEqual(shows ? [startedUs - 5, test.clock.wallMs()] : [0, 0]);
    });
  }

  it('go with the row', () => {
    const test = new TestNode();
    test.parts.publisher.refreshContact();
    test.clock.advance(50);
    test.meet(alice);
    const { table, view } = test.parts;
    const row = view.peers.find(alice.key, 0);
    table.removeOrigin(alice.key, 0, test.clock.wallMs());
    expect(view.countOfKind(Kind.CONTACT_INFO)).toBe(1);
    expect(view.peers.lifeSign(row, LifeSign.ANSWERED)).toBe(0);
  });
});
