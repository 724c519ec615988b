import type { TableView } from '../crds/view.ts';
import { Copied, RowCopy } from '../crds/view.ts';
import { PullAnswers, type ServeLimits } from '../gossip/pull-serve.ts';
import { Counter } from '../shm/counters.ts';
import { SLOT_BYTES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { RequestState } from '../shm/task-cells.ts';
import { SERVED_CELLS, ServedCell } from '../shm/traffic-cells.ts';
import { assert } from '../util/assert.ts';
import { Outcome } from '../util/outcome.ts';
import { seededRng } from '../util/rng.ts';
import { setValuesCount, writeValuesHeader } from '../wire/encode.ts';
import { Message, SMALLEST_PULL_RESPONSE_BYTES, VALUES_HEADER_BYTES } from '../wire/limits.ts';
import { createValueColumns, PacketFields, skim } from '../wire/skim.ts';
import type { TaskContext } from './work.ts';

/** What a respond task works with; everything but the regions belongs to its thread. */
export interface RespondParts {
  readonly regions: Regions;
  readonly view: TableView;
  /** 32 bytes: who answers. */
  readonly publicKey: Uint8Array;
  /** The block of this thread. */
  readonly counters: Float64Array;
  readonly context: TaskContext;
  readonly limits?: ServeLimits | undefined;
}

/**
 * Answers pull requests that main has admitted: selects values, packs them and writes datagrams into
 * the egress slots that were reserved for it, within the bytes that main grants. A value that changed
 * since it was selected is left out.
 *
 * @source behaviour 4.4 to 4.6
 */
export class RespondTask {
  readonly #parts: RespondParts;
  readonly #answers: PullAnswers;
  readonly #fields = new PacketFields();
  readonly #columns = createValueColumns(16);
  readonly #copy = new RowCopy();
  readonly #grant = new Grant();

  constructor(parts: RespondParts) {
    this.#parts = parts;
    this.#answers = new PullAnswers(parts.view, seededRng(0), parts.limits);
  }

  /**
   * Serves up to `count` requests, fewer when they take too much work together. Fills the outcomes of
   * those, the first USED egress slots of the orders, and what is left of BYTES.
   *
   * @units first: place of the oldest request, which counts on beyond the capacity; seed: 32 bits
   * @owner requests, orders and the slots in them belong to this task until it replies
   * @returns how many requests were served
   */
  run(first: number, count: number, seed: number): number {
    const { requests } = this.#parts.regions;
    const { state } = requests;
    const answers = this.#answers;
    const bytes = state[RequestState.BYTES]!;
    const values = Math.floor(bytes / SMALLEST_PULL_RESPONSE_BYTES);
    const staked = state[RequestState.STAKED_COUNT]!;
    answers.start(state[RequestState.NOW_MS]!, values, staked, seededRng(seed));
    answers.busy = 0;
    let hashes = 0;
    let served = 0;
    for (; served < count; served++) {
      this.#parts.context.beat();
      const place = (first + served) & (requests.length.length - 1);
      hashes += this.#price(place);
      if (served > 0 && hashes > this.#parts.context.hashes) break;
      requests.outcome[place] = this.#answer(place);
    }
    this.#parts.counters[Counter.ROWS_BUSY]! += answers.busy;
    this.#grant.bytes = bytes;
    this.#write();
    state[RequestState.BYTES] = this.#grant.bytes;
    return served;
  }

  #price(place: number): number {
    const { requests } = this.#parts.regions;
    const at = place * SLOT_BYTES;
    const end = at + requests.length[place]!;
    const outcome = skim(requests.bytes, at, end, this.#fields, this.#columns, 0);
    assert(outcome === Outcome.OK, 'a pull request that was admitted is well-formed');
    this.#answers.price(requests.bytes, this.#fields);
    return this.#answers.hashes(this.#fields);
  }

  #answer(place: number): number {
    const { requests } = this.#parts.regions;
    const answers = this.#answers;
    if (answers.valuesLeft <= 0) return Outcome.PULL_REQUEST_OVER_BUDGET;
    answers.answer(requests.bytes, this.#fields, requests.wallclock[place]!, place);
    this.#parts.counters[Counter.SHARDS_ABANDONED]! += answers.abandoned;
    return Outcome.OK;
  }

  /** Writes what the grant allows, the most important first. @source behaviour 4.6 */
  #write(): void {
    const { orders, egress, requests } = this.#parts.regions;
    const { state } = requests;
    const answers = this.#answers;
    let used = 0;
    let dropped = 0;
    for (let p = answers.next(this.#grant); p >= 0; p = answers.next(this.#grant)) {
      if (used === state[RequestState.SLOTS]) {
        dropped++;
        continue;
      }
      const slot = orders.slot[used]!;
      const planned = VALUES_HEADER_BYTES + answers.bytes[p]!;
      const length = this.#writeAnswer(p, slot * SLOT_BYTES);
      this.#grant.bytes += planned - length;
      if (length === 0) continue;
      const place = answers.request[p]!;
      egress.length[slot] = length;
      egress.ip[slot] = requests.ip[place]!;
      egress.port[slot] = requests.port[place]!;
      used++;
    }
    state[RequestState.USED] = used;
    state[RequestState.DROPPED] = dropped;
  }

  /** @returns the length of the datagram, 0 when none of its values is left */
  #writeAnswer(p: number, at: number): number {
    const { regions, view, publicKey, counters } = this.#parts;
    const { rows, ordinals, first, size } = this.#answers;
    const { bytes } = regions.egress;
    const { served } = regions.traffic;
    const copy = this.#copy;
    const start = writeValuesHeader(bytes, at, Message.PULL_RESPONSE, publicKey, 0, 0);
    let next = start;
    let count = 0;
    for (let i = first[p]!; i < first[p]! + size[p]!; i++) {
      const copied = view.copyRow(rows[i]!, copy);
      if (copied === Copied.BUSY) counters[Counter.ROWS_BUSY]!++;
      if (copied !== Copied.OK || copy.ordinal !== ordinals[i]) continue;
      bytes.set(copy.bytes.subarray(0, copy.length), next);
      served[copy.kind * SERVED_CELLS + ServedCell.VALUES]! += 1;
      served[copy.kind * SERVED_CELLS + ServedCell.BYTES]! += copy.length;
      next += copy.length;
      count++;
    }
    setValuesCount(bytes, at, count);
    return count === 0 ? 0 : next - at;
  }
}

/** Bytes that main has granted. */
class Grant {
  bytes = 0;

  take(bytes: number): boolean {
    if (bytes > this.bytes) return false;
    this.bytes -= bytes;
    return true;
  }
}
