import { assert } from '../util/assert.ts';

/** What `take` answers when there will be no more. */
export const FEED_DONE = -1;

/**
 * Hands lines to one listener in another thread: in shared memory, a bufferful at a time, when it asks. The
 * buffer is the listener's from the answer to its next question. What the lines are, others know.
 */
export abstract class LineFeed {
  readonly #buffer: Buffer;
  #isDone = false;
  #answer: ((bytes: number) => void) | undefined;

  constructor(buffer: SharedArrayBuffer) {
    this.#buffer = Buffer.from(buffer);
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

  /** The next line, without its end; undefined when there is none now. */
  protected abstract next(): string | undefined;

  /** The line that `next` gave is on its way. */
  protected abstract taken(line: string): void;

  #fill(): number {
    const capacity = this.#buffer.length;
    const lines: string[] = [];
    let bytes = 0;
    for (;;) {
      const line = this.next();
      if (line === undefined || bytes + line.length + 1 > capacity) break;
      bytes += line.length + 1;
      lines.push(line);
      this.taken(line);
    }
    if (lines.length === 0) return this.#isDone ? FEED_DONE : 0;
    // Keys, digits, addresses, names of ours: every letter is one byte.
    this.#buffer.write(`${lines.join('\n')}\n`, 0, 'latin1');
    return bytes;
  }
}
