/**
 * What the table held when it was last looked at, so that a thread which only reads can say what changed.
 * The difference between a row and its mirror is the change, whatever the journal called it: a reader
 * that missed entries walks all rows and ends with the same mirror.
 */
import { Copied, RowCopy, type TableView } from '../crds/view.ts';
import type { RegionColumns } from '../shm/regions.ts';
import { toBase58 } from '../util/base58.ts';
import { copyBytes, equalBytes, toHex } from '../util/bytes.ts';
import { formatAddress } from '../util/ipv4.ts';
import { ContactInfoFields, readContactInfo } from '../wire/contact-info.ts';
import { versionText } from '../wire/decode-value.ts';
import {
  HASH_BYTES,
  KIND_COUNT,
  KIND_NAMES,
  Kind,
  PUBKEY_BYTES,
  SOCKET_NAMES,
} from '../wire/limits.ts';
import type { Change, ContactSummary, RowOperation } from './change.ts';
import { clientName } from './nodes.ts';
import { type SocketPlaces, socketPlaces } from './socket-places.ts';

/** An origin with its values. */
export interface ObservedNode {
  readonly pubkey: string;
  readonly key: Uint8Array;
  /** Row of each value by label; an origin has at most 804. */
  readonly rows: Map<number, number>;
  /** Of its contact info, while there is one. */
  contact: ContactSummary | undefined;
  /** Where its services are, by socket key; another array whenever anything in it is another. */
  sockets: SocketPlaces | undefined;
}

/** Hears of each change: after the mirror took it over, or, for a removal, while it still has the row. */
export type RowListener = (operation: RowOperation, row: number) => void;

const GOSSIP_KEY = SOCKET_NAMES.indexOf('gossip');
const RPC_KEY = SOCKET_NAMES.indexOf('rpc');

const labelOf = (kind: number, index: number): number => (kind << 16) | index;

/** @owner the observer's thread */
export class TableMirror {
  /** Origins by public key. */
  readonly nodes = new Map<string, ObservedNode>();
  /** How many contact infos name a version, or a client. */
  readonly versions = new Map<string, number>();
  readonly clients = new Map<string, number>();
  /** Values by kind. */
  readonly kinds = new Float64Array(KIND_COUNT);
  /** Values in the mirror. */
  size = 0;
  /** Rows at and above this were never seen in use. */
  highWater = 0;
  /** When each value came in, by row, as far as the row holds one. */
  readonly inserted: Float64Array;
  readonly #view: TableView;
  readonly #versions: Int32Array;
  readonly #tell: RowListener;
  /** The row that came in last; whole while its listener hears of it. */
  readonly copy = new RowCopy();
  readonly #fields = new ContactInfoFields();
  /** The version of a row that the mirror shows. */
  readonly #seen: Int32Array;
  readonly #kind: Uint8Array;
  readonly #index: Uint16Array;
  readonly #wallclock: Float64Array;
  readonly #hash: Uint8Array;
  /** The origin of a row's value; none when the row is free. */
  readonly #origin: (ObservedNode | undefined)[];
  /** By row among the peers, which saves working out base58; verified at each use. */
  readonly #byPeer: (ObservedNode | undefined)[];

  constructor(view: TableView, tell: RowListener) {
    this.#view = view;
    this.#tell = tell;
    const columns: RegionColumns<'table'> = view.columns;
    const rows = columns.length.length;
    this.#versions = columns.version;
    this.#seen = new Int32Array(rows);
    this.#kind = new Uint8Array(rows);
    this.#index = new Uint16Array(rows);
    this.#wallclock = new Float64Array(rows);
    this.inserted = new Float64Array(rows);
    this.#hash = new Uint8Array(rows * HASH_BYTES);
    this.#origin = new Array<ObservedNode | undefined>(rows).fill(undefined);
    const peers = view.peers.columns.values.length;
    this.#byPeer = new Array<ObservedNode | undefined>(peers).fill(undefined);
  }

  /** The origin of the value in a row, undefined for a free row. */
  originOf(row: number): ObservedNode | undefined {
    return this.#origin[row];
  }

  /** Kind of the value in a row. */
  kindOf(row: number): number {
    return this.#kind[row]!;
  }

  /** Label index of the value in a row. */
  indexOf(row: number): number {
    return this.#index[row]!;
  }

  /**
   * Brings the mirror of a row up to date and tells what changed.
   *
   * @returns Copied.BUSY when a writer was in the way, so that it has to be tried again
   */
  reconcile(row: number): number {
    if (Atomics.load(this.#versions, row) === this.#seen[row]) return Copied.OK;
    const copy = this.copy;
    const copied = this.#view.copyRow(row, copy);
    if (copied === Copied.BUSY) return copied;
    this.#seen[row] = copy.version;
    const before = this.#origin[row];
    if (copied === Copied.FREE) {
      if (before) this.#drop(row, before);
      return copied;
    }
    const node = this.#nodeOf(copy);
    const label = labelOf(copy.kind, copy.index);
    const isSame = before === node && label === labelOf(this.#kind[row]!, this.#index[row]!);
    if (!isSame) {
      if (before) this.#drop(row, before);
      // Seen here before it was seen to leave the row it had.
      const moved = node.rows.get(label);
      if (moved !== undefined) this.#drop(moved, node);
    }
    this.#store(row, node, label);
    this.#tell(isSame ? 'update' : 'insert', row);
    return copied;
  }

  /** Brings everything up to date, by one walk over the rows. @returns rows that were busy */
  reconcileAll(): number[] {
    const end = Math.max(this.highWater, this.#view.highWater);
    const busy: number[] = [];
    for (let row = 0; row < end; row++) {
      if (this.reconcile(row) === Copied.BUSY) busy.push(row);
    }
    return busy;
  }

  /** Describes what happened to a row, as it stands in the mirror. @units nowMs: since the Unix epoch */
  change(operation: RowOperation, row: number, nowMs: number): Change {
    const kind = this.#kind[row]!;
    const origin = this.#origin[row];
    const summary = {
      kind: KIND_NAMES[kind]!,
      from: origin?.pubkey ?? '',
      index: this.#index[row]!,
      wallclock: this.#wallclock[row]!,
      sha256: toHex(this.#hash, row * HASH_BYTES, (row + 1) * HASH_BYTES),
    };
    if (operation === 'remove') return { operation, at: nowMs, ...summary };
    const contact = kind === Kind.CONTACT_INFO ? origin?.contact : undefined;
    return { operation, at: this.inserted[row]!, ...summary, ...contact };
  }

  #nodeOf(copy: RowCopy): ObservedNode {
    const cached = this.#byPeer[copy.peer];
    const isCached =
      cached !== undefined && equalBytes(cached.key, 0, copy.pubkey, 0, PUBKEY_BYTES);
    // One without rows has left the index, and there may be another of this key by now.
    if (isCached && cached.rows.size > 0) return cached;
    const pubkey = isCached ? cached.pubkey : toBase58(copy.pubkey);
    const node = this.nodes.get(pubkey) ?? {
      pubkey,
      key: copy.pubkey.slice(),
      rows: new Map<number, number>(),
      contact: undefined,
      sockets: undefined,
    };
    this.#byPeer[copy.peer] = node;
    return node;
  }

  #store(row: number, node: ObservedNode, label: number): void {
    const copy = this.copy;
    if (this.#origin[row] === undefined) {
      this.#origin[row] = node;
      this.#kind[row] = copy.kind;
      this.#index[row] = copy.index;
      this.kinds[copy.kind]! += 1;
      this.size += 1;
      this.highWater = Math.max(this.highWater, row + 1);
      this.nodes.set(node.pubkey, node);
      node.rows.set(label, row);
    }
    this.#wallclock[row] = copy.wallclock;
    this.inserted[row] = copy.inserted;
    copyBytes(copy.hash, 0, this.#hash, row * HASH_BYTES, HASH_BYTES);
    if (copy.kind !== Kind.CONTACT_INFO) return;
    this.#setContact(node, this.#readContact());
    node.sockets = socketPlaces(this.#fields, node.sockets);
  }

  #drop(row: number, node: ObservedNode): void {
    this.#tell('remove', row);
    const kind = this.#kind[row]!;
    this.#origin[row] = undefined;
    this.kinds[kind]! -= 1;
    this.size -= 1;
    node.rows.delete(labelOf(kind, this.#index[row]!));
    if (kind === Kind.CONTACT_INFO) this.#setContact(node, undefined);
    if (node.rows.size === 0) this.nodes.delete(node.pubkey);
  }

  #setContact(node: ObservedNode, contact: ContactSummary | undefined): void {
    const { contact: before } = node;
    if (before) {
      count(this.versions, before.version, -1);
      count(this.clients, before.client, -1);
    }
    if (contact) {
      count(this.versions, contact.version, 1);
      count(this.clients, contact.client, 1);
    }
    node.contact = contact;
  }

  #readContact(): ContactSummary {
    const { bytes, length, outsetLow, outsetHigh } = this.copy;
    const f = this.#fields;
    readContactInfo(bytes, 0, length, f);
    return {
      gossip: this.#address(GOSSIP_KEY),
      rpc: this.#address(RPC_KEY),
      version: versionText(f.major, f.minor, f.channel, f.patch),
      client: clientName(f.client),
      shredVersion: f.shredVersion,
      outset: ((BigInt(outsetHigh) << 32n) | BigInt(outsetLow)).toString(),
    };
  }

  #address(key: number): string | null {
    const { socketIp, socketPort } = this.#fields;
    return socketPort[key] === 0 ? null : formatAddress(socketIp[key]!, socketPort[key]!);
  }
}

function count(counts: Map<string, number>, key: string, step: number): void {
  const next = (counts.get(key) ?? 0) + step;
  if (next === 0) counts.delete(key);
  else counts.set(key, next);
}
