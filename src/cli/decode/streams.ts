import type { Writable } from 'node:stream';
import { SpyError } from '../../util/assert.ts';

/** Writes lines no faster than they are read, and knows when nobody reads any more. */
export class LineWriter {
  readonly #stream: Writable;
  #failure: NodeJS.ErrnoException | undefined;

  /** @param stream as a rule standard output */
  constructor(stream: Writable) {
    this.#stream = stream;
    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Whether who reads has gone, as `head` does: no fault, but no reason to go on. */
  get closed(): boolean {
    return this.#failure?.code === 'EPIPE';
  }

  /** Writes a line, or several at once. @throws SpyError OUTPUT_FAILED, for example on a full disk */
  async write(text: string): Promise<void> {
    if (this.#failure && !this.closed) {
      throw new SpyError('OUTPUT_FAILED', `Writing failed: ${this.#failure.message}.`, {
        cause: this.#failure,
      });
    }
    if (this.closed || this.#stream.write(`${text}\n`)) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        for (const event of ['drain', 'error', 'close']) this.#stream.off(event, done);
        resolve();
      };
      for (const event of ['drain', 'error', 'close']) this.#stream.on(event, done);
    });
  }
}

/** Chunks of an input until a signal: a pipe may never end by itself. */
export async function* until(
  input: AsyncIterable<Uint8Array>,
  stop: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  const chunks = input[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      const next = await nextUntil(chunks, stop);
      ended = next === undefined || next.done === true;
      if (next === undefined || next.done) return;
      yield next.value;
    }
  } finally {
    // A stream that waits for data would keep its `return` waiting too.
    if (!ended) await chunks.return?.();
  }
}

/** The listener is taken off again each time: what a promise of the signal collects would hold every chunk. */
function nextUntil(
  chunks: AsyncIterator<Uint8Array>,
  stop: AbortSignal,
): Promise<IteratorResult<Uint8Array> | undefined> {
  if (stop.aborted) return Promise.resolve(undefined);
  return new Promise((resolve, reject) => {
    const onStop = (): void => resolve(undefined);
    stop.addEventListener('abort', onStop, { once: true });
    chunks.next().then(
      (next) => {
        stop.removeEventListener('abort', onStop);
        resolve(next);
      },
      (error: unknown) => reject(error),
    );
  });
}
