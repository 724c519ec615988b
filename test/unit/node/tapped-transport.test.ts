import { describe, expect, it } from 'vitest';
import type { DatagramHandler, Tap, Transport } from '../../../src/node/ports.ts';
import { TappedTransport } from '../../../src/node/tapped-transport.ts';

/** What happened, in order: a tap must see a datagram before anybody else touches it. */
function record(): { log: string[]; tapped: TappedTransport; deliver: () => DatagramHandler } {
  const log: string[] = [];
  let handler: DatagramHandler = () => {};
  const note =
    (who: string): DatagramHandler =>
    (bytes, at, length, ip, port) => {
      log.push(`${who} ${[...bytes.subarray(at, at + length)].join()} ${ip}:${port}`);
      bytes.fill(0, at, at + length);
    };
  const inner: Transport = {
    open(given) {
      handler = given;
      return Promise.resolve({ port: 8001 });
    },
    send: note('transport'),
    flush: () => log.push('flush'),
    pending: () => 2,
    kernelDropped: () => 3,
    failedSends: () => 4,
    receiveBufferBytes: () => 5,
    close: () => Promise.resolve(),
  };
  const copy =
    (who: string): DatagramHandler =>
    (bytes, at, length, ip, port) =>
      note(who)(bytes.slice(), at, length, ip, port);
  const tap: Tap = { received: copy('received'), sent: copy('sent') };
  return { log, tapped: new TappedTransport(inner, tap), deliver: () => handler };
}

describe('a tapped transport', () => {
  it('shows what comes in before the node has it', async () => {
    const { log, tapped, deliver } = record();
    await tapped.open((bytes, at, length, ip, port) => {
      log.push(`node ${bytes[at]} ${length} ${ip}:${port}`);
    });
    deliver()(Uint8Array.of(9, 1, 2, 9), 1, 2, 77, 8002);
    expect(log).toEqual(['received 1,2 77:8002', 'node 1 2 77:8002']);
  });

  it('shows what goes out before the transport has it', () => {
    const { log, tapped } = record();
    tapped.send(Uint8Array.of(9, 5, 6), 1, 2, 78, 8003);
    tapped.flush();
    expect(log).toEqual(['sent 5,6 78:8003', 'transport 5,6 78:8003', 'flush']);
  });

  it('answers as what it wraps', async () => {
    const { tapped } = record();
    expect(await tapped.open(() => {})).toEqual({ port: 8001 });
    expect([
      tapped.pending(),
      tapped.kernelDropped(),
      tapped.failedSends(),
      tapped.receiveBufferBytes(),
    ]).toEqual([2, 3, 4, 5]);
    await tapped.close();
  });
});
