import { createSocket, type Socket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { SpyError } from '../util/assert.ts';
import { formatIp, parseIp } from '../util/ipv4.ts';
import { PACKET_BYTES } from '../wire/limits.ts';
import type { DatagramHandler, Transport } from './ports.ts';

/** Asked from the kernel; it grants at most `net.core.rmem_max`. @source reliability 5 */
export const RECEIVE_BUFFER_BYTES = 8 * 1024 * 1024;

/** Where Agave's tools look for a free gossip port. @source behaviour 9.5 */
export const PORT_RANGE = { first: 8000, last: 9999 } as const;

/** How a socket is bound. */
export interface UdpOptions {
  /** Local IPv4 address; 0.0.0.0 for all. */
  bindAddress: string;
  /** 0 takes the first free port from 8000 to 9999. */
  port: number;
}

/** Addresses are numbers by the time they get here: nothing to look up. */
const noLookup = (
  host: string,
  _options: unknown,
  callback: (error: Error | null, address: string, family: number) => void,
): void => callback(null, host, 4);

/** The real thing: one IPv4 UDP socket of `node:dgram`. */
export class UdpTransport implements Transport {
  readonly #options: UdpOptions;
  #socket: Socket | undefined;
  #port = 0;
  #failedSends = 0;
  #bufferBytes = 0;
  /** As last read: the counter goes with the socket. */
  #kernelDropped = 0;

  constructor(options: UdpOptions) {
    this.#options = options;
  }

  async open(handler: DatagramHandler): Promise<{ port: number }> {
    const { port } = this.#options;
    const last = port === 0 ? PORT_RANGE.last : port;
    for (let candidate = port === 0 ? PORT_RANGE.first : port; ; candidate++) {
      try {
        this.#socket = await bind(this.#options.bindAddress, candidate);
        break;
      } catch (cause) {
        const code = (cause as NodeJS.ErrnoException).code;
        if (code === 'EADDRINUSE' && candidate < last) continue;
        throw bindError(this.#options.bindAddress, candidate, port === 0, cause);
      }
    }
    const socket = this.#socket;
    this.#port = socket.address().port;
    try {
      socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch {
      // The kernel's default stays; receiveBufferBytes() tells.
    }
    this.#bufferBytes = socket.getRecvBufferSize();
    socket.on('message', (bytes, rinfo) => {
      const ip = parseIp(rinfo.address);
      handler(bytes, 0, bytes.length, ip < 0 ? 0 : ip, rinfo.port);
    });
    socket.on('error', () => {
      this.#failedSends++;
    });
    return { port: this.#port };
  }

  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    const socket = this.#socket;
    if (!socket || length < 1 || length > PACKET_BYTES || port < 1 || port > 65535) {
      this.#failedSends++;
      return;
    }
    // The runtime may hold the bytes past this call, so it gets its own copy.
    const copy = Buffer.allocUnsafe(length);
    copy.set(bytes.subarray(at, at + length));
    socket.send(copy, port, formatIp(ip), this.#sent);
  }

  readonly #sent = (error: Error | null): void => {
    if (error) this.#failedSends++;
  };

  flush(): void {}

  pending(): number {
    return this.#socket?.getSendQueueCount() ?? 0;
  }

  kernelDropped(): number {
    if (this.#socket) this.#kernelDropped = readKernelDrops(this.#port) ?? this.#kernelDropped;
    return this.#kernelDropped;
  }

  failedSends(): number {
    return this.#failedSends;
  }

  receiveBufferBytes(): number {
    return this.#bufferBytes;
  }

  close(): Promise<void> {
    this.kernelDropped();
    const socket = this.#socket;
    this.#socket = undefined;
    if (!socket) return Promise.resolve();
    return new Promise((resolve) => socket.close(() => resolve()));
  }
}

function bind(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: noLookup });
    socket.once('error', (error) => {
      socket.close();
      reject(error);
    });
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
  });
}

/** Why a socket could not be opened, in words and with what to do. */
export function bindError(
  address: string,
  port: number,
  searched: boolean,
  cause: unknown,
): SpyError {
  const code = (cause as NodeJS.ErrnoException).code;
  const where = `${address}:${port}`;
  if (code === 'EADDRINUSE') {
    const message = searched
      ? `No UDP port from ${PORT_RANGE.first} to ${PORT_RANGE.last} is free on ${address}. Name one with --gossip-port.`
      : `UDP port ${where} is in use by another program. Choose another with --gossip-port, or leave it out to take the first free one.`;
    return new SpyError('PORT_IN_USE', message, { cause });
  }
  if (code === 'EADDRNOTAVAIL') {
    return new SpyError(
      'ADDRESS_NOT_LOCAL',
      `${address} is no address of this machine. Give --bind-address one that is, or leave it out: an entrypoint tells which one others see.`,
      { cause },
    );
  }
  if (code === 'EACCES') {
    return new SpyError(
      'PORT_FORBIDDEN',
      `This user may not open UDP port ${where}. Choose one above 1023 with --gossip-port.`,
      { cause },
    );
  }
  return new SpyError('BIND_FAILED', `Cannot open UDP port ${where}: ${(cause as Error).message}`, {
    cause,
  });
}

/**
 * Sums the kernel's drop counters of all UDP sockets on a local port.
 *
 * @returns undefined where there is no /proc, or no descriptor left to read it
 */
export function readKernelDrops(port: number): number | undefined {
  let text: string;
  try {
    text = readFileSync('/proc/net/udp', 'utf8');
  } catch {
    return undefined;
  }
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let drops = 0;
  for (const line of text.split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (fields[1]?.endsWith(suffix)) drops += Number(fields.at(-1));
  }
  return drops;
}
