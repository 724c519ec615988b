import type { Clock } from './clock.ts';

/** Share of the passing time at which it goes on while it is ahead of the wall clock. */
const SLOW = 0.5;

/**
 * The wall clock for those who put things in order: it follows every jump forward and never goes back.
 * When the wall clock does, this goes on at half the pace until that has caught up.
 */
export class ForwardTime {
  readonly #clock: Clock;
  #wallMs: number;
  #monoMs: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#wallMs = clock.wallMs();
    this.#monoMs = clock.monoMs();
  }

  /** Milliseconds since the Unix epoch, whole; at least what was read before. */
  nowMs(): number {
    const monoMs = this.#clock.monoMs();
    const least = this.#wallMs + SLOW * Math.max(0, monoMs - this.#monoMs);
    this.#monoMs = monoMs;
    this.#wallMs = Math.max(this.#clock.wallMs(), least);
    return Math.floor(this.#wallMs);
  }
}
