import { parseIp } from '../util/ipv4.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import { MessageBlock } from './message-block.ts';
import type { Transport } from './ports.ts';
import { Linux, SOCKADDR_BYTES, type Syscalls } from './syscalls.ts';
import {
  bindError,
  PORT_RANGE,
  RECEIVE_BUFFER_BYTES,
  readKernelDrops,
  type UdpOptions,
} from './udp.ts';

/** Datagrams handed to the kernel in one call. */
const SEND_BATCH = 64;

/** How long a read may last: the receive thread looks whether it shall stop this often. */
const RECEIVE_TIMEOUT_US = 100_000;

/**
 * One IPv4 UDP socket of our own, from which a thread reads by `recvmmsg` and into which we send by
 * `sendmmsg`: half of what `dgram` costs a datagram sent, a fifth of what it costs a datagram
 * received. @source architecture 0
 */
export class BatchTransport implements Transport {
  readonly #system: Syscalls;
  readonly #options: UdpOptions;
  readonly #block: MessageBlock;
  readonly #addresses = new Map<ArrayBufferLike, number>();
  #descriptor = -1;
  #port = 0;
  #waiting = 0;
  #failedSends = 0;
  /** The system had no room for what was sent last. */
  #isFull = false;
  #kernelDropped = 0;
  #bufferBytes = 0;

  constructor(system: Syscalls, options: UdpOptions) {
    this.#system = system;
    this.#options = options;
    this.#block = new MessageBlock(system, SEND_BATCH);
  }

  /** What a receive thread reads from. */
  get descriptor(): number {
    return this.#descriptor;
  }

  async open(): Promise<{ port: number }> {
    const system = this.#system;
    const { bindAddress, port } = this.#options;
    const descriptor = system.socket(Linux.AF_INET, Linux.SOCK_DGRAM, 0);
    if (descriptor < 0) throw bindError(bindAddress, port, false, errorOf(system.errno()));
    this.#descriptor = descriptor;
    this.#setOption(Linux.SO_RCVBUF, new Int32Array([RECEIVE_BUFFER_BYTES]));
    this.#setOption(Linux.SO_RCVTIMEO, new Int32Array([0, 0, RECEIVE_TIMEOUT_US, 0]));
    this.#port = this.#bind(parseIp(bindAddress), port);
    const size = new Int32Array([0]);
    const length = new Int32Array([4]);
    system.getsockopt(
      descriptor,
      Linux.SOL_SOCKET,
      Linux.SO_RCVBUF,
      system.address(size),
      system.address(length),
    );
    this.#bufferBytes = size[0] ?? 0;
    return { port: this.#port };
  }

  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    if (this.#descriptor < 0 || length < 1 || length > PACKET_BYTES || port < 1 || port > 65535) {
      this.#failedSends++;
      return;
    }
    let base = this.#addresses.get(bytes.buffer);
    if (base === undefined) {
      base = this.#system.address(new Uint8Array(bytes.buffer));
      this.#addresses.set(bytes.buffer, base); // the buffer stays referenced, so its address stays
    }
    this.#block.setBytes(this.#waiting, base + bytes.byteOffset + at, length);
    this.#block.setName(this.#waiting, ip, port);
    if (++this.#waiting === SEND_BATCH) this.flush();
  }

  flush(): void {
    const count = this.#waiting;
    this.#waiting = 0;
    for (let i = 0; i < count; ) {
      const sent = this.#system.sendmmsg(
        this.#descriptor,
        this.#block.headerAt(i),
        count - i,
        Linux.MSG_DONTWAIT,
      );
      if (sent > 0) i += sent;
      else {
        this.#failedSends++; // this one only: the others may go elsewhere
        i++;
        const errno = this.#system.errno();
        if (errno === Linux.EAGAIN || errno === Linux.ENOBUFS) this.#isFull = true;
      }
    }
  }

  pending(): number {
    if (!this.#isFull) return 0;
    this.#isFull = false; // whoever asks waits a moment, then tries again
    return Number.MAX_SAFE_INTEGER;
  }

  kernelDropped(): number {
    if (this.#descriptor >= 0)
      this.#kernelDropped = readKernelDrops(this.#port) ?? this.#kernelDropped;
    return this.#kernelDropped;
  }

  failedSends(): number {
    return this.#failedSends;
  }

  receiveBufferBytes(): number {
    return this.#bufferBytes;
  }

  async close(): Promise<void> {
    if (this.#descriptor < 0) return;
    this.kernelDropped();
    this.#system.close(this.#descriptor);
    this.#descriptor = -1;
  }

  #setOption(name: number, value: Int32Array): void {
    const address = this.#system.address(value);
    this.#system.setsockopt(this.#descriptor, Linux.SOL_SOCKET, name, address, value.byteLength);
  }

  /** @returns the port. @throws SpyError as the other transport does */
  #bind(ip: number, wanted: number): number {
    const last = wanted === 0 ? PORT_RANGE.last : wanted;
    for (let port = wanted === 0 ? PORT_RANGE.first : wanted; ; port++) {
      const name = new Uint8Array(SOCKADDR_BYTES);
      name[0] = Linux.AF_INET;
      name[2] = port >>> 8;
      name[3] = port & 255;
      for (let i = 0; i < 4; i++) name[4 + i] = ip >>> (24 - 8 * i);
      const address = this.#system.address(name);
      if (this.#system.bind(this.#descriptor, address, SOCKADDR_BYTES) === 0) return port;
      const error = errorOf(this.#system.errno());
      if (error.code === 'EADDRINUSE' && port < last) continue;
      this.#system.close(this.#descriptor);
      this.#descriptor = -1;
      throw bindError(this.#options.bindAddress, port, wanted === 0, error);
    }
  }
}

const ERROR_CODES: Readonly<Record<number, string>> = {
  [Linux.EACCES]: 'EACCES',
  [Linux.EADDRINUSE]: 'EADDRINUSE',
  [Linux.EADDRNOTAVAIL]: 'EADDRNOTAVAIL',
};

function errorOf(errno: number): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error(`error ${errno} of the system`);
  error.errno = errno;
  error.code = ERROR_CODES[errno] ?? `E${errno}`;
  return error;
}
