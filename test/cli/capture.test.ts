/** Capture and replay over real sockets: what goes in at one end comes out at the other. */
import { createSocket } from 'node:dgram';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { socketState } from '../../bench/e2e/proc.ts';
import { verdict } from '../../src/api/verdict.ts';
import { readCapture } from '../../src/cli/capture/read-capture.ts';
import { createVerifier } from '../../src/crypto/verify.ts';
import { toHex } from '../../src/util/bytes.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { Command, expectSentence, freePort, Leftovers, run } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

const wait = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** What five validators said to each other, the first frames of it. */
const COUNT = 120;
const recorded = leftovers.path('recorded.pcap');
const fixture = gunzipSync(readFileSync(new URL('../fixtures/cluster.pcap.gz', import.meta.url)));
let end = 24;
for (let i = 0; i < COUNT; i++) end += 16 + fixture.readUInt32LE(end + 8);
writeFileSync(recorded, fixture.subarray(0, end));

async function payloads(path: string): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for await (const { payload } of readCapture(readFileSync(path))) found.push(payload);
  return found;
}

interface Listening {
  command: Command;
  port: number;
}

/** A capture that joins nothing, once it listens. */
async function listen(out: string, ...args: string[]): Promise<Listening> {
  const port = await freePort();
  const where = ['--port', String(port), '--bind-address', '127.0.0.1'];
  const command = new Command(['capture', out, ...where, ...args]);
  for (let left = 400; left > 0 && !socketState(port).isOpen; left--) await wait(20);
  expect(socketState(port).isOpen, `somebody listens on port ${port}`).toBe(true);
  return { command, port };
}

const to = (port: number, ...args: string[]): string[] => [
  'replay',
  recorded,
  ...['--target', `127.0.0.1:${port}`],
  ...args,
];

describe.concurrent('a capture that is replayed', () => {
  it('is captured again as it was', async (ctx) => {
    if (process.platform !== 'linux') ctx.skip('looks for the socket in /proc');
    const again = leftovers.path('again.pcapng');
    const { command, port } = await listen(again, '--packets', String(COUNT), '--seconds', '15');
    const replay = await run(...to(port, '--rate', '2000', '--json'));
    expect(replay.stderr).toBe('');
    expect(JSON.parse(replay.stdout)).toMatchObject({ sent: COUNT, failed: 0, signedAnew: 0 });
    const { status, stdout, stderr } = await command.result;
    expect([status, stdout]).toEqual([0, '']);
    expect(stderr).toContain(`${COUNT} datagrams in`);
    const sent = (await payloads(recorded)).map((bytes) => toHex(bytes));
    expect((await payloads(again)).map((bytes) => toHex(bytes))).toEqual(sent);
  });

  it('is accepted when it was signed anew; Ctrl-C leaves a whole file', async (ctx) => {
    if (process.platform !== 'linux') ctx.skip('looks for the socket in /proc');
    const again = leftovers.path('signed.pcapng');
    const { command, port } = await listen(again);
    const replay = await run(...to(port, '--resign', '--linger', '0', '--rate', '3000'));
    expect([replay.status, replay.stderr]).toEqual([0, '']);
    expect(replay.stdout).toContain(`${COUNT} of ${COUNT} datagrams sent`);
    expect(replay.stdout).toMatch(/signed anew, with \d+ values, by \d+ made-up identities/);
    // What the kernel still holds when it ends is not in the file.
    for (let left = 400; left > 0 && socketState(port).waiting > 0; left--) await wait(20);
    await wait(100);
    await command.end('SIGINT');
    expect((await command.result).status).toBe(0);
    const received = await payloads(again);
    expect(received.length).toBe(COUNT);
    const verifier = createVerifier('sodium');
    for (const bytes of received) expect(verdict(bytes, verifier).outcome).toBe('OK');
  });

  it('ends when the reader of its pipe has gone away', async (ctx) => {
    if (process.platform !== 'linux') ctx.skip('looks for the socket in /proc');
    const { command, port } = await listen('-');
    command.child.stdout?.destroy();
    const socket = createSocket('udp4');
    const stop = SystemClock.every(20, () => socket.send(Buffer.alloc(100), port, '127.0.0.1'));
    const { status } = await command.result;
    stop();
    socket.close();
    expect(status).toBe(0);
  });
});

describe.concurrent('is refused with a sentence:', () => {
  const cases = [
    {
      name: 'a replay to another machine',
      args: ['replay', recorded, '--target', '192.0.2.1:9'],
      says: /192\.0\.2\.1:9 is not on this machine.*--allow-remote/,
    },
    {
      name: 'a replay of nothing',
      args: ['replay', recorded, '--target', '127.0.0.1:9', '--port', '9'],
      says: /no whole UDP datagram to this port/,
    },
    {
      name: 'a capture that joins and does not',
      args: ['capture', leftovers.path('no.pcapng'), '--port', '9', '-u', 'testnet'],
      says: /--port joins no cluster/,
    },
    {
      name: 'a capture to a place that is none',
      args: ['capture', leftovers.path('no/such.pcapng'), '--port', '9'],
      says: /Cannot write .*such\.pcapng/,
    },
  ];
  for (const { name, args, says } of cases) {
    it(name, async () => {
      const result = await run(...args);
      expect(result.status, name).toBe(1);
      expectSentence(result, says);
    });
  }
});
