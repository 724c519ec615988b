/** Asks a program with validators' own code for its verdict on datagrams, and compares it with ours. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { verdict } from '../../src/api/verdict.ts';
import type { Verifier } from '../../src/crypto/verifier.ts';
import { toHex } from '../../src/util/bytes.ts';
import { type Difference, firstDifference } from '../vectors/difference.ts';

/** A datagram that is judged in two ways. */
export interface Disagreement {
  readonly hex: string;
  readonly difference: Difference;
}

/** Datagrams in flight: the program answers in order, a line for a line. */
const WINDOW = 512;

/** The other judge. */
export class Oracle {
  /** Datagrams judged by both, by what validators say of them. */
  readonly judged = new Map<string, number>();
  readonly disagreements: Disagreement[] = [];
  readonly #verifier: Verifier;
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #asked: Uint8Array[] = [];
  readonly #closed: Promise<unknown>;

  /** @param path a program that reads datagrams in hex from stdin and writes verdicts as JSON lines */
  constructor(path: string, verifier: Verifier) {
    this.#verifier = verifier;
    this.#child = spawn(path, ['oracle'], { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface({ input: this.#child.stdout });
    lines.on('line', (line) => this.#answered(line));
    this.#closed = once(lines, 'close');
  }

  /** Asks about a datagram; waits when too many are under way. */
  async ask(bytes: Uint8Array): Promise<void> {
    this.#asked.push(bytes.slice());
    const line = `${toHex(bytes, 0, bytes.length)}\n`;
    if (!this.#child.stdin.write(line)) await once(this.#child.stdin, 'drain');
    while (this.#asked.length > WINDOW) await once(this.#child.stdout, 'data');
  }

  /** Waits for the last verdicts. */
  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#closed;
  }

  #answered(line: string): void {
    const bytes = this.#asked.shift();
    if (bytes === undefined) return;
    const theirs = JSON.parse(line) as { accept: boolean; stage?: string; content?: unknown };
    const got = verdict(bytes, this.#verifier);
    const ours = got.accept
      ? { accept: true, content: got.content }
      : { accept: false, stage: got.stage };
    const said = theirs.accept
      ? { accept: true, content: theirs.content }
      : { accept: false, stage: theirs.stage };
    const sort = theirs.accept ? 'accept' : String(theirs.stage);
    this.judged.set(sort, (this.judged.get(sort) ?? 0) + 1);
    const difference = firstDifference(said, ours);
    if (difference) this.disagreements.push({ hex: toHex(bytes, 0, bytes.length), difference });
  }
}
