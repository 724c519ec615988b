/** Cells of the region of traffic: who sends what to whom, in numbers that only grow. */

/** Cells of the state: since when is counted, on the monotonic clock, and whether at all. */
export const TrafficState = Object.freeze({ STARTED_MS: 0, IS_COUNTING: 1 });

/** What is counted of the values of one kind. */
export const KindCell = Object.freeze({
  PUSHED: 0,
  PUSHED_BYTES: 1,
  PULLED: 2,
  PULLED_BYTES: 3,
  /** Went into the table, with or without taking another's place. */
  FRESH: 4,
  FRESH_BYTES: 5,
  /** Were in the table already. */
  COPIES: 6,
  COPY_BYTES: 7,
  /** Older than the table's. */
  OUTDATED: 8,
  /** Of another cluster, of nobody known, too old, not wanted. */
  REFUSED: 9,
  /** Pushed on by us, once for each peer. */
  RELAYED: 10,
  RELAYED_BYTES: 11,
});
/** Cells of each kind. */
export const KIND_CELLS = 16;

/** What is counted of the values of one kind in answers to pull requests. */
export const ServedCell = Object.freeze({ VALUES: 0, BYTES: 1 });
/** Cells of each kind there. */
export const SERVED_CELLS = 2;

/** What is counted of each origin: as who signed, and as who brought what others signed. */
export const PeerCell = Object.freeze({
  SIGNED: 0,
  SIGNED_BYTES: 1,
  SIGNED_FRESH: 2,
  /** Datagrams with values from its address. */
  BROUGHT_PACKETS: 3,
  BROUGHT_BYTES: 4,
  BROUGHT: 5,
  BROUGHT_FRESH: 6,
  BROUGHT_COPIES: 7,
});
/** Cells of each origin: one line of memory. */
export const PEER_CELLS = 8;

/** Who is at the other end of a datagram, as far as its address tells. */
export const PeerClass = Object.freeze({ UNPROVED: 0, UNSTAKED: 1, STAKED: 2, ENTRYPOINT: 3 });
/** Names of the classes. */
export const PEER_CLASS_NAMES = ['unproved', 'unstaked', 'staked', 'entrypoint'] as const;
/** Name of one of the classes. */
export type PeerClassName = (typeof PEER_CLASS_NAMES)[number];

/** Sorts of datagrams in each direction: the six messages, and what was refused or thrown away unread. */
export const SORT_REFUSED = 6;
/** Places for sorts. */
export const SORTS = 8;

/** Ways of a datagram. */
export const Direction = Object.freeze({ IN: 0, OUT: 1 });

/** Cells of all classes: datagrams and bytes by class, direction and sort. */
export const CLASS_CELLS = PEER_CLASS_NAMES.length * 2 * SORTS * 2;

/** Place of the number of datagrams; that of their bytes is behind it. */
export function classCell(peerClass: number, direction: number, sort: number): number {
  return ((peerClass * 2 + direction) * SORTS + sort) * 2;
}
