/** What the seat beside the listen slices is asked to do. Integers only cross between threads. */
export const Work = Object.freeze({
  /** Sign the pings, pongs and prunes in the first `count` orders. */
  SIGN: 0,
  /** Add what we have to the filters of a round, from place `first` on; replies where it stopped. */
  FILL: 1,
  /** Write pull requests into the first `count` orders. */
  REQUEST: 2,
  /** Serve `count` pull requests from place `first` on; replies how many it served. */
  RESPOND: 3,
});

/** Signatures of one task: 0.6 ms through libsodium, 4 ms through noble. @source architecture 6 */
export const TASK_SIGNATURES = 32;

/** Pull requests of one task. @source architecture 6 */
export const TASK_REQUESTS = 16;

/** Bloom positions of one task in a thread: 7 ms. @source architecture 6 */
export const TASK_HASHES = 40_000;

/** The same on main, which has a socket to read in between: 3 ms. */
export const INLINE_HASHES = 16_000;

/** Egress slots that answers of one task may fill. */
export const TASK_ANSWERS = 128;

/** One task; an instance is used again and again, one task at a time. */
export interface SeatTask {
  /** One of `Work`. */
  work: number;
  first: number;
  count: number;
  /** 32 random bits, for tasks that draw. */
  seed: number;
}

/** How tasks are done, on whatever thread. */
export interface TaskContext {
  /** Bloom positions that one task may compute. */
  readonly hashes: number;
  /** Called before each piece of work: shows that the thread lives. */
  readonly beat: () => void;
}
