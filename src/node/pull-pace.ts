/** Most pull requests a second while the table fills. A measure of manners: mainnet bears far more. */
const EAGER_PER_SECOND = 300;

/**
 * While nobody has answered yet: so many requests quickly, since the first ones only earn us the ping that
 * must come first, then as many a second as an honest node asks.
 */
const UNANSWERED_BURST = 64;
const UNANSWERED_PER_SECOND = 16;

/**
 * So many of those together, or all that are wanted: for one request the whole table is walked as for eight, and while
 * nobody answers it may be large all the same, of what is pushed.
 */
const UNANSWERED_AT_ONCE = 8;

/** Requests that may leave at once. */
const EAGER_BURST = 32;

/** A look at the gain is taken when so many rounds of all partitions were asked for. */
const JUDGED_CYCLES = 2;

/** The table is full when what such a look found new is a smaller share than this. */
const FULL_SHARE = 0.01;

/** However little is found, nobody is eager for longer. */
const MAX_EAGER_MS = 60_000;

/** Without any answer for this long the network was away, and the table is filled anew. */
const SILENCE_MS = 60_000;

/**
 * How fast we ask: quickly until asking stops paying, then as an honest node does. Times are
 * monotonic milliseconds.
 */
export class PullPace {
  #eager: boolean;
  readonly #mayBeEager: boolean;
  #tokens = EAGER_BURST;
  #filledMs = 0;
  #startedMs = -1;
  #answeredMs = -1;
  #asked = 0;
  #gainedBefore = 0;

  constructor(eager: boolean) {
    this.#eager = eager;
    this.#mayBeEager = eager;
  }

  get eager(): boolean {
    return this.#eager;
  }

  /** Takes up to `wanted` requests from the budget. @returns how many may be sent now */
  take(wanted: number, nowMs: number): number {
    if (this.#startedMs < 0) this.#startedMs = nowMs;
    const isPatient = this.#answeredMs < 0 && this.#asked >= UNANSWERED_BURST;
    const perSecond = isPatient ? UNANSWERED_PER_SECOND : EAGER_PER_SECOND;
    const filled = ((nowMs - this.#filledMs) * perSecond) / 1000;
    this.#tokens = Math.min(EAGER_BURST, this.#tokens + filled);
    this.#filledMs = nowMs;
    const granted = Math.min(wanted, Math.floor(this.#tokens));
    if (isPatient && granted < Math.min(wanted, UNANSWERED_AT_ONCE)) return 0;
    this.#tokens -= granted;
    this.#asked += granted;
    return granted;
  }

  /** Notes an answer. After a long silence the eager time begins again. */
  answered(nowMs: number): void {
    const silent = this.#answeredMs >= 0 && nowMs - this.#answeredMs > SILENCE_MS;
    this.#answeredMs = nowMs;
    if (!silent || !this.#mayBeEager) return;
    this.#eager = true;
    this.#startedMs = nowMs;
    this.#asked = 0;
  }

  /**
   * Ends the eager time when a look at all partitions brought hardly anything.
   *
   * @units gained: values and nodes ever found new; known: values and nodes held; partitions: of the table
   */
  judge(gained: number, known: number, partitions: number, nowMs: number): void {
    if (this.#startedMs >= 0 && nowMs - this.#startedMs > MAX_EAGER_MS) this.#eager = false;
    if (this.#answeredMs < 0 || this.#asked < JUDGED_CYCLES * partitions) return;
    const share = (gained - this.#gainedBefore) / Math.max(1, known);
    this.#gainedBefore = gained;
    this.#asked = 0;
    if (share < FULL_SHARE) this.#eager = false;
  }
}
