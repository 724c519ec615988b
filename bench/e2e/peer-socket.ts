import { createSocket, type Socket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { readU32 } from '../../src/util/bytes.ts';
import { formatIp } from '../../src/util/ipv4.ts';
import { Message } from '../../src/wire/limits.ts';
import { Peer } from '../../test/unit/node/peer.ts';

/** A made-up peer on a socket of its own. It answers pings, so that its address is proved. */
export class PeerSocket {
  readonly peer: Peer;
  /** Pings that came. */
  pinged = 0;
  /** Called with every datagram that is no ping. */
  onOther: (bytes: Buffer) => void = () => {};
  readonly #socket: Socket;
  readonly #target: number;

  private constructor(peer: Peer, socket: Socket, target: number) {
    this.peer = peer;
    this.#socket = socket;
    this.#target = target;
    socket.on('message', (bytes) => {
      if (readU32(bytes, 0) !== Message.PING) {
        this.onOther(bytes);
        return;
      }
      this.pinged++;
      this.send(peer.pong(bytes));
    });
  }

  /**
   * Opens the socket.
   *
   * @units seed: of the peer's key; ip: IPv4 as a number, of this machine; port: 0 for any; target: port on 127.0.0.1
   */
  static async open(seed: number, ip: number, port: number, target: number): Promise<PeerSocket> {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(port, formatIp(ip), resolve));
    const peer = new Peer(seed, ip, (socket.address() as AddressInfo).port);
    return new PeerSocket(peer, socket, target);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes, this.#target, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}
