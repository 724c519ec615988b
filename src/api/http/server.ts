/** Sockets of the HTTP API: who may connect, and how long anything may take. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { SpyError } from '../../util/assert.ts';
import type { Clock } from '../../util/clock.ts';
import { errorBody } from './errors.ts';
import {
  HEADER_MS,
  KEEP_ALIVE_MS,
  MAX_CONNECTIONS,
  MAX_HEADER_BYTES,
  MAX_PER_ADDRESS,
  REQUEST_MS,
} from './limits.ts';
import type { ListenAddress } from './settings.ts';

/** How often Node looks for requests that take too long. */
const CHECK_MS = 1_000;

/** Requests on one connection before it has to be made anew, so that nobody holds one forever. */
const MAX_REQUESTS = 10_000;

/** Who answers. */
export interface ServerHandlers {
  readonly request: (request: IncomingMessage, response: ServerResponse) => void;
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
}

/** What happened to connections. */
export interface ConnectionCounts {
  open: number;
  accepted: number;
  refusedTooMany: number;
  refusedAddress: number;
  /** Answers that were not taken in time. */
  tooSlow: number;
  /** Requests that were none, or came too slowly. */
  broken: number;
}

/** @owner the observer's thread */
export class HttpServer {
  readonly counts: ConnectionCounts = {
    open: 0,
    accepted: 0,
    refusedTooMany: 0,
    refusedAddress: 0,
    tooSlow: 0,
    broken: 0,
  };
  readonly #server: Server;
  readonly #clock: Clock;
  readonly #sockets = new Set<Socket>();
  readonly #byAddress = new Map<string, number>();
  readonly #streams = new WeakSet<ServerResponse>();

  /** @param handlers get every request that may be made */
  constructor(handlers: ServerHandlers, clock: Clock) {
    this.#clock = clock;
    this.#server = createServer({
      headersTimeout: HEADER_MS,
      requestTimeout: REQUEST_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: CHECK_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
      noDelay: true,
      keepAlive: true,
    });
    this.#server.maxRequestsPerSocket = MAX_REQUESTS;
    this.#server.on('connection', (socket) => this.#admit(socket));
    this.#server.on('request', (request, response) => {
      this.#limit(response);
      handlers.request(request, response);
    });
    this.#server.on('upgrade', handlers.upgrade);
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket) =>
      this.#broken(error, socket as Socket),
    );
  }

  /** Begins to listen. @throws SpyError HTTP_PORT_IN_USE, HTTP_CANNOT_LISTEN */
  async listen({ host, port }: ListenAddress): Promise<ListenAddress> {
    try {
      await new Promise<void>((resolve, reject) => {
        this.#server.once('error', reject);
        this.#server.listen({ host, port, backlog: MAX_CONNECTIONS }, () => {
          this.#server.off('error', reject);
          resolve();
        });
      });
    } catch (cause) {
      throw cannotListen(`${host}:${port}`, cause as NodeJS.ErrnoException);
    }
    const address = this.#server.address() as AddressInfo;
    return { host, port: address.port };
  }

  /** Says that an answer goes on for as long as both sides live. */
  goesOn(response: ServerResponse): void {
    this.#streams.add(response);
  }

  /** Takes no more connections and ends those there are, after `lastMs` at the latest. */
  close(lastMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(lastMs, () => {
        for (const socket of this.#sockets) socket.destroy();
      });
      this.#server.close(() => {
        cancel();
        resolve();
      });
      this.#server.closeIdleConnections();
    });
  }

  #admit(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    const own = this.#byAddress.get(address) ?? 0;
    if (this.#sockets.size >= MAX_CONNECTIONS) {
      this.counts.refusedTooMany += 1;
      refuse(socket, 503, `There are ${MAX_CONNECTIONS} connections already; try again later.`);
      return;
    }
    if (own >= MAX_PER_ADDRESS) {
      this.counts.refusedAddress += 1;
      refuse(socket, 429, `There are ${MAX_PER_ADDRESS} connections from your address already.`);
      return;
    }
    this.#sockets.add(socket);
    this.#byAddress.set(address, own + 1);
    this.counts.accepted += 1;
    this.counts.open = this.#sockets.size;
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.counts.open = this.#sockets.size;
      const left = (this.#byAddress.get(address) ?? 1) - 1;
      if (left > 0) this.#byAddress.set(address, left);
      else this.#byAddress.delete(address);
    });
  }

  /** Ends the connection of who does not take an answer in time. */
  #limit(response: ServerResponse): void {
    // A request that comes too slowly is told so by then.
    const cancel = this.#clock.after(REQUEST_MS + 2 * CHECK_MS, () => {
      if (this.#streams.has(response)) return;
      this.counts.tooSlow += 1;
      response.destroy();
    });
    response.once('close', cancel);
  }

  #broken(error: NodeJS.ErrnoException, socket: Socket): void {
    this.counts.broken += 1;
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT') {
      const seconds = `${HEADER_MS / 1000} s for the headers and ${REQUEST_MS / 1000} s for all of it`;
      refuse(socket, 408, `The request took too long: there are ${seconds}.`);
    } else if (error.code === 'HPE_HEADER_OVERFLOW') {
      refuse(socket, 431, `The headers have more than ${MAX_HEADER_BYTES / 1024} KiB.`);
    } else {
      refuse(socket, 400, 'This is no HTTP/1.1 request.');
    }
  }
}

const STATUS_LINES = {
  400: '400 Bad Request',
  403: '403 Forbidden',
  404: '404 Not Found',
  408: '408 Request Timeout',
  429: '429 Too Many Requests',
  431: '431 Request Header Fields Too Large',
  503: '503 Service Unavailable',
} as const;

/** Answers a connection with a status and a sentence, and ends it. */
export function refuse(socket: Duplex, status: keyof typeof STATUS_LINES, sentence: string): void {
  const body = errorBody(`HTTP_${status}`, sentence);
  socket.on('error', () => {}); // gone already, which is what we want
  socket.end(
    `HTTP/1.1 ${STATUS_LINES[status]}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function cannotListen(address: string, cause: NodeJS.ErrnoException): SpyError {
  if (cause.code === 'EADDRINUSE') {
    return new SpyError(
      'HTTP_PORT_IN_USE',
      `Somebody listens at ${address} already: end that, or give --http another port.`,
      { cause },
    );
  }
  return new SpyError(
    'HTTP_CANNOT_LISTEN',
    `The HTTP API cannot listen at ${address} (${cause.code ?? cause.message}). Give --http an address of this machine and a port that this user may use.`,
    { cause },
  );
}
