/**
 * The table's only writer. Rows stay where they are while their value is replaced; every change goes to
 * the journal, and the hash of whatever leaves goes to the purged queue.
 */

import { JournalWriter, Operation } from '../shm/journal.ts';
import type { RegionColumns, Regions } from '../shm/regions.ts';
import { beginWrite, endWrite } from '../shm/seqlock.ts';
import { copySpan, viewOf } from '../shm/span.ts';
import { TableState } from '../shm/table-cells.ts';
import { assert } from '../util/assert.ts';
import { copyBytes, equalBytes } from '../util/bytes.ts';
import { Outcome } from '../util/outcome.ts';
import { HASH_BYTES, Kind, PUBKEY_BYTES, VALUES_BYTES } from '../wire/limits.ts';
import { canMakeRoom, oldestOfOrigin } from './age.ts';
import { HashQueue } from './hash-queue.ts';
import { signaturePlace } from './held.ts';
import { compareValues, type Hasher } from './label.ts';
import { NO_STAKES, type Peers, type Stakes } from './peers.ts';
import { TableRows } from './rows.ts';
import { ValuePlaces } from './value-places.ts';
import { PUSHES_LOCAL, Route, TableView } from './view.ts';

export { Route } from './view.ts';

/** The sender of what came from nobody. */
const NOBODY = new Uint8Array(PUBKEY_BYTES);

/** What one origin may keep; beyond it, its oldest values leave. */
export interface OriginLimits {
  readonly values: number;
  readonly bytes: number;
}

/** Every label there is: 32 votes, 255 epoch slots, 512 duplicate shreds and one each of five kinds. */
export const ORIGIN_LIMITS: OriginLimits = Object.freeze({ values: 804, bytes: 192 * 1024 });

/** `#makeOriginRoom` found none. */
const NO_ROOM = -2;

/** What a table needs besides its regions. */
export interface TableOptions {
  readonly xxhash: Hasher;
  /** Random, so that strangers cannot choose labels that collide. */
  readonly hashSeed: number;
  readonly originLimits?: OriginLimits;
}

/**
 * The replicated table as its one writer sees it. Everything that reads goes through `view`; whoever
 * changes the table in a turn ends it with `journal.publish()`.
 *
 * @owner main
 */
export class CrdsTable {
  /** The row that the last upsert stored or compared with; -1 when it was refused. */
  row = -1;
  /** After VALUE_DUPLICATE by push: how often the value had been pushed before, at most 255. */
  earlierPushes = 0;
  /** Values that left because their origin had too many. */
  evicted = 0;

  readonly view: TableView;
  readonly peers: Peers;
  readonly journal: JournalWriter;
  /** Hashes of what was replaced, removed or outdated. */
  readonly purged: HashQueue;
  /** Hashes of pulled values that did not go in; filled by whoever handles pull responses. */
  readonly failed: HashQueue;
  readonly originLimits: OriginLimits;
  readonly #c: RegionColumns<'table'>;
  readonly #p: RegionColumns<'peers'>;
  readonly #rows: TableRows;
  readonly #places: ValuePlaces;
  readonly #target: DataView;
  #source: Uint8Array;
  #sourceView: DataView;
  #stakes: Stakes = NO_STAKES;

  /** Builds an empty table on fresh regions. */
  constructor(regions: Regions, options: TableOptions) {
    this.#c = regions.table;
    this.#p = regions.peers;
    assert(this.#c.state[TableState.ORDINAL] === 0, 'a table starts on fresh regions');
    this.#c.state[TableState.HASH_SEED] = options.hashSeed >>> 0;
    this.view = new TableView(regions, options.xxhash);
    this.#places = new ValuePlaces(this.#c);
    this.#rows = new TableRows(this.view, this.#places);
    this.peers = this.view.peers;
    this.journal = new JournalWriter(regions.journal);
    this.purged = new HashQueue(regions.purged);
    this.failed = new HashQueue(regions.failed);
    this.originLimits = options.originLimits ?? ORIGIN_LIMITS;
    this.#target = viewOf(this.#c.bytes);
    this.#source = new Uint8Array(0);
    this.#sourceView = viewOf(this.#source);
  }

  /** Values in the table. */
  get size(): number {
    return this.#c.state[TableState.SIZE]!;
  }

  /** The ordinal that the next insertion gets. */
  get cursor(): number {
    return this.#c.state[TableState.ORDINAL]!;
  }

  get stakes(): Stakes {
    return this.#stakes;
  }

  /** Says what the wall clock is ahead of the steady one that `nowMs` is read from; 0 at first. @units ms */
  setWallAhead(ms: number): void {
    this.#c.state[TableState.WALL_AHEAD] = ms;
  }

  /** Takes over a new map of stakes, also for the origins already here. */
  setStakes(stakes: Stakes): void {
    this.#stakes = stakes;
    this.peers.setStakes(stakes);
  }

  /** @returns the row of a label, or -1 */
  find(kind: number, index: number, pubkey: Uint8Array, at: number): number {
    return this.view.find(kind, index, pubkey, at);
  }

  /**
   * Inserts a verified value, or replaces the stored one of its label if it overrides it.
   *
   * @shape bytes: the value from `at`, its origin's pubkey at `originAt`; hash: its SHA-256 at `hashAt`;
   *   sender: who sent it, at `senderAt`
   * @units wallclock: ms since the epoch; nowMs: of the steady clock; outset: µs since the epoch as halves, 0 without one
   * @errors VALUE_DUPLICATE (see `earlierPushes`), VALUE_OUTDATED, VALUE_ORIGIN_FULL, VALUE_TABLE_FULL
   * @source behaviour 2.4; agave gossip/src/crds.rs, insert
   * @returns VALUE_INSERTED, VALUE_UPDATED or one of the errors
   */
  upsert(
    bytes: Uint8Array,
    at: number,
    length: number,
    kind: number,
    index: number,
    originAt: number,
    wallclock: number,
    outsetLow: number,
    outsetHigh: number,
    hash: Uint8Array,
    hashAt: number,
    nowMs: number,
    route: number,
    sender: Uint8Array = NOBODY,
    senderAt = 0,
  ): number {
    // hot: called for every value that passed its checks; most calls end as duplicates
    assert(length > 0 && length <= VALUES_BYTES, 'a value has 1 to 1,188 bytes');
    const c = this.#c;
    const tag = this.view.labels.label(kind, index, bytes, originAt);
    // Most values are already here, and their hash is the cheapest proof: 3 cache lines instead of 9.
    let row = this.view.firstTagged(tag);
    if (row >= 0 && equalBytes(c.hash, row * HASH_BYTES, hash, hashAt, HASH_BYTES)) {
      return this.repeated(row, route);
    }
    row = this.view.findTagged(tag, kind, index, bytes, originAt);
    this.row = row;
    if (row >= 0) {
      const order = compareValues(
        kind,
        outsetLow,
        outsetHigh,
        wallclock,
        hash,
        hashAt,
        c.outsetLow[row]!,
        c.outsetHigh[row]!,
        c.wallclock[row]!,
        c.hash,
        row * HASH_BYTES,
      );
      if (order === 0) return this.repeated(row, route);
      if (order < 0) {
        this.purged.push(hash, hashAt, nowMs);
        return Outcome.VALUE_OUTDATED;
      }
    }
    const peer = this.#makeOriginRoom(bytes, originAt, length, kind, row, wallclock, nowMs);
    if (peer === NO_ROOM) {
      this.row = -1;
      return Outcome.VALUE_ORIGIN_FULL;
    }
    const isNew = row < 0;
    if (isNew) {
      const stake = peer < 0 ? this.#stakes.get(bytes, originAt) : 0;
      row = this.#rows.add(tag, peer, bytes, originAt, stake, nowMs);
      this.row = row;
      if (row < 0) return Outcome.VALUE_TABLE_FULL;
      beginWrite(c.version, row);
      this.#places.take(row, length);
      c.kind[row] = kind;
      c.index[row] = index;
    } else {
      this.purged.push(c.hash, row * HASH_BYTES, nowMs);
      this.#rows.unlink(row);
      beginWrite(c.version, row);
      this.#places.exchange(row, length);
    }
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = viewOf(bytes);
    }
    copySpan(this.#sourceView, at, this.#target, c.place[row]!, length);
    copyBytes(hash, hashAt, c.hash, row * HASH_BYTES, HASH_BYTES);
    c.length[row] = length;
    c.wallclock[row] = wallclock;
    c.signed[row] = wallclock - c.state[TableState.WALL_AHEAD]!;
    c.inserted[row] = nowMs;
    c.outsetLow[row] = outsetLow;
    c.outsetHigh[row] = outsetHigh;
    c.pushes[row] = route === Route.PUSH ? 1 : route === Route.LOCAL ? PUSHES_LOCAL : 0;
    c.route[row] = route;
    copyBytes(sender, senderAt, c.sender, row * PUBKEY_BYTES, PUBKEY_BYTES);
    c.ordinal[row] = c.state[TableState.ORDINAL]!;
    const { signatures } = c;
    const seed = c.state[TableState.HASH_SEED]!;
    signatures[signaturePlace(bytes, at, seed, signatures.length)] = row + 1;
    c.state[TableState.ORDINAL]! += 1;
    const version = endWrite(c.version, row);
    this.#rows.link(row);
    this.journal.append(row, version, isNew ? Operation.INSERT : Operation.UPDATE, kind);
    return isNew ? Outcome.VALUE_INSERTED : Outcome.VALUE_UPDATED;
  }

  /**
   * Would `upsert` store this value, room provided? Changes nothing.
   *
   * @source agave gossip/src/crds.rs, upserts
   */
  wouldInsert(
    bytes: Uint8Array,
    kind: number,
    index: number,
    originAt: number,
    wallclock: number,
    outsetLow: number,
    outsetHigh: number,
    hash: Uint8Array,
    hashAt: number,
  ): boolean {
    const c = this.#c;
    const row = this.view.find(kind, index, bytes, originAt);
    if (row < 0) return true;
    const order = compareValues(
      kind,
      outsetLow,
      outsetHigh,
      wallclock,
      hash,
      hashAt,
      c.outsetLow[row]!,
      c.outsetHigh[row]!,
      c.wallclock[row]!,
      c.hash,
      row * HASH_BYTES,
    );
    return order > 0;
  }

  /** Whether a row still holds the value that it held at a version. */
  isSame(row: number, version: number): boolean {
    return this.#c.version[row] === version;
  }

  /**
   * The value of a row came in once more.
   *
   * @returns VALUE_DUPLICATE, see `earlierPushes`
   */
  repeated(row: number, route: number): number {
    this.row = row;
    if (route !== Route.PUSH) return Outcome.VALUE_DUPLICATE;
    const { pushes } = this.#c;
    const before = pushes[row] === PUSHES_LOCAL ? 0 : pushes[row]!;
    this.earlierPushes = before;
    pushes[row] = Math.min(255, before + 1);
    return Outcome.VALUE_DUPLICATE;
  }

  /** Removes a value; the origin goes with its last one. @source behaviour 2.6 */
  remove(row: number, nowMs: number): void {
    const c = this.#c;
    assert(c.length[row] !== 0, 'only a row in use can be removed');
    const kind = c.kind[row]!;
    this.purged.push(c.hash, row * HASH_BYTES, nowMs);
    this.#rows.unlink(row);
    const version = this.#rows.free(row);
    this.journal.append(row, version, Operation.REMOVE, kind);
  }

  /** Removes all values of an origin. @returns how many */
  removePeer(peer: number, nowMs: number): number {
    let count = 0;
    for (let row = this.view.owners.first(peer); row >= 0; ) {
      const next = this.view.owners.next(row);
      this.remove(row, nowMs);
      row = next;
      count++;
    }
    return count;
  }

  /** Removes all values of an origin. @returns how many */
  removeOrigin(pubkey: Uint8Array, at: number, nowMs: number): number {
    const peer = this.peers.find(pubkey, at);
    return peer < 0 ? 0 : this.removePeer(peer, nowMs);
  }

  /**
   * Notes that an origin is alive: raises the time of its contact info, or, when it has none, of all its
   * values. Never lowers one.
   *
   * @source behaviour 2.9; agave gossip/src/crds.rs, update_record_timestamp
   */
  touch(pubkey: Uint8Array, at: number, nowMs: number): void {
    const peer = this.peers.find(pubkey, at);
    if (peer < 0) return;
    const { inserted } = this.#c;
    const contact = this.peers.contactRow(peer);
    if (contact >= 0) {
      inserted[contact] = Math.max(inserted[contact]!, nowMs);
      return;
    }
    for (let row = this.view.owners.first(peer); row >= 0; row = this.view.owners.next(row)) {
      inserted[row] = Math.max(inserted[row]!, nowMs);
    }
  }

  /**
   * Makes room for a value among those of its origin. Its contact info never leaves for others, and no
   * new value displaces a younger one: it is refused instead, and then nothing leaves.
   *
   * @returns the origin's row, -1 for an unknown origin, or NO_ROOM
   */
  #makeOriginRoom(
    bytes: Uint8Array,
    originAt: number,
    length: number,
    kind: number,
    row: number,
    wallclock: number,
    nowMs: number,
  ): number {
    const { values, bytes: sizes } = this.#p;
    const isNew = row < 0;
    const peer = isNew ? this.peers.find(bytes, originAt) : this.#c.peer[row]!;
    if (peer < 0) return -1;
    const extraValues = values[peer]! + (isNew ? 1 : 0) - this.originLimits.values;
    const growth = isNew ? length : length - this.#c.length[row]!;
    const extraBytes = sizes[peer]! + growth - this.originLimits.bytes;
    if (extraValues <= 0 && extraBytes <= 0) return peer;
    const yields = isNew && kind !== Kind.CONTACT_INFO;
    const signedMs = wallclock - this.#c.state[TableState.WALL_AHEAD]!;
    const age = yields ? Math.min(signedMs, nowMs) : Number.POSITIVE_INFINITY;
    if (!canMakeRoom(this.view, peer, row, age, extraValues, extraBytes)) return NO_ROOM;
    let leftValues = extraValues;
    let leftBytes = extraBytes;
    while (leftValues > 0 || leftBytes > 0) {
      const victim = oldestOfOrigin(this.view, peer, row);
      leftValues--;
      leftBytes -= this.#c.length[victim]!;
      this.remove(victim, nowMs);
      this.evicted++;
    }
    return values[peer] === 0 ? -1 : peer;
  }
}
