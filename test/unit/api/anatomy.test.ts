import { describe, expect, it } from 'vitest';
import { anatomy, difference, LEAVING, MONTH_SECONDS } from '../../../src/api/anatomy.ts';
import type { KindTraffic, TrafficStats } from '../../../src/api/traffic.ts';
import { renderAnatomy } from '../../../src/cli/anatomy-text.ts';
import { madeUpTraffic } from '../cli/watch/made-up.ts';

const NONE = { packets: 0, bytes: 0 };

/** A kind of which `heard` values of 100 bytes came in, `fresh` of them new. */
function kind(heard: number, fresh: number, held: number): KindTraffic {
  const amount = (values: number) => ({ values, bytes: values * 100 });
  return {
    pushed: amount(heard),
    pulled: amount(0),
    fresh: amount(fresh),
    copies: amount(heard - fresh),
    outdated: 0,
    refused: 0,
    relayed: amount(fresh * 2),
    served: amount(0),
    held: amount(held),
  };
}

/** Ten seconds: 300 votes of 3 origins and 100 contact infos, in 200 datagrams, each value five times. */
function small(): TrafficStats {
  const sent = { pong: NONE, ping: NONE, prune: NONE, pullRequest: NONE, pullResponse: NONE };
  const received = {
    pullRequest: { packets: 10, bytes: 12_000 },
    pullResponse: NONE,
    push: { packets: 200, bytes: 40_000 + 200 * 44 },
    prune: { packets: 5, bytes: 1_000 },
    ping: { packets: 10, bytes: 1_320 },
    pong: NONE,
    refused: NONE,
  };
  return {
    seconds: 10,
    kinds: { Vote: kind(300, 60, 36), ContactInfo: kind(100, 20, 4) },
    classes: {
      unproved: { in: NONE, out: NONE },
      unstaked: { in: { packets: 225, bytes: 63_120 }, out: { packets: 100, bytes: 20_400 } },
      staked: { in: NONE, out: NONE },
      entrypoint: { in: NONE, out: NONE },
    },
    received,
    sent: { ...sent, push: { packets: 100, bytes: 16_000 + 100 * 44 } },
    stakesKnown: false,
    originCount: 4,
    voterCount: 3,
    relayerCount: 1,
    origins: [{ pubkey: 'a', stake: 0, values: 300, bytes: 30_000, fresh: 60 }],
    relayers: [
      { pubkey: 'b', stake: 0, packets: 200, bytes: 48_800, values: 400, fresh: 80, copies: 320 },
    ],
  };
}

describe('the anatomy', () => {
  const found = anatomy(small());

  it('gives rates, shares and copies by kind', () => {
    expect(
      found.kinds.map(({ kind, values, bytes, share, copies }) => [
        kind,
        values,
        bytes,
        share,
        copies,
      ]),
    ).toEqual([
      ['Vote', 30, 3_000, 0.75, 4],
      ['ContactInfo', 10, 1_000, 0.25, 4],
    ]);
    expect(found.values).toMatchObject({ values: 40, bytes: 4_000, fresh: 8, copies: 4 });
  });

  it('counts headers of UDP and IP, and loses no byte between the ways of counting', () => {
    const bytes = 12_000 + 48_800 + 1_000 + 1_320 + 225 * 28;
    expect(found.total.in).toBeCloseTo(bytes / 10);
    expect(found.packets).toEqual({ in: 22.5, out: 10 });
    for (const parts of [found.sorts, found.classes]) {
      expect(parts.reduce((sum, part) => sum + part.in, 0)).toBeCloseTo(found.total.in);
      expect(parts.reduce((sum, part) => sum + part.out, 0)).toBeCloseTo(found.total.out);
    }
  });

  it('names shares of those who sign and bring most', () => {
    expect(found.origins[0]?.share).toBeCloseTo(0.75);
    expect(found.relayers[0]?.share).toBeCloseTo(1);
  });

  it('tells what a validator pays: what is heard and sent, and pushes of its own', () => {
    // In 10 s new contact infos of 4 origins and votes of 3, to 9 peers each.
    expect(found.validator.own).toBeCloseTo((2_000 / 4 + 6_000 / 3) * (9 / 10));
    expect(found.validator.out).toBeCloseTo(found.total.out + found.validator.own);
    expect(found.validator.monthIn).toBeCloseTo(found.total.in * MONTH_SECONDS);
  });

  it('tells what stays without votes: a quarter of values, fewer filters, all pings', () => {
    const [now, without] = found.rests;
    expect(now).toMatchObject({ without: [], held: 40, fresh: 8 });
    expect(now?.in).toBeCloseTo(found.total.in);
    expect(without).toMatchObject({ without: ['Vote'], held: 4, fresh: 2 });
    const push = (48_800 + 200 * 28) / 4;
    const pulls = (12_000 + 10 * 28) / 10;
    const prunes = (1_000 + 5 * 28) / 4;
    const pings = 1_320 + 10 * 28;
    expect(without?.in).toBeCloseTo((push + pulls + prunes + pings) / 10);
    expect(without?.out).toBeCloseTo(found.total.out / 4);
  });

  it('never grows when more is taken away', () => {
    const { rests } = anatomy(madeUpTraffic(20), madeUpTraffic(10));
    expect(rests.map(({ without }) => without)).toEqual(
      [0, 1, 2, 3].map((n) => LEAVING.slice(0, n)),
    );
    for (let i = 1; i < rests.length; i++) {
      expect(rests[i]!.in).toBeLessThan(rests[i - 1]!.in);
      expect(rests[i]!.held).toBeLessThan(rests[i - 1]!.held);
    }
  });

  it('of the time between two counts is what was counted in between', () => {
    const between = difference(madeUpTraffic(30), madeUpTraffic(10));
    const direct = madeUpTraffic(20);
    expect(between.seconds).toBe(20);
    expect(between.kinds.Vote?.pushed).toEqual(direct.kinds.Vote?.pushed);
    expect(between.classes).toEqual(direct.classes);
    expect(between.sent).toEqual(direct.sent);
    expect(between.kinds.Vote?.held).toEqual(madeUpTraffic(30).kinds.Vote?.held);
  });

  it('of nothing is nothing, without a division by it', () => {
    const empty = difference(small(), small());
    const { total, values, rests, validator } = anatomy({ ...empty, origins: [], relayers: [] });
    expect([total.in, values.copies, validator.own]).toEqual([0, null, 0]);
    for (const rest of rests) expect(Number.isFinite(rest.in)).toBe(true);
  });
});

describe('the anatomy as text', () => {
  const text = renderAnatomy(anatomy(madeUpTraffic(40), madeUpTraffic(10)), {
    identity: 'A'.repeat(44),
    nodes: 3_671,
  });

  it('fits 80 columns', () => {
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80);
  });

  it('answers what was asked', () => {
    expect(text).toMatch(/^Gossip traffic over 30 s, heard by A{44}\n/);
    expect(text).toMatch(/^Vote +8,204 +\S+ MB\/s +67 % +1,345 +5\.1 +41,210$/m);
    expect(text).toMatch(/^with stake +\d/m);
    expect(text).toMatch(/^a month of 30 days +1\d\.\d TB +1\d\.\d TB$/m);
    expect(text).toMatch(
      /^without votes +\d.+\n… nor epoch slots +\d.+\n… nor duplicate shreds +\d/m,
    );
    expect(text).not.toContain('nobody’s stake is known');
  });
});
