import { closeSync, openSync, writeSync } from 'node:fs';
import { SpyError } from '../util/assert.ts';

/** Lines gathered before they are written: one system call for many. */
const CHUNK_LETTERS = 1 << 20;

/** A file that is opened before the work begins, so that a wrong path costs nobody a minute. */
export class OutputFile {
  readonly #path: string;
  readonly #descriptor: number;
  #pending: string[] = [];
  #letters = 0;

  /** Creates or empties the file. @throws SpyError OUTPUT_UNWRITABLE */
  constructor(path: string, flag: string) {
    this.#path = path;
    try {
      this.#descriptor = openSync(path, 'w');
    } catch (cause) {
      const reason = (cause as Error).message;
      throw new SpyError(
        'OUTPUT_UNWRITABLE',
        `Cannot write ${path} (${reason}). Give ${flag} a file in a folder that exists and is yours.`,
        { cause },
      );
    }
  }

  /** Adds one JSON line. */
  line(value: unknown): void {
    this.text(JSON.stringify(value));
  }

  /** Adds a line as it is. */
  text(text: string): void {
    this.#pending.push(text);
    this.#letters += text.length;
    if (this.#letters > CHUNK_LETTERS) this.#flush();
  }

  /** Writes what is left. @throws SpyError OUTPUT_FAILED, for example on a full disk */
  close(): void {
    this.#flush();
    closeSync(this.#descriptor);
  }

  #flush(): void {
    if (this.#pending.length === 0) return;
    const bytes = Buffer.from(`${this.#pending.join('\n')}\n`);
    this.#pending = [];
    this.#letters = 0;
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    } catch (cause) {
      throw new SpyError(
        'OUTPUT_FAILED',
        `Writing ${this.#path} failed: ${(cause as Error).message}. What was written so far is incomplete.`,
        { cause },
      );
    }
  }
}

/** Resolves when stdout has taken it all; a reader that has gone away is no error. */
export async function writeOut(text: string): Promise<void> {
  await offerOut(text);
}

/** Resolves when stdout has taken it all. @returns whether somebody still reads. @throws SpyError OUTPUT_FAILED */
export function offerOut(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const settle = (error: Error | null | undefined): void => {
      if (!error) resolve(true);
      else if ((error as NodeJS.ErrnoException).code === 'EPIPE') resolve(false);
      else reject(outputFailed(error));
    };
    try {
      process.stdout.write(text, settle);
    } catch (error) {
      settle(error as Error); // of a file it is known at once
    }
  });
}

function outputFailed(cause: Error): SpyError {
  return new SpyError(
    'OUTPUT_FAILED',
    `Writing to standard output failed: ${cause.message}. What was written so far is incomplete; check that there is room where it goes.`,
    { cause },
  );
}
