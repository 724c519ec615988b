import { describe, expect, it } from 'vitest';
import { digestOf, Expectation } from '../../../scripts/blast/expectation.ts';
import { LiveValues } from '../../../scripts/blast/live-values.ts';
import { makeContact, makeOrigins, makeValue } from '../../../scripts/blast/made-up-values.ts';
import { RECENT_VALUES, Traffic, type TrafficPlan } from '../../../scripts/blast/traffic.ts';
import { describeValue } from '../../../src/api/value-json.ts';
import { verdict } from '../../../src/api/verdict.ts';
import { sha256Hex } from '../../../src/crypto/hash.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { toHex } from '../../../src/util/bytes.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { decodePacket } from '../../../src/wire/decode.ts';
import { PACKET_BYTES } from '../../../src/wire/limits.ts';

const verifier = createVerifier('sodium');
const SHRED_VERSION = 20_126;
const CLOCK = 1_787_000_000_000;

describe('what must be in the table', () => {
  const low = '11'.repeat(32);
  const high = 'ee'.repeat(32);
  const cases = [
    {
      name: 'the newer value',
      adds: [
        [5, low],
        [6, low],
      ],
      winner: low,
    },
    {
      name: 'the newer value, whatever comes last',
      adds: [
        [6, low],
        [5, high],
      ],
      winner: low,
    },
    {
      name: 'of equally new ones the greater hash',
      adds: [
        [5, low],
        [5, high],
      ],
      winner: high,
    },
    {
      name: 'the same, the other way round',
      adds: [
        [5, high],
        [5, low],
      ],
      winner: high,
    },
  ] as const;
  for (const { name, adds, winner } of cases) {
    it(name, () => {
      const expectation = new Expectation();
      for (const [wallclock, sha256] of adds) expectation.add('Vote 0 somebody', wallclock, sha256);
      expect(expectation.winners()).toEqual([winner]);
    });
  }

  it('is one value a label, and one digest whatever the order', () => {
    const one = new Expectation();
    const other = new Expectation();
    one.add('a', 1, high);
    one.add('b', 2, low);
    other.add('b', 2, low);
    other.add('a', 1, high);
    expect(one.labels).toBe(2);
    expect(one.digest()).toBe(other.digest());
    expect(one.digest()).toBe(digestOf([low, high]));
    other.add('c', 1, high);
    expect(one.digest()).not.toBe(other.digest());
  });
});

const rng = seededRng(7);
const origins = makeOrigins(5, 8600, rng);
const contacts = origins.map((origin) => makeContact(origin, SHRED_VERSION, CLOCK));
const made = Array.from({ length: 60 }, (_, i) =>
  makeValue(origins[i % origins.length]!, i * 83, CLOCK + i, rng),
);

describe('made-up values', () => {
  it('are of the kinds that a cluster speaks of, and each is what it says it is', () => {
    const kinds = new Map<string, number>();
    for (const { kind, index, bytes } of made) {
      const value = describeValue(bytes);
      expect(value?.kind).toBe(kind);
      expect(value?.['index'] ?? 0).toBe(index);
      expect(value?.sha256).toBe(sha256Hex(bytes));
      kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    }
    expect(Object.fromEntries(kinds)).toEqual({
      Vote: 39,
      EpochSlots: 12,
      LowestSlot: 6,
      SnapshotHashes: 3,
    });
  });

  it('are of nodes that are the same from the same seed', () => {
    const again = makeOrigins(5, 8600, seededRng(7));
    expect(again.map(({ identity }) => identity.address)).toEqual(
      origins.map(({ identity }) => identity.address),
    );
    expect(describeValue(contacts[3]!)?.['contactInfo']).toMatchObject({
      pubkey: origins[3]?.identity.address,
      gossip: '127.1.0.3:8600',
      shredVersion: SHRED_VERSION,
    });
  });
});

function send(plan: TrafficPlan): { traffic: Traffic; packets: Uint8Array[]; idle: number } {
  const values = made.map(({ bytes }) => bytes);
  const sender = origins[0]!.identity.publicKey;
  const traffic = new Traffic(plan, sender, values, contacts, seededRng(3));
  const packets: Uint8Array[] = [];
  let idle = 0;
  for (let i = 0; i < plan.datagrams || !traffic.isComplete; i++) {
    const slot = new Uint8Array(PACKET_BYTES + 4);
    const length = traffic.write(slot, 2);
    expect(length).toBeLessThanOrEqual(PACKET_BYTES);
    if (length === 0) idle++;
    else packets.push(slot.slice(2, 2 + length));
  }
  return { traffic, packets, idle };
}

/** SHA-256 of each value of each accepted packet. */
function heard(packets: readonly Uint8Array[]): string[] {
  return packets.flatMap((bytes) => {
    const { message } = decodePacket(bytes);
    if (message === null || !('values' in message)) return [];
    return message.values.map(({ offset, length }) => sha256Hex(bytes, offset, offset + length));
  });
}

describe('the traffic', () => {
  const all = made.map(({ bytes }) => sha256Hex(bytes)).sort();

  it('has every new value, evenly, and repeats of what came before', () => {
    const { traffic, packets, idle } = send({ datagrams: 200, duplicates: 4, garbage: 0 });
    expect(idle).toBe(0);
    for (const bytes of packets) expect(verdict(bytes, verifier).outcome).toBe('OK');
    const values = heard(packets);
    expect(values.length).toBe(traffic.counts.values);
    const fresh = new Set(values.filter((sha256) => all.includes(sha256)));
    expect([...fresh].sort()).toEqual(all);
    const half = new Set(heard(packets.slice(0, 100)).filter((sha256) => all.includes(sha256)));
    expect(half.size).toBe(30);
    expect(traffic.counts.datagrams).toBe(200);
    expect(values.length).toBeGreaterThan(1.5 * 200);
  });

  it('says nothing twice when it is not to', () => {
    const { packets, idle } = send({ datagrams: 200, duplicates: 0, garbage: 0 });
    expect(heard(packets).sort()).toEqual(all);
    expect(idle + packets.length).toBe(200);
  });

  it('packs what does not fit into as many datagrams as were planned into more', () => {
    const { traffic, packets } = send({ datagrams: 5, duplicates: 0, garbage: 0 });
    expect(heard(packets).sort()).toEqual(all);
    expect(traffic.counts.datagrams).toBeGreaterThan(5);
  });

  it('is no good where it is meant to be none, in two ways, each counted', () => {
    const { traffic, packets } = send({ datagrams: 300, duplicates: 4, garbage: 0.4 });
    const outcomes = packets.map((bytes) => verdict(bytes, verifier));
    const stages = outcomes.map((one) => (one.accept ? 'accept' : one.stage));
    const count = (stage: string): number => stages.filter((one) => one === stage).length;
    const { undecodable, wronglySigned, datagrams } = traffic.counts;
    expect(count('decode')).toBe(undecodable);
    expect(count('signature')).toBe(wronglySigned);
    expect(count('accept')).toBe(datagrams - undecodable - wronglySigned);
    expect(undecodable + wronglySigned).toBeGreaterThan(90);
    expect(undecodable + wronglySigned).toBeLessThan(150);
    expect(Math.abs(undecodable - wronglySigned)).toBeLessThan(45);
    const good = packets.filter((_, i) => outcomes[i]?.accept);
    expect(new Set(heard(good).filter((sha256) => all.includes(sha256))).size).toBe(all.length);
  });

  it('takes values that are made as they are sent, and repeats none that is forgotten', () => {
    let count = 0;
    const values = new LiveValues(10_000, () => {
      const bytes = made[0]!.bytes.slice();
      bytes.set([count & 0xff, count >> 8], 0);
      count++;
      return bytes;
    });
    const plan = { datagrams: 10_000, duplicates: 2, garbage: 0 };
    const sender = origins[0]!.identity.publicKey;
    const traffic = new Traffic(plan, sender, values, contacts, seededRng(3));
    const slot = new Uint8Array(PACKET_BYTES);
    const atOnce: number[] = [];
    while (!traffic.isComplete) {
      traffic.write(slot, 0);
      atOnce.push(count);
    }
    expect(count).toBe(10_000);
    expect(atOnce.every((made, sent) => made <= sent + 1)).toBe(true);
    expect(values.at(9_999 - RECENT_VALUES)).toHaveLength(made[0]!.bytes.length);
    expect(() => values.at(9_998 - RECENT_VALUES)).toThrow(/not at hand: 10000 were made/);
    expect(() => values.at(10_001)).toThrow(RangeError);
  });

  it('repeats the oldest there are while a new value waits for the next datagram', () => {
    const values = new LiveValues(10_000, () => new Uint8Array(700));
    const plan = { datagrams: 5_000, duplicates: 4, garbage: 0 }; // two are due, one fits in
    const below = (limit: number): number => (limit === plan.duplicates ? 3 : 0);
    const rng = Object.assign(seededRng(3), { below });
    const sender = origins[0]!.identity.publicKey;
    const traffic = new Traffic(plan, sender, values, contacts, rng);
    const slot = new Uint8Array(PACKET_BYTES);
    while (!traffic.isComplete) traffic.write(slot, 0);
    expect(traffic.counts.datagrams).toBe(10_000);
  });

  it('ends even where nothing at all is to be good', () => {
    const { traffic } = send({ datagrams: 20, duplicates: 4, garbage: 1 });
    expect(traffic.isComplete).toBe(true);
  });

  it('is the same for the same seed', () => {
    const plan = { datagrams: 50, duplicates: 3, garbage: 0.2 };
    expect(send(plan).packets.map((bytes) => toHex(bytes))).toEqual(
      send(plan).packets.map((bytes) => toHex(bytes)),
    );
  });
});
