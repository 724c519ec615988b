import { HashQueue } from '../crds/hash-queue.ts';
import type { TableView } from '../crds/view.ts';
import type { Identity } from '../crypto/identity.ts';
import { FilterSet } from '../gossip/filter-set.ts';
import { PLACE_BYTES, SLOT_BYTES } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { FilterRange, FilterState } from '../shm/task-cells.ts';
import { assert } from '../util/assert.ts';
import { writePullRequest } from '../wire/encode.ts';
import { HASH_BYTES, Kind, SIGNATURE_BYTES } from '../wire/limits.ts';
import { MessageSigner } from './messages.ts';
import { type TaskContext, Work } from './work.ts';

export { SignedMessages } from './messages.ts';

/** Hashes walked past that cost as much as one bloom position. */
const WALKED_PER_HASH = 16;

/** Hashes between two signs of life. */
const BEAT_EVERY = 8_192;

/** What a gossip task works with; everything but the regions belongs to its thread. */
export interface GossipParts {
  readonly regions: Regions;
  readonly view: TableView;
  readonly identity: Identity;
  readonly context: TaskContext;
}

/** Signs what main has written, and builds pull requests. Curve arithmetic and hashing, no decision. */
export class GossipTask {
  readonly #parts: GossipParts;
  readonly #signer: MessageSigner;
  readonly #filters: FilterSet;
  readonly #purged: HashQueue;
  readonly #failed: HashQueue;

  constructor(parts: GossipParts) {
    const { regions, identity } = parts;
    this.#parts = parts;
    this.#signer = new MessageSigner(identity);
    this.#filters = new FilterSet(regions.filters);
    this.#purged = new HashQueue(regions.purged);
    this.#failed = new HashQueue(regions.failed);
  }

  /** Does what one task asks for. @returns its reply */
  run(work: number, first: number, count: number): number {
    switch (work) {
      case Work.SIGN:
        return this.sign(count);
      case Work.FILL:
        return this.fill(first);
      case Work.REQUEST:
        return this.request(count);
      default:
        assert(false, `no gossip task does work ${work}`);
    }
  }

  /**
   * Signs the ping, pong or prune in each of the first `count` orders.
   *
   * @owner the slots in the orders belong to this task until it replies
   * @returns count
   */
  sign(count: number): number {
    const { orders, egress } = this.#parts.regions;
    for (let i = 0; i < count; i++) {
      this.#parts.context.beat();
      this.#signer.sign(egress.bytes, orders.slot[i]! * SLOT_BYTES);
    }
    return count;
  }

  /**
   * Adds to the filters of this round what we have, until that is all or enough for one task: values of
   * the table, hashes of purged, failed and waiting values, in this order.
   *
   * @owner the filters belong to this task until it replies
   * @units first: a place in that order
   * @returns the place behind the last one looked at
   */
  fill(first: number): number {
    const { range, waiting } = this.#parts.regions.filters;
    const rows = range[FilterRange.ROWS]!;
    const purged = rows + range[FilterRange.PURGED_COUNT]!;
    const failed = purged + range[FilterRange.FAILED_COUNT]!;
    const end = failed + range[FilterRange.WAITING]!;
    const purgedFirst = range[FilterRange.PURGED_FIRST]! - rows;
    const failedFirst = range[FilterRange.FAILED_FIRST]! - purged;
    const limit = this.#parts.context.hashes * WALKED_PER_HASH;
    const hit = this.#parts.regions.filters.state[FilterState.KEY_COUNT]! * WALKED_PER_HASH;
    this.#filters.look();
    let place = first;
    for (let spent = 0; place < end && spent < limit; place++, spent++) {
      if (place % BEAT_EVERY === 0) this.#parts.context.beat();
      let added: boolean;
      if (place < rows) added = this.#addRow(place);
      else if (place < purged) added = this.#addQueued(this.#purged, purgedFirst + place);
      else if (place < failed) added = this.#addQueued(this.#failed, failedFirst + place);
      else added = this.#add(waiting, (place - failed) * HASH_BYTES, true);
      if (added) spent += hit;
    }
    return place;
  }

  /**
   * Signs our contact info and writes `count` pull requests, with one filter after the other; behind the
   * last one comes the first again.
   *
   * @owner the filters and the slots in the orders belong to this task until it replies
   * @returns count
   */
  request(count: number): number {
    const { orders, filters, egress } = this.#parts.regions;
    const { contact } = filters;
    const length = filters.state[FilterState.CONTACT_LENGTH]!;
    assert(
      length > SIGNATURE_BYTES && length <= PLACE_BYTES,
      'a contact info waits for its signature',
    );
    this.#parts.context.beat();
    this.#parts.identity.sign(contact, SIGNATURE_BYTES, length, contact, 0);
    for (let i = 0; i < count; i++) {
      const slot = orders.slot[i]!;
      const at = slot * SLOT_BYTES;
      const filter = this.#filters.filter(i % this.#filters.count);
      egress.length[slot] = writePullRequest(egress.bytes, at, filter, contact, 0, length) - at;
    }
    return count;
  }

  /** Adds the hash of a row. One that changes at this moment sets three bits for nothing. */
  #addRow(row: number): boolean {
    const { length, hash, kind } = this.#parts.view.columns;
    if (length[row] === 0) return false;
    return this.#add(hash, row * HASH_BYTES, kind[row] === Kind.CONTACT_INFO);
  }

  /** Adds a queued hash unless it has left. */
  #addQueued(queue: HashQueue, number: number): boolean {
    return number >= queue.first && this.#add(queue.hashes, queue.offsetOf(number), true);
  }

  /** @param isMaybeContact whether it is, or may once have been, a contact info: those a sample asks for */
  #add(hashes: Uint8Array, at: number, isMaybeContact: boolean): boolean {
    const filter = this.#filters.filterOf(hashes, at);
    if (filter < 0) return false;
    const { state } = this.#parts.regions.filters;
    const samples = state[FilterState.SAMPLES]!;
    if (samples > 0 && isMaybeContact && filter >= this.#filters.count - samples) return false;
    this.#filters.add(filter, hashes, at);
    return true;
  }
}
