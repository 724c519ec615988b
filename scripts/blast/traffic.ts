import type { Rng } from '../../src/util/rng.ts';
import { writeValuesHeader } from '../../src/wire/encode.ts';
import {
  Message,
  PACKET_BYTES,
  SIGNATURE_BYTES,
  VALUES_HEADER_BYTES,
} from '../../src/wire/limits.ts';

/** Repeats are drawn from so many values back: what is around on a network at a time. */
export const RECENT_VALUES = 4_000;

/** New values, in the order in which they come. */
export interface NewValues {
  /** How many there will be. */
  readonly length: number;
  /** The n-th: the next, or one already asked for and not more than RECENT_VALUES before the last. */
  at(n: number): Uint8Array | undefined;
}

/** What the traffic is made of. */
export interface TrafficPlan {
  /** Datagrams in all. */
  readonly datagrams: number;
  /** Most values that a datagram is filled up to with repeats; 0 repeats nothing. */
  readonly duplicates: number;
  /** Share of datagrams that are no good: half cut off, half wrongly signed. */
  readonly garbage: number;
}

/** What was put together so far. */
export interface TrafficCounts {
  datagrams: number;
  bytes: number;
  /** Values in good datagrams, repeats included. */
  values: number;
  undecodable: number;
  wronglySigned: number;
}

/**
 * Puts push messages together one after the other: new values come evenly over all datagrams, the rest
 * are repeats of recent ones.
 */
export class Traffic {
  readonly counts: TrafficCounts = {
    datagrams: 0,
    bytes: 0,
    values: 0,
    undecodable: 0,
    wronglySigned: 0,
  };
  readonly #plan: TrafficPlan;
  readonly #sender: Uint8Array;
  readonly #values: NewValues;
  readonly #spare: readonly Uint8Array[];
  readonly #rng: Rng;
  #next = 0;
  #turn = 0;

  /**
   * @param sender key of who pushes
   * @param spare what is repeated while there is nothing new yet
   */
  constructor(
    plan: TrafficPlan,
    sender: Uint8Array,
    values: NewValues,
    spare: readonly Uint8Array[],
    rng: Rng,
  ) {
    this.#plan = plan;
    this.#sender = sender;
    this.#values = values;
    this.#spare = spare;
    this.#rng = rng;
  }

  /**
   * Writes the next datagram.
   *
   * @shape out: room for 1,232 B from `at`
   * @returns its length, 0 when nothing is due and nothing is to be repeated
   */
  write(out: Uint8Array, at: number): number {
    const { datagrams, garbage, duplicates } = this.#plan;
    const isExtra = ++this.#turn > datagrams; // what did not fit in while it was due
    if (!isExtra && garbage > 0 && this.#rng.unit() < garbage)
      return this.#count(this.#garbage(out, at));
    const share = Math.min(1, this.#turn / datagrams);
    const due = Math.floor(share * this.#values.length);
    let end = at + VALUES_HEADER_BYTES;
    let count = 0;
    const limit = at + PACKET_BYTES;
    while (this.#next < due) {
      const value = this.#values.at(this.#next)!;
      if (end + value.length > limit) break;
      out.set(value, end);
      end += value.length;
      this.#next++;
      count++;
    }
    const want = duplicates > 0 ? 1 + this.#rng.below(duplicates) : 0;
    while (count < want) {
      const value = this.#repeat();
      if (end + value.length > limit) break;
      out.set(value, end);
      end += value.length;
      count++;
    }
    if (count === 0) return 0;
    this.#head(out, at, count);
    this.counts.values += count;
    return this.#count(end - at);
  }

  /** Whether every new value has been sent. */
  get isComplete(): boolean {
    return this.#next === this.#values.length;
  }

  #repeat(): Uint8Array {
    if (this.#next === 0) return this.#spare[this.#rng.below(this.#spare.length)]!;
    const first = Math.max(0, this.#next - RECENT_VALUES);
    return this.#values.at(first + this.#rng.below(this.#next - first))!;
  }

  /** A value that has come already, cut off or with a bit of its signature turned over. */
  #garbage(out: Uint8Array, at: number): number {
    const value = this.#repeat();
    this.#head(out, at, 1);
    out.set(value, at + VALUES_HEADER_BYTES);
    const length = VALUES_HEADER_BYTES + value.length;
    if (this.#rng.unit() < 0.5) {
      this.counts.undecodable++;
      return 4 + this.#rng.below(length - 4);
    }
    this.counts.wronglySigned++;
    const place = at + VALUES_HEADER_BYTES + this.#rng.below(SIGNATURE_BYTES);
    out[place] = out[place]! ^ (1 << this.#rng.below(8));
    return length;
  }

  #head(out: Uint8Array, at: number, count: number): void {
    writeValuesHeader(out, at, Message.PUSH, this.#sender, 0, count);
  }

  #count(length: number): number {
    this.counts.datagrams++;
    this.counts.bytes += length;
    return length;
  }
}
