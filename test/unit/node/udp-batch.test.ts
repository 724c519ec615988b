import { afterEach, describe, expect, it } from 'vitest';
import { Linux, loadSyscalls, type Syscalls } from '../../../src/node/syscalls.ts';
import { BatchTransport } from '../../../src/node/udp-batch.ts';
import { LOOPBACK_IP } from '../../../src/util/ipv4.ts';

const system = loadSyscalls();

const ERRORS = [
  { name: 'ENETUNREACH', errno: 101, isFull: false },
  { name: 'EHOSTUNREACH', errno: 113, isFull: false },
  { name: 'ENETDOWN', errno: 100, isFull: false },
  { name: 'EACCES', errno: Linux.EACCES, isFull: false },
  { name: 'EPERM', errno: 1, isFull: false },
  { name: 'EINVAL', errno: 22, isFull: false },
  { name: 'ENOBUFS', errno: Linux.ENOBUFS, isFull: true },
  { name: 'EAGAIN', errno: Linux.EAGAIN, isFull: true },
];

const open: BatchTransport[] = [];
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
});

/** A transport whose every third datagram the system refuses. */
async function refused(calls: Syscalls, errno: number): Promise<BatchTransport> {
  let sent = 0;
  let isOpen = false;
  const failing: Syscalls = {
    ...calls,
    sendmmsg: (_descriptor, _headers, count) => {
      if (sent++ % 3 === 2) return -1;
      return Math.min(1, count);
    },
    errno: () => (isOpen ? errno : calls.errno()),
  };
  const transport = new BatchTransport(failing, { bindAddress: '127.0.0.1', port: 0 });
  open.push(transport);
  await transport.open();
  isOpen = true;
  return transport;
}

describe('a send that the system refuses', () => {
  for (const { name, errno, isFull } of ERRORS) {
    it(`with ${name} is counted, ${isFull ? 'makes us wait' : 'and keeps no other from leaving'}`, async ({
      skip,
    }) => {
      if (typeof system === 'string') return skip(`no system calls here: ${system}`);
      const transport = await refused(system, errno);
      const bytes = new Uint8Array(new SharedArrayBuffer(100));
      expect(transport.pending()).toBe(0);
      for (let i = 0; i < 30; i++) transport.send(bytes, 0, 100, LOOPBACK_IP, 9_000);
      transport.flush();
      expect(transport.failedSends()).toBe(10);
      expect(transport.pending() > 256, 'asked at once').toBe(isFull);
      expect(transport.pending(), 'asked again later').toBe(0);
    });
  }
});
