import type { WriteStream } from 'node:tty';

/** One line on a terminal that is written over until something lasting is to be printed. */
export class Progress {
  readonly #stream: WriteStream;
  #shown = false;

  constructor(stream: WriteStream = process.stderr) {
    this.#stream = stream;
  }

  /** Shows a line, cut to the terminal; nothing where nobody watches. */
  show(line: string): void {
    if (!this.#stream.isTTY) return;
    const width = Math.max(20, (this.#stream.columns ?? 80) - 1);
    const text = line.length > width ? `${line.slice(0, width - 1)}…` : line;
    this.#stream.write(`\r${text}\x1b[K`);
    this.#shown = true;
  }

  /** Takes the line away. */
  clear(): void {
    if (!this.#shown) return;
    this.#stream.write('\r\x1b[K');
    this.#shown = false;
  }
}
