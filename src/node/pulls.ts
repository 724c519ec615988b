import { ACTIVE_MS } from '../gossip/policy.ts';
import { chooseEntrypoint, type Entrypoint } from '../gossip/pull-peers.ts';
import { Counter } from '../shm/counters.ts';
import { AskedPeers } from './asked-peers.ts';
import type { NodeParts } from './parts.ts';
import { PullPace } from './pull-pace.ts';
import { PullRound, type PullTarget } from './pull-round.ts';

/** How long a peer counts as asked: a ping that comes back within it is its test of our address. */
const ASKED_MS = 3_000;

/** Who has not answered is tried again after this: a datagram may be lost, ours or the answer. */
const RETRY_MS = 1_000;

/** Nodes that may be configured to be asked, from the start or later. */
const MAX_ENTRYPOINTS = 64;

/** Requests to one peer in one eager round: what an unstaked Agave node answers of them in a burst. */
const EAGER_PER_PEER = 8;

/** New peers tried in one eager round, so that there is soon more than one to ask. */
const EAGER_TRIALS = 6;

/** Rounds between two pulls of an honest node. @source behaviour 0.3 */
const HONEST_EVERY_ROUNDS = 5;

/**
 * Rounds in which an entrypoint that the table does not know is asked for what the others are asked for:
 * together all partitions. A small node that gets all requests at once drops them all.
 */
const ENTRYPOINT_ROUNDS = 8;

/** Peers who answer that an eager round makes do with; then candidates are gathered no more often than honest rounds do. */
const ENOUGH_PEERS = 64;
const GATHER_MS = 500;

/** Requests leave before pushes: on a thin line they take no more than this share of it. */
const LINE_SHARE = 0.5;

/** Bytes of a request with its headers. */
const REQUEST_BYTES = 1_260;

/** Requests that a thin line has saved up at most, unless a second brings more. */
const SAVED_REQUESTS = 8;

/** Asks that may wait for the round under way to end. */
const MAX_PENDING = 4;

/**
 * Asks others for what we lack. An honest node asks an eighth of all partitions every half second;
 * while the table is still empty we ask all of them as often as the pace allows, of those who answer.
 *
 * @source behaviour 3
 */
export class Pulls {
  /** Labels that were not in the table before, over all answers. */
  gained = 0;
  /** The round under way: work for the seat. */
  readonly lane: PullRound;
  readonly #parts: NodeParts;
  readonly #entrypoints: Entrypoint[];
  readonly #asked = new AskedPeers();
  readonly #pace: PullPace;
  #discovered = 0;
  /** Requests that the line has room for, and when that was reckoned. */
  #room = SAVED_REQUESTS;
  #roomMs = 0;
  #pending: { targets: readonly PullTarget[]; count: number }[] = [];
  #gatheredMs = Number.NEGATIVE_INFINITY;
  /** The entrypoint that is asked for everything, and for how many more rounds. */
  #unheard: Entrypoint | undefined;
  #unheardRounds = 0;
  /** When there was last somebody to be eager with, or the start. */
  #heardMs: number;

  constructor(parts: NodeParts) {
    const { options, clock } = parts;
    this.#parts = parts;
    this.lane = new PullRound(parts, () => this.#askPending());
    this.#pace = new PullPace(options.eager);
    this.#heardMs = clock.monoMs();
    this.#entrypoints = options.entrypoints.map(({ ip, port }) => ({
      ip,
      port,
      wallclock: clock.steadyMs(),
    }));
  }

  /** Pull requests sent. */
  get sent(): number {
    return this.lane.sent;
  }

  /** Whether the table still fills quickly. */
  get eager(): boolean {
    return this.#pace.eager;
  }

  /** Everybody configured to be asked, from the start or later. */
  get entrypoints(): readonly Entrypoint[] {
    return this.#entrypoints;
  }

  /** Whether an address is a configured entrypoint. */
  isEntrypoint(ip: number, port: number): boolean {
    return this.#entrypoints.some((e) => e.ip === ip && e.port === port);
  }

  /** Asks another node from now on, as if it had been configured. */
  addEntrypoint(ip: number, port: number): void {
    if (this.isEntrypoint(ip, port) || this.#entrypoints.length >= MAX_ENTRYPOINTS) return;
    this.#entrypoints.push({ ip, port, wallclock: this.#parts.clock.steadyMs() });
  }

  /** Notes a pull response. @units discovered: nodes in it that we had never heard of */
  answered(ip: number, port: number, discovered: number, monoMs: number): void {
    this.#discovered += discovered;
    this.#asked.open(ip, port);
    this.#pace.answered(monoMs);
  }

  /**
   * Notes a ping that we answered. When it comes from somebody we just asked, our request was dropped
   * for want of this answer: ask again at once.
   */
  pinged(ip: number, port: number, monoMs: number): void {
    const asked = this.#asked.get(ip, port);
    if (!asked || monoMs - asked.askedMs > ASKED_MS || !this.#asked.open(ip, port)) return;
    if (this.#pace.eager) this.#ask([{ ip, port }], this.#pace.take(EAGER_PER_PEER, monoMs));
  }

  /** The pulls of one gossip round, every 100 ms. @units round: counts from 0 */
  round(round: number): void {
    const monoMs = this.#parts.clock.monoMs();
    const isDue = round % HONEST_EVERY_ROUNDS === 0;
    if (this.#pace.eager) {
      if (this.#eagerRound(monoMs) > 0) this.#heardMs = monoMs;
      // Who trusts our address already does not test it again, and may have nothing to say in the one
      // partition that a trial asks for: when nobody answers, ask as everybody does.
      if (isDue && monoMs - this.#heardMs >= ASKED_MS) this.#honestRound();
    } else if (isDue) this.#honestRound();
  }

  /** @source behaviour 3.2 to 3.6 */
  #honestRound(): void {
    const { candidates, rng, clock, options, counters } = this.#parts;
    if (!this.lane.isIdle) {
      counters[Counter.PULL_ROUNDS_SKIPPED]!++;
      return;
    }
    if (this.#roomNow() < SAVED_REQUESTS) return;
    this.#gather();
    const nowMs = clock.steadyMs();
    const targets: PullTarget[] = [];
    const count = this.lane.open();
    if (candidates.count > 0) for (let i = 0; i < count; i++) targets.push(this.#chosen());
    const chosen = this.#isAskingAlone(targets.length)
      ? -1
      : chooseEntrypoint(
          this.#entrypoints,
          targets.length,
          nowMs,
          options.allowPrivate,
          (ip, port) => this.#isHeardOf(ip, port, nowMs),
          rng,
        );
    const unheard = this.#unheardAfter(this.#entrypoints[chosen]);
    if (targets.length > 0) this.#send(targets, unheard);
    else if (unheard) this.#send(new Array<PullTarget>(count).fill(unheard));
  }

  /**
   * Whether an entrypoint that answers is still to be asked for the rest, while there is nobody else: partitions
   * come in turn, and one drawn anew each round might never be asked for some of them.
   */
  #isAskingAlone(peerRequests: number): boolean {
    if (peerRequests > 0 || !this.#unheard || this.#unheardRounds <= 0) return false;
    return this.#asked.get(this.#unheard.ip, this.#unheard.port)?.isOpen === true;
  }

  /**
   * The entrypoint that a round is for too: those we know may be silent or worse, and then it is all there is.
   *
   * @param chosen the one to begin with; when left out, the last one goes on until it was asked for everything
   */
  #unheardAfter(chosen: Entrypoint | undefined): Entrypoint | undefined {
    if (chosen) {
      this.#unheard = chosen;
      this.#unheardRounds = ENTRYPOINT_ROUNDS;
    }
    return this.#unheardRounds-- > 0 ? this.#unheard : undefined;
  }

  /** Whether somebody at this address is in the table and alive: after a partition it may not be. */
  #isHeardOf(ip: number, port: number, nowMs: number): boolean {
    const { view } = this.#parts;
    const { columns, highWater } = view.peers;
    for (let peer = 0; peer < highWater; peer++) {
      if (columns.ip[peer] !== ip || columns.port[peer] !== port) continue;
      const contact = view.peers.contactRow(peer);
      if (contact >= 0 && view.columns.inserted[contact]! >= nowMs - ACTIVE_MS) return true;
    }
    return false;
  }

  /**
   * Spreads as many requests as the pace allows over those who answer, and tries a few others.
   * @returns how many there are who answer
   */
  #eagerRound(monoMs: number): number {
    const { candidates } = this.#parts;
    if (candidates.count < ENOUGH_PEERS || monoMs - this.#gatheredMs >= GATHER_MS) this.#gather();
    const trials: PullTarget[] = [];
    const open: PullTarget[] = [];
    const consider = (ip: number, port: number): void => {
      const asked = this.#asked.get(ip, port);
      if (asked?.isOpen) open.push({ ip, port });
      else if (trials.length < EAGER_TRIALS && (!asked || monoMs - asked.askedMs > RETRY_MS)) {
        trials.push({ ip, port });
      }
    };
    for (const { ip, port } of this.#entrypoints) consider(ip, port);
    const start = candidates.count > 0 ? this.#parts.rng.below(candidates.count) : 0;
    const enough = Math.min(ENOUGH_PEERS, this.#asked.openCount);
    for (let i = 0; i < candidates.count; i++) {
      if (open.length >= enough && trials.length === EAGER_TRIALS) break;
      if (open.length >= ENOUGH_PEERS) break;
      const c = (start + i) % candidates.count;
      if (!this.isEntrypoint(candidates.ip[c]!, candidates.port[c]!)) {
        consider(candidates.ip[c]!, candidates.port[c]!);
      }
    }
    const wanted = trials.length + open.length * EAGER_PER_PEER;
    const granted = this.#pace.take(wanted, monoMs);
    const targets = trials.slice(0, granted);
    for (let i = 0; targets.length < granted; i++) targets.push(open[i % open.length]!);
    this.#ask(targets, granted);
    const known = this.#parts.view.size + this.#parts.unproved.size;
    const wasEager = this.#pace.eager;
    this.#pace.judge(
      this.gained + this.#discovered,
      known,
      2 ** this.lane.filters.maskBits,
      monoMs,
    );
    if (wasEager && !this.#pace.eager) {
      this.#parts.logger.info({ values: known }, 'the table is full: asking at an honest pace now');
    }
    return open.length;
  }

  /** How many requests the line has room for now. */
  #roomNow(): number {
    const { outbox, clock } = this.#parts;
    const monoMs = clock.monoMs();
    const perSecond = (LINE_SHARE * outbox.bytesPerSecond) / REQUEST_BYTES;
    const filled = ((monoMs - this.#roomMs) * perSecond) / 1000;
    this.#room = Math.min(Math.max(SAVED_REQUESTS, perSecond), this.#room + filled);
    this.#roomMs = monoMs;
    return Math.floor(this.#room);
  }

  /** Asks for `count` partitions, the targets in turn: at once, or when the round under way is over. */
  #ask(targets: readonly PullTarget[], wanted: number): void {
    const count = Math.min(wanted, Math.max(0, this.#roomNow()));
    if (count === 0 || targets.length === 0) return;
    if (!this.lane.isIdle) {
      if (this.#pending.length === MAX_PENDING) return;
      this.#pending.push({ targets, count });
      this.#noteAll(targets);
      return;
    }
    const spread: PullTarget[] = [];
    const filters = this.lane.open(count, this.#pace.eager);
    for (let i = 0; i < filters; i++) spread.push(targets[i % targets.length]!);
    this.#send(spread);
  }

  #askPending(): void {
    const next = this.#pending.shift();
    if (next) this.#ask(next.targets, next.count);
  }

  #gather(): void {
    const { candidates, view, pings, clock, ourStake } = this.#parts;
    this.#gatheredMs = clock.monoMs();
    candidates.gather(view, pings, clock.steadyMs(), this.#gatheredMs, ourStake);
  }

  #chosen(): PullTarget {
    const { candidates, rng } = this.#parts;
    const i = candidates.choose(rng);
    return { ip: candidates.ip[i]!, port: candidates.port[i]! };
  }

  /**
   * Sends filter i to target i, once it is filled.
   *
   * @param beside somebody who is sent every filter too
   * @source behaviour 3.6, 3.7
   */
  #send(targets: readonly PullTarget[], beside?: PullTarget): void {
    this.#room -= beside ? 2 * targets.length : targets.length;
    this.#noteAll(beside ? [...targets, beside] : targets);
    this.lane.ask(targets, beside);
  }

  #noteAll(targets: readonly PullTarget[]): void {
    const monoMs = this.#parts.clock.monoMs();
    for (const { ip, port } of targets) this.#asked.ask(ip, port, monoMs);
  }
}
