import { createSocket, type Socket } from 'node:dgram';
import type { Identity } from '../../crypto/identity.ts';
import { SignedMessages } from '../../tasks/gossip.ts';
import { assert, SpyError } from '../../util/assert.ts';
import { readU32 } from '../../util/bytes.ts';
import { formatAddress, formatIp, isLoopback } from '../../util/ipv4.ts';
import { PING_SIGNED_AT } from '../../wire/encode.ts';
import { Message, PING_BYTES } from '../../wire/limits.ts';

/** Sockets opened side by side. */
const OPEN_AT_ONCE = 256;

/** A made-up node at the address that its contact info names. */
export interface MadeUpNode {
  readonly identity: Identity;
  /** IPv4 as a number, of 127.0.0.0/8. */
  readonly ip: number;
  readonly port: number;
}

/** Address of the made-up node with a number: 127.1.0.0 and up. @units IPv4 as a number */
export function madeUpIp(i: number): number {
  assert(i >= 0 && i < 0xfd0000, 'more made-up nodes than addresses');
  return 0x7f010000 + i;
}

/** Where everything is a number by now: nothing to look up. */
const noLookup = (
  host: string,
  _options: unknown,
  callback: (error: Error | null, address: string, family: number) => void,
): void => callback(null, host, 4);

/**
 * Answers pings in the name of made-up nodes, each on a loopback address of its own: whoever hears of a
 * node by a contact info believes it only once its address has answered.
 */
export class MadeUpNodes {
  readonly #sockets: Socket[] = [];
  readonly #out = new Uint8Array(PING_BYTES);
  readonly #heard: boolean[] = [];
  /** Nodes that were pinged and answered. */
  proved = 0;
  /** Pings answered. */
  answers = 0;
  /** Addresses that could not be opened, and the reason of the first. */
  refused = 0;
  reason = '';

  /**
   * Opens the address of each node. Some may be refused, such as ports below 1024; that is counted.
   *
   * @throws SpyError TOO_MANY_SOCKETS
   */
  async open(nodes: readonly MadeUpNode[]): Promise<void> {
    for (let i = 0; i < nodes.length; i += OPEN_AT_ONCE) {
      await Promise.all(nodes.slice(i, i + OPEN_AT_ONCE).map((node) => this.#openOne(node)));
    }
  }

  async close(): Promise<void> {
    const closed = this.#sockets.map((socket) => {
      return new Promise<void>((resolve) => socket.close(() => resolve()));
    });
    this.#sockets.length = 0;
    await Promise.all(closed);
  }

  async #openOne(node: MadeUpNode): Promise<void> {
    assert(isLoopback(node.ip), 'made-up nodes live on this machine');
    const socket = createSocket({ type: 'udp4', lookup: noLookup });
    try {
      await new Promise<void>((resolve, reject) => {
        socket.once('error', reject);
        socket.bind({ address: formatIp(node.ip), port: node.port, exclusive: true }, resolve);
      });
    } catch (cause) {
      socket.close();
      const { code, message } = cause as NodeJS.ErrnoException;
      if (code === 'EMFILE') throw tooMany(this.#sockets.length, cause);
      if (this.refused++ === 0) this.reason = `${formatAddress(node.ip, node.port)}: ${message}`;
      return;
    }
    const number = this.#sockets.push(socket) - 1;
    const messages = new SignedMessages(node.identity);
    socket.removeAllListeners('error');
    socket.on('error', () => {
      this.refused++; // a single answer that did not get out
    });
    socket.on('message', (bytes, { address, port }) => {
      if (bytes.length !== PING_BYTES || readU32(bytes, 0) !== Message.PING) return;
      const length = messages.pong(this.#out, 0, bytes, PING_SIGNED_AT);
      socket.send(this.#out.slice(0, length), port, address);
      this.answers++;
      if (this.#heard[number]) return;
      this.#heard[number] = true;
      this.proved++;
    });
  }
}

function tooMany(opened: number, cause: unknown): SpyError {
  return new SpyError(
    'TOO_MANY_SOCKETS',
    `Each made-up node needs a socket, and this process may open no more than ${opened}. Raise the limit (ulimit -n 20000) or ask for fewer.`,
    { cause },
  );
}
