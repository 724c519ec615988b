/** Waits for something, or for a listener to leave, whichever comes first. */
export class Leaving {
  readonly #signal: AbortSignal | undefined;
  readonly #left: Promise<undefined>;
  #leave: () => void = () => {};

  /** @param signal aborts when the listener leaves; without one it never does */
  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#left = new Promise((resolve) => {
      this.#leave = () => resolve(undefined);
    });
    if (signal?.aborted) this.#leave();
    else signal?.addEventListener('abort', this.#leave);
  }

  /** @returns what was waited for; undefined when the listener left first, and then nobody hears of a failure */
  async unless<T>(waited: Promise<T>): Promise<T | undefined> {
    if (!this.#signal) return await waited;
    return await Promise.race([waited, this.#left]);
  }

  /** Whoever waited is done. */
  end(): void {
    this.#signal?.removeEventListener('abort', this.#leave);
  }
}
