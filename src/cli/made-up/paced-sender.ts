import type { Transport } from '../../node/ports.ts';
import { loadSyscalls } from '../../node/syscalls.ts';
import { UdpTransport } from '../../node/udp.ts';
import { BatchTransport } from '../../node/udp-batch.ts';
import type { Clock } from '../../util/clock.ts';
import { PACKET_BYTES } from '../../wire/limits.ts';

/** Between two bursts: sleeping leaves the processor to who receives. */
const BURST_MS = 1;

/** Datagrams handed over before they are given to the system. */
const SLOTS = 64;

/** What a slow socket may have waiting, where the runtime queues. */
const MAX_PENDING = 1024;

/** How the sending went. */
export interface Sending {
  readonly sent: number;
  /** Datagrams that are too long, or that the system refused. */
  readonly failed: number;
  readonly seconds: number;
}

/** A socket to send from: a datagram is put together in a slot, and many leave in one system call. */
export class DatagramSender {
  /** Where datagrams are put together. */
  readonly bytes = new Uint8Array(SLOTS * PACKET_BYTES);
  readonly #transport: Transport;
  readonly #ip: number;
  readonly #port: number;
  #slot = 0;

  private constructor(transport: Transport, ip: number, port: number) {
    this.#transport = transport;
    this.#ip = ip;
    this.#port = port;
  }

  /** @units ip: IPv4 of the target as a number. @throws SpyError when there is no free port */
  static async open(bindAddress: string, ip: number, port: number): Promise<DatagramSender> {
    const system = loadSyscalls();
    const options = { bindAddress, port: 0 };
    const transport =
      typeof system === 'string' ? new UdpTransport(options) : new BatchTransport(system, options);
    await transport.open(() => {});
    return new DatagramSender(transport, ip, port);
  }

  /** Where the next datagram belongs in `bytes`. */
  get at(): number {
    return this.#slot * PACKET_BYTES;
  }

  /** Datagrams that could not be sent. */
  get failed(): number {
    return this.#transport.failedSends();
  }

  /** Whether the system is behind. */
  get isBehind(): boolean {
    return this.#transport.pending() > MAX_PENDING;
  }

  /** Sends the datagram that was put together at `at`. */
  send(length: number): void {
    this.#transport.send(this.bytes, this.at, length, this.#ip, this.#port);
    if (++this.#slot === SLOTS) this.flush();
  }

  /** Sends a copy. */
  copy(payload: Uint8Array): void {
    this.bytes.set(payload.subarray(0, PACKET_BYTES), this.at);
    this.send(payload.length);
  }

  flush(): void {
    this.#transport.flush();
    this.#slot = 0;
  }

  close(): Promise<void> {
    return this.#transport.close();
  }
}

/**
 * Sends datagrams when they are due, in bursts of a millisecond.
 *
 * @param count how many there are
 * @param due how many of them are due so many milliseconds after the start; never falls
 * @param send hands the i-th datagram to the sender
 * @param stop ends it early
 */
export async function sendPaced(
  sender: DatagramSender,
  clock: Clock,
  count: number,
  due: (elapsedMs: number) => number,
  send: (i: number) => void,
  stop: () => boolean = () => false,
): Promise<Sending> {
  const failedBefore = sender.failed;
  const startMs = clock.monoMs();
  let sent = 0;
  while (sent < count && !stop()) {
    const target = Math.min(count, due(clock.monoMs() - startMs + BURST_MS));
    while (sent < target && !sender.isBehind) send(sent++);
    sender.flush();
    await new Promise<void>((resolve) => clock.after(BURST_MS, resolve));
  }
  const seconds = (clock.monoMs() - startMs) / 1000;
  return { sent, failed: sender.failed - failedBefore, seconds };
}
