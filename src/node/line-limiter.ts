import type { Clock } from '../util/clock.ts';

/** One line in this time from one place of the code, and a few more at once. @source reliability 5, log */
const LINE_MS = 1_000;
const BURST = 4;

/** Places that are told apart; any more share one. Messages are constants, so there are some dozens. */
const MAX_PLACES = 256;
const OTHERS = '';

/** Told instead of a number of suppressed lines: this one is one of them. */
export const SUPPRESSED = -1;

/** Holds a log to one line a second from each place, whatever happens there. */
export class LineLimiter {
  readonly #clock: Clock;
  readonly #places = new Map<string, { lines: number; filledMs: number; suppressed: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** @returns SUPPRESSED, or how many lines were left out since the last of this place */
  admit(message: string): number {
    const place = this.#places.size < MAX_PLACES || this.#places.has(message) ? message : OTHERS;
    const nowMs = this.#clock.monoMs();
    let known = this.#places.get(place);
    if (known === undefined) {
      known = { lines: BURST, filledMs: nowMs, suppressed: 0 };
      this.#places.set(place, known);
    }
    known.lines = Math.min(BURST, known.lines + (nowMs - known.filledMs) / LINE_MS);
    known.filledMs = nowMs;
    if (known.lines < 1) {
      known.suppressed++;
      return SUPPRESSED;
    }
    const { suppressed } = known;
    known.lines--;
    known.suppressed = 0;
    return suppressed;
  }
}
