/** The real socket, on loopback. */
import { afterAll, describe, expect, it } from 'vitest';
import { UdpTransport } from '../../src/node/udp.ts';
import { SpyError } from '../../src/util/assert.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { freePort, Leftovers } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

interface Datagram {
  bytes: number[];
  ip: number;
  port: number;
}

/** An open transport, its port and what it received. */
async function open(): Promise<{ udp: UdpTransport; port: number; received: Datagram[] }> {
  const received: Datagram[] = [];
  const udp = new UdpTransport({ bindAddress: '127.0.0.1', port: await freePort() });
  const { port } = await udp.open((bytes, at, length, ip, from) => {
    received.push({ bytes: [...bytes.subarray(at, at + length)], ip, port: from });
  });
  leftovers.add(udp, (t) => t.close());
  return { udp, port, received };
}

async function until(done: () => boolean): Promise<void> {
  for (let left = 200; left > 0 && !done(); left--) {
    await new Promise<void>((resolve) => SystemClock.after(10, resolve));
  }
  expect(done()).toBe(true);
}

describe('the UDP transport', () => {
  it('sends a copy of a span, and tells where it came from', async () => {
    const [from, to] = [await open(), await open()];
    const bytes = Uint8Array.of(9, 1, 2, 3, 9);
    from.udp.send(bytes, 1, 3, LOOPBACK_IP, to.port);
    bytes.fill(0);
    await until(() => to.received.length > 0);
    expect(to.received).toEqual([{ bytes: [1, 2, 3], ip: LOOPBACK_IP, port: from.port }]);
    expect([from.udp.failedSends(), from.udp.pending()]).toEqual([0, 0]);
  });

  it('counts what it cannot send, and throws nothing', async () => {
    const { udp } = await open();
    const bytes = new Uint8Array(2_000);
    udp.send(bytes, 0, 0, LOOPBACK_IP, 9);
    udp.send(bytes, 0, 1_233, LOOPBACK_IP, 9);
    udp.send(bytes, 0, 100, LOOPBACK_IP, 0);
    expect(udp.failedSends()).toBe(3);
    udp.send(bytes, 0, 100, 0xffffffff, 9); // broadcast is forbidden to plain sockets
    await until(() => udp.failedSends() === 4);
    await udp.close();
    udp.send(bytes, 0, 100, LOOPBACK_IP, 9);
    expect(udp.failedSends()).toBe(5);
  });

  it('has a receive buffer, and a counter of what the kernel dropped', async () => {
    const { udp } = await open();
    expect(udp.receiveBufferBytes()).toBeGreaterThan(10_000);
    expect(udp.kernelDropped()).toBe(0);
    await udp.close();
    await udp.close();
    expect(udp.kernelDropped()).toBe(0);
  });

  const refused = [
    {
      name: 'a port that is taken',
      options: async () => ({ bindAddress: '127.0.0.1', port: await leftovers.takenPort() }),
      code: 'PORT_IN_USE',
    },
    {
      name: 'an address of another machine',
      options: async () => ({ bindAddress: '192.0.2.1', port: await freePort() }),
      code: 'ADDRESS_NOT_LOCAL',
    },
  ];
  for (const { name, options, code } of refused) {
    it(`refuses ${name}`, async () => {
      const udp = new UdpTransport(await options());
      const error: unknown = await udp.open(() => {}).catch((e: unknown) => e);
      expect(error).toBeInstanceOf(SpyError);
      expect((error as SpyError).code).toBe(code);
    });
  }
});
