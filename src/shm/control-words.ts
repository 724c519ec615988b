/** The words by which threads steer each other; each lies on a line of its own. */

/** Words of the control region, one line each. */
export const Control = Object.freeze({
  /** 0 starting, 1 running, 2 stopping, 3 stopped. */
  RUN_STATE: 0,
  SHRED_VERSION: 1,
  TABLE_SIZE: 2,
  /** Entries of the stake map. */
  STAKED_COUNT: 3,
  /** Pool threads started so far: each takes the next number. */
  POOL_THREADS: 4,
});
/** How many they are. */
export const CONTROL_LINES = 5;

/** Words of the batch ring, one line each. */
export const RingWord = Object.freeze({
  /** Batches filled so far; written by whoever receives. */
  HEAD: 0,
  /** Batches claimed so far; compare-exchanged by listen tasks. */
  CLAIM: 1,
  /** Batches applied and freed so far; written by main. */
  TAIL: 2,
  /** What main waits for while it sleeps; set by main, cleared by who wakes it. */
  WANT: 3,
  /** 1 when everybody shall return; written by main. */
  STOP: 4,
});
/** How many they are. */
export const RING_LINES = 5;
