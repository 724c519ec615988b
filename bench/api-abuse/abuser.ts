/** Clients of the HTTP API as nobody wants them, in a process of their own: `abuser.js URL`, until SIGTERM. */
import { connect, type Socket } from 'node:net';
import { MAX_PER_ADDRESS } from '../../src/api/http/limits.ts';
import { SystemClock } from '../../src/util/clock.ts';

/** How a connection behaves. */
interface Behaviour {
  readonly name: string;
  /** Connections of it that are held or tried at any time. */
  readonly count: number;
  /** Called when it is open, and again with each answer that it has read. */
  readonly act: (socket: Socket, isFirst: boolean) => void;
  /** Whether it takes what it is sent. */
  readonly reads: boolean;
  /** Wait before it comes back when it was ended. */
  readonly backMs: number;
}

const url = new URL(process.argv[2] ?? '');
const HOST = `Host: ${url.host}\r\n`;
const LARGE = Buffer.alloc(1_000_000, 0x61);
const PIPELINED = 25;
const DRIP_MS = 500;

const post = (body: string): string =>
  `POST / HTTP/1.1\r\n${HOST}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const CALL = { jsonrpc: '2.0', id: 1, method: 'getClusterNodes' };
const CALLS = post(JSON.stringify(CALL));
const BATCH = post(JSON.stringify(Array.from({ length: 20 }, () => CALL)));
const HEALTH = `GET /healthz HTTP/1.1\r\n${HOST}\r\n`.repeat(PIPELINED);
const SOCKET = `GET /v1/changes/stream HTTP/1.1\r\n${HOST}Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n`;
const BROKEN = [
  'GET / HTTP/9.9\r\n\r\n',
  '\0\0\0\0\r\n\r\n',
  `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nzz\r\n`,
  `GET /${'%00'.repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`,
  post('{"jsonrpc":"2.0","id":1,"method":"__proto__","params":[[[[[[[['),
  post(`${'['.repeat(30_000)}${']'.repeat(30_000)}`),
];

let turn = 0;
let dripping = 0;

/** Those who get in first hold their places; slow ones are far more than there are places. */
const BEHAVIOURS: readonly Behaviour[] = [
  { name: 'getClusterNodes', count: 32, act: (s) => s.write(CALLS), reads: true, backMs: 50 },
  { name: 'batches', count: 8, act: (s) => s.write(BATCH), reads: true, backMs: 50 },
  { name: 'pipelined', count: 32, act: (s) => s.write(HEALTH), reads: true, backMs: 50 },
  { name: 'oversized', count: 8, act: oversized, reads: true, backMs: 50 },
  { name: 'malformed', count: 16, act: malformed, reads: true, backMs: 20 },
  { name: 'deaf', count: 32, act: (s) => s.write(CALLS.repeat(20)), reads: false, backMs: 100 },
  { name: 'deaf WebSockets', count: 32, act: (s) => s.write(SOCKET), reads: false, backMs: 100 },
  { name: 'slow', count: 1_000, act: slow, reads: true, backMs: 1_000 },
];

function oversized(socket: Socket, isFirst: boolean): void {
  if (!isFirst) return;
  socket.write(`POST / HTTP/1.1\r\n${HOST}Content-Length: ${LARGE.length}\r\n\r\n`);
  socket.write(LARGE);
}

function malformed(socket: Socket, isFirst: boolean): void {
  if (isFirst) socket.write(BROKEN[turn++ % BROKEN.length]!);
}

function slow(socket: Socket, isFirst: boolean): void {
  if (!isFirst) return;
  dripping++;
  socket.write(`GET /v1/nodes HTTP/1.1\r\n${HOST}X-Slow: `);
  const cancel = SystemClock.every(DRIP_MS, () => socket.write('a'));
  socket.once('close', () => {
    dripping--;
    cancel();
  });
}

const opened: Record<string, number> = {};
const answers: Record<string, number> = {};
let mostDripping = 0;

function keep(behaviour: Behaviour, place: number): void {
  const { name, act, reads, backMs } = behaviour;
  const localAddress = `127.0.4.${1 + Math.floor(place / MAX_PER_ADDRESS)}`;
  const socket = connect({ host: url.hostname, port: Number(url.port), localAddress });
  let expected = 0;
  const ask = (isFirst: boolean): void => {
    expected = name === 'pipelined' ? PIPELINED : 1;
    act(socket, isFirst);
  };
  socket.once('connect', () => {
    opened[name] = (opened[name] ?? 0) + 1;
    ask(true);
    mostDripping = Math.max(mostDripping, dripping);
  });
  if (reads) {
    socket.on('data', (chunk: Buffer) => {
      const heads = chunk.toString('latin1').split('HTTP/1.1 ').length - 1;
      answers[name] = (answers[name] ?? 0) + heads;
      expected -= heads;
      if (heads > 0 && expected <= 0) ask(false);
    });
  }
  socket.on('error', () => {}); // refused or cut off, which is what it is there for
  socket.once('close', () => SystemClock.after(backMs, () => keep(behaviour, place)));
}

let place = 0;
for (const behaviour of BEHAVIOURS) {
  for (let i = 0; i < behaviour.count; i++) keep(behaviour, place++);
}
const beganMs = SystemClock.monoMs();
process.once('SIGTERM', () => {
  const seconds = (SystemClock.monoMs() - beganMs) / 1_000;
  process.stdout.write(`${JSON.stringify({ seconds, opened, answers, mostDripping })}\n`, () =>
    process.exit(0),
  );
});
