import { BATCH_VALUES, PeerState } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { packetOf } from '../shm/slab.ts';
import {
  classCell,
  Direction,
  KIND_CELLS,
  KindCell,
  PEER_CELLS,
  PeerCell,
  PeerClass,
  SORT_REFUSED,
  TrafficState,
} from '../shm/traffic-cells.ts';
import { assert } from '../util/assert.ts';
import { OUTCOME_COUNT, Outcome, outcomeStage } from '../util/outcome.ts';
import { Message } from '../wire/limits.ts';

/** Cells of the address index for each row of peers: at a load of a quarter, probes are short. */
const CELLS_PER_PEER = 4;

/** Cells looked at for an address. Whose address finds no room here counts as not proved. */
const PROBES = 16;

/** Words of a cell: the address; port and class; row of the peer, plus one. */
const STRIDE = 4;
const WHO = 1;
const PEER = 2;
const PORT_MASK = 0xffff;
const CLASS_SHIFT = 16;

/** Of a peer row in a cell; entrypoints that the table does not know have none. */
const NOBODY = 0;

/** The stages at which a datagram's message is not known, or not to be believed. */
const REFUSED_STAGES = ['decode', 'sanitize', 'signature', 'shed'];

/** By -outcome: 1 for a datagram that counts as refused, whatever it says it is. */
const IS_REFUSED = Uint8Array.from({ length: OUTCOME_COUNT }, (_, i) =>
  REFUSED_STAGES.includes(outcomeStage(i === 0 ? 0 : -i)) ? 1 : 0,
);

/** The columns of datagrams that are counted, in an object whose shape engines know. */
class Packets {
  readonly outcome: Int16Array;
  readonly message: Uint8Array;
  readonly length: Uint16Array;
  readonly ip: Uint32Array;
  readonly port: Uint16Array;
  readonly firstRow: Uint16Array;
  readonly rowCount: Uint8Array;

  constructor({ ring }: Regions) {
    this.outcome = ring.outcome;
    this.message = ring.message;
    this.length = ring.length;
    this.ip = ring.ip;
    this.port = ring.port;
    this.firstRow = ring.firstRow;
    this.rowCount = ring.rowCount;
  }
}

/** Those of their values. */
class Values {
  readonly kind: Uint8Array;
  readonly length: Uint16Array;
  readonly outcome: Int16Array;

  constructor({ records }: Regions) {
    this.kind = records.kind;
    this.length = records.length;
    this.outcome = records.outcome;
  }
}

/** The vocabulary is an object made of names, too. */
const { VALUE_DUPLICATE, VALUE_INSERTED, VALUE_OUTDATED, VALUE_UPDATED } = Outcome;

/**
 * Counts who sends what to whom: by kind of value, by class of peer and sort of datagram, by who signed
 * and by who brought it. Only additions to columns of fixed size; what reads them is `api/anatomy`.
 *
 * Who is at an address is looked up in an index that is built anew now and then: the claimed sender of a
 * datagram is signed by nobody, an address in it has answered a ping.
 *
 * @owner main
 */
export class Traffic {
  readonly #regions: Regions;
  // hot: columns are looked up once. Regions are objects made of names, in which a look-up costs 10 ns.
  readonly #kinds: Float64Array;
  readonly #classes: Float64Array;
  readonly #byPeer: Float64Array;
  readonly #peerIp: Uint32Array;
  readonly #tablePeer: Int32Array;
  readonly #packets: Packets;
  readonly #values: Values;
  readonly #mask: number;
  /** Cells of the index: address, port and class, row of its peer + 1; one line of memory for each look-up. */
  readonly #index: Int32Array;
  #fresh = 0;
  #copies = 0;

  constructor(regions: Regions) {
    const cells = regions.peers.values.length * CELLS_PER_PEER;
    assert((cells & (cells - 1)) === 0, 'rows are a power of two');
    this.#regions = regions;
    this.#kinds = regions.traffic.kinds;
    this.#classes = regions.traffic.classes;
    this.#byPeer = regions.peers.traffic;
    this.#peerIp = regions.peers.ip;
    this.#tablePeer = regions.table.peer;
    this.#packets = new Packets(regions);
    this.#values = new Values(regions);
    this.#mask = (cells - 1) * STRIDE;
    this.#index = new Int32Array(cells * STRIDE);
  }

  /** Says since when is counted. @units monoMs: monotonic */
  start(monoMs: number): void {
    const { state } = this.#regions.traffic;
    state[TrafficState.STARTED_MS] = monoMs;
    state[TrafficState.IS_COUNTING] = 1;
  }

  /** Builds the index of addresses anew; 0.1 ms for the nodes of mainnet. @units ip: IPv4 as a number */
  learnAddresses(entrypoints: readonly { readonly ip: number; readonly port: number }[]): void {
    const { ip, port, stake, contact, state } = this.#regions.peers;
    const highWater = state[PeerState.HIGH_WATER]!;
    this.#index.fill(0);
    for (const entrypoint of entrypoints) {
      this.#learn(entrypoint.ip, entrypoint.port, PeerClass.ENTRYPOINT, NOBODY);
    }
    for (let peer = 0; peer < highWater; peer++) {
      if (contact[peer] === 0 || port[peer] === 0) continue;
      const peerClass = stake[peer]! > 0 ? PeerClass.STAKED : PeerClass.UNSTAKED;
      this.#learn(ip[peer]!, port[peer]!, peerClass, peer + 1);
    }
  }

  /**
   * Counts a batch of datagrams and their values, each of which has its outcome.
   *
   * @owner the batch was applied and is not released yet
   */
  received(batch: number, slots: number): void {
    const { outcome, message, length, ip, port, firstRow, rowCount } = this.#packets;
    const classes = this.#classes;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      const ended = outcome[packet]!;
      const isRefused = ended <= 0 && IS_REFUSED[-ended] === 1;
      const sort = isRefused ? SORT_REFUSED : message[packet]!;
      const cell = this.#find(ip[packet]!, port[packet]!);
      const peerClass = cell < 0 ? PeerClass.UNPROVED : this.#index[cell + WHO]! >>> CLASS_SHIFT;
      const at = classCell(peerClass, Direction.IN, sort);
      classes[at]! += 1;
      classes[at + 1]! += length[packet]!;
      if (sort !== Message.PUSH && sort !== Message.PULL_RESPONSE) continue;
      const values = rowCount[packet]!;
      this.#countValues(batch * BATCH_VALUES + firstRow[packet]!, values, sort);
      const peer = cell < 0 ? NOBODY : this.#index[cell + PEER]!;
      if (peer !== NOBODY) this.#brought(peer - 1, length[packet]!, values);
    }
  }

  /** Counts a value for who signed it. @units row: of the table, -1 when it holds none of that label */
  signed(row: number, length: number, isFresh: boolean): void {
    if (row < 0) return;
    const byPeer = this.#byPeer;
    const at = this.#tablePeer[row]! * PEER_CELLS;
    byPeer[at + PeerCell.SIGNED]! += 1;
    byPeer[at + PeerCell.SIGNED_BYTES]! += length;
    if (isFresh) byPeer[at + PeerCell.SIGNED_FRESH]! += 1;
  }

  /** Counts a value of a push of ours. */
  relayed(kind: number, length: number): void {
    const at = kind * KIND_CELLS;
    this.#kinds[at + KindCell.RELAYED]! += 1;
    this.#kinds[at + KindCell.RELAYED_BYTES]! += length;
  }

  /** Counts a datagram that leaves. */
  sent(egress: number, length: number, ip: number, port: number): void {
    const cell = this.#find(ip, port);
    const peerClass = cell < 0 ? PeerClass.UNPROVED : this.#index[cell + WHO]! >>> CLASS_SHIFT;
    const at = classCell(peerClass, Direction.OUT, egress);
    this.#classes[at]! += 1;
    this.#classes[at + 1]! += length;
  }

  #countValues(first: number, count: number, message: number): void {
    const { kind, length, outcome } = this.#values;
    const kinds = this.#kinds;
    const route = message === Message.PUSH ? KindCell.PUSHED : KindCell.PULLED;
    let fresh = 0;
    let copies = 0;
    for (let row = first; row < first + count; row++) {
      const at = kind[row]! * KIND_CELLS;
      const bytes = length[row]!;
      const ended = outcome[row]!;
      kinds[at + route]! += 1;
      kinds[at + route + 1]! += bytes;
      if (ended === VALUE_DUPLICATE) {
        kinds[at + KindCell.COPIES]! += 1;
        kinds[at + KindCell.COPY_BYTES]! += bytes;
        copies++;
      } else if (ended === VALUE_INSERTED || ended === VALUE_UPDATED) {
        kinds[at + KindCell.FRESH]! += 1;
        kinds[at + KindCell.FRESH_BYTES]! += bytes;
        fresh++;
      } else if (ended === VALUE_OUTDATED) kinds[at + KindCell.OUTDATED]! += 1;
      else kinds[at + KindCell.REFUSED]! += 1;
    }
    this.#fresh = fresh;
    this.#copies = copies;
  }

  #brought(peer: number, length: number, values: number): void {
    const byPeer = this.#byPeer;
    const at = peer * PEER_CELLS;
    byPeer[at + PeerCell.BROUGHT_PACKETS]! += 1;
    byPeer[at + PeerCell.BROUGHT_BYTES]! += length;
    byPeer[at + PeerCell.BROUGHT]! += values;
    byPeer[at + PeerCell.BROUGHT_FRESH]! += this.#fresh;
    byPeer[at + PeerCell.BROUGHT_COPIES]! += this.#copies;
  }

  /** The first at an address stays: entrypoints come first. An entrypoint in the table gets its row. */
  #learn(ip: number, port: number, peerClass: number, peer: number): void {
    const index = this.#index;
    let cell = this.#start(ip, port);
    for (let i = 0; i < PROBES; i++, cell = (cell + STRIDE) & this.#mask) {
      if (index[cell + WHO] === 0) {
        index[cell] = ip;
        index[cell + WHO] = port | (peerClass << CLASS_SHIFT);
        index[cell + PEER] = peer;
        return;
      }
      if (index[cell] !== (ip | 0) || (index[cell + WHO]! & PORT_MASK) !== port) continue;
      if (index[cell + PEER] === NOBODY) index[cell + PEER] = peer;
      return;
    }
  }

  /** @returns the cell of an address, or -1 */
  #find(ip: number, port: number): number {
    const index = this.#index;
    let cell = this.#start(ip, port);
    for (let i = 0; i < PROBES; i++, cell = (cell + STRIDE) & this.#mask) {
      const who = index[cell + WHO]!;
      if (who === 0) return -1;
      if (index[cell] !== (ip | 0) || (who & PORT_MASK) !== port) continue;
      const peer = index[cell + PEER]! - 1;
      // The row may be another's by now.
      return peer >= 0 && this.#peerIp[peer] !== ip ? -1 : cell;
    }
    return -1;
  }

  #start(ip: number, port: number): number {
    const mixed = Math.imul(ip ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b);
    return ((mixed ^ (mixed >>> 15)) * STRIDE) & this.#mask;
  }
}
