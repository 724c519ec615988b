import {
  IOVEC_BYTES,
  MMSGHDR_BYTES,
  SOCKADDR_BYTES,
  type Syscalls,
  writePointer,
} from './syscalls.ts';

/** Words of struct mmsghdr, 4 bytes each. @source include/linux/socket.h on 64-bit */
const HEADER_WORDS = MMSGHDR_BYTES / 4;
const NAME = 0;
const NAME_LENGTH = 2;
const IOVEC = 4;
const IOVEC_COUNT = 6;
const FLAGS = 12;
const LENGTH = 14;

const AF_INET = 2;

/**
 * The headers, vectors and addresses that `recvmmsg` and `sendmmsg` want, for a number of datagrams
 * that lie one behind the other in groups of any place in memory.
 */
export class MessageBlock {
  readonly #headers: Uint32Array;
  readonly #vectors: Uint32Array;
  readonly #names: Uint8Array;
  readonly #headersAt: number;
  readonly #namesAt: number;

  constructor(system: Syscalls, count: number) {
    this.#headers = new Uint32Array(count * HEADER_WORDS);
    this.#vectors = new Uint32Array((count * IOVEC_BYTES) / 4);
    this.#names = new Uint8Array(count * SOCKADDR_BYTES);
    this.#headersAt = system.address(this.#headers);
    this.#namesAt = system.address(this.#names);
    const vectorsAt = system.address(this.#vectors);
    for (let i = 0; i < count; i++) {
      const header = i * HEADER_WORDS;
      writePointer(this.#headers, header + NAME, this.#namesAt + i * SOCKADDR_BYTES);
      this.#headers[header + NAME_LENGTH] = SOCKADDR_BYTES;
      writePointer(this.#headers, header + IOVEC, vectorsAt + i * IOVEC_BYTES);
      this.#headers[header + IOVEC_COUNT] = 1;
      this.#names[i * SOCKADDR_BYTES] = AF_INET;
    }
  }

  /** Address of header `i`. */
  headerAt(i: number): number {
    return this.#headersAt + i * MMSGHDR_BYTES;
  }

  /** Says where the bytes of datagram `i` lie and how many there are or may be. */
  setBytes(i: number, address: number, length: number): void {
    writePointer(this.#vectors, i * 4, address);
    this.#vectors[i * 4 + 2] = length;
  }

  /** Says where datagram `i` goes. @units ip: IPv4 as a number */
  setName(i: number, ip: number, port: number): void {
    const at = i * SOCKADDR_BYTES;
    this.#names[at + 2] = port >>> 8;
    this.#names[at + 3] = port;
    this.#names[at + 4] = ip >>> 24;
    this.#names[at + 5] = ip >>> 16;
    this.#names[at + 6] = ip >>> 8;
    this.#names[at + 7] = ip;
  }

  /** Address that datagram `i` came from, IPv4 as a number. */
  ip(i: number): number {
    const at = i * SOCKADDR_BYTES + 4;
    const n = this.#names;
    return ((n[at]! << 24) | (n[at + 1]! << 16) | (n[at + 2]! << 8) | n[at + 3]!) >>> 0;
  }

  /** Port that datagram `i` came from. */
  port(i: number): number {
    const at = i * SOCKADDR_BYTES + 2;
    return (this.#names[at]! << 8) | this.#names[at + 1]!;
  }

  /** Bytes of datagram `i` as received. */
  length(i: number): number {
    return this.#headers[i * HEADER_WORDS + LENGTH]!;
  }

  /** Flags of datagram `i` as received. */
  flags(i: number): number {
    return this.#headers[i * HEADER_WORDS + FLAGS]!;
  }
}
