import { Route } from '../crds/table.ts';
import { isPulledFromFuture } from '../gossip/policy.ts';
import { judgePulled, Pulled } from '../gossip/pull-response.ts';
import { BATCH_VALUES } from '../shm/layout.ts';
import { firstRecordOf, packetOf } from '../shm/slab.ts';
import { equalBytes } from '../util/bytes.ts';
import { Outcome } from '../util/outcome.ts';
import { HASH_BYTES, Kind, Message } from '../wire/limits.ts';
import type { NodeParts } from './parts.ts';
import type { ValueWriter } from './value-writer.ts';

/** Applies what others answered to our pull requests. @source behaviour 5 */
export class PullResponses {
  readonly #parts: NodeParts;
  readonly #writer: ValueWriter;
  /** Verdict on each pulled value of the batch. */
  readonly #pulled = new Uint8Array(BATCH_VALUES);
  /** The time that the table's ages are counted on. */
  #steadyMs = 0;

  constructor(parts: NodeParts, writer: ValueWriter) {
    this.#parts = parts;
    this.#writer = writer;
  }

  /** Judges all pulled values of the batch before storing any of them. @source behaviour 5 */
  apply(batch: number, slots: number, nowMs: number, monoMs: number, steadyMs: number): void {
    this.#steadyMs = steadyMs;
    this.#pulled.fill(0);
    this.#each(batch, slots, (row) => {
      this.#pulled[row % BATCH_VALUES] = this.#judge(row, nowMs);
    });
    for (const wanted of [Pulled.EXPIRED, Pulled.ACTIVE]) {
      this.#each(batch, slots, (row) => {
        if (this.#pulled[row % BATCH_VALUES] === wanted) this.#store(row, monoMs);
      });
    }
    this.#each(batch, slots, (row) => {
      const verdict = this.#pulled[row % BATCH_VALUES]!;
      if (verdict !== Pulled.FAILED && verdict !== Pulled.FAILED_TIMEOUT) return;
      const { regions, table } = this.#parts;
      table.failed.push(regions.records.hash, row * HASH_BYTES, this.#steadyMs);
    });
  }

  /** Visits the pulled values that are still wanted, and those that were judged. */
  #each(batch: number, slots: number, visit: (row: number) => void): void {
    const { ring, records } = this.#parts.regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      if (ring.message[packet] !== Message.PULL_RESPONSE) continue;
      if (ring.outcome[packet] !== Outcome.OK) continue;
      const first = firstRecordOf(batch) + ring.firstRow[packet]!;
      for (let row = first; row < first + ring.rowCount[packet]!; row++) {
        const outcome = records.outcome[row]!;
        if (outcome === Outcome.OK || this.#pulled[row % BATCH_VALUES] !== 0) visit(row);
      }
    }
  }

  #judge(row: number, nowMs: number): number {
    const { clock, regions, table, timeouts, view } = this.#parts;
    const { ring, records } = regions;
    const kind = records.kind[row]!;
    const wallclock = records.wallclock[row]!;
    if (kind === Kind.CONTACT_INFO) clock.hear(wallclock, wallclock > nowMs);
    if (isPulledFromFuture(kind, wallclock, nowMs)) {
      records.outcome[row] = Outcome.VALUE_WALLCLOCK_WINDOW;
      return 0;
    }
    const originAt = records.origin[row]!;
    const overrides = this.#writer.overrides(row);
    const timeoutMs = timeouts.of(ring.bytes, originAt);
    const peer = view.peers.find(ring.bytes, originAt);
    const hasContact = peer >= 0 && view.peers.contactRow(peer) >= 0;
    const verdict = judgePulled(overrides, wallclock, timeoutMs, hasContact, nowMs);
    if (verdict === Pulled.FAILED) {
      const held = table.find(kind, records.index[row]!, ring.bytes, originAt);
      const same = equalBytes(
        view.columns.hash,
        held * HASH_BYTES,
        records.hash,
        row * HASH_BYTES,
        HASH_BYTES,
      );
      records.outcome[row] = same ? Outcome.VALUE_DUPLICATE : Outcome.VALUE_OUTDATED;
      this.#parts.traffic.signed(held, records.length[row]!, false);
    } else if (verdict === Pulled.FAILED_TIMEOUT) {
      records.outcome[row] = Outcome.VALUE_TIMED_OUT;
    }
    return verdict;
  }

  #store(row: number, monoMs: number): void {
    const { regions, table } = this.#parts;
    const outcome = this.#writer.upsert(row, Route.PULL, monoMs, this.#steadyMs);
    regions.records.outcome[row] = outcome;
    const stored = outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED;
    if (stored && this.#pulled[row % BATCH_VALUES] === Pulled.ACTIVE) {
      table.touch(regions.ring.bytes, regions.records.origin[row]!, this.#steadyMs);
    }
  }
}
