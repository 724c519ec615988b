/**
 * What happened to the table, in order, for readers that may fall behind: a ring without back-pressure.
 * The writer never looks at its readers; a reader that was lapped notices, jumps ahead, counts what it
 * missed and must take the rest from the table.
 *
 * Sequences are 32-bit, start at 1 and skip 0, which marks an entry that is being written.
 */
import { assert } from '../util/assert.ts';
import type { RegionColumns } from './regions.ts';

/** What became of a row. */
export const Operation = Object.freeze({ INSERT: 1, UPDATE: 2, REMOVE: 3 });

/** The sequence after `sequence`. */
function following(sequence: number): number {
  return (sequence + 1) | 0 || 1;
}

/** @owner the table's writer */
export class JournalWriter {
  readonly #journal: RegionColumns<'journal'>;
  readonly #mask: number;
  #last: number;

  constructor(journal: RegionColumns<'journal'>) {
    this.#journal = journal;
    this.#mask = journal.sequence.length - 1;
    this.#last = Atomics.load(journal.head, 0);
  }

  /** Sequence of the newest entry, published or not; 0 before the first. */
  get last(): number {
    return this.#last;
  }

  /** Writes one entry; readers see it after the next `publish`. */
  append(row: number, version: number, operation: number, kind: number): void {
    const journal = this.#journal;
    const sequence = following(this.#last);
    const at = sequence & this.#mask;
    Atomics.store(journal.sequence, at, 0);
    journal.row[at] = row;
    journal.version[at] = version;
    journal.operation[at] = operation;
    journal.kind[at] = kind;
    Atomics.store(journal.sequence, at, sequence);
    this.#last = sequence;
  }

  /** Shows readers what was appended and wakes those that wait; once a turn is enough. */
  publish(): void {
    const { head } = this.#journal;
    if (Atomics.load(head, 0) === this.#last) return;
    Atomics.store(head, 0, this.#last);
    if (head.buffer instanceof SharedArrayBuffer) Atomics.notify(head, 0);
  }
}

/** What `JournalReader.next` found. */
export const Reading = Object.freeze({ ENTRY: 1, NOTHING: 0, LAPPED: -1 });

/** Any number of readers, each with its own cursor, on any thread. */
export class JournalReader {
  /** The entry that `next` found. */
  row = -1;
  version = 0;
  operation = 0;
  kind = 0;
  /** Entries missed because the writer came round. */
  lost = 0;
  readonly #journal: RegionColumns<'journal'>;
  readonly #capacity: number;
  #next: number;

  /** Starts behind the newest entry: what was there before is to be read from the table. */
  constructor(journal: RegionColumns<'journal'>) {
    assert(journal.sequence.length >= 2, 'a journal of one entry cannot be followed');
    this.#journal = journal;
    this.#capacity = journal.sequence.length;
    this.#next = following(Atomics.load(journal.head, 0));
  }

  /**
   * Reads the next published entry into the fields of this reader.
   *
   * @returns Reading.ENTRY; NOTHING when it has seen all; LAPPED when entries were lost, in which case it
   *   now stands half a ring behind the head
   */
  next(): number {
    const journal = this.#journal;
    const head = Atomics.load(journal.head, 0);
    const ahead = (head - this.#next + 1) | 0;
    if (ahead <= 0) return Reading.NOTHING;
    const at = this.#next & (this.#capacity - 1);
    if (Atomics.load(journal.sequence, at) === this.#next) {
      this.row = journal.row[at]!;
      this.version = journal.version[at]!;
      this.operation = journal.operation[at]!;
      this.kind = journal.kind[at]!;
      const untouched =
        Atomics.compareExchange(journal.sequence, at, this.#next, this.#next) === this.#next;
      if (untouched) {
        this.#next = following(this.#next);
        return Reading.ENTRY;
      }
    }
    const half = (head - (this.#capacity >> 1) + 1) | 0 || 1;
    const behind = following(this.#next); // what stood here is lost in any case, and only once
    const resume = ((half - behind) | 0) > 0 ? half : behind;
    this.lost += (resume - this.#next) | 0;
    this.#next = resume;
    return Reading.LAPPED;
  }
}
