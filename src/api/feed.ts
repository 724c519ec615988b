/**
 * What one listener in another thread is still to hear: first every value there is, then each change.
 * Lines are handed over in shared memory, a bufferful at a time, when the listener asks; it owns the
 * buffer from the answer to its next question.
 */
import { assert } from '../util/assert.ts';
import type { Change, RowOperation } from './change.ts';
import type { TableMirror } from './mirror.ts';

/** Bytes of lines that go over in one piece: a tenth of a second on mainnet. */
export const FEED_BUFFER_BYTES = 512 * 1024;

/**
 * Letters that may wait for a listener that is busy: some six seconds of mainnet. Beyond, it hears
 * `reset` and everything anew, which is never more than the table.
 */
export const FEED_QUEUE_LETTERS = 16 * 1024 * 1024;

/** What `take` answers when there will be no more. */
export const FEED_DONE = -1;

/** @owner the observer's thread, but for the buffer while a bufferful is out */
export class Feed {
  /** Changes that were not told one by one because the listener was too slow. */
  skipped = 0;
  readonly #mirror: TableMirror;
  readonly #buffer: Buffer;
  readonly #queueLetters: number;
  readonly #wallMs: () => number;
  #queue: string[] = [];
  #letters = 0;
  /** Lines at the front of the queue that are out already. */
  #out = 0;
  /** Rows below it were told, and so are changes to them; the rest follows when there is room. */
  #told = 0;
  #isDone = false;
  #answer: ((bytes: number) => void) | undefined;

  /** @param isAgain whether the listener has heard of the table before, and must forget that */
  constructor(
    mirror: TableMirror,
    buffer: SharedArrayBuffer,
    wallMs: () => number,
    isAgain: boolean,
    queueLetters = FEED_QUEUE_LETTERS,
  ) {
    this.#mirror = mirror;
    this.#buffer = Buffer.from(buffer);
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

  /** Gives what there is to a listener that waits. */
  flush(): void {
    const answer = this.#answer;
    if (!answer) return;
    const bytes = this.#fill();
    if (bytes === 0) return;
    this.#answer = undefined;
    answer(bytes);
  }

  /**
   * The next bufferful, as soon as there is something.
   *
   * @returns bytes of whole lines in the buffer, or FEED_DONE
   */
  take(): Promise<number> {
    assert(this.#answer === undefined, 'a feed has one listener, which asks once at a time');
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.flush();
    });
  }

  /** Nothing will change any more: what waits is still handed out. */
  end(): void {
    this.#isDone = true;
    this.flush();
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

  #fill(): number {
    const capacity = this.#buffer.length;
    const lines: string[] = [];
    let bytes = 0;
    for (;;) {
      const line = this.#queue[this.#out] ?? this.#nextRow();
      if (line === undefined || bytes + line.length + 1 > capacity) break;
      bytes += line.length + 1;
      lines.push(line);
      if (this.#out < this.#queue.length) {
        this.#out += 1;
        this.#letters -= line.length + 1;
      } else this.#told += 1;
    }
    this.#dropOut();
    if (lines.length === 0) return this.#isDone ? FEED_DONE : 0;
    // Keys, digits and addresses: every letter is one byte.
    this.#buffer.write(`${lines.join('\n')}\n`, 0, 'latin1');
    return bytes;
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
