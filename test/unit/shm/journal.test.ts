import { describe, expect, it } from 'vitest';
import { JournalReader, JournalWriter, Operation, Reading } from '../../../src/shm/journal.ts';
import { SMALL_CAPACITIES } from '../../../src/shm/layout.ts';
import { createRegions } from '../../../src/shm/regions.ts';

const ENTRIES = 16;

function make(shared = false) {
  const { journal } = createRegions({ ...SMALL_CAPACITIES, journalEntries: ENTRIES }, shared);
  return { journal, writer: new JournalWriter(journal), reader: new JournalReader(journal) };
}

/** Appends and publishes rows `from … to − 1`. */
function write(writer: JournalWriter, from: number, to: number): void {
  for (let row = from; row < to; row++) writer.append(row, 2 * row, Operation.INSERT, row % 14);
  writer.publish();
}

/** Rows that a reader finds until there is nothing; −1 where it was lapped. */
function drain(reader: JournalReader): number[] {
  const rows: number[] = [];
  for (;;) {
    const reading = reader.next();
    if (reading === Reading.NOTHING) return rows;
    rows.push(reading === Reading.ENTRY ? reader.row : -1);
  }
}

const upTo = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

describe('journal', () => {
  it('gives entries in order, with all their fields', () => {
    const { writer, reader } = make(true);
    writer.append(7, 12, Operation.UPDATE, 11);
    writer.append(8, 14, Operation.REMOVE, 1);
    writer.publish();
    expect(reader.next()).toBe(Reading.ENTRY);
    expect([reader.row, reader.version, reader.operation, reader.kind]).toEqual([
      7,
      12,
      Operation.UPDATE,
      11,
    ]);
    expect(reader.next()).toBe(Reading.ENTRY);
    expect([reader.row, reader.version, reader.operation, reader.kind]).toEqual([
      8,
      14,
      Operation.REMOVE,
      1,
    ]);
    expect(reader.next()).toBe(Reading.NOTHING);
  });

  it('shows nothing before it is published', () => {
    const { writer, reader } = make();
    writer.append(1, 2, Operation.INSERT, 1);
    expect(drain(reader)).toEqual([]);
    writer.publish();
    expect(drain(reader)).toEqual([1]);
  });

  it('lets a reader that starts later begin with what comes then', () => {
    const { journal, writer } = make();
    write(writer, 0, 5);
    const reader = new JournalReader(journal);
    expect(drain(reader)).toEqual([]);
    write(writer, 5, 7);
    expect(drain(reader)).toEqual([5, 6]);
  });

  it('carries readers that keep up round the ring', () => {
    const { writer, reader } = make();
    for (let i = 0; i < 10 * ENTRIES; i += 5) {
      write(writer, i, i + 5);
      expect(drain(reader)).toEqual(upTo(i, i + 5));
    }
    expect(reader.lost).toBe(0);
  });

  it('still gives all of a full ring', () => {
    const { writer, reader } = make();
    write(writer, 0, ENTRIES);
    expect(drain(reader)).toEqual(upTo(0, ENTRIES));
    expect(reader.lost).toBe(0);
  });

  const laps = [1, 2, ENTRIES - 1, ENTRIES, 3 * ENTRIES + 5];
  for (const over of laps) {
    it(`tells a reader that ${over} entries more than fit were written`, () => {
      const { writer, reader } = make();
      const written = ENTRIES + over;
      write(writer, 0, written);
      const rows = drain(reader);
      expect(rows[0]).toBe(-1);
      const kept = ENTRIES / 2;
      expect(rows.slice(1)).toEqual(upTo(written - kept, written));
      expect(reader.lost).toBe(written - kept);
    });
  }

  it('counts a lap that comes between two entries of a reader', () => {
    const { writer, reader } = make();
    write(writer, 0, 3);
    reader.next();
    expect(reader.row).toBe(0);
    write(writer, 3, 3 + ENTRIES);
    const rows = drain(reader);
    expect(rows[0]).toBe(-1);
    expect(rows.at(-1)).toBe(2 + ENTRIES);
    expect(reader.lost).toBe(2 + ENTRIES - ENTRIES / 2);
  });

  it('takes an entry that is being written for a lap, not for data', () => {
    const { journal, writer, reader } = make();
    write(writer, 0, 2);
    Atomics.store(journal.sequence, 1, 0); // the place of the first entry
    expect(reader.next()).toBe(Reading.LAPPED);
    expect(reader.lost).toBeGreaterThan(0);
  });

  for (const [name, start] of [
    ['half of the sequences', 0x7ffffffa],
    ['all sequences', -6],
  ] as const) {
    it(`goes on after ${name} are used up, without the sequence 0`, () => {
      const { journal } = make();
      journal.head[0] = start;
      const writer = new JournalWriter(journal);
      const reader = new JournalReader(journal);
      for (let i = 0; i < 24; i++) {
        write(writer, i, i + 1);
        expect(writer.last, `after ${i}`).not.toBe(0);
        expect(drain(reader), `after ${i}`).toEqual([i]);
      }
      expect(reader.lost).toBe(0);
    });
  }
});
