const NOTHING = new Uint8Array(0);

/**
 * Reads a stream of chunks record by record and holds no more than one chunk and one record at a time,
 * so that the size of a capture does not matter. `has` and `take` are synchronous: whoever reads many
 * small records awaits `fill` only at the end of a chunk.
 */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #bytes: Uint8Array = NOTHING;
  #at = 0;
  #position = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** How many bytes were taken so far: where in the input the next record starts. */
  get position(): number {
    return this.#position;
  }

  /** How many bytes can be taken without waiting. */
  get ready(): number {
    return this.#bytes.length - this.#at;
  }

  /** Whether `count` bytes can be taken without waiting. */
  has(count: number): boolean {
    return this.#bytes.length - this.#at >= count;
  }

  /** Waits until `count` bytes can be taken. @returns false when the input ends before */
  async fill(count: number): Promise<boolean> {
    if (this.has(count)) return true;
    const parts = [this.#bytes.subarray(this.#at)];
    let size = this.ready;
    let ended = false;
    while (size < count && !ended) {
      const next = await this.#chunks.next();
      if (next.done) ended = true;
      else {
        parts.push(next.value);
        size += next.value.length;
      }
    }
    this.#bytes = join(parts, size);
    this.#at = 0;
    return size >= count;
  }

  /** The next `count` bytes, without taking them; the caller has checked that they are there. */
  peek(count: number): Uint8Array {
    return this.#bytes.subarray(this.#at, this.#at + count);
  }

  /** Takes the next `count` bytes; they stay valid, since chunks are never reused. */
  take(count: number): Uint8Array {
    const taken = this.#bytes.subarray(this.#at, this.#at + count);
    this.#at += taken.length;
    this.#position += taken.length;
    return taken;
  }

  /** Passes over `count` bytes without holding them. @returns false when the input ends before */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > this.ready) {
      left -= this.take(this.ready).length;
      if (!(await this.fill(1))) return false;
    }
    this.take(left);
    return true;
  }

  /** Lets go of the input; what is behind it (a file, a pipe) is closed. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

function join(parts: readonly Uint8Array[], size: number): Uint8Array {
  const filled = parts.filter((part) => part.length > 0);
  if (filled.length === 1) return filled[0]!;
  const joined = new Uint8Array(size);
  let at = 0;
  for (const part of filled) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
