/** How soon a spy answers. */
import { Child } from '../../bench/e2e/child.ts';
import { freePort } from '../../bench/e2e/measure.ts';
import { PeerSocket } from '../../bench/e2e/peer-socket.ts';
import { loopbackSpy } from '../../bench/e2e/target.ts';
import { readU32 } from '../../src/util/bytes.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { osRng } from '../../src/util/rng.ts';
import { Message } from '../../src/wire/limits.ts';

/** Between two pings, and how long they are sent. */
const PING_MS = 20;
const DEADLINE_MS = 20_000;

/** Starts `earshot spy` as an operator would. @returns when it first answered a ping, in ms; infinite when never */
export async function firstAnswerMs(): Promise<number> {
  const port = await freePort();
  const socket = await PeerSocket.open(1, LOOPBACK_IP, 0, port);
  const startMs = SystemClock.monoMs();
  const child = new Child(process.execPath, loopbackSpy(port));
  try {
    return await new Promise<number>((resolve) => {
      const stop = SystemClock.every(PING_MS, () => {
        const token = new Uint8Array(32);
        osRng().fill(token);
        socket.send(socket.peer.ping(token));
        if (SystemClock.monoMs() - startMs > DEADLINE_MS) end(Number.POSITIVE_INFINITY);
      });
      const end = (ms: number): void => {
        stop();
        resolve(ms);
      };
      socket.onOther = (bytes) => {
        if (readU32(bytes, 0) === Message.PONG) end(SystemClock.monoMs() - startMs);
      };
    });
  } finally {
    child.process.kill('SIGINT');
    await child.ended;
    socket.close();
  }
}
