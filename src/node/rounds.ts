import { makeRoom } from '../crds/evict.ts';
import { forgetHashes, purgeTimedOut, trim } from '../crds/expire.ts';
import { Counter } from '../shm/counters.ts';
import { LINE_I32 } from '../shm/layout.ts';
import { Outcome } from '../util/outcome.ts';
import type { Answers } from './answers.ts';
import type { Contacts } from './contacts.ts';
import type { NodeParts } from './parts.ts';
import type { Pulls } from './pulls.ts';
import type { Relay } from './relay.ts';
import { MAIN_THREAD } from './watchdog.ts';

/** Period of the gossip loop. @source behaviour 0.3 */
export const ROUND_MS = 100;

/** Own contact info and active set are renewed when this has passed. @source behaviour 0.3, 1.4 */
const REFRESH_MS = 7_500;

/**
 * While peers prove themselves for the first time, both are renewed this often: whoever joins shall
 * not wait for the next 7.5 s to be introduced. @source behaviour 9.5, last paragraph
 */
const HURRIED_REFRESH_MS = 500;

/** How long after the start this may go on. */
const HURRY_MS = 10_000;

/** A 64th of the rows is kept free: 2,048, more than a tenth of a second brings on mainnet. At least one. */
const FREE_SHARE = 1 / 64;

/** Rounds between two looks at contact infos whose address has not answered. */
const RENEW_EVERY_ROUNDS = 5;

/** Contact infos that wait are forgotten when nobody has repeated them for this long. */
const UNPROVED_RETENTION_MS = 60_000;

/** The parts of a node that act in a round. */
export interface RoundTargets {
  readonly contacts: Contacts;
  readonly answers: Answers;
  readonly relay: Relay;
  readonly pulls: Pulls;
}

/** What happens by itself, every 100 ms. @source behaviour 1.4 */
export class Rounds {
  readonly #parts: NodeParts;
  readonly #targets: RoundTargets;
  readonly #startedMs: number;
  #round = 0;
  #refreshedMs = Number.NEGATIVE_INFINITY;
  #proofsAtRefresh = 0;

  constructor(parts: NodeParts, targets: RoundTargets) {
    this.#parts = parts;
    this.#targets = targets;
    this.#startedMs = parts.clock.monoMs();
  }

  /** One gossip round. */
  tick(): void {
    const parts = this.#parts;
    const { clock, counters, table, unproved } = parts;
    const { answers, contacts, pulls, relay } = this.#targets;
    Atomics.add(parts.regions.control.heartbeats, MAIN_THREAD * LINE_I32, 1);
    this.#keepTime();
    const nowMs = clock.steadyMs();
    const monoMs = clock.monoMs();
    const round = this.#round++;
    parts.hearing.tick(counters[Outcome.OK]!, monoMs);
    counters[Counter.VALUES_TRIMMED]! += trim(
      table,
      parts.keep,
      parts.rng,
      nowMs,
      parts.maxPubkeys,
    );
    counters[Counter.VALUES_EVICTED]! += this.#makeRoom(nowMs);
    relay.push();
    pulls.round(round);
    counters[Counter.VALUES_TIMED_OUT]! += purgeTimedOut(table, parts.timeouts, nowMs);
    forgetHashes(table, nowMs);
    if (round % RENEW_EVERY_ROUNDS === 0) {
      unproved.expire(monoMs - UNPROVED_RETENTION_MS);
      contacts.renew(monoMs);
      parts.traffic.learnAddresses(pulls.entrypoints);
    }
    if (this.#isRefreshDue(monoMs)) {
      this.#refreshedMs = monoMs;
      this.#proofsAtRefresh = contacts.proofs;
      this.#refresh(nowMs, monoMs);
      relay.push();
    }
    table.journal.publish();
    answers.sendPings();
  }

  /**
   * Follows the clock. When it is set back because everybody else agrees that it was ahead, what we signed
   * in the meantime is from the future: it would outlive all that follows.
   */
  #keepTime(): void {
    const { clock, table, identity, publisher } = this.#parts;
    const setBackMs = clock.tick();
    table.setWallAhead(clock.aheadMs);
    if (setBackMs === 0) return;
    table.removeOrigin(identity.publicKey, 0, clock.steadyMs());
    publisher.refreshContact({ outset: clock.wallMs() * 1000 });
  }

  /** Publishes our contact info anew and brings new peers into the active set. @source behaviour 6.3 */
  #refresh(nowMs: number, monoMs: number): void {
    const { publisher, candidates, activeSet, pings, view, table, ourStake } = this.#parts;
    publisher.refreshContact();
    candidates.gather(view, pings, nowMs, monoMs, ourStake);
    activeSet.rotate(candidates, Math.max(view.peers.size, table.stakes.size));
  }

  /** Keeps a part of the table free for what the next round brings. @source reliability 5 and T7 */
  #makeRoom(nowMs: number): number {
    const { table, keep, regions } = this.#parts;
    const { tableRows, peerRows } = regions.capacities;
    const rows = Math.ceil(tableRows * FREE_SHARE);
    return makeRoom(table, keep, rows, Math.ceil(peerRows * FREE_SHARE), nowMs);
  }

  #isRefreshDue(monoMs: number): boolean {
    const sinceMs = monoMs - this.#refreshedMs;
    if (sinceMs > REFRESH_MS) return true;
    const isYoung = monoMs - this.#startedMs < HURRY_MS;
    const hasNew = this.#targets.contacts.proofs > this.#proofsAtRefresh;
    return (
      isYoung && sinceMs >= HURRIED_REFRESH_MS && (hasNew || this.#parts.activeSet.peerCount > 0)
    );
  }
}
