/** Running the command line as a user does, with everything that makes a test of it short. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket as TcpSocket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { EchoServer } from '../../src/node/echo-server.ts';
import { SILENT_LOGGER } from '../../src/node/ports.ts';
import { SystemClock } from '../../src/util/clock.ts';
import { runHere } from './in-process.ts';

const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));

/** Nobody waits longer for a command. */
const LIMIT_MS = 20_000;

/** What a command came to. */
export interface Result {
  /** null when a signal ended it. */
  status: number | null;
  stdout: string;
  stderr: string;
}

/** A command under way, in a process of its own. */
export class Command {
  readonly child: ChildProcess;
  readonly result: Promise<Result>;
  #stdout = '';
  #stderr = '';

  /** @param out where standard output goes: a descriptor, or into the result */
  constructor(
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
    out: number | 'pipe' = 'pipe',
  ) {
    this.child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['ignore', out, 'pipe'],
      // Settings of whoever runs the tests are not what is tested.
      env: { ...process.env, EARSHOT_CONFIG: '', ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
    });
    this.child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
    });
    const cancel = SystemClock.after(LIMIT_MS, () => this.child.kill('SIGKILL'));
    this.result = new Promise((resolve) => {
      this.child.on('close', (status) => {
        cancel();
        resolve({ status, stdout: this.#stdout, stderr: this.#stderr });
      });
    });
  }

  /** Resolves when a pattern has come on stderr. */
  async said(pattern: RegExp): Promise<void> {
    const waitedMs = 50;
    for (let left = LIMIT_MS / waitedMs; left > 0; left--) {
      if (pattern.test(this.#stderr)) return;
      await new Promise<void>((resolve) => SystemClock.after(waitedMs, resolve));
    }
    expect.fail(`never said ${pattern}: ${this.#stderr}`);
  }

  /** Sends a signal. @returns how long it took to end */
  async end(signal: NodeJS.Signals): Promise<number> {
    const sentMs = SystemClock.monoMs();
    this.child.kill(signal);
    await this.result;
    return SystemClock.monoMs() - sentMs;
  }
}

/** Runs a command to its end, in this process: for what does not depend on having one of its own. */
export function run(...args: readonly string[]): Promise<Result> {
  return runHere(args);
}

/** Fails unless stderr is one sentence for the operator that says everything that is wanted. */
export function expectSentence(result: Result, ...says: readonly (string | RegExp)[]): void {
  const lines = result.stderr.trimEnd().split('\n');
  expect(lines.length, result.stderr).toBe(1);
  expect(lines[0]).toMatch(/^earshot: .*[.)]$/);
  expect(lines[0]).not.toMatch(/undefined|\[object|NaN|node:|\.[jt]s:/);
  for (const word of says) expect(lines[0]).toMatch(word);
}

/** Things to be closed when the tests of a file are over. */
export class Leftovers {
  readonly #closers: (() => unknown)[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'earshot-'));

  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#closers.push(() => close(thing));
    return thing;
  }

  /** A path in a folder of these tests alone. */
  path(name: string): string {
    return join(this.#folder, name);
  }

  async clear(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** A TCP server that does with each connection what it is told. @returns its port */
  async tcp(serve: (socket: TcpSocket) => void): Promise<number> {
    const sockets = new Set<TcpSocket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      serve(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    this.add(server, (s: Server) => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => s.close(resolve));
    });
    return (server.address() as AddressInfo).port;
  }

  /** An entrypoint that tells a shred version and speaks no gossip. @returns its port */
  async echo(shredVersion: number): Promise<number> {
    const port = await freePort();
    const server = new EchoServer(() => shredVersion, SystemClock, SILENT_LOGGER);
    expect(await server.listen('127.0.0.1', port)).toBe(true);
    this.add(server, (s) => s.close());
    return port;
  }

  /** A UDP port that is taken. */
  async takenPort(): Promise<number> {
    const socket = await bindUdp();
    this.add(socket, (s) => s.close());
    return socket.address().port;
  }
}

function bindUdp(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind({ address: '127.0.0.1', port: 0, exclusive: true }, () => resolve(socket));
  });
}

/** A port that was free for UDP and TCP a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const socket = await bindUdp();
    const { port } = socket.address();
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => resolve(true));
    });
    await new Promise<void>((resolve) => socket.close(resolve));
    if (!isFree) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
