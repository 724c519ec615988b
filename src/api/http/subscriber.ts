/**
 * One reader of a stream: a place in the log, and a socket. What waits for it waits in the log, so a reader
 * costs the bytes that are on their way to it and no more; one that takes nothing is told to go.
 */
import type { Clock } from '../../util/clock.ts';
import type { ChangeFilter, ChangeGap, ChangeLog, NodeChange } from '../changes.ts';
import { AHEAD_BYTES, MAX_WAITING_BYTES, MAX_WAITING_CHANGES } from './limits.ts';
import { formatLines, type StreamFormat } from './stream-format.ts';

/** Changes looked up at a time, while a reader catches up. */
const PAGE_CHANGES = 256;

/** Who takes nothing for this long is gone, however little waits. */
const GONE_MS = 30_000;

/** Larger bursts are handed over page by page. */
const LARGEST_FRAME_BYTES = 256 * 1024;

/** Where the bytes of a stream go. */
export interface Sink {
  /** Bytes that it was given and that have not left. */
  readonly waitingBytes: number;
  /** Takes a message in one or more parts. */
  write(parts: readonly Buffer[]): void;
  /** Ends with a last message; at once if it stays stuck. */
  end(last: Buffer, reason: EndReason): void;
}

/** Why a stream ends. */
export type EndReason = 'slow' | 'stopping';

const END_WORDS: Readonly<Record<EndReason, string>> = {
  slow: `You took nothing for seconds while over ${MAX_WAITING_CHANGES} changes or ${MAX_WAITING_BYTES / 1024} KiB waited: connect again with since=, and read faster.`,
  stopping: 'The spy stops.',
};

/** What a subscriber is made of. */
export interface SubscriberOptions {
  readonly log: ChangeLog;
  readonly clock: Clock;
  readonly filter: ChangeFilter;
  readonly format: StreamFormat;
  readonly sink: Sink;
  /** How long it may take nothing while much waits. */
  readonly stallMs: number;
  /** A gap in the form of the stream. @returns the number to go on after */
  readonly writeGap: (gap: ChangeGap) => number;
  /** The JSON of a change, the same text for everybody. */
  readonly jsonOf: (change: NodeChange) => string;
  readonly onEnd: (reason: EndReason) => void;
}

/** @owner the observer's thread */
export class Subscriber {
  readonly #options: SubscriberOptions;
  /** The last change that it was told, or that is none of its business. */
  #seq: number;
  /** Whether it has everything, so that it hears of changes as they come. */
  #isLive = false;
  #isEnded = false;
  #isScheduled = false;
  /** Bytes given to the sink so far, and how many of them had left at the last look. */
  #written = 0;
  #taken = 0;
  #takenMs: number;
  #toldMs: number;

  constructor(options: SubscriberOptions, since: number | undefined) {
    this.#options = options;
    const { log, clock } = options;
    this.#takenMs = clock.monoMs();
    this.#toldMs = this.#takenMs;
    this.#seq = since ?? log.latest;
    const { oldest, latest } = log;
    this.#control({ kind: 'hello', seq: this.#seq, oldest, latest });
    this.#goOn();
  }

  /** Whether it hears of changes as they come. */
  get isLive(): boolean {
    return this.#isLive && !this.#isEnded;
  }

  /** Hears of changes while it is live. @param frame them in its form */
  tell(changes: readonly NodeChange[], frame: Buffer): void {
    const { sink } = this.#options;
    if (!this.isLive) return;
    if (sink.waitingBytes > AHEAD_BYTES || frame.length > LARGEST_FRAME_BYTES) {
      this.#isLive = false;
      this.#seq = changes[0]!.seq - 1;
      this.#goOn();
      return;
    }
    this.#write(frame);
    this.#seq = changes[changes.length - 1]!.seq;
  }

  /** Its socket has taken what there was. */
  drained(): void {
    this.#goOn();
  }

  /** Nobody is there any more. */
  closed(): void {
    this.#isEnded = true;
  }

  /** Ends it, with a word on why. */
  end(reason: EndReason): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    const { format, sink, onEnd } = this.#options;
    const json = JSON.stringify({
      kind: 'end',
      seq: this.#seq,
      reason,
      message: END_WORDS[reason],
    });
    sink.end(formatLines(format, [{ seq: this.#seq, json }]), reason);
    onEnd(reason);
  }

  /** Looks whether it is stuck, and lets it know from time to time that all is well. */
  look(idleMs: number): void {
    if (this.#isEnded) return;
    const { clock, sink, log, stallMs } = this.#options;
    const nowMs = clock.monoMs();
    const taken = this.#written - sink.waitingBytes;
    if (taken > this.#taken || sink.waitingBytes === 0) {
      this.#taken = taken;
      this.#takenMs = nowMs;
    }
    const stuckMs = nowMs - this.#takenMs;
    if (stuckMs >= GONE_MS || (stuckMs >= stallMs && this.#hasMuchWaiting())) {
      this.end('slow');
      return;
    }
    if (this.isLive) this.#seq = log.latest; // what it was not told is none of its business
    if (!this.isLive || nowMs - this.#toldMs < idleMs || sink.waitingBytes > 0) return;
    this.#control({ kind: 'idle', seq: this.#seq });
  }

  #hasMuchWaiting(): boolean {
    const { log, filter, sink, jsonOf } = this.#options;
    let bytes = sink.waitingBytes;
    if (bytes > MAX_WAITING_BYTES) return true; // all nodes, after a gap
    if (this.isLive) return false;
    const page = log.since(this.#seq, filter, MAX_WAITING_CHANGES + 1);
    if (page.gap || page.changes.length > MAX_WAITING_CHANGES) return true;
    for (const change of page.changes) bytes += jsonOf(change).length;
    return bytes > MAX_WAITING_BYTES;
  }

  /** Tells what it missed, as far as its socket takes it, a page a turn. */
  #goOn(): void {
    if (this.#isLive || this.#isEnded || this.#isScheduled) return;
    const { log, filter, format, sink, writeGap, jsonOf, clock } = this.#options;
    if (sink.waitingBytes > AHEAD_BYTES) return; // goes on when that has left
    const page = log.since(this.#seq, filter, PAGE_CHANGES);
    if (page.gap) {
      const before = sink.waitingBytes;
      this.#seq = writeGap(page);
      this.#written += sink.waitingBytes - before;
    } else {
      const lines = page.changes.map((change) => ({ seq: change.seq, json: jsonOf(change) }));
      if (lines.length > 0) this.#write(formatLines(format, lines));
      this.#seq = page.next;
      if (lines.length < PAGE_CHANGES) {
        this.#isLive = true;
        return;
      }
    }
    this.#isScheduled = true;
    clock.soon(() => {
      this.#isScheduled = false;
      this.#goOn();
    });
  }

  #control(line: { kind: string; seq: number; [field: string]: unknown }): void {
    const { format } = this.#options;
    this.#write(formatLines(format, [{ seq: line.seq, json: JSON.stringify(line) }]));
  }

  #write(bytes: Buffer): void {
    this.#options.sink.write([bytes]);
    this.#written += bytes.length;
    this.#toldMs = this.#options.clock.monoMs();
  }
}
