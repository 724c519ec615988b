/**
 * Reading the table, from any thread. On the main thread, which writes it, the columns and lists are exact.
 * Elsewhere lists and indices are hints, and only `copyRow` gives something that belongs together.
 */
import { PLACE_BYTES } from '../shm/layout.ts';
import type { RegionColumns, Regions } from '../shm/regions.ts';
import { beginRead, endRead, MAX_READ_TRIES } from '../shm/seqlock.ts';
import { copySpan, viewOf } from '../shm/span.ts';
import { TableState } from '../shm/table-cells.ts';
import { copyBytes, equalBytes } from '../util/bytes.ts';
import { HASH_BYTES, PUBKEY_BYTES } from '../wire/limits.ts';
import { Chain } from './chain.ts';
import { type Hasher, LabelHasher } from './label.ts';
import { ownerChain, Peers } from './peers.ts';
import { ProbeIndex } from './probe-index.ts';

/** How a value reached us. */
export const Route = Object.freeze({
  LOCAL: 0,
  PULL: 1,
  PUSH: 2,
  /** A pushed contact info that went in when its address had answered, as if pulled then. */
  PUSH_PROVED: 3,
});

/** In the column `pushes`: the value came from ourselves. */
export const PUSHES_LOCAL = 0xffff;

/** What `copyRow` did. */
export const Copied = Object.freeze({
  OK: 1,
  /** The row holds no value. */
  FREE: 0,
  /** A writer was in the way at every try. */
  BUSY: -1,
});

/** A row copied out of shared memory; one instance is reused for many rows. @source behaviour 2.2 */
export class RowCopy {
  row = -1;
  version = 0;
  length = 0;
  kind = 0;
  index = 0;
  peer = -1;
  wallclock = 0;
  /** When it came in, ms of our wall clock. */
  inserted = 0;
  ordinal = 0;
  outsetLow = 0;
  outsetHigh = 0;
  pushes = 0;
  route = 0;
  readonly bytes = new Uint8Array(PLACE_BYTES);
  readonly hash = new Uint8Array(HASH_BYTES);
  readonly pubkey = new Uint8Array(PUBKEY_BYTES);
  /** Who sent it, as the datagram says; zeros when it is ours. */
  readonly sender = new Uint8Array(PUBKEY_BYTES);
  readonly view = viewOf(this.bytes);
}

/** The table as any thread sees it: columns, indices, lists, and untorn copies of rows. */
export class TableView {
  /** For readers on the main thread; `columns.length[row]` is 0 in a free row. */
  readonly columns: RegionColumns<'table'>;
  readonly peers: Peers;
  readonly labels: LabelHasher;
  readonly index: ProbeIndex;
  readonly shards: Chain;
  readonly owners: Chain;
  readonly kinds: Chain;
  readonly order: Chain;
  readonly #bytesView: DataView;

  /** The seed lies in shared memory, set by the table before anybody attaches. */
  constructor(regions: Pick<Regions, 'table' | 'peers'>, hasher: Hasher) {
    const c = regions.table;
    this.columns = c;
    this.labels = new LabelHasher(hasher, c.state[TableState.HASH_SEED]!);
    this.peers = new Peers(regions.peers, this.labels);
    this.index = new ProbeIndex(c.labels);
    this.shards = new Chain(c.shardHead, c.shardTail, c.shardNext, c.shardPrevious);
    this.owners = ownerChain(regions.peers, c);
    this.kinds = new Chain(c.kindHead, c.kindTail, c.kindNext, c.kindPrevious);
    this.order = new Chain(c.orderHead, c.orderTail, c.orderNext, c.orderPrevious);
    this.#bytesView = viewOf(c.bytes);
  }

  /** Values in the table. */
  get size(): number {
    return this.columns.state[TableState.SIZE]!;
  }

  /** Rows at and above this were never used. Walk `0 … highWater − 1` and skip rows of length 0. */
  get highWater(): number {
    return this.columns.state[TableState.HIGH_WATER]!;
  }

  /** The ordinal that the next insertion gets: above all that exist. */
  get cursor(): number {
    return this.columns.state[TableState.ORDINAL]!;
  }

  /** How many values of a kind there are. */
  countOfKind(kind: number): number {
    return this.columns.kindCount[kind]!;
  }

  /** @returns the row of a label, or -1 */
  find(kind: number, index: number, pubkey: Uint8Array, at: number): number {
    return this.findTagged(this.labels.label(kind, index, pubkey, at), kind, index, pubkey, at);
  }

  /** @returns the first row whose label has this tag, most likely the label itself, or -1 */
  firstTagged(tag: number): number {
    const place = this.index.first(tag);
    return place < 0 ? -1 : this.index.rowAt(place);
  }

  /** As `find`, for a caller that has the label's tag already. */
  findTagged(tag: number, kind: number, index: number, pubkey: Uint8Array, at: number): number {
    const c = this.columns;
    const keys = this.peers.columns.pubkey;
    let place = this.index.first(tag);
    while (place >= 0) {
      const row = this.index.rowAt(place);
      if (
        c.kind[row] === kind &&
        c.index[row] === index &&
        equalBytes(keys, c.peer[row]! * PUBKEY_BYTES, pubkey, at, PUBKEY_BYTES)
      ) {
        return row;
      }
      place = this.index.next(tag, place);
    }
    return -1;
  }

  /** Where the origin of a row lies in `peers.columns.pubkey`. */
  originOffset(row: number): number {
    return this.columns.peer[row]! * PUBKEY_BYTES;
  }

  /**
   * The first row, in the order of insertion, whose ordinal is at least `ordinal`; walk on with
   * `order.next(row)`. Exact on the main thread; costs one step for each row from there to the end.
   *
   * @returns a row, or -1
   */
  firstSince(ordinal: number): number {
    const ordinals = this.columns.ordinal;
    let found = -1;
    let row = this.order.last(0);
    while (row >= 0 && ordinals[row]! >= ordinal) {
      found = row;
      row = this.order.previous(row);
    }
    return found;
  }

  /**
   * Copies a row so that all of it belongs together, from any thread.
   *
   * @returns Copied.OK, FREE or BUSY
   */
  copyRow(row: number, out: RowCopy): number {
    const versions = this.columns.version;
    for (let i = 0; i < MAX_READ_TRIES; i++) {
      const version = beginRead(versions, row);
      if ((version & 1) !== 0) continue;
      this.#copyUnchecked(row, out);
      if (!endRead(versions, row, version)) continue;
      out.row = row;
      out.version = version;
      return out.length === 0 ? Copied.FREE : Copied.OK;
    }
    return Copied.BUSY;
  }

  #copyUnchecked(row: number, out: RowCopy): void {
    const c = this.columns;
    const length = c.length[row]!;
    out.length = length;
    if (length === 0) return;
    out.kind = c.kind[row]!;
    out.index = c.index[row]!;
    out.peer = c.peer[row]!;
    out.wallclock = c.wallclock[row]!;
    out.inserted = c.inserted[row]! + c.state[TableState.WALL_AHEAD]!;
    out.ordinal = c.ordinal[row]!;
    out.outsetLow = c.outsetLow[row]!;
    out.outsetHigh = c.outsetHigh[row]!;
    out.pushes = c.pushes[row]!;
    out.route = c.route[row]!;
    copyBytes(c.sender, row * PUBKEY_BYTES, out.sender, 0, PUBKEY_BYTES);
    copyBytes(c.hash, row * HASH_BYTES, out.hash, 0, HASH_BYTES);
    copyBytes(this.peers.columns.pubkey, out.peer * PUBKEY_BYTES, out.pubkey, 0, PUBKEY_BYTES);
    copySpan(this.#bytesView, c.place[row]!, out.view, 0, length);
  }
}
