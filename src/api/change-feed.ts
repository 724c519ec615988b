/**
 * Changes of nodes for one listener in another thread: a place in the log, nothing more. What waits for a
 * slow listener waits in the log, which is bounded; one that is too slow hears of a gap, as one that was
 * away does. Handed over like values: as lines in shared memory, when the listener asks.
 */
import { assert } from '../util/assert.ts';
import type { ChangeFilter, ChangeGap, ChangeLog } from './changes.ts';
import { FEED_DONE } from './feed.ts';

/** Changes looked up at a time: so many fit into a buffer, if they are not all of new nodes. */
const PAGE_CHANGES = 1_024;

/** A gap as its first line: the nodes follow, one a line. */
export type GapLine = Omit<ChangeGap, 'nodes'> & { readonly count: number };

/** @owner the observer's thread, but for the buffer while a bufferful is out */
export class ChangeFeed {
  readonly #log: ChangeLog;
  readonly #buffer: Buffer;
  readonly #filter: ChangeFilter;
  /** What was looked up last and does not fit yet. */
  #lines: string[] = [];
  #out = 0;
  #seq: number;
  #isDone = false;
  #answer: ((bytes: number) => void) | undefined;

  /** @param since the last change that the listener knows */
  constructor(log: ChangeLog, buffer: SharedArrayBuffer, since: number, filter: ChangeFilter) {
    this.#log = log;
    this.#buffer = Buffer.from(buffer);
    this.#seq = since;
    this.#filter = filter;
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

  /** The next bufferful of whole lines, as soon as there is something. @returns bytes, or FEED_DONE */
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

  #fill(): number {
    const capacity = this.#buffer.length;
    const lines: string[] = [];
    let bytes = 0;
    while (this.#out < this.#lines.length || this.#lookUp()) {
      const line = this.#lines[this.#out]!;
      if (bytes + line.length + 1 > capacity) break;
      bytes += line.length + 1;
      lines.push(line);
      this.#out += 1;
    }
    if (lines.length === 0) return this.#isDone ? FEED_DONE : 0;
    // Keys, digits, addresses, names of ours: every letter is one byte.
    this.#buffer.write(`${lines.join('\n')}\n`, 0, 'latin1');
    return bytes;
  }

  /** @returns whether there are lines now */
  #lookUp(): boolean {
    if (this.#seq === this.#log.latest) return false;
    const found = this.#log.since(this.#seq, this.#filter, PAGE_CHANGES);
    this.#out = 0;
    if (found.gap) {
      const { nodes, ...head } = found;
      const first: GapLine = { ...head, count: nodes.length };
      this.#seq = found.seq;
      this.#lines = [first, ...nodes].map((one) => JSON.stringify(one));
      return true;
    }
    this.#seq = found.next;
    this.#lines = found.changes.map((change) => JSON.stringify(change));
    return this.#lines.length > 0;
  }
}
