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

/** Of a peer row in a cell; entrypoints that the table does not know have none. */
const NOBODY = 0;

/** The stages at which a datagram's message is not known, or not to be believed. */
const REFUSED_STAGES = ['decode', 'sanitize', 'signature', 'shed'];

/** By -outcome: 1 for a datagram that counts as refused, whatever it says it is. */
const IS_REFUSED = Uint8Array.from({ length: OUTCOME_COUNT }, (_, i) =>
  REFUSED_STAGES.includes(outcomeStage(i === 0 ? 0 : -i)) ? 1 : 0,
);

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
  readonly #kinds: Float64Array;
  readonly #classes: Float64Array;
  readonly #mask: number;
  readonly #ip: Uint32Array;
  readonly #port: Uint16Array;
  readonly #class: Uint8Array;
  /** Row + 1. */
  readonly #peer: Int32Array;
  #fresh = 0;
  #copies = 0;

  constructor(regions: Regions) {
    const cells = regions.peers.values.length * CELLS_PER_PEER;
    assert((cells & (cells - 1)) === 0, 'rows are a power of two');
    this.#regions = regions;
    this.#kinds = regions.traffic.kinds;
    this.#classes = regions.traffic.classes;
    this.#mask = cells - 1;
    this.#ip = new Uint32Array(cells);
    this.#port = new Uint16Array(cells);
    this.#class = new Uint8Array(cells);
    this.#peer = new Int32Array(cells);
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
    this.#port.fill(0);
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
    const { ring } = this.#regions;
    for (let slot = 0; slot < slots; slot++) {
      const packet = packetOf(batch, slot);
      const outcome = ring.outcome[packet]!;
      const isRefused = outcome <= 0 && IS_REFUSED[-outcome] === 1;
      const message = isRefused ? SORT_REFUSED : ring.message[packet]!;
      const length = ring.length[packet]!;
      const cell = this.#find(ring.ip[packet]!, ring.port[packet]!);
      const peerClass = cell < 0 ? PeerClass.UNPROVED : this.#class[cell]!;
      const at = classCell(peerClass, Direction.IN, message);
      this.#classes[at]! += 1;
      this.#classes[at + 1]! += length;
      if (message !== Message.PUSH && message !== Message.PULL_RESPONSE) continue;
      this.#values(batch * BATCH_VALUES + ring.firstRow[packet]!, ring.rowCount[packet]!, message);
      const peer = cell < 0 ? 0 : this.#peer[cell]!;
      if (peer > 0) this.#brought(peer - 1, length, ring.rowCount[packet]!);
    }
  }

  /** Counts a value for who signed it. @units row: of the table, -1 when it holds none of that label */
  signed(row: number, length: number, isFresh: boolean): void {
    if (row < 0) return;
    const { peers, table } = this.#regions;
    const at = table.peer[row]! * PEER_CELLS;
    peers.traffic[at + PeerCell.SIGNED]! += 1;
    peers.traffic[at + PeerCell.SIGNED_BYTES]! += length;
    if (isFresh) peers.traffic[at + PeerCell.SIGNED_FRESH]! += 1;
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
    const peerClass = cell < 0 ? PeerClass.UNPROVED : this.#class[cell]!;
    const at = classCell(peerClass, Direction.OUT, egress);
    this.#classes[at]! += 1;
    this.#classes[at + 1]! += length;
  }

  #values(first: number, count: number, message: number): void {
    const { records } = this.#regions;
    const kinds = this.#kinds;
    const route = message === Message.PUSH ? KindCell.PUSHED : KindCell.PULLED;
    this.#fresh = 0;
    this.#copies = 0;
    for (let row = first; row < first + count; row++) {
      const at = records.kind[row]! * KIND_CELLS;
      const length = records.length[row]!;
      const outcome = records.outcome[row]!;
      kinds[at + route]! += 1;
      kinds[at + route + 1]! += length;
      if (outcome === Outcome.VALUE_DUPLICATE) {
        kinds[at + KindCell.COPIES]! += 1;
        kinds[at + KindCell.COPY_BYTES]! += length;
        this.#copies++;
      } else if (outcome === Outcome.VALUE_INSERTED || outcome === Outcome.VALUE_UPDATED) {
        kinds[at + KindCell.FRESH]! += 1;
        kinds[at + KindCell.FRESH_BYTES]! += length;
        this.#fresh++;
      } else if (outcome === Outcome.VALUE_OUTDATED) kinds[at + KindCell.OUTDATED]! += 1;
      else kinds[at + KindCell.REFUSED]! += 1;
    }
  }

  #brought(peer: number, length: number, values: number): void {
    const { traffic } = this.#regions.peers;
    const at = peer * PEER_CELLS;
    traffic[at + PeerCell.BROUGHT_PACKETS]! += 1;
    traffic[at + PeerCell.BROUGHT_BYTES]! += length;
    traffic[at + PeerCell.BROUGHT]! += values;
    traffic[at + PeerCell.BROUGHT_FRESH]! += this.#fresh;
    traffic[at + PeerCell.BROUGHT_COPIES]! += this.#copies;
  }

  /** The first at an address stays: entrypoints come first. An entrypoint in the table gets its row. */
  #learn(ip: number, port: number, peerClass: number, peer: number): void {
    let cell = this.#start(ip, port);
    for (let i = 0; i < PROBES; i++, cell = (cell + 1) & this.#mask) {
      if (this.#port[cell] === 0) {
        this.#ip[cell] = ip;
        this.#port[cell] = port;
        this.#class[cell] = peerClass;
        this.#peer[cell] = peer;
        return;
      }
      if (this.#ip[cell] !== ip || this.#port[cell] !== port) continue;
      if (this.#peer[cell] === NOBODY) this.#peer[cell] = peer;
      return;
    }
  }

  /** @returns the cell of an address, or -1 */
  #find(ip: number, port: number): number {
    let cell = this.#start(ip, port);
    for (let i = 0; i < PROBES && this.#port[cell] !== 0; i++, cell = (cell + 1) & this.#mask) {
      if (this.#ip[cell] !== ip || this.#port[cell] !== port) continue;
      const peer = this.#peer[cell]! - 1;
      const { peers } = this.#regions;
      // The row may be another's by now.
      if (peer >= 0 && (peers.ip[peer] !== ip || peers.port[peer] !== port)) return -1;
      return cell;
    }
    return -1;
  }

  #start(ip: number, port: number): number {
    const mixed = Math.imul(ip ^ Math.imul(port, 0x9e3779b1), 0x85ebca6b);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}
