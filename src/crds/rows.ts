/** The rows of the table as a store: taking and freeing them, and every list and count that they are in. */

import type { RegionColumns } from '../shm/regions.ts';
import { beginWrite, endWrite } from '../shm/seqlock.ts';
import { TableState } from '../shm/table-cells.ts';
import { HASH_BYTES, Kind } from '../wire/limits.ts';
import { shardOf } from './label.ts';
import type { ValuePlaces } from './value-places.ts';
import type { TableView } from './view.ts';

/**
 * Keeps rows, index, lists and counts in step; what is written into a row is the concern of the table.
 *
 * @source behaviour 2.5, 2.6
 */
export class TableRows {
  readonly #view: TableView;
  readonly #c: RegionColumns<'table'>;
  readonly #p: RegionColumns<'peers'>;
  readonly #places: ValuePlaces;

  /** @owner the table */
  constructor(view: TableView, places: ValuePlaces) {
    this.#view = view;
    this.#places = places;
    this.#c = view.columns;
    this.#p = view.peers.columns;
  }

  /**
   * Takes a free row and a place in the label index for a new value, and a row among the peers if its
   * origin is new; all or nothing.
   *
   * @param knownPeer the origin's row, or -1 for a new origin
   * @returns the row, or -1 when something had no room
   */
  add(
    tag: number,
    knownPeer: number,
    bytes: Uint8Array,
    originAt: number,
    stake: number,
    nowMs: number,
  ): number {
    const c = this.#c;
    const place = this.#view.index.free(tag);
    const free = c.state[TableState.FREE_HEAD]! - 1;
    const fresh = c.state[TableState.HIGH_WATER]!;
    if (place < 0 || (free < 0 && fresh >= c.length.length)) return -1;
    const { peers, owners, index } = this.#view;
    const peer = knownPeer >= 0 ? knownPeer : peers.add(bytes, originAt, stake, nowMs);
    if (peer < 0) return -1;
    if (free >= 0) c.state[TableState.FREE_HEAD] = c.shardNext[free]!;
    else c.state[TableState.HIGH_WATER] = fresh + 1;
    const row = free >= 0 ? free : fresh;
    c.peer[row] = peer;
    c.labelTag[row] = tag;
    index.insert(place, tag, row);
    owners.append(peer, row);
    this.#p.values[peer]! += 1;
    c.state[TableState.SIZE]! += 1;
    return row;
  }

  /** Puts a row with its new value into the lists that depend on the value. */
  link(row: number): void {
    const c = this.#c;
    const kind = c.kind[row]!;
    const peer = c.peer[row]!;
    const shard = shardOf(c.hash, row * HASH_BYTES);
    this.#view.shards.append(shard, row);
    c.shardCount[shard]! += 1;
    this.#view.kinds.append(kind, row);
    c.kindCount[kind]! += 1;
    this.#view.order.append(0, row);
    this.#p.bytes[peer]! += c.length[row]!;
    if (kind === Kind.CONTACT_INFO) this.#p.contact[peer] = row + 1;
  }

  /** Takes a row out of these lists, before its value changes. */
  unlink(row: number): void {
    const c = this.#c;
    const kind = c.kind[row]!;
    const shard = shardOf(c.hash, row * HASH_BYTES);
    this.#view.shards.unlink(shard, row);
    c.shardCount[shard]! -= 1;
    this.#view.kinds.unlink(kind, row);
    c.kindCount[kind]! -= 1;
    this.#view.order.unlink(0, row);
    this.#p.bytes[c.peer[row]!]! -= c.length[row]!;
  }

  /** Frees an unlinked row, and its origin with the last one. @returns the row's new version */
  free(row: number): number {
    const c = this.#c;
    const p = this.#p;
    const { peers, owners, index } = this.#view;
    const peer = c.peer[row]!;
    owners.unlink(peer, row);
    p.values[peer]! -= 1;
    index.remove(c.labelTag[row]!, row);
    beginWrite(c.version, row);
    c.length[row] = 0;
    c.peer[row] = -1;
    this.#places.release(row);
    const version = endWrite(c.version, row);
    c.shardNext[row] = c.state[TableState.FREE_HEAD]!;
    c.state[TableState.FREE_HEAD] = row + 1;
    c.state[TableState.SIZE]! -= 1;
    if (p.contact[peer] === row + 1) {
      p.contact[peer] = 0;
      peers.setContact(peer, 0, 0, 0);
    }
    if (p.values[peer] === 0) peers.remove(peer);
    return version;
  }
}
