/** Cells of the table's own state. */
export const TableState = Object.freeze({
  SIZE: 0,
  /** Rows at and above this were never used. */
  HIGH_WATER: 1,
  /** First row of the list of free rows below the high water mark, plus one. */
  FREE_HEAD: 2,
  /** Ordinal that the next insertion gets. */
  ORDINAL: 3,
  /** What keys the hashes of labels and pubkeys, 32 bits. */
  HASH_SEED: 4,
  /** What our wall clock is ahead of the steady one that ages are counted on, ms. */
  WALL_AHEAD: 5,
  /** For each size of places: the first free one, plus one, and those that were ever used. */
  SMALL_FREE_HEAD: 6,
  SMALL_HIGH_WATER: 7,
  LARGE_FREE_HEAD: 8,
  LARGE_HIGH_WATER: 9,
});
