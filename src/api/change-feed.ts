/**
 * Changes of nodes for one listener in another thread: a place in the log, nothing more. What waits for a
 * slow listener waits in the log, which is bounded; one that is too slow hears of a gap, as one that was
 * away does. Handed over like values: as lines in shared memory, when the listener asks.
 */
import type { ChangeFilter, ChangeGap, ChangeLog } from './changes.ts';
import { LineFeed } from './line-feed.ts';

/** Changes looked up at a time: so many fit into a buffer, if they are not all of new nodes. */
const PAGE_CHANGES = 1_024;

/** A gap as its first line: the nodes follow, one a line. */
export type GapLine = Omit<ChangeGap, 'nodes'> & { readonly count: number };

/** @owner the observer's thread, but for the buffer while a bufferful is out */
export class ChangeFeed extends LineFeed {
  readonly #log: ChangeLog;
  readonly #filter: ChangeFilter;
  /** What was looked up last and does not fit yet. */
  #lines: string[] = [];
  #out = 0;
  #seq: number;

  /** @param since the last change that the listener knows */
  constructor(log: ChangeLog, buffer: SharedArrayBuffer, since: number, filter: ChangeFilter) {
    super(buffer);
    this.#log = log;
    this.#seq = since;
    this.#filter = filter;
  }

  protected override next(): string | undefined {
    return this.#out < this.#lines.length || this.#lookUp() ? this.#lines[this.#out] : undefined;
  }

  protected override taken(): void {
    this.#out += 1;
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
