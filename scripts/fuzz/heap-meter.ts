/** Tells what a call leaves on the heap, collections aside. */
export class HeapMeter {
  /**
   * @returns bytes; the least of a few calls, since compilation and other threads leave something, too, and
   *   a collection in between takes something away
   */
  measure(run: () => unknown): number {
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 5; i++) {
      const before = process.memoryUsage();
      run();
      const after = process.memoryUsage();
      const bytes =
        after.heapUsed - before.heapUsed + Math.max(0, after.arrayBuffers - before.arrayBuffers);
      if (bytes >= 0) least = Math.min(least, bytes);
    }
    return Number.isFinite(least) ? least : 0;
  }
}
