/**
 * All streams of changes. Readers that want the same in the same form are a group: what they are told is
 * written once and handed to each of their sockets.
 */
import type { Clock } from '../../util/clock.ts';
import type { ChangeFilter, ChangeGap, ChangeLog, NodeChange } from '../changes.ts';
import { IDLE_MS, STALL_MS } from './limits.ts';
import { formatAround, formatLines, type StreamFormat } from './stream-format.ts';
import { type EndReason, type Sink, Subscriber } from './subscriber.ts';

/** How often readers are looked after. */
const LOOK_MS = 500;

/** A picture of all nodes may be so old for who missed too much: what came since follows from the log. */
const GAP_MS = 1_000;

interface Group {
  readonly filter: ChangeFilter;
  readonly format: StreamFormat;
  readonly members: Set<Subscriber>;
  readonly leave: () => void;
  /** The last picture of all nodes that somebody in it was told. */
  gap?: { readonly gap: ChangeGap; readonly nodes: Buffer; readonly takenMs: number };
}

/** A reader as whoever holds its socket sees it. */
export interface OpenStream {
  drained(): void;
  closed(): void;
}

/** @owner the observer's thread */
export class StreamHub {
  /** Streams that ended by us, by reason. */
  readonly ended: Record<EndReason, number> = { slow: 0, stopping: 0 };
  /** Streams opened so far, and pictures of all nodes sent. */
  opened = 0;
  gaps = 0;
  readonly #log: ChangeLog;
  readonly #clock: Clock;
  readonly #groups = new Map<string, Group>();
  readonly #json = new WeakMap<NodeChange, string>();
  readonly #onCount: (open: number) => void;
  readonly #stallMs: number;
  #open = 0;
  #isStopped = false;
  #cancelLooks: (() => void) | undefined;

  /**
   * @param onCount hears how many streams are open, whenever that changes
   * @param stallMs how long a reader may take nothing while much waits
   */
  constructor(
    log: ChangeLog,
    clock: Clock,
    onCount: (open: number) => void = () => {},
    stallMs = STALL_MS,
  ) {
    this.#stallMs = stallMs;
    this.#log = log;
    this.#clock = clock;
    this.#onCount = onCount;
  }

  /** Streams that are open. */
  get open(): number {
    return this.#open;
  }

  /**
   * Begins a stream.
   *
   * @param since the last change that the reader knows; undefined for what happens from now on
   */
  begin(
    filter: ChangeFilter,
    format: StreamFormat,
    since: number | undefined,
    sink: Sink,
  ): OpenStream {
    const group = this.#group(filter, format);
    const subscriber = new Subscriber(
      {
        log: this.#log,
        clock: this.#clock,
        filter,
        format,
        sink,
        stallMs: this.#stallMs,
        writeGap: (gap) => this.#writeGap(gap, group, sink),
        jsonOf: (change) => this.#jsonOf(change),
        onEnd: (reason) => {
          this.ended[reason] += 1;
        },
      },
      since,
    );
    group.members.add(subscriber);
    this.opened += 1;
    this.#count(1);
    return {
      drained: () => subscriber.drained(),
      closed: () => {
        subscriber.closed();
        if (!group.members.delete(subscriber)) return;
        this.#count(-1);
        if (group.members.size > 0) return;
        group.leave();
        this.#groups.delete(keyOf(filter, format));
      },
    };
  }

  /** Ends all of them. */
  stop(): void {
    for (const { members } of this.#groups.values()) {
      for (const subscriber of members) subscriber.end('stopping');
    }
    this.#isStopped = true;
    this.#cancelLooks?.();
    this.#cancelLooks = undefined;
  }

  #count(step: number): void {
    this.#open += step;
    this.#onCount(this.#open);
    if (this.#open === 0) {
      this.#cancelLooks?.();
      this.#cancelLooks = undefined;
    } else if (!this.#isStopped) {
      this.#cancelLooks ??= this.#clock.every(LOOK_MS, () => this.#look());
    }
  }

  #look(): void {
    for (const { members } of this.#groups.values()) {
      for (const subscriber of members) subscriber.look(IDLE_MS);
    }
  }

  #group(filter: ChangeFilter, format: StreamFormat): Group {
    const key = keyOf(filter, format);
    const known = this.#groups.get(key);
    if (known) return known;
    const members = new Set<Subscriber>();
    const leave = this.#log.subscribe(filter, (changes) => this.#tell(members, format, changes));
    const group: Group = { filter, format, members, leave };
    this.#groups.set(key, group);
    return group;
  }

  #tell(
    members: ReadonlySet<Subscriber>,
    format: StreamFormat,
    changes: readonly NodeChange[],
  ): void {
    let frame: Buffer | undefined;
    for (const subscriber of members) {
      if (!subscriber.isLive) continue;
      frame ??= formatLines(
        format,
        changes.map((change) => ({ seq: change.seq, json: this.#jsonOf(change) })),
      );
      subscriber.tell(changes, frame);
    }
  }

  #jsonOf(change: NodeChange): string {
    let json = this.#json.get(change);
    if (json === undefined) {
      json = JSON.stringify(change);
      this.#json.set(change, json);
    }
    return json;
  }

  /** A gap with a picture of all nodes that many readers share. @returns the number to go on after */
  #writeGap(asked: ChangeGap, group: Group, sink: Sink): number {
    const nowMs = this.#clock.monoMs();
    const last = group.gap;
    const isGood =
      last !== undefined &&
      nowMs - last.takenMs <= GAP_MS &&
      last.gap.seq + 1 >= this.#log.oldestOf(group.filter);
    const picture = isGood
      ? last
      : { gap: asked, nodes: Buffer.from(JSON.stringify(asked.nodes)), takenMs: nowMs };
    group.gap = picture;
    const { gap, nodes } = picture;
    const { kind, seq, at } = gap;
    const { since, reason } = asked;
    const head = JSON.stringify({ kind, gap: true, seq, at, since, reason });
    sink.write(formatAround(group.format, seq, `${head.slice(0, -1)},"nodes":`, nodes, '}'));
    this.gaps += 1;
    return seq;
  }
}

function keyOf(filter: ChangeFilter, format: StreamFormat): string {
  const { kinds, pubkeys, version, network } = filter;
  return JSON.stringify([format, kinds, pubkeys, version, network]);
}
