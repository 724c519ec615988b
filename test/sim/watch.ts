/**
 * Looks over the shoulder of one node at every datagram that reaches or leaves it, keeps its own books
 * about who proved which address, and complains when something leaves that should not.
 */
import { sha256Into } from '../../src/crypto/hash.ts';
import type { Verifier } from '../../src/crypto/verifier.ts';
import { equalBytes, toHex } from '../../src/util/bytes.ts';
import { formatAddress, isLoopback, isPrivate, isReachable } from '../../src/util/ipv4.ts';
import { MESSAGE_NAMES, Message, PACKET_BYTES, PING_BYTES } from '../../src/wire/limits.ts';
import { addressKey } from './network.ts';
import { promise } from './violation.ts';

const HEADER_BYTES = 28;
const PROOF_MS = 1_280_000;
const QUIET_MS = 20_000;
const PINGS_PER_ADDRESS = 2;
const PINGS_PER_IP = 16;
const PINGS_PER_SECOND = 1_000;
/** Times are read from a clock that runs at another rate than the sums of the node itself. */
const TOLERANCE = 1e-6;

/** What is known of one address. */
interface Remote {
  packetsIn: number;
  bytesIn: number;
  packetsOut: number;
  bytesOut: number;
  pingsIn: number;
  pongsOut: number;
  pullsIn: number;
  /** When the last pings to it left, newest last. */
  readonly pings: number[];
  /** What a pong to the newest ping contains, until it came. */
  expected: Uint8Array | undefined;
  /** When each key, in hex, proved this address. */
  readonly proofs: Map<string, number>;
}

/** What the watched node is. */
export interface Watched {
  readonly key: Uint8Array;
  readonly allowPrivate: boolean;
  readonly bytesPerSecond: number;
  readonly entrypoints: readonly { readonly ip: number; readonly port: number }[];
  /** Addresses that are nobody's and named by nobody: what goes there must have come from there. */
  readonly forged: ReadonlySet<number>;
}

/** Promises about traffic: 2 of reliability 1, C2, C5 and C7 of 4, pings of 5, G8. */
export class Watch {
  /** Datagrams that reached the node. */
  received = 0;
  /** Where the node says it is. */
  own = { ip: 0, port: 0 };
  readonly #node: Watched;
  readonly #verifier: Verifier;
  readonly #remotes = new Map<number, Remote>();
  readonly #entrypoints: ReadonlySet<number>;
  readonly #pingsOfIp = new Map<number, number[]>();
  readonly #pings: number[] = [];
  readonly #pongInput = new Uint8Array(48);
  readonly #lastToken = new Uint8Array(32);
  readonly #burst: number;
  #tokens: number;
  #filledMs: number;

  constructor(node: Watched, verifier: Verifier, monoMs: number) {
    this.#node = node;
    this.#verifier = verifier;
    this.#entrypoints = new Set(node.entrypoints.map(({ ip, port }) => addressKey(ip, port)));
    this.#pongInput.set(new TextEncoder().encode('SOLANA_PING_PONG'));
    this.#burst = Math.max(node.bytesPerSecond / 4, 2 * PACKET_BYTES);
    this.#tokens = this.#burst;
    this.#filledMs = monoMs;
  }

  /** A datagram reaches the node. */
  delivered(bytes: Uint8Array, ip: number, port: number, monoMs: number): void {
    this.received++;
    const remote = this.#remote(ip, port);
    remote.packetsIn++;
    remote.bytesIn += bytes.length + HEADER_BYTES;
    if (bytes[0] === Message.PULL_REQUEST) remote.pullsIn++;
    if (bytes.length !== PING_BYTES) return;
    if (bytes[0] === Message.PING) {
      if (this.#isSigned(bytes)) remote.pingsIn++;
    } else if (bytes[0] === Message.PONG && remote.expected !== undefined) {
      const late = monoMs - remote.pings.at(-1)! > QUIET_MS * (1 + TOLERANCE);
      if (late || !equalBytes(remote.expected, 0, bytes, 36, 32) || !this.#isSigned(bytes)) return;
      remote.proofs.set(toHex(bytes, 4, 36), monoMs);
    }
  }

  /** A datagram leaves the node. */
  sent(bytes: Uint8Array, ip: number, port: number, monoMs: number): void {
    const { allowPrivate, forged } = this.#node;
    const to = (): string =>
      `${MESSAGE_NAMES[bytes[0]!] ?? 'nothing'} to ${formatAddress(ip, port)}`;
    promise('promise 2', bytes.length > 0 && bytes.length <= PACKET_BYTES, to);
    promise('promise 2', isReachable(ip, port, allowPrivate), () => `${to()}, where nobody can be`);
    const isOwn = ip === this.own.ip && port === this.own.port;
    promise('faults', !isOwn, () => `${to()}, which is our own address`);
    this.#spend(bytes.length + HEADER_BYTES, monoMs);
    const remote = this.#remote(ip, port);
    remote.packetsOut++;
    remote.bytesOut += bytes.length + HEADER_BYTES;
    switch (bytes[0]) {
      case Message.PING:
        this.#pinged(bytes, remote, ip, port, monoMs);
        break;
      case Message.PONG:
        remote.pongsOut++;
        promise(
          'G8',
          remote.pongsOut <= remote.pingsIn,
          () => `${to()}, which pinged us less often`,
        );
        break;
      default:
        this.#checkProof(bytes[0]!, remote, ip, port, monoMs, to);
    }
    if (forged.has(addressKey(ip, port))) {
      promise(
        'G8',
        remote.packetsOut <= remote.packetsIn,
        () => `${to()}: more than came from there`,
      );
      promise('G8', remote.bytesOut <= remote.bytesIn, () => `${to()}: more bytes than came`);
    }
  }

  /** Whether this key may count as having proved this address now, by our own books. @source C2 */
  hasProof(key: Uint8Array, keyAt: number, ip: number, port: number, monoMs: number): boolean {
    const remote = this.#remotes.get(addressKey(ip, port));
    const provedMs = remote?.proofs.get(toHex(key, keyAt, keyAt + 32));
    return provedMs !== undefined && monoMs - provedMs <= PROOF_MS;
  }

  /** @source reliability 5, "pings we send" */
  #pinged(bytes: Uint8Array, remote: Remote, ip: number, port: number, monoMs: number): void {
    const address = formatAddress(ip, port);
    promise('C2', equalBytes(bytes, 4, this.#node.key, 0, 32), () => `a ping in another's name`);
    const isFresh = !equalBytes(bytes, 36, this.#lastToken, 0, 32);
    promise('C2', isFresh, () => `the ping to ${address} repeats a token`);
    this.#lastToken.set(bytes.subarray(36, 68));
    keepSince(remote.pings, monoMs, QUIET_MS, PINGS_PER_ADDRESS, `pings to ${address}`);
    keepSince(this.#pings, monoMs, 1_000, PINGS_PER_SECOND, 'pings to all');
    if (!(this.#node.allowPrivate && (isLoopback(ip) || isPrivate(ip)))) {
      let times = this.#pingsOfIp.get(ip);
      if (times === undefined) {
        times = [];
        this.#pingsOfIp.set(ip, times);
      }
      keepSince(times, monoMs, QUIET_MS, PINGS_PER_IP, `pings to the IP of ${address}`);
    }
    this.#pongInput.set(bytes.subarray(36, 68), 16);
    remote.expected ??= new Uint8Array(32);
    sha256Into(this.#pongInput, 0, 48, remote.expected, 0);
  }

  #checkProof(
    tag: number,
    remote: Remote,
    ip: number,
    port: number,
    monoMs: number,
    to: () => string,
  ): void {
    if (tag === Message.PULL_RESPONSE) {
      promise('C7', remote.pullsIn > 0, () => `${to()}, which never asked`);
    }
    const isAsked = tag === Message.PULL_REQUEST || tag === Message.PUSH;
    if (isAsked && this.#entrypoints.has(addressKey(ip, port))) return;
    for (const provedMs of remote.proofs.values()) if (monoMs - provedMs <= PROOF_MS) return;
    promise('C7', false, () => `${to()}, which has not proved its address`);
  }

  /** @source C5 */
  #spend(bytes: number, monoMs: number): void {
    const { bytesPerSecond } = this.#node;
    const filled = this.#tokens + ((monoMs - this.#filledMs) * bytesPerSecond) / 1000;
    this.#tokens = Math.min(this.#burst, filled) - bytes;
    this.#filledMs = monoMs;
    promise('C5', this.#tokens > -1, () => `${-this.#tokens} bytes more than the budget left`);
  }

  #isSigned(bytes: Uint8Array): boolean {
    return this.#verifier.verify(bytes, 4, bytes, 68, bytes, 36, 68);
  }

  #remote(ip: number, port: number): Remote {
    const key = addressKey(ip, port);
    let remote = this.#remotes.get(key);
    if (remote === undefined) {
      remote = {
        packetsIn: 0,
        bytesIn: 0,
        packetsOut: 0,
        bytesOut: 0,
        pingsIn: 0,
        pongsOut: 0,
        pullsIn: 0,
        pings: [],
        expected: undefined,
        proofs: new Map(),
      };
      this.#remotes.set(key, remote);
    }
    return remote;
  }
}

/** Adds a time and holds the limit on how many lie within any span. */
function keepSince(
  times: number[],
  nowMs: number,
  spanMs: number,
  limit: number,
  what: string,
): void {
  while (times.length > 0 && nowMs - times[0]! >= spanMs * (1 - TOLERANCE)) times.shift();
  times.push(nowMs);
  promise('limits', times.length <= limit, () => `${times.length} ${what} in ${spanMs / 1000} s`);
}
