/** Most pull requests a second while the table fills. A measure of manners: mainnet bears far more. */
const EAGER_PER_SECOND = 300;

/**
 * While nobody has answered yet: so many requests quickly, since the first ones only earn us the ping that
 * must come first, then as many a second as an honest node asks.
 */
const UNANSWERED_BURST = 64;
const UNANSWERED_PER_SECOND = 16;

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

/** After so many calm rounds it is judged whether asking pays. */
const RESTED_ROUNDS = 8;

/** It does while it brings more than this share of what goes into the table; the rest is pushed. */
const USEFUL_SHARE = 0.05;

/**
 * Calm rounds are at most so many times rarer than an honest node's: one a second. At 4 some values were
 * still missing a minute after a network had healed.
 */
const LONGEST_REST = 2;

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
  readonly #mayRest: boolean;
  #rest = 1;
  #calmRounds = 0;
  #broughtBefore = 0;
  #storedBefore = 0;

  /** @param gentle whether calm rounds become rarer while they bring hardly anything */
  constructor(eager: boolean, gentle = false) {
    this.#eager = eager;
    this.#mayRest = gentle;
    this.#mayBeEager = eager;
  }

  get eager(): boolean {
    return this.#eager;
  }

  /** Of so many calm rounds of an honest node one is to be made. */
  get rest(): number {
    return this.#eager ? 1 : this.#rest;
  }

  /**
   * Notes a calm round; now and then the pace of the next ones follows from what came in meanwhile. When
   * nothing does, asking is the way to find out why.
   *
   * @units brought: values ever stored from answers; stored: values ever stored, however they came
   */
  calmRound(brought: number, stored: number): void {
    if (!this.#mayRest || ++this.#calmRounds < RESTED_ROUNDS) return;
    this.#calmRounds = 0;
    const byAsking = brought - this.#broughtBefore;
    const all = stored - this.#storedBefore;
    this.#broughtBefore = brought;
    this.#storedBefore = stored;
    const pays = all === 0 || byAsking > USEFUL_SHARE * all;
    this.#rest = pays ? 1 : LONGEST_REST;
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
