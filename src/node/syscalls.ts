import { createRequire } from 'node:module';

/**
 * System calls on datagram sockets by whole batches, through koffi. Addresses are numbers, taken once
 * from views that their owner keeps for life: a view that is collected may give its address away.
 */
export interface Syscalls {
  /** @returns a descriptor, or -1 */
  socket(family: number, type: number, protocol: number): number;
  bind(descriptor: number, address: number, length: number): number;
  setsockopt(descriptor: number, level: number, name: number, value: number, size: number): number;
  getsockopt(descriptor: number, level: number, name: number, value: number, size: number): number;
  /** @returns datagrams received, or -1 */
  recvmmsg(
    descriptor: number,
    headers: number,
    count: number,
    flags: number,
    timeout: number,
  ): number;
  /** @returns bytes sent, or -1 */
  sendto(
    descriptor: number,
    bytes: number,
    length: number,
    flags: number,
    address: number,
    addressLength: number,
  ): number;
  /** @returns datagrams sent, or -1 */
  sendmmsg(descriptor: number, headers: number, count: number, flags: number): number;
  usleep(microseconds: number): number;
  close(descriptor: number): number;
  /** Where a view lies in memory. */
  address(view: ArrayBufferView): number;
  /** Error number of the last call of this thread. */
  errno(): number;
}

/** Constants of Linux. @source include/uapi/asm-generic/socket.h, include/linux/socket.h */
export const Linux = Object.freeze({
  AF_UNIX: 1,
  AF_INET: 2,
  SOCK_DGRAM: 2,
  SOCK_CLOEXEC: 0x80000,
  SOL_SOCKET: 1,
  SO_RCVBUF: 8,
  SO_RCVTIMEO: 20,
  MSG_DONTWAIT: 0x40,
  MSG_TRUNC: 0x20,
  MSG_NOSIGNAL: 0x4000,
  MSG_WAITFORONE: 0x10000,
  EAGAIN: 11,
  EACCES: 13,
  EADDRINUSE: 98,
  EADDRNOTAVAIL: 99,
  ENOBUFS: 105,
});

/** Bytes of struct mmsghdr, struct iovec and struct sockaddr_in on 64-bit Linux. */
export const MMSGHDR_BYTES = 64;
export const IOVEC_BYTES = 16;
export const SOCKADDR_BYTES = 16;

/** The part of koffi that is used here; its own types describe values as any. */
interface Koffi {
  load(path: string): { func(name: string, result: string, parameters: string[]): unknown };
  address(view: ArrayBufferView): bigint | number;
  errno(): number;
}

/** Loads them. @returns a sentence on why not, where they are not to be had */
export function loadSyscalls(): Syscalls | string {
  if (process.platform !== 'linux') return `needs Linux, this is ${process.platform}`;
  if (process.arch !== 'x64' && process.arch !== 'arm64') return `not known on ${process.arch}`;
  try {
    const koffi = createRequire(import.meta.url)('koffi') as Koffi;
    return bindAll(koffi);
  } catch (error) {
    return `koffi does not load: ${(error as Error).message}`;
  }
}

function bindAll(koffi: Koffi): Syscalls {
  const libc = koffi.load('libc.so.6');
  const int = (name: string, ...parameters: string[]) => libc.func(name, 'int', parameters);
  const pointer = 'uintptr_t';
  return {
    socket: int('socket', 'int', 'int', 'int') as Syscalls['socket'],
    bind: int('bind', 'int', pointer, 'int') as Syscalls['bind'],
    setsockopt: int('setsockopt', 'int', 'int', 'int', pointer, 'int') as Syscalls['setsockopt'],
    getsockopt: int('getsockopt', 'int', 'int', 'int', pointer, pointer) as Syscalls['getsockopt'],
    recvmmsg: int('recvmmsg', 'int', pointer, 'uint32_t', 'int', pointer) as Syscalls['recvmmsg'],
    sendto: int('sendto', 'int', pointer, 'size_t', 'int', pointer, 'int') as Syscalls['sendto'],
    sendmmsg: int('sendmmsg', 'int', pointer, 'uint32_t', 'int') as Syscalls['sendmmsg'],
    usleep: int('usleep', 'uint32_t') as Syscalls['usleep'],
    close: int('close', 'int') as Syscalls['close'],
    address: (view) => Number(koffi.address(view)),
    errno: () => koffi.errno(),
  };
}

/** Writes a pointer as two words: it stays below 2^48, and no bigint is made. */
export function writePointer(words: Uint32Array, at: number, address: number): void {
  words[at] = address >>> 0;
  words[at + 1] = Math.floor(address / 4294967296);
}
