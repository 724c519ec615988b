/** Sockets as streams see them. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { WebSocket } from 'ws';
import type { Clock } from '../../util/clock.ts';
import type { EndReason, Sink } from './subscriber.ts';

/** How long a last word may take to leave. */
const LAST_WORD_MS = 1_000;

/** Codes of WebSocket closings. @source RFC 6455, 7.4.1: 1001 going away, 1013 try again later */
const CLOSE_CODES: Readonly<Record<EndReason, number>> = { slow: 1013, stopping: 1001 };

/** An answer that goes on and on: NDJSON or events. */
export class ResponseSink implements Sink {
  readonly #response: ServerResponse;
  readonly #clock: Clock;

  constructor(response: ServerResponse, clock: Clock) {
    this.#response = response;
    this.#clock = clock;
  }

  get waitingBytes(): number {
    return this.#response.writableLength;
  }

  write(parts: readonly Buffer[]): void {
    if (parts.length > 1) this.#response.cork();
    for (const part of parts) this.#response.write(part);
    if (parts.length > 1) this.#response.uncork();
  }

  end(last: Buffer): void {
    const response = this.#response;
    response.end(last);
    const cancel = this.#clock.after(LAST_WORD_MS, () => response.destroy());
    response.once('close', cancel);
  }
}

/** A WebSocket: each message is an array of objects. */
export class WebSocketSink implements Sink {
  readonly #socket: WebSocket;
  readonly #clock: Clock;

  constructor(socket: WebSocket, clock: Clock) {
    this.#socket = socket;
    this.#clock = clock;
  }

  get waitingBytes(): number {
    return this.#socket.bufferedAmount;
  }

  write(parts: readonly Buffer[]): void {
    for (const [i, part] of parts.entries()) {
      this.#socket.send(part, { binary: false, fin: i === parts.length - 1 });
    }
  }

  end(last: Buffer, reason: EndReason): void {
    const socket = this.#socket;
    socket.send(last, { binary: false });
    socket.close(CLOSE_CODES[reason], reason);
    const cancel = this.#clock.after(LAST_WORD_MS, () => socket.terminate());
    socket.once('close', cancel);
  }
}

/** Whether a request for an upgrade comes from a page of another site, which browsers let happen. */
export function isForeignPage({ headers }: IncomingMessage): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return false;
  return !URL.canParse(origin) || new URL(origin).host !== host;
}
