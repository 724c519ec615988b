import { createSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { readU16 } from '../util/bytes.ts';
import type { Clock } from '../util/clock.ts';
import { formatIp, isLoopback, parseIp } from '../util/ipv4.ts';
import { buildEcho } from './bootstrap.ts';
import type { Logger } from './ports.ts';

/** One deadline for a whole session. @source wire 9 */
const SESSION_MS = 5000;
const REQUEST_BYTES = 21;

/** Sessions at once; a peer that is not on this machine gets one. @source wire 9 */
const MAX_SESSIONS = 2048;

/**
 * Tells whoever connects its own address and our shred version, as every node does on the TCP port of
 * its gossip address, and tries the ports it asks about. Only the peer's own address is ever probed.
 *
 * @source wire 9, agave net-utils/src/ip_echo_server.rs
 */
export class EchoServer {
  readonly #shredVersion: () => number;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #contact: string;
  readonly #open = new Map<string, number>();
  #sessions = 0;
  #server: Server | undefined;
  readonly #sockets = new Set<Socket>();

  /** @param contact who runs this node, for whoever looks at the port with a web browser; printable ASCII */
  constructor(shredVersion: () => number, clock: Clock, logger: Logger, contact = '') {
    this.#contact = contact;
    this.#shredVersion = shredVersion;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** Resolves to false when the port is taken: gossip works without this service. */
  listen(address: string, port: number): Promise<boolean> {
    const server = createServer((socket) => this.#accept(socket));
    return new Promise((resolve) => {
      server.once('error', (error) => {
        this.#logger.warn({ port, error: error.message }, 'no ip-echo service: TCP port not free');
        resolve(false);
      });
      server.listen(port, address, () => {
        this.#server = server;
        server.on('error', (error) => this.#logger.warn({ error: error.message }, 'ip-echo error'));
        resolve(true);
      });
    });
  }

  close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    this.#server = undefined;
    if (!server) return Promise.resolve();
    return new Promise((resolve) => server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    const peer = parseIp(socket.remoteAddress ?? '');
    const key = formatIp(peer);
    const held = this.#open.get(key) ?? 0;
    if (peer < 0 || this.#sessions >= MAX_SESSIONS || (held > 0 && !isLoopback(peer))) {
      socket.destroy();
      return;
    }
    this.#sessions++;
    this.#open.set(key, held + 1);
    this.#sockets.add(socket);
    const cancelDeadline = this.#clock.after(SESSION_MS, () => socket.destroy());
    socket.on('close', () => {
      cancelDeadline();
      this.#sockets.delete(socket);
      this.#sessions--;
      const left = (this.#open.get(key) ?? 1) - 1;
      if (left > 0) this.#open.set(key, left);
      else this.#open.delete(key);
    });
    this.#read(socket, peer);
  }

  #read(socket: Socket, peer: number): void {
    const request = Buffer.alloc(REQUEST_BYTES);
    let length = 0;
    const onData = (data: Buffer): void => {
      length += data.copy(request, length);
      if (length < REQUEST_BYTES) return;
      socket.off('data', onData);
      socket.resume();
      const header = request.toString('latin1', 0, 4);
      if (header === 'GET ' || header === 'POST') {
        socket.end(
          `HTTP/1.1 400 Bad Request\nContent-length: ${this.#contact.length}\n\n${this.#contact}`,
        );
      } else if (request.readUInt32LE(0) !== 0) {
        socket.destroy();
      } else {
        this.#answer(socket, peer, request).catch(() => socket.destroy());
      }
    };
    socket.on('data', onData);
  }

  async #answer(socket: Socket, peer: number, request: Uint8Array): Promise<void> {
    const host = formatIp(peer);
    for (let i = 0; i < 4; i++) {
      const port = readU16(request, 12 + 2 * i);
      if (port !== 0) await probeUdp(host, port);
    }
    for (let i = 0; i < 4; i++) {
      const port = readU16(request, 4 + 2 * i);
      if (port !== 0) await probeTcp(host, port);
    }
    socket.end(buildEcho(peer, this.#shredVersion()));
  }
}

function probeUdp(host: string, port: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.on('error', () => resolve());
    socket.send(Buffer.from([0]), port, host, () => socket.close(() => resolve()));
  });
}

function probeTcp(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port }, () => {
      socket.end();
      resolve();
    });
    socket.on('error', reject);
  });
}
