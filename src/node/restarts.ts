import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';

/** Deaths within a minute that cost a pool a thread. @source reliability 5 */
export const SHRINK_FAILURES = 5;
export const SHRINK_MS = 60_000;

/** Deaths within ten minutes that end the process: whoever supervises it starts it afresh. @source reliability 5 */
export const FATAL_FAILURES = 20;
export const FATAL_MS = 600_000;

/** Exit status when threads keep dying. */
export const EXIT_THREADS = 3;

/** Counts how often threads died lately, all of one sort together. */
export class Restarts {
  /** Deaths so far. */
  total = 0;
  readonly #clock: Clock;
  readonly #times: number[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes a death. @returns how many there were within a minute, or FATAL_FAILURES when it is no use */
  note(): number {
    this.total++;
    const nowMs = this.#clock.monoMs();
    this.#times.push(nowMs);
    while (this.#times.length > FATAL_FAILURES) this.#times.shift();
    const within = (ms: number): number => this.#times.filter((at) => nowMs - at < ms).length;
    return within(FATAL_MS) < FATAL_FAILURES ? within(SHRINK_MS) : FATAL_FAILURES;
  }
}

/** What ends the process when threads keep dying. */
export function threadsDie(code: string, words: string, cause: unknown): SpyError {
  return new SpyError(code, words, { cause, exitStatus: EXIT_THREADS });
}
