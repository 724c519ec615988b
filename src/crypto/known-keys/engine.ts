import { assert } from '../../util/assert.ts';
import type { KnownKeysThread } from './memory.ts';

/**
 * Makes tables for up to four keys at once, all steps in a row: for checks and measurements. Where signatures
 * wait the builder takes the steps one by one.
 *
 * @param tableOf address for the table of each lane
 * @returns a bit for each key that a table could be made for
 */
export function makeTables(
  thread: KnownKeysThread,
  keys: readonly Uint8Array[],
  tableOf: (lane: number) => number,
): number {
  const { code, area, bytes } = thread;
  for (let lane = 0; lane < 4; lane++) {
    bytes.set(keys[lane] ?? keys[0]!, area + code.keys_at() + 32 * lane);
  }
  const usable = code.table_begin(area);
  const rows = code.table_rows();
  for (let row = 0; row < rows; row++) code.table_row(area, row);
  code.table_invert(area);
  for (let row = rows - 1; row >= 0; row--) {
    code.table_store(area, row, tableOf(0), tableOf(1), tableOf(2), tableOf(3));
  }
  return usable;
}

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
