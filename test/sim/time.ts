/** Virtual time: one queue of events for a whole network, and each machine's own idea of the time. */
import type { Clock } from '../../src/util/clock.ts';

/** The wall clock of a machine without an error when virtual time begins. */
const EPOCH_MS = 1_787_000_000_000;

/** Something that will happen; cancelled by taking its callback away. */
interface SimEvent {
  readonly dueMs: number;
  readonly order: number;
  callback: (() => void) | undefined;
}

/** The one queue that everything which happens passes through, in order of time, then of entry. */
export class VirtualTime {
  /** True time, ms since the start; only a machine's own clock is ever seen by a node. */
  nowMs = 0;
  /** Events that happened. */
  executed = 0;
  readonly #heap: SimEvent[] = [];
  #order = 0;

  /** @returns what cancels it */
  at(dueMs: number, callback: () => void): () => void {
    const event: SimEvent = { dueMs: Math.max(dueMs, this.nowMs), order: this.#order++, callback };
    const heap = this.#heap;
    let i = heap.length;
    heap.push(event);
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[i] = heap[parent]!;
      i = parent;
    }
    heap[i] = event;
    return () => {
      event.callback = undefined;
    };
  }

  /** Lets everything happen that is due up to a time, and leaves the time there. */
  runUntil(endMs: number): void {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.dueMs > endMs) break;
      this.#pop();
      if (first.callback === undefined) continue;
      this.nowMs = first.dueMs;
      this.executed++;
      first.callback();
    }
    this.nowMs = endMs;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    const { length } = heap;
    if (length === 0) return;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= length) break;
      if (child + 1 < length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[i] = heap[child]!;
      i = child;
    }
    heap[i] = last;
  }
}

function isBefore(a: SimEvent, b: SimEvent): boolean {
  return a.dueMs !== b.dueMs ? a.dueMs < b.dueMs : a.order < b.order;
}

/** How wrong the clock of a machine is. */
export interface ClockError {
  /** Of the wall clock at the start. */
  readonly offsetMs: number;
  /** Milliseconds that both clocks advance in one true millisecond. */
  readonly rate: number;
}

/** What woke a node. */
export type Wake = 'round' | 'timer' | 'soon';

/** The clock of one running node. It dies with the node: nothing that it was to call is called then. */
export class SimClock implements Clock {
  /** Added to the wall clock, as when somebody sets it. */
  stepMs = 0;
  /** True time before which nothing runs, as on a machine that was suspended. */
  frozenUntilMs = 0;
  /** Called when a callback has returned. */
  afterStep: (wake: Wake) => void = () => {};
  readonly #time: VirtualTime;
  readonly #error: ClockError;
  readonly #bootMs: number;
  readonly #delayMs: () => number;
  #isDead = false;

  /** @param delayMs how long `soon` takes on this machine, drawn for each call */
  constructor(time: VirtualTime, error: ClockError, bootMs: number, delayMs: () => number) {
    this.#time = time;
    this.#error = error;
    this.#bootMs = bootMs;
    this.#delayMs = delayMs;
  }

  wallMs(): number {
    const { offsetMs, rate } = this.#error;
    return Math.floor(EPOCH_MS + offsetMs + this.stepMs + this.#time.nowMs * rate);
  }

  monoMs(): number {
    return (this.#time.nowMs + this.#bootMs) * this.#error.rate;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#schedule(Math.max(0, delayMs) / this.#error.rate, 'timer', callback);
  }

  soon(callback: () => void): void {
    this.#schedule(this.#delayMs(), 'soon', callback);
  }

  every(periodMs: number, callback: () => void): () => void {
    let cancel: () => void = () => {};
    const again = (): void => {
      cancel = this.#schedule(periodMs / this.#error.rate, 'round', () => {
        again();
        callback();
      });
    };
    again();
    return () => cancel();
  }

  /** Ends everything that this clock was to call. */
  kill(): void {
    this.#isDead = true;
  }

  /** Runs something on this machine now, as one step. */
  run(wake: Wake, callback: () => void): void {
    if (this.#isDead) return;
    if (this.#time.nowMs < this.frozenUntilMs) {
      this.#time.at(this.frozenUntilMs, () => this.run(wake, callback));
      return;
    }
    callback();
    this.afterStep(wake);
  }

  #schedule(trueMs: number, wake: Wake, callback: () => void): () => void {
    return this.#time.at(this.#time.nowMs + trueMs, () => this.run(wake, callback));
  }
}
