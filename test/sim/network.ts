/** The network between the nodes: every fault a datagram can meet, drawn from one seeded generator. */
import type { DatagramHandler, Transport } from '../../src/node/ports.ts';
import type { Rng } from '../../src/util/rng.ts';
import type { VirtualTime } from './time.ts';

/** Shares of datagrams that meet a fault, and how long the others take. */
export interface LinkFaults {
  readonly loss: number;
  readonly duplication: number;
  /** One to eight bits turned, or cut, or grown. */
  readonly corruption: number;
  /** Share that is held back by up to `holdMs` and so overtaken. */
  readonly reordering: number;
  readonly holdMs: number;
  /** Mean of what comes on top of the time that the distance takes. */
  readonly jitterMs: number;
}

/** A network on its best day. */
export const NO_FAULTS: LinkFaults = Object.freeze({
  loss: 0,
  duplication: 0,
  corruption: 0,
  reordering: 0,
  holdMs: 0,
  jitterMs: 0,
});

/** Takes what arrives at an address. */
export interface Listener {
  /** Number of the machine, which partitions go by. */
  readonly machine: number;
  readonly deliver: (bytes: Uint8Array, ip: number, port: number) => void;
}

/** One number for an address. */
export function addressKey(ip: number, port: number): number {
  return ip * 65_536 + port;
}

/** Delivers datagrams between addresses, late, twice, damaged or not at all. */
export class SimNetwork {
  faults: LinkFaults = NO_FAULTS;
  /** Whether nothing gets from one machine to another. */
  isCut: (from: number, to: number) => boolean = () => false;
  /** What the network never lets through, whatever its faults. */
  isLost: (bytes: Uint8Array) => boolean = () => false;
  /** Datagrams sent, and what became of them. */
  readonly counts = { sent: 0, lost: 0, cut: 0, nobody: 0, delivered: 0, corrupted: 0 };
  readonly #time: VirtualTime;
  readonly #rng: Rng;
  readonly #listeners = new Map<number, Listener>();
  readonly #distanceMs: (from: number, to: number) => number;

  /** @param distanceMs how long a datagram takes at least from one machine to another */
  constructor(time: VirtualTime, rng: Rng, distanceMs: (from: number, to: number) => number) {
    this.#time = time;
    this.#rng = rng;
    this.#distanceMs = distanceMs;
  }

  /** Listens at an address. @returns what ends it */
  bind(ip: number, port: number, listener: Listener): () => void {
    const key = addressKey(ip, port);
    this.#listeners.set(key, listener);
    return () => {
      if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
    };
  }

  /** Sends from a machine, which may claim any source. The bytes belong to the network from now on. */
  send(
    machine: number,
    from: { readonly ip: number; readonly port: number },
    ip: number,
    port: number,
    bytes: Uint8Array,
  ): void {
    const { loss, duplication } = this.faults;
    this.counts.sent++;
    if (this.isLost(bytes) || this.#chance(loss)) {
      this.counts.lost++;
      return;
    }
    this.#fly(machine, from, ip, port, bytes);
    if (this.#chance(duplication)) this.#fly(machine, from, ip, port, bytes);
  }

  #fly(
    machine: number,
    from: { readonly ip: number; readonly port: number },
    ip: number,
    port: number,
    bytes: Uint8Array,
  ): void {
    const { corruption, reordering, holdMs, jitterMs } = this.faults;
    const key = addressKey(ip, port);
    const listener = this.#listeners.get(key);
    if (listener === undefined) {
      this.counts.nobody++;
      return;
    }
    let delayMs = this.#distanceMs(machine, listener.machine);
    if (jitterMs > 0) delayMs -= jitterMs * Math.log(1 - this.#rng.unit());
    if (this.#chance(reordering)) delayMs += holdMs * this.#rng.unit();
    const content = this.#chance(corruption) ? this.#damaged(bytes) : bytes;
    const { ip: fromIp, port: fromPort } = from;
    this.#time.at(this.#time.nowMs + delayMs, () => {
      // Whoever listens there by now gets it; a cut link loses what was under way too.
      const receiver = this.#listeners.get(key);
      if (receiver === undefined) this.counts.nobody++;
      else if (this.isCut(machine, receiver.machine)) this.counts.cut++;
      else {
        this.counts.delivered++;
        receiver.deliver(content, fromIp, fromPort);
      }
    });
  }

  #damaged(bytes: Uint8Array): Uint8Array {
    this.counts.corrupted++;
    const rng = this.#rng;
    const how = rng.below(4);
    if (how === 0) return bytes.slice(0, rng.below(bytes.length + 1));
    if (how === 1) {
      const longer = new Uint8Array(bytes.length + 1 + rng.below(64));
      rng.fill(longer);
      longer.set(bytes);
      return longer;
    }
    const copy = bytes.slice();
    for (let flips = 1 + rng.below(8); flips > 0; flips--) {
      const at = rng.below(copy.length);
      copy[at] = copy[at]! ^ (1 << rng.below(8));
    }
    return copy;
  }

  #chance(share: number): boolean {
    return share > 0 && this.#rng.unit() < share;
  }
}

/** The socket of a node: what it sends goes to whoever made it. */
export class SimTransport implements Transport {
  readonly #send: (bytes: Uint8Array, ip: number, port: number) => void;
  readonly #backlog: () => number;

  /** @param backlog what `pending` says, drawn for each call */
  constructor(
    send: (bytes: Uint8Array, ip: number, port: number) => void,
    backlog: () => number = () => 0,
  ) {
    this.#send = send;
    this.#backlog = backlog;
  }

  open(_handler: DatagramHandler): Promise<{ port: number }> {
    return Promise.reject(new Error('the simulation delivers by itself'));
  }

  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    this.#send(bytes.slice(at, at + length), ip, port);
  }

  pending(): number {
    return this.#backlog();
  }

  kernelDropped(): number {
    return 0;
  }

  failedSends(): number {
    return 0;
  }

  flush(): void {}

  receiveBufferBytes(): number {
    return 0;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
