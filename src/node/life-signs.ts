import type { TableView } from '../crds/view.ts';
import type { PingCache, PingEvidence } from '../gossip/ping.ts';
import type { ContactInfoFields } from '../wire/contact-info.ts';
import type { Timekeeper } from './timekeeper.ts';

/**
 * Whoever signs so long after another instance of its key has started lives beside it: clocks of two
 * machines differ by less, and an identity that moves is given up by its old machine sooner.
 */
const BESIDE_MS = 15_000;

/** What was signed longer ago says nothing about now. */
const FRESH_MS = 60_000;

const HIGH = 4_294_967_296;

/**
 * Keeps the evidence of other nodes' lives beside their rows, where any thread can read it: answered
 * pings, and second instances under one key.
 *
 * @owner main
 */
export class LifeSigns {
  readonly #view: TableView;
  readonly #pings: PingCache;
  readonly #clock: Timekeeper;
  readonly #found: PingEvidence = { answeredMs: 0, roundTripMs: 0, unanswered: 0 };

  constructor(view: TableView, pings: PingCache, clock: Timekeeper) {
    this.#view = view;
    this.#pings = pings;
    this.#clock = clock;
  }

  /** An address answered in the name of a key; the table may know both, or will. */
  answered(bytes: Uint8Array, originAt: number, ip: number, port: number): void {
    const { peers } = this.#view;
    const peer = peers.find(bytes, originAt);
    if (peer < 0 || peers.columns.ip[peer] !== ip || peers.columns.port[peer] !== port) return;
    this.stored(peer, bytes, originAt, ip, port);
  }

  /** A contact info went into the table: what its address answered before counts for it. */
  stored(peer: number, bytes: Uint8Array, originAt: number, ip: number, port: number): void {
    const found = this.#found;
    this.#pings.evidence(bytes, originAt, ip, port, found);
    if (found.answeredMs === Number.NEGATIVE_INFINITY) {
      this.#view.peers.setAnswered(peer, 0, 0);
      return;
    }
    const agoMs = this.#clock.monoMs() - found.answeredMs;
    this.#view.peers.setAnswered(peer, this.#clock.steadyMs() - agoMs, found.roundTripMs);
  }

  /**
   * Compares a verified contact info with the one that the table holds of its key. The table keeps the
   * instance that started last; when the one before it goes on signing, both live.
   *
   * @source behaviour 2.3, 9.6
   */
  heard(fields: ContactInfoFields, bytes: Uint8Array, originAt: number): void {
    // hot: called for every contact info that comes in; hardly ever is one of another instance
    const { peers, columns } = this.#view;
    const peer = peers.find(bytes, originAt);
    const row = peer < 0 ? -1 : peers.contactRow(peer);
    if (row < 0) return;
    const high = columns.outsetHigh[row]!;
    const low = columns.outsetLow[row]!;
    if (fields.outsetHigh > high) return;
    if (fields.outsetHigh === high && fields.outsetLow >= low) return;
    const startedMs = (high * HIGH + low) / 1000;
    const nowMs = this.#clock.wallMs();
    if (fields.wallclock < startedMs + BESIDE_MS || fields.wallclock < nowMs - FRESH_MS) return;
    const outset = fields.outsetHigh * HIGH + fields.outsetLow;
    peers.setOtherInstance(peer, outset, this.#clock.steadyMs());
  }
}
