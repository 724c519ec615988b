/** Whole processes: how they end when something is wrong with them, and that they do not end otherwise. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readdirSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/util/clock.ts';
import { LOOPBACK_IP } from '../../src/util/ipv4.ts';
import { Message } from '../../src/wire/limits.ts';
import { Command, freePort } from '../cli/command.ts';
import { Peer } from '../unit/node/peer.ts';

const HANGING = fileURLToPath(new URL('./hanging-main.mjs', import.meta.url));
const LIMIT_MS = 20_000;

const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

/** Flags of a spy that waits to be spoken to. */
function waiting(port: number): string[] {
  const here = ['--bind-address', '127.0.0.1', '--gossip-port', `${port}`, '--allow-private-addr'];
  return ['spy', '--shred-version', '20126', ...here, '--log-level', 'info', '--json'];
}

interface Ended {
  status: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr!.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const cancel = SystemClock.after(LIMIT_MS, () => child.kill('SIGKILL'));
  return new Promise((resolve) => {
    child.on('close', (status, signal) => {
      cancel();
      resolve({ status, signal, stdout, stderr });
    });
  });
}

/** Pings a node until it answers. @returns pings sent, or -1 */
async function pingUntilAnswered(port: number, limitMs: number): Promise<number> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  const peer = new Peer(1, LOOPBACK_IP, socket.address().port);
  let answers = 0;
  socket.on('message', (bytes) => {
    if (bytes[0] === Message.PONG) answers++;
  });
  const endMs = SystemClock.monoMs() + limitMs;
  let sent = 0;
  while (answers === 0 && SystemClock.monoMs() < endMs) {
    socket.send(peer.ping(), port, '127.0.0.1');
    sent++;
    await pass(50);
  }
  await new Promise<void>((resolve) => socket.close(resolve));
  return answers > 0 ? sent : -1;
}

describe.concurrent('a process', () => {
  it('whose main thread hangs is ended from outside of it, with a word about it', async () => {
    const child = spawn(process.execPath, [HANGING], { cwd: tmpdir() });
    const { signal, stdout, stderr } = await ended(child);
    expect(stdout, 'it lived as long as it beat').toBe('hanging\n');
    expect(signal).toBe('SIGABRT');
    const said = stderr.trim().split('\n');
    expect(said.map((line) => JSON.parse(line).msg)).toEqual([
      'the main thread shows no sign of life',
      'the main thread hangs: the process is ended',
    ]);
  });

  it('with a bug ends with a status of its own, and says where', async () => {
    const bug = `import { isMainThread } from 'node:worker_threads';
      if (isMainThread) setTimeout(() => { throw new Error('planted'); }, 1500);`;
    const imported = `--import data:text/javascript,${encodeURIComponent(bug)}`;
    const command = new Command(waiting(await freePort()), { NODE_OPTIONS: imported });
    const { status, stderr } = await command.result;
    expect(status).toBe(70);
    expect(stderr).toMatch(/Error: planted\n\s+at /);
  });

  it('with a promise that nobody looks after ends with the same status', async () => {
    const bug = `import { isMainThread } from 'node:worker_threads';
      if (isMainThread) setTimeout(() => { Promise.reject(new Error('planted')); }, 1500);`;
    const imported = `--import data:text/javascript,${encodeURIComponent(bug)}`;
    const command = new Command(waiting(await freePort()), { NODE_OPTIONS: imported });
    const { status, stderr } = await command.result;
    expect([status, stderr.includes('Error: planted')]).toEqual([70, true]);
  });

  it('that its terminal leaves ends as if it had been asked to', async () => {
    const command = new Command(waiting(await freePort()));
    await command.said(/"joined"/);
    await pass(300);
    expect(await command.end('SIGHUP')).toBeLessThan(3_000);
    const { status, stdout } = await command.result;
    // Nobody has spoken to it, which is an error only after a timeout.
    expect([status, JSON.parse(stdout).nodes]).toEqual([0, []]);
  });

  it('that was stopped for a while goes on where it was', async () => {
    const port = await freePort();
    const command = new Command(waiting(port));
    await command.said(/"joined"/);
    expect(await pingUntilAnswered(port, 5_000)).toBeGreaterThan(0);
    command.child.kill('SIGSTOP');
    await pass(1_500);
    command.child.kill('SIGCONT');
    expect(await pingUntilAnswered(port, 5_000)).toBeGreaterThan(0);
    await command.end('SIGTERM');
    const { status, stderr } = await command.result;
    expect(status).toBe(0);
    expect(stderr, 'no thread was taken for dead').not.toMatch(/hangs|died/);
  });

  it('without a free descriptor goes on listening and answering', async ({ skip }) => {
    if (spawnSync('prlimit', ['--version']).status !== 0) {
      return skip('no prlimit here, which takes descriptors away from a process that runs');
    }
    const port = await freePort();
    const command = new Command(waiting(port));
    await command.said(/"threads are up"/);
    const { pid } = command.child;
    const open = readdirSync(`/proc/${pid}/fd`).length;
    const most = `--nofile=${open + 4}:${open + 4}`;
    expect(spawnSync('prlimit', [`--pid=${pid}`, most]).status).toBe(0);
    const sockets: Socket[] = [];
    for (let i = 0; i < 40; i++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      sockets.push(socket);
    }
    await pass(300);
    expect(await pingUntilAnswered(port, 8_000)).toBeGreaterThan(0);
    for (const socket of sockets) socket.destroy();
    await command.end('SIGTERM');
    const { status, stderr } = await command.result;
    expect(status, stderr).toBe(0);
  });
});
