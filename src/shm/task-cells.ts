/** Cells of the states that main and the tasks of the seat hand to each other. */

/** Cells of the state of filters in the making. */
export const FilterState = Object.freeze({
  /** Counts rounds: a thread that sees another number than last time looks at all of it anew. */
  ROUND: 0,
  COUNT: 1,
  MASK_BITS: 2,
  KEY_COUNT: 3,
  BIT_LENGTH: 4,
  /** Bytes of our contact info. */
  CONTACT_LENGTH: 5,
  /** So many of the filters, the last ones, ask for all contact infos, those that we have too. */
  SAMPLES: 6,
});

/** What goes into the filters of a round: each a first place and a number of places. */
export const FilterRange = Object.freeze({
  ROWS: 0,
  PURGED_FIRST: 1,
  PURGED_COUNT: 2,
  FAILED_FIRST: 3,
  FAILED_COUNT: 4,
  WAITING: 5,
});

/** Cells of the state of pull requests that are served: what the task is told, then what it tells. */
export const RequestState = Object.freeze({
  NOW_MS: 0,
  /** Bytes that may leave. */
  BYTES: 1,
  /** Entries of the stake map. */
  STAKED_COUNT: 2,
  /** Egress slots in the orders. */
  SLOTS: 3,
  /** Egress slots written, the first ones of the orders. */
  USED: 4,
  /** Datagrams for which there was no slot. */
  DROPPED: 5,
});
