import type { GapLine } from './change-feed.ts';
import type { ChangeFilter, ChangeGap, NodeChange, NodeState } from './changes.ts';

/** What a stream of changes consists of: changes, and gaps where some cannot be told any more. */
export type ChangeEvent = NodeChange | ChangeGap;

/** Which changes a stream begins with, and which it tells. */
export interface ChangesOptions {
  /**
   * Number of the last change that is known already, 0 for none: what came after is told first. When the
   * log does not reach back so far, that is a gap with how all nodes are now. Left out, the stream begins
   * with what happens next.
   */
  readonly since?: number | undefined;
  /** Left out, everything is told. */
  readonly filter?: ChangeFilter | undefined;
  /** When it aborts, the stream ends: as if it had been left, without an error. */
  readonly signal?: AbortSignal | undefined;
}

/** A gap whose nodes are still coming. */
interface Unfinished {
  readonly head: GapLine;
  readonly nodes: NodeState[];
}

/** Puts the lines of a feed of changes together again, and keeps where it stands. */
export class ChangeReader {
  /** The last change that was read; undefined before the feed said where it begins. */
  seq: number | undefined;
  #gap: Unfinished | undefined;

  constructor(since: number | undefined) {
    this.seq = since;
  }

  /** A feed begins behind a change; what the one before left unfinished is told anew. */
  begin(seq: number): void {
    this.seq = seq;
    this.#gap = undefined;
  }

  /** @param lines whole ones, as the feed gave them @returns what is complete now */
  read(lines: string): ChangeEvent[] {
    const events: ChangeEvent[] = [];
    const items = JSON.parse(`[${lines.trimEnd().replaceAll('\n', ',')}]`) as unknown[];
    for (const item of items) {
      const event = this.#gap ? this.#node(this.#gap, item as NodeState) : this.#event(item);
      if (!event) continue;
      this.seq = event.seq;
      events.push(event);
    }
    return events;
  }

  #event(item: unknown): ChangeEvent | undefined {
    const event = item as NodeChange | GapLine;
    if (event.kind !== 'gap') return event;
    this.#gap = { head: event, nodes: [] };
    return event.count === 0 ? this.#whole(this.#gap) : undefined;
  }

  #node(gap: Unfinished, node: NodeState): ChangeGap | undefined {
    gap.nodes.push(node);
    return gap.nodes.length === gap.head.count ? this.#whole(gap) : undefined;
  }

  #whole({ head, nodes }: Unfinished): ChangeGap {
    this.#gap = undefined;
    const { count: _count, ...rest } = head;
    return { ...rest, nodes };
  }
}
