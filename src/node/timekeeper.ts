import type { Clock } from '../util/clock.ts';
import type { Logger } from './ports.ts';

/** A wall clock that is off by no more than this is followed, slowly; one that is further off has jumped. */
const FOLLOW_MS = 2_000;

/** Share of the passing time by which the believed time is slewed, so that it never runs backwards. */
const SLEW = 0.05;

/** Readings are whole milliseconds of one clock and parts of another: less than this is no difference. */
const NOISE_MS = 3;

/** What others say is near when it lies in the window of pushes. @source behaviour 0.3 */
const NEAR_MS = 15_000;

/** So many values must speak for the jumped clock, and twice as many as for the time before it. */
const VOTES_TO_FOLLOW = 8;

/** Votes older than this do not count; the flag of a wrong clock is looked at as often. */
const VOTE_MS = 10_000;

/** Fewer values in that time say nothing about our clock. */
const VOTES_TO_JUDGE = 8;

/** How a node's clock stands. */
export interface ClockReport {
  /** The machine's wall clock, less the time that the node believes; 0 while it is followed. */
  readonly jumpedMs: number;
  /** Most of what others sign now is more than 15 s from what we believe. */
  readonly isSkewed: boolean;
  /** Jumps of the wall clock so far, and how many of them the network confirmed. */
  readonly jumps: number;
  readonly followed: number;
}

/**
 * What time it is, for a node whose machine may be wrong about it. Three clocks:
 *
 * - `monoMs`, for every interval;
 * - `steadyMs`, the wall clock's first reading carried on by the monotonic clock: all ages in the table are
 *   counted on it, so that no jump can expire anything;
 * - `wallMs`, for what goes on the wire and is compared with what others signed. It follows the machine's
 *   wall clock slowly. When that jumps, it goes on as before until enough fresh values of others agree with
 *   the jumped clock: then it was right (a suspended machine, a clock set late), else it stays wrong alone.
 *
 * @source reliability 6, clock; T6; G15
 */
export class Timekeeper implements Clock {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #steadyOffset: number;
  #offset: number;
  #tickedMs: number;
  #isHeld = false;
  #jumps = 0;
  #followed = 0;
  #isSkewed = false;
  /** Fresh values near the believed time, far from it, near the jumped clock; since when. */
  #near = 0;
  #far = 0;
  #forJump = 0;
  #countedMs: number;

  constructor(clock: Clock, logger: Logger) {
    this.#clock = clock;
    this.#logger = logger;
    const monoMs = clock.monoMs();
    this.#offset = clock.wallMs() - monoMs;
    this.#steadyOffset = this.#offset;
    this.#tickedMs = monoMs;
    this.#countedMs = monoMs;
  }

  wallMs(): number {
    return Math.round(this.#clock.monoMs() + this.#offset);
  }

  monoMs(): number {
    return this.#clock.monoMs();
  }

  /** Whole milliseconds that began as wall clock and are counted by the monotonic clock ever since. */
  steadyMs(): number {
    return Math.round(this.#clock.monoMs() + this.#steadyOffset);
  }

  /** What the believed wall clock is ahead of the steady one; whole. */
  get aheadMs(): number {
    return Math.round(this.#offset - this.#steadyOffset);
  }

  after(delayMs: number, callback: () => void): () => void {
    return this.#clock.after(delayMs, callback);
  }

  soon(callback: () => void): void {
    this.#clock.soon(callback);
  }

  every(periodMs: number, callback: () => void): () => void {
    return this.#clock.every(periodMs, callback);
  }

  /** How the clock stands. */
  report(): ClockReport {
    const monoMs = this.#clock.monoMs();
    const aheadMs = this.#isHeld ? Math.round(this.#clock.wallMs() - monoMs - this.#offset) : 0;
    return {
      jumpedMs: aheadMs,
      isSkewed: this.#isSkewed || this.#isHeld,
      jumps: this.#jumps,
      followed: this.#followed,
    };
  }

  /**
   * Notes the wallclock that somebody has just signed.
   *
   * @param isFresh whether it must be recent, as what is pushed is; what is pulled may be old
   */
  hear(wallclock: number, isFresh: boolean): void {
    // hot: called for every pushed value, so there is nothing here but two subtractions
    const distance = Math.abs(wallclock - this.#clock.monoMs() - this.#offset);
    if (distance <= NEAR_MS) this.#near++;
    else if (isFresh) this.#far++;
    if (this.#isHeld && distance > NEAR_MS) {
      if (Math.abs(wallclock - this.#clock.wallMs()) <= NEAR_MS) this.#forJump++;
    }
  }

  /**
   * Compares the clocks; due every round.
   *
   * @returns by how much the believed time was set back because the network confirmed it, 0 if it was not
   */
  tick(): number {
    const monoMs = this.#clock.monoMs();
    const elapsedMs = monoMs - this.#tickedMs;
    this.#tickedMs = monoMs;
    const aheadMs = this.#clock.wallMs() - monoMs - this.#offset;
    if (Math.abs(aheadMs) <= FOLLOW_MS) {
      if (this.#isHeld) this.#release('the wall clock is back where it was');
      const most = elapsedMs * SLEW;
      if (Math.abs(aheadMs) > NOISE_MS) {
        this.#offset += Math.max(-most, Math.min(most, Math.trunc(aheadMs)));
      }
      this.#judge(monoMs);
      return 0;
    }
    if (!this.#isHeld) {
      this.#isHeld = true;
      this.#jumps++;
      this.#startCount(monoMs);
      const jumpedMs = Math.round(aheadMs);
      this.#logger.warn(
        { jumpedMs },
        'the wall clock jumped: not followed until the network agrees',
      );
    }
    if (this.#forJump >= VOTES_TO_FOLLOW && this.#forJump > 2 * this.#near) {
      this.#offset += aheadMs;
      this.#followed++;
      this.#release('the network agrees with the wall clock: it is followed');
      return Math.max(0, -aheadMs);
    }
    this.#judge(monoMs);
    return 0;
  }

  #release(words: string): void {
    this.#isHeld = false;
    this.#startCount(this.#tickedMs);
    this.#isSkewed = false;
    this.#logger.info({}, words);
  }

  /** Says now and then whether others live at the time that we believe. */
  #judge(monoMs: number): void {
    if (monoMs - this.#countedMs < VOTE_MS) return;
    if (this.#near + this.#far >= VOTES_TO_JUDGE) {
      const isSkewed = this.#far > this.#near;
      if (isSkewed !== this.#isSkewed) {
        const wallMs = this.wallMs();
        if (isSkewed) this.#logger.warn({ wallMs }, 'our clock is not that of the network: set it');
        else this.#logger.info({ wallMs }, 'our clock is that of the network again');
      }
      this.#isSkewed = isSkewed;
    }
    this.#startCount(monoMs);
  }

  #startCount(monoMs: number): void {
    this.#countedMs = monoMs;
    this.#near = 0;
    this.#far = 0;
    this.#forJump = 0;
  }
}
