/** What one listener in another thread is still to hear: first every value there is, then each change. */
import type { Change, RowOperation } from './change.ts';
import { LineFeed } from './line-feed.ts';
import type { TableMirror } from './mirror.ts';

/** Bytes of lines that go over in one piece: a tenth of a second on mainnet. */
export const FEED_BUFFER_BYTES = 512 * 1024;

/**
 * Letters that may wait for a listener that is busy: some six seconds of mainnet. Beyond, it hears
 * `reset` and everything anew, which is never more than the table.
 */
export const FEED_QUEUE_LETTERS = 16 * 1024 * 1024;

/** @owner the observer's thread, but for the buffer while a bufferful is out */
export class Feed extends LineFeed {
  /** Changes that were not told one by one because the listener was too slow. */
  skipped = 0;
  readonly #mirror: TableMirror;
  readonly #queueLetters: number;
  readonly #wallMs: () => number;
  #queue: string[] = [];
  #letters = 0;
  /** Lines at the front of the queue that are out already. */
  #out = 0;
  /** Rows below it were told, and so are changes to them; the rest follows when there is room. */
  #told = 0;

  /** @param isAgain whether the listener has heard of the table before, and must forget that */
  constructor(
    mirror: TableMirror,
    buffer: SharedArrayBuffer,
    wallMs: () => number,
    isAgain: boolean,
    queueLetters = FEED_QUEUE_LETTERS,
  ) {
    super(buffer);
    this.#mirror = mirror;
    this.#wallMs = wallMs;
    this.#queueLetters = queueLetters;
    if (isAgain) this.#reset();
  }

  /** Hears of a change of the mirror. */
  changed(operation: RowOperation, row: number): void {
    if (row >= this.#told) return; // will be told as it is then
    this.#push(this.#mirror.change(operation, row, this.#wallMs()));
    if (this.#letters <= this.#queueLetters) return;
    this.skipped += this.#queue.length - this.#out;
    this.#reset();
  }

  #reset(): void {
    this.#queue = [];
    this.#letters = 0;
    this.#out = 0;
    this.#told = 0;
    this.#push({ operation: 'reset', at: this.#wallMs() });
  }

  #push(change: Change): void {
    const line = JSON.stringify(change);
    this.#queue.push(line);
    this.#letters += line.length + 1;
  }

  protected override next(): string | undefined {
    return this.#queue[this.#out] ?? this.#nextRow();
  }

  protected override taken(line: string): void {
    if (this.#out === this.#queue.length) {
      this.#told += 1;
      return;
    }
    this.#out += 1;
    this.#letters -= line.length + 1;
    this.#dropOut();
  }

  /** The next value that was not told yet; `#told` points at its row then. */
  #nextRow(): string | undefined {
    const mirror = this.#mirror;
    for (; this.#told < mirror.highWater; this.#told++) {
      if (mirror.originOf(this.#told)) {
        return JSON.stringify(mirror.change('insert', this.#told, 0));
      }
    }
    return undefined;
  }

  #dropOut(): void {
    if (this.#out * 2 < this.#queue.length) return;
    this.#queue = this.#queue.slice(this.#out);
    this.#out = 0;
  }
}
