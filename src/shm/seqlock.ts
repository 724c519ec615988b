/**
 * Row versions: the writer makes a version odd, writes, makes it even. A reader takes the version, copies,
 * then closes with a compare-exchange of the version with itself: a read-modify-write, so that no earlier
 * read can slide past it on a weakly ordered CPU. An unchanged version means an untorn copy.
 *
 * Writers and readers take the version column and a row; the loop of tries belongs to the reader.
 */

/** Copies a reader tries before it reports BUSY: a writer is done with a row in under a microsecond. */
export const MAX_READ_TRIES = 8;

/** Begins to write a row. @owner the region's one writer */
export function beginWrite(versions: Int32Array, row: number): void {
  Atomics.add(versions, row, 1);
}

/** Ends writing a row. @returns its new version */
export function endWrite(versions: Int32Array, row: number): number {
  return (Atomics.add(versions, row, 1) + 1) | 0;
}

/** Begins to read a row. @returns its version; when odd, a writer is in it and nothing may be copied */
export function beginRead(versions: Int32Array, row: number): number {
  return Atomics.load(versions, row);
}

/** Ends reading a row. @returns whether everything read since `beginRead` belongs together */
export function endRead(versions: Int32Array, row: number, version: number): boolean {
  return Atomics.compareExchange(versions, row, version, version) === version;
}
