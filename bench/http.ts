/** What the HTTP API stands and what it costs the node: `npm run bench:http`. */
import { createSocket } from 'node:dgram';
import { Agent, get, request } from 'node:http';
import { join } from 'node:path';
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { Command } from 'commander';
import { WebSocket } from 'ws';
import { wholeNumber } from '../src/cli/options.ts';
import { createIdentity } from '../src/crypto/identity.ts';
import { SignedMessages } from '../src/tasks/gossip.ts';
import { SystemClock } from '../src/util/clock.ts';
import { LOOPBACK_IP } from '../src/util/ipv4.ts';
import { writeContactInfo } from '../src/wire/contact-info-encode.ts';
import { writeValuesHeader } from '../src/wire/encode.ts';
import { Message, PING_BYTES, SIGNATURE_BYTES, VALUES_HEADER_BYTES } from '../src/wire/limits.ts';
import { Child, endChildren } from './e2e/child.ts';
import { freePort } from './e2e/measure.ts';
import { pause } from './e2e/target.ts';
import { ROOT } from './harness.ts';
import { ms, place, print, quantiles } from './report.ts';

interface Flags {
  readonly nodes: number;
  readonly rate: number;
  readonly unique: number;
  readonly clients: number;
  readonly seconds: number;
  readonly calls: number;
  readonly moves: number;
}

const SHRED_VERSION = 20_126;
const RPC_KEY = 2;

/** Connections from one address. @source reliability 5 */
const PER_ADDRESS = 16;

/** Times a task in microseconds. */
async function timed(histogram: RecordableHistogram, task: () => Promise<unknown>): Promise<void> {
  const startedMs = SystemClock.monoMs();
  await task();
  histogram.record(Math.max(1, Math.round((SystemClock.monoMs() - startedMs) * 1000)));
}

/** Sums of metrics by name, as far as they are asked for. */
async function metrics(url: string, ...names: string[]): Promise<number[]> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return names.map((name) =>
    [...text.matchAll(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'gm'))].reduce(
      (sum, [, value]) => sum + Number(value),
      0,
    ),
  );
}

/** Readers of the stream, each of which takes everything; a stuck one takes nothing. */
class Readers {
  bytes = 0;
  open = 0;
  readonly #requests: ReturnType<typeof get>[] = [];

  async start(url: string, count: number, stuck: number): Promise<void> {
    for (let i = 0; i < count + stuck; i++) {
      const localAddress = `127.0.3.${1 + Math.floor(i / PER_ADDRESS)}`;
      const asked = get(`${url}/v1/changes/stream`, { localAddress, agent: false }, (response) => {
        this.open += 1;
        response.once('close', () => {
          this.open -= 1;
        });
        if (i >= count) return; // paused as long as nobody listens
        response.on('data', (chunk: Buffer) => {
          this.bytes += chunk.length;
        });
      });
      asked.on('error', () => {}); // cut off
      this.#requests.push(asked);
    }
    while (this.open < count + stuck) await pause(20);
  }

  stop(): void {
    for (const one of this.#requests) one.destroy();
  }
}

/** A node that tells every now and then that its RPC address is another. */
class Mover {
  readonly #identity = createIdentity();
  readonly #messages = new SignedMessages(this.#identity);
  readonly #socket = createSocket('udp4');
  readonly #target: number;
  #port = 0;

  constructor(target: number) {
    this.#target = target;
  }

  get address(): string {
    return this.#identity.address;
  }

  async open(): Promise<void> {
    this.#socket.on('message', (bytes, { port, address }) => {
      if (bytes.length !== PING_BYTES || bytes.readUInt32LE(0) !== Message.PING) return;
      const pong = new Uint8Array(PING_BYTES);
      this.#messages.pong(pong, 0, bytes, 36);
      this.#socket.send(pong, port, address);
    });
    await new Promise<void>((resolve) => this.#socket.bind(0, '127.0.0.1', resolve));
    this.#port = this.#socket.address().port;
  }

  /** Pushes a contact info. @param rpc port of the RPC address, 0 for none */
  say(rpc: number): void {
    const bytes = new Uint8Array(512);
    const at = VALUES_HEADER_BYTES + SIGNATURE_BYTES;
    writeValuesHeader(bytes, 0, Message.PUSH, this.#identity.publicKey, 0, 1);
    const sockets = [{ key: 0, ip: LOOPBACK_IP, port: this.#port }];
    if (rpc > 0) sockets.push({ key: RPC_KEY, ip: LOOPBACK_IP, port: rpc });
    const end = writeContactInfo(bytes, at, {
      pubkey: this.#identity.publicKey,
      wallclock: SystemClock.wallMs(),
      outset: 1_786_000_000_000_000,
      shredVersion: SHRED_VERSION,
      version: { major: 4, minor: 4, channel: 0, patch: 0, commit: 1, featureSet: 2, client: 3 },
      sockets,
    });
    this.#identity.sign(bytes, at, end, bytes, VALUES_HEADER_BYTES);
    this.#socket.send(bytes.subarray(0, end), this.#target, '127.0.0.1');
  }

  close(): void {
    this.#socket.close();
  }
}

/** From a contact info leaving by UDP to its change coming in by WebSocket. */
async function latency(url: string, gossipPort: number, moves: number): Promise<string> {
  const mover = new Mover(gossipPort);
  await mover.open();
  const socket = new WebSocket(
    `${url.replace('http', 'ws')}/v1/changes/stream?pubkey=${mover.address}`,
  );
  let heard = 0;
  socket.on('message', (data) => {
    for (const { kind } of JSON.parse(String(data)) as { kind: string }[]) {
      if (kind === 'appeared' || kind.startsWith('rpc')) heard += 1;
    }
  });
  await new Promise((resolve) => socket.once('open', resolve));
  while (heard === 0) {
    mover.say(0);
    await pause(200); // until its address has answered
  }
  const histogram = createHistogram();
  let missed = 0;
  for (let i = 0; i < moves; i++) {
    await pause(15 + (i % 17)); // not in step with any poll
    const before = heard;
    await timed(histogram, async () => {
      mover.say(i % 2 === 0 ? 8_899 : 0);
      const endMs = SystemClock.monoMs() + 2_000;
      while (heard === before && SystemClock.monoMs() < endMs) await pause(0);
      if (heard === before) missed += 1;
    });
  }
  socket.terminate();
  mover.close();
  return `${quantiles(histogram)}; ${missed} of ${moves} not heard within 2 s`;
}

/** Calls a method again and again over one connection. @returns bytes of the answer */
async function calls(url: string, method: string, count: number): Promise<string> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method });
  const headers = { 'content-type': 'application/json' };
  let size = 0;
  const call = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const asked = request(url, { method: 'POST', agent, headers }, (response) => {
        size = 0;
        response.on('data', (chunk: Buffer) => {
          size += chunk.length;
        });
        response.once('end', resolve);
      });
      asked.once('error', reject);
      asked.end(body);
    });
  const first = createHistogram();
  await timed(first, call);
  const histogram = createHistogram();
  for (let i = 0; i < count; i++) await timed(histogram, call);
  agent.destroy();
  return `${quantiles(histogram)}; the first ${ms(first.max)} ms; ${(size / 1e6).toFixed(2)} MB`;
}

async function run(flags: Flags): Promise<void> {
  print(place());
  const [gossip, http] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${http}`;
  const spy = new Child(process.execPath, [
    join(ROOT, 'dist/src/cli/main.js'),
    'spy',
    ...['--shred-version', `${SHRED_VERSION}`, '--bind-address', '127.0.0.1'],
    ...['--gossip-port', `${gossip}`, '--allow-private-addr', '--http', `127.0.0.1:${http}`],
  ]);
  while (!(await fetch(`${url}/healthz`).catch(() => undefined))?.ok) await pause(50);
  print(`quiet: a change by WebSocket after ${await latency(url, gossip, flags.moves)}`);
  const { rate, unique, nodes, seconds, clients } = flags;
  const lingerS = 30 + flags.calls / 20;
  const blast = new Child(process.execPath, [
    join(ROOT, 'dist/scripts/blast.js'),
    ...['--target', `127.0.0.1:${gossip}`, '--rate', `${rate}`, '--unique', `${unique}`],
    ...['--origins', `${nodes}`, '--seconds', `${seconds}`, '--linger', `${lingerS}`],
  ]);
  const names = ['earshot_change_sequence', 'earshot_datagrams_received_total'];
  const readers = new Readers();
  await readers.start(url, clients, 1);
  const before = await metrics(url, ...names);
  let idle = 0;
  let last = before;
  const startedMs = SystemClock.monoMs();
  let busyMs = 0;
  const heard: string[] = [];
  // The nodes introduce themselves, then there is a pause while what they will say is signed.
  const isOver = (): boolean => idle >= 4 && last[1]! - before[1]! > (rate * seconds) / 2;
  while (!isOver() && SystemClock.monoMs() - startedMs < (seconds + 120) * 1000) {
    await pause(1_000);
    const now = await metrics(url, ...names);
    const changes = now[0]! - last[0]!;
    if (changes > unique / 10) busyMs += 1_000;
    if (changes > unique / 10) heard.push(`${changes}`);
    idle = changes < 20 && busyMs > 0 ? idle + 1 : 0;
    last = now;
  }
  const [kernel, lost, slow] = await metrics(
    url,
    'earshot_kernel_dropped_total',
    'earshot_journal_lost_total',
    'earshot_http_streams_slow_total',
  );
  const [shed] = await metrics(url, 'earshot_packets_total\\{outcome="shed_[^}]*\\}');
  print(
    `${clients} readers: ${last[0]! - before[0]!} changes out of ${last[1]! - before[1]!} datagrams in ${busyMs / 1000} s ` +
      `(a second: ${heard.join(' ')}), ${(readers.bytes / 1e6).toFixed(0)} MB told`,
  );
  print(
    `kernel drops ${kernel}, shed ${shed}, journal entries lost ${lost}, readers ended for slowness ${slow}, still there ${readers.open}`,
  );
  const [main, observer] = await metrics(
    url,
    'earshot_main_loop_delay_p99_seconds',
    'earshot_observer_loop_delay_p99_seconds',
  );
  print(`loop delay p99: main ${main! * 1000} ms, observer ${observer! * 1000} ms`);
  readers.stop();
  print(`${nodes} nodes: getClusterNodes ${await calls(url, 'getClusterNodes', flags.calls)}`);
  print(`with ${nodes} nodes: a change after ${await latency(url, gossip, flags.moves)}`);
  spy.process.kill('SIGINT');
  blast.process.kill('SIGTERM');
  await spy.ended;
}

const program = new Command('http')
  .description('Readers of streams, calls of getClusterNodes, and how soon a change is told.')
  .option('--nodes <NUM>', 'made-up nodes', wholeNumber(10, 10_000), 4_000)
  .option('--rate <NUM>', 'datagrams a second', wholeNumber(1, 200_000), 20_000)
  .option(
    '--unique <NUM>',
    'new values a second, 0.7 of them changes',
    wholeNumber(1, 50_000),
    14_300,
  )
  .option('--clients <NUM>', 'readers of the stream', wholeNumber(0, 240), 100)
  .option('--seconds <NUM>', 'how long', wholeNumber(1, 600), 10)
  .option('--calls <NUM>', 'calls of getClusterNodes', wholeNumber(1, 100_000), 200)
  .option('--moves <NUM>', 'changes whose way is timed', wholeNumber(1, 100_000), 200)
  .action((flags: Flags) => run(flags));
try {
  await program.parseAsync();
} finally {
  endChildren();
}
