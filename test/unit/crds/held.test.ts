import { describe, expect, it } from 'vitest';
import { HeldValues } from '../../../src/crds/held.ts';
import { CrdsTable, Route } from '../../../src/crds/table.ts';
import { sha256Into } from '../../../src/crypto/hash.ts';
import { SLOT_BYTES, SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';
import { equalBytes } from '../../../src/util/bytes.ts';
import { Outcome } from '../../../src/util/outcome.ts';
import { HASH_BYTES, KIND_NAMES, Message } from '../../../src/wire/limits.ts';
import { canonicalizeValue, PacketFields, skim } from '../../../src/wire/skim.ts';
import { expectSame } from '../../in-loops.ts';
import { recordedPackets } from '../wire/recorded.ts';
import { xxhash } from './harness.ts';

const NOW_MS = 1_787_000_000_000;
/** Where the values of the second look lie among the records. */
const SECOND = 64;

/** Accepted pushes and pull responses, as other validators sent them. */
const packets = [...recordedPackets('packets.jsonl.gz'), ...recordedPackets('edges.jsonl.gz')]
  .filter((packet) => packet.stage === 'accepted')
  .map(({ bytes }) => bytes)
  .filter((bytes) => bytes[0] === Message.PUSH || bytes[0] === Message.PULL_RESPONSE);

/** A table, a ring and records, without anybody else around. */
class Desk {
  readonly regions = createRegions(SMALL_CAPACITIES, false);
  readonly table = new CrdsTable(this.regions, { xxhash, hashSeed: 7 });
  readonly held = new HeldValues(this.regions);
  readonly fields = new PacketFields();

  /** Skims a packet in slot 0. @returns the outcome */
  skim(packet: Uint8Array, firstRow: number, held?: HeldValues): number {
    const { ring, records } = this.regions;
    ring.bytes.set(packet);
    return skim(ring.bytes, 0, packet.length, this.fields, records, firstRow, held);
  }

  /** Stores all values of a packet that has been skimmed to row 0. @returns how many there are */
  store(): number {
    const { ring, records } = this.regions;
    for (let row = 0; row < this.fields.valueCount; row++) {
      canonicalizeValue(ring.bytes, records, row);
      const at = records.offset[row]!;
      const length = records.length[row]!;
      const hashAt = row * HASH_BYTES;
      sha256Into(ring.bytes, at, at + length, records.hash, hashAt);
      const [kind, index, origin] = [records.kind[row]!, records.index[row]!, records.origin[row]!];
      const wallclock = records.wallclock[row]!;
      this.table.upsert(
        ring.bytes,
        at,
        length,
        kind,
        index,
        origin,
        wallclock,
        0,
        0,
        records.hash,
        hashAt,
        NOW_MS,
        Route.PUSH,
      );
    }
    return this.fields.valueCount;
  }

  /** Whether the table holds the value of a record, by its hash. */
  holds(record: number): boolean {
    const { ring, records, table } = this.regions;
    const [kind, index] = [records.kind[record]!, records.index[record]!];
    const row = this.table.find(kind, index, ring.bytes, records.origin[record]!);
    const at = row * HASH_BYTES;
    return row >= 0 && equalBytes(table.hash, at, records.hash, record * HASH_BYTES, HASH_BYTES);
  }

  /** What a row of the records says. */
  record(row: number): Record<string, unknown> {
    const { offset, length, origin, kind, index, flags, wallclock, hash } = this.regions.records;
    return {
      offset: offset[row],
      length: length[row],
      origin: origin[row],
      kind: kind[row],
      index: index[row],
      flags: flags[row],
      wallclock: wallclock[row],
      hash: hash.slice(row * HASH_BYTES, (row + 1) * HASH_BYTES).join(),
    };
  }
}

describe('values that the table holds', () => {
  it('are recognised with everything that skimming and hashing find, whatever their kind', () => {
    const kinds = new Set<string>();
    const desk = new Desk();
    for (const [i, packet] of packets.entries()) {
      expectSame(desk.skim(packet, 0), Outcome.OK, `packet ${i}`);
      desk.store();
      desk.skim(packet, 0); // once more, as storing wrote some values anew
      const isCanonical = Array.from(
        desk.regions.records.flags.subarray(0, SECOND),
        (f) => f === 0,
      );
      const count = desk.store();
      expectSame(desk.skim(packet, SECOND, desk.held), Outcome.OK, `packet ${i} again`);
      for (let row = 0; row < count; row++) {
        const what = `packet ${i}, value ${row}`;
        const wasHeld = desk.regions.records.held[SECOND + row] !== 0;
        expectSame(wasHeld, isCanonical[row]! && desk.holds(row), what);
        if (!wasHeld) continue;
        expect(desk.record(SECOND + row), what).toEqual(desk.record(row));
        kinds.add(KIND_NAMES[desk.regions.records.kind[row]!]!);
      }
    }
    expect([...kinds].sort()).toEqual([
      'ContactInfo',
      'DuplicateShred',
      'EpochSlots',
      'LowestSlot',
      'RestartHeaviestFork',
      'RestartLastVotedForkSlots',
      'SnapshotHashes',
      'Vote',
    ]);
  });

  it('are not recognised with any byte changed, or cut off anywhere', () => {
    const desk = new Desk();
    const packet = packets[0]!;
    desk.skim(packet, 0);
    desk.store();
    const { ring, records } = desk.regions;
    const at = records.offset[0]!;
    const end = at + records.length[0]!;
    expect(desk.held.match(ring.bytes, at, end, records, SECOND)).toBe(end - at);
    for (let i = at; i < end; i++) {
      ring.bytes[i]! ^= 1;
      expectSame(desk.held.match(ring.bytes, at, end, records, SECOND), 0, `byte ${i}`);
      expectSame(records.held[SECOND], 0);
      ring.bytes[i]! ^= 1;
      expectSame(desk.held.match(ring.bytes, at, i, records, SECOND), 0, `cut at ${i}`);
    }
  });

  it('are forgotten with the row, and while it is written', () => {
    const desk = new Desk();
    desk.skim(packets[0]!, 0);
    desk.store();
    const { ring, records, table } = desk.regions;
    const at = records.offset[0]!;
    const match = (): number => desk.held.match(ring.bytes, at, SLOT_BYTES, records, SECOND);
    expect(match()).toBe(records.length[0]);
    const row = records.held[SECOND]! - 1;
    expect(desk.table.isSame(row, records.heldVersion[SECOND]!)).toBe(true);
    table.version[row]! += 1; // a writer has begun
    expect(match()).toBe(0);
    table.version[row]! += 1; // and has ended
    expect(match()).toBe(records.length[0]);
    const version = records.heldVersion[SECOND]!;
    desk.table.remove(row, NOW_MS);
    expect(match()).toBe(0);
    expect(desk.table.isSame(row, version)).toBe(false);
  });

  it('are found one by one, wherever they stand in a packet, and fill no other record', () => {
    const desk = new Desk();
    const { ring, records } = desk.regions;
    const several = packets.find((packet) => packet[36]! > 3)!;
    desk.skim(several, 0);
    const count = desk.store();
    const offsets = Array.from(records.offset.subarray(0, count));
    const lengths = Array.from(records.length.subarray(0, count));
    const found = (at: number, record: number): number =>
      desk.held.match(ring.bytes, at, SLOT_BYTES, records, record);
    const all = offsets.map((at, i) => found(at, SECOND + i));
    expect(all).toEqual(lengths);
    const last = desk.record(SECOND + count - 1);
    expect(found(offsets[0]!, SECOND + count - 2)).toBe(lengths[0]);
    expect(desk.record(SECOND + count - 1)).toEqual(last);
    // Elsewhere, with other bytes in front.
    const value = ring.bytes.slice(offsets[0]!, offsets[0]! + lengths[0]!);
    ring.bytes.fill(0x77, 0, SLOT_BYTES);
    ring.bytes.set(value, 300);
    expect(found(300, SECOND)).toBe(value.length);
  });

  it('are no record of a row that is free', () => {
    const desk = new Desk();
    desk.skim(packets[0]!, 0);
    desk.store();
    const { ring, records } = desk.regions;
    const at = records.offset[0]!;
    desk.table.remove(0, NOW_MS);
    expect(desk.held.match(ring.bytes, at, SLOT_BYTES, records, SECOND)).toBe(0);
    expect(records.held[SECOND]).toBe(0);
  });
});
