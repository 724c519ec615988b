/** Light traffic of one peer: pings without end, and new values now and then. */
import { PeerSocket } from '../../bench/e2e/peer-socket.ts';
import { readU32, toHex } from '../../src/util/bytes.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { osRng } from '../../src/util/rng.ts';
import { Message } from '../../src/wire/limits.ts';

/** Where the hash of a token lies in a pong. */
const HASH_AT = 36;
const HASH_END = 68;
/** Labels that the values have, and pings between two of them. */
const LABELS = 255;
const PINGS_A_VALUE = 4;
const PINGS_A_CONTACT = 500;

/** One peer on a socket of its own. */
export class Caller {
  readonly values = LABELS;
  pings = 0;
  pongs = 0;
  readonly #socket: PeerSocket;
  /** When pings left, by the hash that their pong has. */
  readonly #sent = new Map<string, number>();
  /** When the last ping that was answered had left, and what waits for one that leaves later. */
  #heard: (sentMs: number) => void = () => {};
  #stop: () => void = () => {};

  private constructor(socket: PeerSocket) {
    this.#socket = socket;
    socket.onOther = (bytes) => this.#receive(bytes);
  }

  /** Opens the socket and begins. */
  static async open(target: number, pingMs: number): Promise<Caller> {
    const made = new Caller(await PeerSocket.open(1, LOOPBACK_IP, 0, target));
    made.#stop = SystemClock.every(pingMs, () => made.#turn());
    return made;
  }

  /** Waits for the answer to a ping that left after a moment. @returns when it came */
  servedAfter(ms: number, limitMs: number): Promise<number> {
    return new Promise((resolve) => {
      const cancel = SystemClock.after(limitMs, () => resolve(SystemClock.monoMs()));
      this.#heard = (sentMs) => {
        if (sentMs < ms) return;
        cancel();
        this.#heard = () => {};
        resolve(SystemClock.monoMs());
      };
    });
  }

  /** Says nothing more; what is under way is still heard. */
  close(): void {
    this.#stop();
    SystemClock.after(400, () => this.#socket.close());
  }

  #turn(): void {
    const nowMs = SystemClock.wallMs();
    const { peer } = this.#socket;
    const turn = this.pings;
    if (turn % PINGS_A_CONTACT === 0 || turn < PINGS_A_CONTACT / 2) {
      if (turn % 50 === 0) this.#socket.send(peer.push(peer.contact({ wallclock: nowMs })));
    }
    if (turn % PINGS_A_VALUE === 0) {
      this.#socket.send(peer.push(peer.slots((turn / PINGS_A_VALUE) % LABELS, nowMs)));
    }
    const token = new Uint8Array(32);
    osRng().fill(token);
    const ping = peer.ping(token);
    this.#sent.set(hashOf(peer.pong(ping)), SystemClock.monoMs());
    this.pings++;
    this.#socket.send(ping);
  }

  #receive(bytes: Buffer): void {
    if (readU32(bytes, 0) !== Message.PONG) return;
    const hash = hashOf(bytes);
    const sentMs = this.#sent.get(hash);
    if (sentMs === undefined) return;
    this.#sent.delete(hash);
    this.pongs++;
    this.#heard(sentMs);
  }
}

const hashOf = (pong: Uint8Array): string => toHex(pong.subarray(HASH_AT, HASH_END));
