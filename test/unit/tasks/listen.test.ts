import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../src/crypto/hash.ts';
import { createVerifier } from '../../../src/crypto/verify.ts';
import { Counter, counterBlock } from '../../../src/shm/counters.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { BatchRing, firstRecordOf, packetOf } from '../../../src/shm/slab.ts';
import { VerifiedSet } from '../../../src/shm/verified.ts';
import { type IngressGate, ListenTask } from '../../../src/tasks/listen.ts';
import { outcomeName } from '../../../src/util/outcome.ts';
import { Kind, Message } from '../../../src/wire/limits.ts';
import { carry, forged, Peer, START_MS } from '../node/peer.ts';

const verifier = createVerifier('sodium');
const [alice, bob] = [new Peer(1), new Peer(2)];

/** A listen task over regions of its own. */
class Bench {
  readonly regions = createRegions(SMALL_CAPACITIES, false);
  readonly ring = new BatchRing(this.regions.ring);
  readonly verified = new VerifiedSet(this.regions.verified);
  readonly counters = counterBlock(this.regions.counters, 0);
  readonly task: ListenTask;

  constructor(gate: IngressGate = () => true) {
    const { regions, counters, verified } = this;
    this.task = new ListenTask({ regions, counters, verified, verifier, gate });
  }

  /** Works a batch off. @returns the outcome of each packet, by name */
  run(...packets: readonly Uint8Array[]): string[] {
    const batch = this.ring.open();
    for (const [slot, bytes] of packets.entries()) this.ring.put(batch, slot, bytes, 1, 2, 0);
    this.ring.close(batch, packets.length);
    expect(this.ring.claim()).toBe(batch);
    this.task.run(batch);
    this.ring.finish(batch);
    this.ring.release();
    this.batch = batch;
    const { outcome } = this.regions.ring;
    return packets.map((_, slot) => outcomeName(outcome[packetOf(batch, slot)]!));
  }

  batch = 0;

  /** Records of a packet of the last batch. */
  records(slot: number): { row: number; outcome: string }[] {
    const { ring, records } = this.regions;
    const packet = packetOf(this.batch, slot);
    const first = firstRecordOf(this.batch) + ring.firstRow[packet]!;
    return Array.from({ length: ring.rowCount[packet]! }, (_, i) => {
      expect(records.slot[first + i]).toBe(slot);
      return { row: first + i, outcome: outcomeName(records.outcome[first + i]!) };
    });
  }
}

const damaged = (bytes: Uint8Array, at: number): Uint8Array => {
  const copy = bytes.slice();
  copy[at]! ^= 1;
  return copy;
};

describe('the outcome of one packet', () => {
  const cases: { name: string; bytes: Uint8Array; is: string; message?: number; rows?: number }[] =
    [
      { name: 'a ping', bytes: alice.ping(), is: 'OK', message: Message.PING },
      { name: 'a forged ping', bytes: forged('ping', alice.key), is: 'PING_SIGNATURE' },
      { name: 'a pong', bytes: alice.pong(bob.ping()), is: 'OK', message: Message.PONG },
      { name: 'a forged pong', bytes: forged('pong', alice.key), is: 'PONG_SIGNATURE' },
      {
        name: 'a push',
        bytes: alice.push(alice.slots(0), bob.contact()),
        is: 'OK',
        message: Message.PUSH,
        rows: 2,
      },
      {
        name: 'a pull response',
        bytes: alice.response(alice.slots(0)),
        is: 'OK',
        message: Message.PULL_RESPONSE,
        rows: 1,
      },
      { name: 'an empty push', bytes: carry(Message.PUSH, alice.key, []), is: 'PACKET_NO_VALUES' },
      {
        name: 'a push with one bad signature',
        bytes: alice.push(alice.slots(0), damaged(bob.slots(0), 0), alice.slots(1)),
        is: 'VALUE_SIGNATURE',
        rows: 3,
      },
      {
        name: 'a pull request',
        bytes: alice.pullRequest(),
        is: 'OK',
        message: Message.PULL_REQUEST,
        rows: 1,
      },
      {
        name: 'a pull request of a forged caller',
        bytes: alice.pullRequest({}, damaged(alice.contact(), 5)),
        is: 'VALUE_SIGNATURE',
        rows: 1,
      },
      { name: 'a prune', bytes: alice.prune(bob.key, [bob.key]), is: 'OK', message: Message.PRUNE },
      {
        name: 'a prune signed with the prefix',
        bytes: alice.prune(bob.key, [bob.key, alice.key], START_MS, 'prefixed'),
        is: 'OK',
      },
      {
        name: 'a prune with another destination than was signed',
        bytes: damaged(alice.prune(bob.key, [bob.key]), 76 + 32 + 64),
        is: 'PRUNE_SIGNATURE',
      },
      { name: 'no message', bytes: new Uint8Array(40).fill(255), is: 'MESSAGE_UNKNOWN' },
      { name: 'a ping cut short', bytes: alice.ping().subarray(0, 131), is: 'PACKET_TRUNCATED' },
      {
        name: 'a byte too many',
        bytes: Uint8Array.of(...alice.ping(), 0),
        is: 'PACKET_TRAILING_BYTES',
      },
    ];
  for (const { name, bytes, is, message, rows = 0 } of cases) {
    it(`${name}: ${is}`, () => {
      const bench = new Bench();
      expect(bench.run(bytes)).toEqual([is]);
      const { ring } = bench.regions;
      const packet = packetOf(bench.batch, 0);
      if (message !== undefined) expect(ring.message[packet]).toBe(message);
      expect(ring.rowCount[packet]).toBe(rows);
    });
  }

  it('is the same whatever else is in the batch, in any order', () => {
    const packets = cases.map(({ bytes }) => bytes);
    const expected = cases.map(({ is }) => is);
    expect(new Bench().run(...packets)).toEqual(expected);
    expect(new Bench().run(...packets.toReversed())).toEqual(expected.toReversed());
  });

  it('without a source that could be answered is SOURCE_UNUSABLE', () => {
    for (const [ip, port] of [
      [0, 8001],
      [1, 0],
    ] as const) {
      const bench = new Bench();
      const batch = bench.ring.open();
      bench.ring.put(batch, 0, alice.ping(), ip, port, 0);
      bench.ring.close(batch, 1);
      bench.task.run(bench.ring.claim());
      const outcome = bench.regions.ring.outcome[packetOf(batch, 0)]!;
      expect(outcomeName(outcome), `${ip}:${port}`).toBe('SOURCE_UNUSABLE');
      expect(bench.counters[Counter.SIGNATURES_CHECKED]).toBe(0);
    }
  });
});

describe('the records of a batch', () => {
  it('stand one behind the other, with kind, label, origin, clock and hash of each value', () => {
    const bench = new Bench();
    const values = [alice.slots(7, START_MS - 5), bob.contact(), bob.slots(9)];
    bench.run(alice.push(values[0]!, values[1]!), bob.ping(), bob.response(values[2]!));
    const { records, ring } = bench.regions;
    const rows = [...bench.records(0), ...bench.records(2)].map(({ row }) => row);
    expect(rows).toEqual([0, 1, 2].map((i) => firstRecordOf(bench.batch) + i));
    expect(rows.map((row) => records.kind[row])).toEqual([
      Kind.EPOCH_SLOTS,
      Kind.CONTACT_INFO,
      Kind.EPOCH_SLOTS,
    ]);
    expect(rows.map((row) => records.index[row])).toEqual([7, 0, 9]);
    expect(rows.map((row) => records.wallclock[row])).toEqual([START_MS - 5, START_MS, START_MS]);
    for (const [i, row] of rows.entries()) {
      const at = records.offset[row]!;
      const length = records.length[row]!;
      expect(ring.bytes.slice(at, at + length), `value ${i}`).toEqual(values[i]);
      const hash = records.hash.slice(32 * row, 32 * row + 32);
      expect(hash, `value ${i}`).toEqual(sha256(values[i]!));
      const origin = ring.bytes.slice(records.origin[row]!, records.origin[row]! + 32);
      expect(origin, `value ${i}`).toEqual(i === 0 ? alice.key : bob.key);
    }
  });

  it('of a full batch of full packets all fit', () => {
    const bench = new Bench();
    const values = Array.from({ length: 10 }, (_, i) => alice.slots(i));
    const packet = alice.push(...values);
    expect(packet.length).toBeLessThanOrEqual(1_232);
    for (let batch = 0; batch < 2; batch++) {
      const outcomes = bench.run(...new Array<Uint8Array>(64).fill(packet));
      expect(new Set(outcomes)).toEqual(new Set(['OK']));
      const last = bench.records(63).at(-1)!;
      expect(last.row).toBe(firstRecordOf(bench.batch) + 639);
      expect(bench.regions.records.index[last.row]).toBe(9);
    }
  });

  it('of a value with extensions are those of the value that Agave makes of it', () => {
    const bench = new Bench();
    const plain = alice.contact();
    expect(plain.at(-1)).toBe(0);
    const extended = Uint8Array.of(...plain.subarray(0, -1), 1, 7, 2, 0x61, 0x62);
    expect(bench.run(alice.push(extended, bob.slots(0)))).toEqual(['OK']);
    const { row } = bench.records(0)[0]!;
    const { records } = bench.regions;
    expect(records.length[row]).toBe(plain.length);
    expect(records.hash.slice(32 * row, 32 * row + 32)).toEqual(sha256(plain));
  });
});

describe('the gate', () => {
  const noSlots: IngressGate = (kind) => kind !== Kind.EPOCH_SLOTS;

  it('takes values out before their signature is looked at', () => {
    const bench = new Bench(noSlots);
    const bad = damaged(alice.slots(0), 3);
    expect(
      bench.run(alice.push(bad, alice.contact()), alice.push(bad), alice.response(bad)),
    ).toEqual(['OK', 'PACKET_VALUES_FILTERED', 'PACKET_VALUES_FILTERED']);
    expect(bench.records(0).map(({ outcome }) => outcome)).toEqual(['VALUE_KIND_FILTERED', 'OK']);
    expect(bench.counters[Counter.SIGNATURES_CHECKED]).toBe(1);
  });

  it('is told kind and origin', () => {
    const asked: [number, Uint8Array][] = [];
    const bench = new Bench((kind, bytes, at) => {
      asked.push([kind, bytes.slice(at, at + 32)]);
      return true;
    });
    bench.run(alice.push(bob.slots(0)));
    expect(asked).toEqual([[Kind.EPOCH_SLOTS, bob.key]]);
  });

  it('does not stand before pull requests', () => {
    expect(new Bench(() => false).run(alice.pullRequest())).toEqual(['OK']);
  });
});

describe('verified hashes', () => {
  it('save the signature, of exactly those bytes', () => {
    const bench = new Bench();
    const value = alice.slots(0);
    bench.verified.add(sha256(value), 0);
    const forgery = damaged(value, 0);
    expect(bench.run(bob.push(value), bob.push(forgery))).toEqual(['OK', 'VALUE_SIGNATURE']);
    expect(bench.counters[Counter.SIGNATURES_SAVED]).toBe(1);
    expect(bench.counters[Counter.SIGNATURES_CHECKED]).toBe(1);
  });

  it('are not filled here: a value counts when it has been applied', () => {
    const bench = new Bench();
    bench.run(alice.push(alice.slots(0)));
    expect(bench.verified.has(sha256(alice.slots(0)), 0)).toBe(false);
  });
});
