import { sampleViolation } from '../crds/invariants.ts';
import { Counter } from '../shm/counters.ts';
import { SpyError } from '../util/assert.ts';
import { MEMORY_CEILING_BYTES } from './bounds.ts';
import type { NodeParts } from './parts.ts';

/** Share of the ceiling at which caches are shed. @source reliability 5 */
const SHED_SHARE = 0.8;

/** Between two looks at the memory. */
const MEMORY_MS = 5_000;

/** Looks above the ceiling after which the process ends: one peak of the collector is none. */
const CEILING_LOOKS = 3;

/** Looks between two looks at rows: once a minute. @source reliability 4 */
const ROWS_EVERY_LOOKS = 12;

/** Rows looked at each time: 1 ms. */
const ROWS = 256;

/** Exit status when the process outgrows its memory, and when its table is broken. */
export const EXIT_MEMORY = 4;
export const EXIT_BROKEN = 5;

/**
 * Looks after a node that runs for weeks: holds its memory under the ceiling, and looks at a few rows of
 * the table once a minute. What cannot be mended ends the process, for its supervisor to start afresh.
 *
 * @owner main
 */
export class Guard {
  /** How often caches were shed. */
  shed = 0;
  readonly #parts: NodeParts;
  readonly #rssBytes: () => number;
  readonly #fail: (error: Error) => void;
  #looks = 0;
  #above = 0;
  #cancel: () => void = () => {};

  /** @param fail called at most once, when going on is dangerous */
  constructor(parts: NodeParts, rssBytes: () => number, fail: (error: Error) => void) {
    this.#parts = parts;
    this.#rssBytes = rssBytes;
    this.#fail = fail;
  }

  start(): void {
    this.#cancel = this.#parts.clock.every(MEMORY_MS, () => this.#look());
  }

  stop(): void {
    this.#cancel();
  }

  #look(): void {
    this.#memory();
    if (++this.#looks % ROWS_EVERY_LOOKS === 0) this.#rows();
  }

  #memory(): void {
    const { logger, unproved } = this.#parts;
    const rssBytes = this.#rssBytes();
    if (rssBytes < SHED_SHARE * MEMORY_CEILING_BYTES) {
      this.#above = 0;
      return;
    }
    this.shed++;
    const forgotten = unproved.size;
    unproved.expire(Number.POSITIVE_INFINITY); // others repeat them within seconds
    logger.warn(
      { rssBytes, forgotten },
      'the process comes near its memory ceiling: caches are shed',
    );
    if (rssBytes < MEMORY_CEILING_BYTES) {
      this.#above = 0;
      return;
    }
    if (++this.#above < CEILING_LOOKS) return;
    this.stop();
    const megabytes = Math.round(rssBytes / 2 ** 20);
    this.#fail(
      new SpyError('MEMORY_CEILING', `The process has grown to ${megabytes} MiB and is ended.`, {
        exitStatus: EXIT_MEMORY,
      }),
    );
  }

  #rows(): void {
    const { table, rng, counters } = this.#parts;
    const violation = sampleViolation(table, rng, ROWS);
    if (violation === undefined) return;
    counters[Counter.INVARIANTS_VIOLATED]!++;
    this.stop();
    this.#fail(
      new SpyError('TABLE_BROKEN', `The table is broken and given up: ${violation}.`, {
        exitStatus: EXIT_BROKEN,
      }),
    );
  }
}
