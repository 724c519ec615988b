import type { DatagramHandler, Tap, Transport } from './ports.ts';

/**
 * A transport that somebody looks at: each datagram as it came in, before anything has rewritten it
 * (what validators would re-encode is rewritten in place later on), and each as it was handed over to
 * be sent. Nodes that nobody looks at do without this layer.
 */
export class TappedTransport implements Transport {
  readonly #inner: Transport;
  readonly #tap: Tap;

  constructor(inner: Transport, tap: Tap) {
    this.#inner = inner;
    this.#tap = tap;
  }

  open(handler: DatagramHandler): Promise<{ port: number }> {
    const tap = this.#tap;
    return this.#inner.open((bytes, at, length, ip, port) => {
      tap.received(bytes, at, length, ip, port);
      handler(bytes, at, length, ip, port);
    });
  }

  send(bytes: Uint8Array, at: number, length: number, ip: number, port: number): void {
    this.#tap.sent(bytes, at, length, ip, port);
    this.#inner.send(bytes, at, length, ip, port);
  }

  flush(): void {
    this.#inner.flush();
  }

  pending(): number {
    return this.#inner.pending();
  }

  kernelDropped(): number {
    return this.#inner.kernelDropped();
  }

  failedSends(): number {
    return this.#inner.failedSends();
  }

  receiveBufferBytes(): number {
    return this.#inner.receiveBufferBytes();
  }

  close(): Promise<void> {
    return this.#inner.close();
  }
}
