import { OutputFile, offerOut } from '../output.ts';

/** Letters gathered before they are handed over: one call for many lines. */
const CHUNK_LETTERS = 1 << 16;

/** Where exported lines go: a file, or standard output as fast as somebody reads it. */
export class Sink {
  readonly #file: OutputFile | undefined;
  #pending: string[] = [];
  #letters = 0;
  #closed = false;

  /**
   * Opens the file at once, so that a wrong path costs nobody a minute.
   *
   * @param path `-` for standard output
   * @throws SpyError OUTPUT_UNWRITABLE
   */
  constructor(path: string) {
    if (path !== '-') this.#file = new OutputFile(path, '--output');
  }

  /** Whether nobody reads any more: no fault, but no reason to go on. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Writes a line. @throws SpyError OUTPUT_FAILED */
  async line(text: string): Promise<void> {
    if (this.#file) {
      this.#file.text(text);
      return;
    }
    this.#pending.push(text);
    this.#letters += text.length;
    if (this.#letters > CHUNK_LETTERS) await this.#flush();
  }

  /** Writes what is left. @throws SpyError OUTPUT_FAILED */
  async end(): Promise<void> {
    this.#file?.close();
    if (this.#pending.length > 0) await this.#flush();
  }

  async #flush(): Promise<void> {
    const text = `${this.#pending.join('\n')}\n`;
    this.#pending = [];
    this.#letters = 0;
    if (!this.#closed) this.#closed = !(await offerOut(text));
  }
}
