/** Checks of this machine alone; nothing leaves it. */
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { RECEIVE_BUFFER_BYTES } from '../../node/udp.ts';
import { SystemClock } from '../../util/clock.ts';
import { PACKET_BYTES } from '../../wire/limits.ts';
import { type Finding, fail, ok, size, skip, warn } from './finding.ts';

/** Security floor, and what dependencies need. */
const LEAST_NODE = [20, 20, 2] as const;

/** A spy with its threads, an observer and as many HTTP clients as it takes has some hundred open. */
const ENOUGH_FILES = 1_024;
const LEAST_FILES = 128;

/** What a pause of 100 ms lets pile up on mainnet, at 20,000 datagrams a second. */
const BURST = 2_000;

/** How long the rest of a burst is waited for. */
const SETTLE_MS = 300;

/** Whether this Node will do. @param version as `process.versions.node` */
export function checkNode(version: string): Finding {
  const parts = version.split('.').map((part) => Number.parseInt(part, 10));
  for (const [i, least] of LEAST_NODE.entries()) {
    const part = parts[i] ?? 0;
    if (part > least) break;
    if (part === least) continue;
    const mend = `install Node ${LEAST_NODE.join('.')} or later, for example with nvm install 22`;
    return fail('node', `Node ${version} is too old`, mend);
  }
  return ok('node', `Node ${version}`);
}

/** What the kernel grants for what waits to be read. @param maxText content of net.core.rmem_max */
export function judgeBuffer(granted: number, maxText: string | undefined): Finding {
  // Linux doubles what was asked for, to have room for its own.
  const isDoubled = maxText !== undefined;
  const bytes = isDoubled ? granted / 2 : granted;
  const max = maxText === undefined ? '' : `, net.core.rmem_max is ${maxText.trim()}`;
  const found = `the kernel grants ${size(bytes)} of ${size(RECEIVE_BUFFER_BYTES)}${max}`;
  if (bytes >= RECEIVE_BUFFER_BYTES) return ok('receive-buffer', found);
  const mend =
    maxText === undefined
      ? 'raise the limit of this system for UDP receive buffers'
      : `sudo sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}, and the same in /etc/sysctl.d/earshot.conf`;
  return warn('receive-buffer', `${found}: bursts of mainnet will be lost`, mend);
}

/** Opens a socket as the spy does and looks what it gets. */
export function checkBuffer(): Promise<Finding> {
  const socket = createSocket('udp4');
  return new Promise((resolve) => {
    const end = (finding: Finding): void => {
      socket.close();
      resolve(finding);
    };
    socket.once('error', (error) =>
      end(fail('receive-buffer', `no UDP socket: ${error.message}`, 'allow this user to open one')),
    );
    socket.bind({ port: 0, address: '127.0.0.1' }, () => {
      try {
        socket.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
      } catch {
        // What the system gives by itself stays, and is judged.
      }
      end(judgeBuffer(socket.getRecvBufferSize(), readText('/proc/sys/net/core/rmem_max')));
    });
  });
}

/** How many files and sockets this process may open. @param limits content of /proc/self/limits */
export function checkFiles(limits = readText('/proc/self/limits')): Finding {
  const [, text] = /^Max open files\s+(\S+)/m.exec(limits ?? '') ?? [];
  if (text === undefined) return skip('open-files', 'this system does not tell the limit');
  const most = text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text);
  const found = `up to ${text} open files`;
  if (most >= ENOUGH_FILES) return ok('open-files', found);
  const mend = `ulimit -n ${4 * ENOUGH_FILES} before it starts, or LimitNOFILE= in the systemd unit`;
  return (most < LEAST_FILES ? fail : warn)('open-files', `only ${found}`, mend);
}

/**
 * Sends a burst to ourselves while nobody reads, as happens in a pause of the process: what the buffer
 * cannot hold, the kernel drops.
 */
export async function checkDrops(): Promise<Finding> {
  const receiver = createSocket('udp4');
  const sender = createSocket('udp4');
  let received = 0;
  let sent = 0;
  receiver.on('message', () => received++);
  try {
    await new Promise<void>((resolve, reject) => {
      receiver.once('error', reject);
      receiver.bind({ port: 0, address: '127.0.0.1' }, resolve);
    });
    try {
      receiver.setRecvBufferSize(RECEIVE_BUFFER_BYTES);
    } catch {
      // The default is what is tried then.
    }
    await new Promise<void>((resolve, reject) => {
      sender.once('error', reject);
      sender.connect(receiver.address().port, '127.0.0.1', resolve);
    });
    const datagram = Buffer.alloc(PACKET_BYTES);
    // Sends go out at once; this loop does not give the receiver a turn.
    await new Promise<void>((resolve) => {
      let left = BURST;
      const done = (error: Error | null): void => {
        if (!error) sent++;
        if (--left === 0) resolve();
      };
      for (let i = 0; i < BURST; i++) sender.send(datagram, done);
    });
    await new Promise<void>((resolve) => SystemClock.after(SETTLE_MS, resolve));
  } catch (error) {
    return skip('kernel-drops', `the test could not be made: ${(error as Error).message}`);
  } finally {
    receiver.close();
    sender.close();
  }
  return judgeDrops(sent, received);
}

/** What became of a burst. */
export function judgeDrops(sent: number, received: number): Finding {
  const lost = Math.max(0, sent - received);
  const what = `of ${sent} datagrams sent while nobody read`;
  if (lost === 0) return ok('kernel-drops', `none ${what}`);
  const share = Math.ceil((100 * lost) / sent);
  return warn(
    'kernel-drops',
    `${lost} ${what} were dropped (${share} %): so many does mainnet send in 100 ms`,
    `a larger receive buffer: sudo sysctl -w net.core.rmem_max=${RECEIVE_BUFFER_BYTES}`,
  );
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
