import { Timeouts } from '../crds/expire.ts';
import type { Stakes } from '../crds/peers.ts';
import { Counter, counterTotal, outcomeCounts } from '../shm/counters.ts';
import { createGate } from '../tasks/gate.ts';
import { GossipTask } from '../tasks/gossip.ts';
import { ListenTask } from '../tasks/listen.ts';
import { RespondTask } from '../tasks/respond.ts';
import { Shedder } from '../tasks/shed.ts';
import { publishStakedCount } from '../tasks/slice.ts';
import { INLINE_HASHES } from '../tasks/work.ts';
import { Outcome } from '../util/outcome.ts';
import type { ValueData } from '../wire/decoded.ts';
import { Answers } from './answers.ts';
import { Applier } from './apply.ts';
import { Contacts } from './contacts.ts';
import { Ingress } from './ingress.ts';
import { OwnValues } from './own-values.ts';
import { type NodeOptions, NodeParts, type NodePorts } from './parts.ts';
import { InlinePool, type WorkPool } from './pools.ts';
import { Pulls } from './pulls.ts';
import { Relay } from './relay.ts';
import { ROUND_MS, Rounds } from './rounds.ts';
import { Seat } from './seat.ts';
import { Signer } from './signer.ts';

/** Batches that main works off itself in one turn, so that the socket is read in between. */
const TURN_BATCHES = 4;

/** Batches applied in one turn. @source architecture 4.5 */
const TURN_APPLIED = 16;

/** A turn ends with the batch in which so much time has passed: what else waits has its turn, too. */
const TURN_MS = 4;

/**
 * While results come in, main looks for more by itself after this instead of asking to be woken: a message
 * for every batch costs the listen thread more than hashing all its values.
 */
const BUSY_LOOK_MS = 3;

/** How soon waiting datagrams are looked at again when only the budget held them back. */
const DRAIN_MS = 10;

/**
 * A node of the gossip network, from datagrams in to datagrams out. It owns no clock, socket or
 * randomness: those are given to it, so whole networks of nodes run in one process on virtual time.
 *
 * @source behaviour 1.1; architecture 9
 */
export class SpyNode {
  readonly parts: NodeParts;
  readonly contacts: Contacts;
  readonly answers: Answers;
  readonly pulls: Pulls;
  readonly own: OwnValues;
  /** Signatures, filters and answers. */
  readonly seat: Seat;
  readonly #relay: Relay;
  readonly #ingress: Ingress;
  readonly #applier: Applier;
  readonly #rounds: Rounds;
  readonly #pool: WorkPool;
  #isScheduled = false;
  #isLooking = false;
  #isStopped = false;
  #cancelRounds: () => void = () => {};
  #cancelDrain: () => void = () => {};

  constructor(options: NodeOptions, ports: NodePorts) {
    const parts = new NodeParts(options, ports);
    this.parts = parts;
    const signer = new Signer(parts);
    this.contacts = new Contacts(parts);
    this.answers = new Answers(parts, signer);
    this.pulls = new Pulls(parts);
    this.own = new OwnValues(parts);
    this.#relay = new Relay(parts, signer);
    this.#ingress = new Ingress(parts);
    const targets = {
      contacts: this.contacts,
      answers: this.answers,
      relay: this.#relay,
      pulls: this.pulls,
    };
    this.#applier = new Applier(parts, targets);
    this.#rounds = new Rounds(parts, targets);
    this.#pool = ports.createPool?.(parts.regions) ?? createInlinePool(parts);
    const lanes = [signer, this.answers.lane, this.pulls.lane];
    this.seat = new Seat(parts, lanes, this.#pool, () => this.#afterTask());
  }

  /** Starts the rounds; the transport delivers to `receive`. */
  start(): void {
    this.#cancelRounds = this.parts.clock.every(ROUND_MS, () => this.#tick());
    this.#tick();
  }

  #tick(): void {
    this.#rounds.tick();
    if (this.#pool.threads > 0) this.seat.turn();
    else if (this.seat.isWaiting) this.#schedule();
    this.#flush();
  }

  /** A task has returned what it wrote. */
  #afterTask(): void {
    this.answers.sendPings();
    if (this.#pool.threads === 0) return; // it was a part of a turn
    this.seat.turn();
    this.#flush();
  }

  /** Takes a datagram from the transport. @units ip: IPv4 as a number */
  receive(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    if (this.#isStopped) {
      this.parts.counters[Counter.DATAGRAMS_RECEIVED]!++;
      this.parts.count(Outcome.SHED_STOPPING);
      return;
    }
    this.#ingress.accept(bytes, at, length, ip, port);
    this.#schedule();
  }

  /** Datagrams received that wait for more to share a batch with; where a receive thread gathers they are its own. */
  get gathered(): number {
    return this.#ingress.gathered;
  }

  /** Works off what was received, up to a turn's worth, and sends what came of it. */
  pump(): void {
    const { ring, clock } = this.parts;
    this.#ingress.offer();
    const endMs = clock.monoMs() + TURN_MS;
    let left = TURN_APPLIED;
    let applied = 0;
    for (let turn = TURN_BATCHES; turn > 0 && clock.monoMs() < endMs; turn--) {
      const worked = this.#pool.runOne();
      for (let batch = ring.next(); batch >= 0 && left-- > 0; batch = ring.next()) {
        this.#applier.apply(batch);
        ring.release();
        applied++;
        if (clock.monoMs() >= endMs) break;
      }
      if (!worked) break;
    }
    this.#ingress.offer();
    this.seat.turn();
    this.#flush();
    if (this.#hasWork()) {
      this.#schedule();
      return;
    }
    if (applied > 0 && this.#pool.threads > 0) {
      this.#lookAgain();
      return;
    }
    ring.wantWake(this.#pool.threads === 0);
    if (this.#hasWork()) this.#schedule();
  }

  #hasWork(): boolean {
    const { ring } = this.parts;
    if (ring.next() >= 0) return true;
    return this.#pool.threads === 0 && (ring.waiting > 0 || this.seat.isWaiting);
  }

  /** Signs and publishes a value in our name. */
  publish(data: ValueData): void {
    this.parts.publisher.publish(data);
    this.#relay.push();
    this.#flush();
  }

  /** Takes over a new map of stakes. */
  setStakes(stakes: Stakes): void {
    this.parts.table.setStakes(stakes);
    publishStakedCount(this.parts.regions, stakes.size);
    this.parts.timeouts = new Timeouts(this.parts.identity.publicKey, stakes);
  }

  /**
   * Ends the rounds and works off what was received before; what worker threads did not get to is
   * counted as shed. Receiver and threads, where there are any, have ended before. @source architecture 8
   */
  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelRounds();
    this.#cancelDrain();
    this.#ingress.seal();
    const { ring } = this.parts;
    if (this.#pool.threads > 0) {
      while (ring.claim() >= 0);
      ring.abandon(0, Outcome.SHED_STOPPING);
    }
    while (this.#hasWork()) this.pump();
    this.seat.stop();
    this.parts.outbox.flush();
  }

  /** Everything that was counted, by name, over all threads. */
  counts(): { outcomes: Record<string, number>; signatures: number; knownValues: number } {
    const { counters } = this.parts.regions;
    return {
      outcomes: outcomeCounts(counters),
      signatures: counterTotal(counters, Counter.SIGNATURES_CHECKED),
      knownValues: counterTotal(counters, Counter.SIGNATURES_SAVED),
    };
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.parts.clock.soon(() => {
      this.#isScheduled = false;
      this.pump();
    });
  }

  #lookAgain(): void {
    if (this.#isLooking) return;
    this.#isLooking = true;
    this.parts.clock.after(BUSY_LOOK_MS, () => {
      this.#isLooking = false;
      if (!this.#isStopped) this.pump();
    });
  }

  #flush(): void {
    const { outbox, clock } = this.parts;
    const goOn = outbox.flush();
    if (outbox.waiting === 0 || this.#isStopped) return;
    this.#cancelDrain();
    this.#cancelDrain = clock.after(goOn ? 0 : DRAIN_MS, () => this.#flush());
  }
}

function createInlinePool(parts: NodeParts): WorkPool {
  const { regions, ring, verified, verifier, view, counters, clock, addresses, identity } = parts;
  const gate = createGate(view, regions.control);
  const shedder = new Shedder(regions, ring, addresses, clock);
  const listen = new ListenTask({ regions, counters, verified, verifier, gate, shedder });
  const context = { hashes: INLINE_HASHES, beat: () => {} };
  const { publicKey } = identity;
  const limits = parts.options.sizes?.serve;
  return new InlinePool(ring, {
    listen,
    gossip: new GossipTask({ regions, view, identity, context }),
    respond: new RespondTask({ regions, view, publicKey, counters, context, limits }),
  });
}
