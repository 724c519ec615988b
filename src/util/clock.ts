/**
 * All time comes from here: the wall clock for what goes on the wire, the monotonic clock for every
 * interval and timeout of our own (a jump of the wall clock must not expire anything).
 */
export interface Clock {
  /** Milliseconds since the Unix epoch, whole. */
  wallMs(): number;
  /** Monotonic milliseconds, fractional. */
  monoMs(): number;
  /** Calls back once after `delayMs`; the returned function cancels. */
  after(delayMs: number, callback: () => void): () => void;
  /** Calls back as soon as what is waiting now has had its turn. */
  soon(callback: () => void): void;
  /** Calls back every `periodMs`; the returned function cancels. */
  every(periodMs: number, callback: () => void): () => void;
}

/**
 * `performance.now()` counts from the start of each thread; with this it counts from the same moment on
 * all of them, so that one thread can tell the age of what another has stamped.
 */
const THREAD_STARTED_MS = ((): number => {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6 - performance.now();
})();

/** The machine's clocks. */
export const SystemClock: Clock = {
  wallMs: () => Date.now(),
  monoMs: () => THREAD_STARTED_MS + performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  soon(callback) {
    setImmediate(callback);
  },
  every(periodMs, callback) {
    const timer = setInterval(callback, periodMs);
    return () => clearInterval(timer);
  },
};

interface Timer {
  dueMs: number;
  order: number;
  periodMs: number;
  callback: () => void;
}

/** A clock that stands still until told otherwise: tests and simulations. */
export class ManualClock implements Clock {
  #wallMs: number;
  #monoMs = 0;
  #order = 0;
  readonly #timers = new Set<Timer>();

  /** @param wallMs the wall clock's first reading, ms since the Unix epoch */
  constructor(wallMs = 1_787_000_000_000) {
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs;
  }

  monoMs(): number {
    return this.#monoMs;
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#add(delayMs, 0, callback);
  }

  soon(callback: () => void): void {
    this.#add(0, 0, callback);
  }

  every(periodMs: number, callback: () => void): () => void {
    return this.#add(periodMs, Math.max(1, periodMs), callback);
  }

  /** Moves both clocks forward and runs what falls due, in order of time. */
  advance(ms: number): void {
    const target = this.#monoMs + ms;
    for (;;) {
      let next: Timer | undefined;
      for (const timer of this.#timers) {
        if (timer.dueMs > target) continue;
        if (
          !next ||
          timer.dueMs < next.dueMs ||
          (timer.dueMs === next.dueMs && timer.order < next.order)
        ) {
          next = timer;
        }
      }
      if (!next) break;
      this.#step(next.dueMs);
      if (next.periodMs > 0) next.dueMs += next.periodMs;
      else this.#timers.delete(next);
      next.callback();
    }
    this.#step(target);
  }

  /** Sets the wall clock alone, as a jump of the machine's clock would. */
  jump(wallMs: number): void {
    this.#wallMs = wallMs;
  }

  #step(monoMs: number): void {
    if (monoMs <= this.#monoMs) return;
    this.#wallMs += monoMs - this.#monoMs;
    this.#monoMs = monoMs;
  }

  #add(delayMs: number, periodMs: number, callback: () => void): () => void {
    const timer = {
      dueMs: this.#monoMs + Math.max(0, delayMs),
      order: this.#order++,
      periodMs,
      callback,
    };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }
}
