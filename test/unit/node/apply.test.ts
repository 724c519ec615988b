import { describe, expect, it } from 'vitest';
import { findViolation } from '../../../src/crds/invariants.ts';
import { Stakes } from '../../../src/crds/peers.ts';
import { sha256 } from '../../../src/crypto/hash.ts';
import { Counter } from '../../../src/shm/counters.ts';
import { equalBytes } from '../../../src/util/bytes.ts';
import { Kind, Message } from '../../../src/wire/limits.ts';
import { peers, TestNode } from './harness.ts';
import { carry, type Peer, START_MS } from './peer.ts';

const [alice, bob, carol] = peers(3) as [Peer, Peer, Peer];

/** A node that has alice in its table. */
const acquainted = (): TestNode => new TestNode().meet(alice);

/** A map in which somebody else has stake, so that the unstaked time out after 15 s. */
const someStake = (count = 1): Stakes =>
  new Stakes(
    Array.from({ length: count }, (_, i) => {
      const key = new Uint8Array(32).fill(9);
      new DataView(key.buffer).setUint32(0, i);
      return [key, 2e9] as const;
    }),
  );

/** When a row was inserted or last touched, by our clock. */
function insertedMs(test: TestNode, peer: Peer, kind: number = Kind.CONTACT_INFO): number {
  const { view } = test.parts;
  return view.columns.inserted[view.find(kind, 0, peer.key, 0)]!;
}

/** Whether the hash of a value is among those that need not be sent again. */
function isFailed(test: TestNode, value: Uint8Array): boolean {
  const { failed } = test.parts.table;
  const hash = sha256(value);
  for (let i = 0; i < failed.size; i++) {
    if (equalBytes(failed.hashes, failed.hashOffset(i), hash, 0, 32)) return true;
  }
  return false;
}

describe('values of an unknown origin', () => {
  for (const how of ['push', 'response'] as const) {
    it(`are dropped, and taken once its contact info is there, by ${how}`, () => {
      const test = new TestNode();
      const packet = alice[how](alice.slots(0), alice.slots(1));
      const dropped = { PACKET_VALUES_FILTERED: 1, VALUE_ORIGIN_UNKNOWN: 2 };
      expect(test.outcomesOf(alice, packet)).toEqual(dropped);
      expect([test.parts.view.size, test.parts.table.failed.size]).toEqual([0, 0]);
      test.meet(alice);
      expect(test.outcomesOf(alice, packet)).toEqual({ OK: 1, VALUE_INSERTED: 2 });
      expect(test.parts.view.size).toBe(3);
    });
  }

  it('are dropped even with the contact info in the same batch, as validators do', () => {
    const test = acquainted();
    test.parts.table.removeOrigin(alice.key, 0, START_MS);
    const contact = alice.contact({ wallclock: START_MS + 1 });
    const outcomes = test.outcomesOf(alice, alice.push(contact), alice.push(alice.slots(0)));
    expect(outcomes).toMatchObject({ VALUE_INSERTED: 1, VALUE_ORIGIN_UNKNOWN: 1 });
  });

  it('do not hold up the known ones beside them', () => {
    const test = acquainted();
    const packet = bob.push(bob.slots(0), alice.slots(0), bob.slots(1));
    const outcomes = { OK: 1, VALUE_INSERTED: 1, VALUE_ORIGIN_UNKNOWN: 2 };
    expect(test.outcomesOf(bob, packet)).toEqual(outcomes);
  });
});

describe('the push window', () => {
  const cases = [
    { skewMs: -15_001, outcome: 'VALUE_WALLCLOCK_WINDOW' },
    { skewMs: -15_000, outcome: 'VALUE_INSERTED' },
    { skewMs: 15_000, outcome: 'VALUE_INSERTED' },
    { skewMs: 15_001, outcome: 'VALUE_WALLCLOCK_WINDOW' },
  ];
  for (const { skewMs, outcome } of cases) {
    it(`${skewMs} ms from our clock: ${outcome}`, () => {
      const test = acquainted();
      const packet = alice.push(alice.slots(0, START_MS + skewMs));
      expect(test.outcomesOf(alice, packet)).toEqual({ OK: 1, [outcome]: 1 });
    });
  }

  it('does not exist for pulled values but contact infos and votes of the future', () => {
    const test = acquainted();
    const old = alice.response(alice.slots(0, START_MS - 3_600_000));
    const young = alice.response(alice.slots(1, START_MS + 3_600_000));
    expect(test.outcomesOf(bob, old, young)).toEqual({ OK: 2, VALUE_INSERTED: 2 });
    const contact = alice.response(alice.contact({ wallclock: START_MS + 15_001 }));
    expect(test.outcomesOf(bob, contact)).toEqual({ OK: 1, VALUE_WALLCLOCK_WINDOW: 1 });
  });
});

describe('a value', () => {
  const newer = alice.slots(0, START_MS + 1);
  const older = alice.slots(0, START_MS);
  for (const how of ['push', 'response'] as const) {
    it(`is inserted, updated, a duplicate, outdated, by ${how}`, () => {
      const test = acquainted();
      const deliver = (value: Uint8Array): Record<string, number> =>
        test.outcomesOf(bob, bob[how](value));
      expect(deliver(older)).toEqual({ OK: 1, VALUE_INSERTED: 1 });
      expect(deliver(newer)).toEqual({ OK: 1, VALUE_UPDATED: 1 });
      expect(deliver(newer)).toEqual({ OK: 1, VALUE_DUPLICATE: 1 });
      expect(deliver(older)).toEqual({ OK: 1, VALUE_OUTDATED: 1 });
      expect(isFailed(test, newer), 'pulled for nothing').toBe(how === 'response');
      expect(isFailed(test, older), 'pulled for nothing').toBe(how === 'response');
    });
  }

  it('twice in one batch counts twice, once of each sort', () => {
    const test = acquainted();
    const outcomes = test.outcomesOf(bob, bob.push(older), carol.push(older));
    expect(outcomes).toEqual({ OK: 2, VALUE_INSERTED: 1, VALUE_DUPLICATE: 1 });
    const pulled = test.outcomesOf(bob, bob.response(newer), carol.response(newer));
    expect(pulled).toMatchObject({ OK: 2, VALUE_UPDATED: 1 });
  });

  it('in a batch is pushed before it is pulled', () => {
    const test = acquainted();
    const outcomes = test.outcomesOf(bob, bob.response(older), bob.push(newer));
    expect(outcomes).toEqual({ OK: 2, VALUE_INSERTED: 1, VALUE_OUTDATED: 1 });
  });

  it('with a bad signature costs its packet, and no other', () => {
    const test = acquainted();
    const bad = alice.slots(1);
    bad[0]! ^= 1;
    const packets = [bob.push(older, bad), bob.push(alice.slots(2))];
    expect(test.outcomesOf(bob, ...packets)).toEqual({
      VALUE_SIGNATURE: 1,
      OK: 1,
      VALUE_INSERTED: 1,
    });
    expect(test.holds(alice, Kind.EPOCH_SLOTS, 0)).toBe(false);
  });

  it('that was verified is not verified again, however it ended; a damaged copy is', () => {
    const test = acquainted();
    const unknown = bob.slots(0);
    test.from(bob, bob.push(unknown), bob.push(older));
    const before = test.node.counts();
    test.from(carol, carol.push(unknown, older));
    expect(test.node.counts().signatures).toBe(before.signatures);
    expect(test.node.counts().knownValues).toBe(before.knownValues + 2);
    const damaged = older.slice();
    damaged[0]! ^= 1;
    expect(test.outcomesOf(carol, carol.push(damaged))).toEqual({ VALUE_SIGNATURE: 1 });
  });
});

it('a push or pull response without values is counted as such', () => {
  const test = acquainted();
  for (const message of [Message.PUSH, Message.PULL_RESPONSE]) {
    const empty = carry(message, alice.key, []);
    expect(test.outcomesOf(alice, empty)).toEqual({ PACKET_NO_VALUES: 1 });
  }
});

describe('a pulled value beyond the timeout of its origin', () => {
  it('goes in if a contact info is there, without renewing it', () => {
    const test = acquainted();
    test.node.setStakes(someStake());
    test.clock.advance(1_000);
    const value = alice.slots(0, test.clock.wallMs() - 15_001);
    expect(test.outcomesOf(bob, bob.response(value))).toEqual({ OK: 1, VALUE_INSERTED: 1 });
    expect(insertedMs(test, alice)).toBe(START_MS);
  });

  it('within it renews the contact info', () => {
    const test = acquainted();
    test.node.setStakes(someStake());
    test.clock.advance(1_000);
    const value = alice.slots(0, test.clock.wallMs() - 15_000);
    expect(test.outcomesOf(bob, bob.response(value))).toEqual({ OK: 1, VALUE_INSERTED: 1 });
    expect(insertedMs(test, alice)).toBe(START_MS + 1_000);
    test.clock.advance(1_000);
    test.from(bob, bob.response(value));
    expect(insertedMs(test, alice), 'a duplicate does not').toBe(START_MS + 1_000);
    test.from(bob, bob.push(alice.slots(1, test.clock.wallMs())));
    expect(insertedMs(test, alice), 'nor does a push').toBe(START_MS + 1_000);
  });

  it('is refused and remembered if there is none', () => {
    const test = acquainted();
    test.from(alice, alice.push(alice.slots(0)));
    const { view, table } = test.parts;
    table.remove(view.find(Kind.CONTACT_INFO, 0, alice.key, 0), START_MS);
    test.node.setStakes(someStake());
    const value = alice.slots(1, START_MS - 15_001);
    expect(test.outcomesOf(bob, bob.response(value))).toEqual({ OK: 1, VALUE_TIMED_OUT: 1 });
    expect(isFailed(test, value)).toBe(true);
  });

  it('is 48 h old when no stake is known', () => {
    const test = acquainted();
    const outcome = (ageMs: number, index: number): Record<string, number> =>
      test.outcomesOf(bob, bob.response(alice.slots(index, START_MS - ageMs)));
    expect(outcome(172_800_000, 0)).toEqual({ OK: 1, VALUE_INSERTED: 1 });
    expect(insertedMs(test, alice)).toBe(START_MS);
    expect(outcome(172_800_001, 1), 'stored all the same').toEqual({ OK: 1, VALUE_INSERTED: 1 });
  });
});

describe('kinds that only staked origins may send', () => {
  const lowest = (peer: Peer): Uint8Array =>
    peer.value({
      kind: 'LowestSlot',
      index: 0,
      from: peer.address,
      wallclock: START_MS,
      lowest: 5,
    });

  it('are taken from all while few staked nodes are known', () => {
    const test = acquainted();
    test.node.setStakes(someStake(499));
    expect(test.outcomesOf(bob, bob.push(lowest(alice)))).toEqual({ OK: 1, VALUE_INSERTED: 1 });
  });

  it('are dropped from others after that, before any signature is checked', () => {
    const test = acquainted();
    test.node.setStakes(someStake(500));
    const bad = lowest(alice);
    bad[0]! ^= 1;
    const { signatures } = test.node.counts();
    expect(test.outcomesOf(bob, bob.push(bad))).toEqual({
      PACKET_VALUES_FILTERED: 1,
      VALUE_KIND_FILTERED: 1,
    });
    expect(test.node.counts().signatures).toBe(signatures);
    const mixed = bob.push(bad, alice.slots(0));
    const outcomes = { OK: 1, VALUE_KIND_FILTERED: 1, VALUE_INSERTED: 1 };
    expect(test.outcomesOf(bob, mixed)).toEqual(outcomes);
  });
});

describe('limits', () => {
  it('of one origin: what is beyond them is counted and leaves the rest alone', () => {
    const test = new TestNode({ sizes: { originLimits: { values: 4, bytes: 1_000_000 } } });
    test.meet(alice, bob);
    const values = [0, 1, 2, 3, 4].map((i) => alice.slots(i));
    const outcomes = test.outcomesOf(alice, alice.push(...values), alice.push(bob.slots(0)));
    expect(outcomes['OK']).toBe(2);
    expect((outcomes['VALUE_INSERTED'] ?? 0) + (outcomes['VALUE_ORIGIN_FULL'] ?? 0)).toBe(6);
    expect(test.holds(bob, Kind.EPOCH_SLOTS)).toBe(true);
    expect(findViolation(test.parts.table)).toBeUndefined();
  });

  it('of identities: the rest is trimmed, entrypoints and ourselves never', () => {
    const crowd = peers(12, 100);
    const test = new TestNode({ sizes: { maxPubkeys: 8 }, entrypoints: [crowd[0]!] });
    test.run(0);
    test.meet(crowd[0]!);
    test.run(100); // a round notes who the entrypoint is
    for (const peer of crowd.slice(1)) {
      test.from(peer, peer.push(peer.contact()));
      const ping = test.takeOnly('Ping').find(({ ip }) => ip === peer.ip);
      if (ping) test.from(peer, peer.pong(ping.bytes));
      expect(test.parts.view.peers.size).toBeLessThanOrEqual(9);
      test.run(100);
      expect(test.parts.view.peers.size).toBeLessThanOrEqual(8);
    }
    expect(test.holds(crowd[0]!)).toBe(true);
    expect(test.parts.view.find(Kind.CONTACT_INFO, 0, test.identity.publicKey, 0)).not.toBe(-1);
    expect(test.parts.counters[Counter.VALUES_TRIMMED]).toBe(5);
    expect(findViolation(test.parts.table)).toBeUndefined();
  });
});
