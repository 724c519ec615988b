import { assert } from '../../util/assert.ts';
import type { KnownKeysThread } from './memory.ts';

/** One thread's way into the C code: signatures are staged row by row, then judged together. */
export class KnownKeysEngine {
  /** Most rows at a time. */
  readonly rows: number;
  readonly #thread: KnownKeysThread;
  readonly #scratch: number;
  readonly #verdict: number;
  readonly #messageBytes: number;

  constructor(thread: KnownKeysThread) {
    const { code, area } = thread;
    this.#thread = thread;
    this.rows = code.batch_rows();
    this.#scratch = area + code.scratch_at();
    this.#verdict = area + code.verdict_at();
    this.#messageBytes = code.message_bytes();
  }

  /** Whether a message is short enough; whatever comes in one datagram is. */
  fits(length: number): boolean {
    return length <= this.#messageBytes;
  }

  /**
   * Takes a signature as row `row`.
   *
   * @shape bytes: Uint8Array, may be shared
   * @units key, table: addresses in the memory; the others byte offsets in `bytes`
   */
  stage(
    row: number,
    key: number,
    table: number,
    bytes: Uint8Array,
    signature: number,
    message: number,
    messageEnd: number,
  ): void {
    const { code, area, bytes: memory } = this.#thread;
    const scratch = this.#scratch;
    assert(row < this.rows && this.fits(messageEnd - message), 'stage: no room');
    if (message === signature + 64) memory.set(bytes.subarray(signature, messageEnd), scratch);
    else {
      memory.set(bytes.subarray(signature, signature + 64), scratch);
      memory.set(bytes.subarray(message, messageEnd), scratch + 64);
    }
    code.stage(area, row, key, table, messageEnd - message);
  }

  /** Judges rows [0, count). */
  verify(count: number): void {
    const { code, area, layout } = this.#thread;
    code.verify(area, count, layout.base);
  }

  /** Verdict of a row. */
  accepts(row: number): boolean {
    return this.#thread.bytes[this.#verdict + row] === 1;
  }
}
