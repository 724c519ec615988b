import { type Command, InvalidArgumentError } from 'commander';
import { createIdentity, createSpy, readIdentityFile, type Spy, type Tap } from '../index.ts';
import { createLogger, type LogLevel } from '../node/logger.ts';
import type { Logger } from '../node/ports.ts';
import { UdpTransport } from '../node/udp.ts';
import { PACKAGE_VERSION } from '../node/version.ts';
import { SystemClock } from '../util/clock.ts';
import { LOOPBACK_IP, parseIp } from '../util/ipv4.ts';
import { type CaptureEnd, CaptureFile, openCapture } from './capture/capture-file.ts';
import { CaptureTap } from './capture/capture-tap.ts';
import { orInterrupt } from './interrupt.ts';
import {
  addJoinOptions,
  forbidBoth,
  type JoinFlags,
  joinOptions,
  positive,
  wholeNumber,
} from './options.ts';
import { Progress } from './progress.ts';

interface CaptureFlags extends JoinFlags {
  port?: number;
  sent?: boolean;
  seconds?: number;
  packets?: number;
  maxSize?: number;
}

/** How often what has gathered is written and the progress line renewed. */
const LOOK_MS = 200;

const EXAMPLES = `
Examples:
  $ earshot capture net.pcapng -u testnet --seconds 60      a minute of testnet, as a node hears it
  $ earshot capture both.pcapng -n 127.0.0.1:8001 --sent    with what this node sends
  $ earshot capture quiet.pcapng --port 8001                joins nothing: what comes to port 8001
  $ earshot capture - -u testnet | wireshark -k -i -        look at it while it comes in

To read it again: earshot decode net.pcapng. To send it again: earshot replay net.pcapng.

Exit status: 0 when the capture is complete, 1 after an error.`;

/** Adds `earshot capture`. */
export function registerCapture(program: Command): void {
  const command = program
    .command('capture')
    .description(
      'Joins the gossip of a cluster like `earshot spy`, or just listens on a port, and writes every datagram to a pcapng file: until Ctrl-C or a limit.',
    )
    .argument('<OUT>', 'file to write, pcapng; - for standard output');
  addJoinOptions(command)
    .option('--port <PORT>', 'join nothing, listen on this UDP port', wholeNumber(1, 65_535))
    .option('--sent', 'also what this node sends')
    .option('--seconds <SECONDS>', 'stop after this time', positive)
    .option('--packets <NUM>', 'stop after so many datagrams', wholeNumber(1, 1e12))
    .option('--max-size <BYTES>', 'stop before the file is larger; 500k, 20M, 3G', fileSize)
    .addHelpText('after', EXAMPLES)
    .action((out: string, flags: CaptureFlags) => runCapture(out, flags));
}

/** A number of bytes, with a unit or without. */
function fileSize(text: string): number {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([kMGT]?)B?$/i.exec(text) ?? [];
  const size = Number(digits) * 1000 ** ['', 'K', 'M', 'G', 'T'].indexOf(unit.toUpperCase());
  if (!(size >= 1)) throw new InvalidArgumentError('Give a size such as 500k, 20M or 3G.');
  return Math.floor(size);
}

/** What datagrams are taken from. */
interface Source {
  /** In the file: who listened where. */
  readonly comment: string;
  readonly name: string;
  /** Our address, IPv4 as a number, and port. */
  readonly ip: number;
  readonly port: number;
  kernelDropped(): number;
  onFailure(listener: (error: Error) => void): void;
  stop(): Promise<void>;
}

async function runCapture(path: string, flags: CaptureFlags): Promise<void> {
  const joins = flags.entrypoint.length > 0 ? flags.entrypoint : flags.url;
  forbidBoth(flags.port, joins, '--port joins no cluster: leave it or -n and -u out.');
  const progress = new Progress();
  const logger = createLogger(flags.logLevel as LogLevel, () => progress.clear());
  let end: CaptureEnd | undefined;
  let tellEnd = (): void => {};
  const { packets, maxSize: bytes } = flags;
  const file = new CaptureFile(openCapture(path), path, { packets, bytes }, (reason) => {
    end = reason;
    tellEnd();
  });
  const tap = new CaptureTap(file, flags.sent === true, SystemClock);
  const source =
    flags.port === undefined ? await join(flags, tap, logger) : await listen(flags, tap);
  const startedMs = SystemClock.monoMs();
  tap.begin(source.ip, source.port, {
    application: `Earshot ${PACKAGE_VERSION}`,
    comment: source.comment,
    interfaceName: 'gossip',
    interfaceDescription: source.name,
  });
  const failure = await new Promise<Error | undefined>((resolve) => {
    const finish = (error?: Error): void => {
      cancel();
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      resolve(error);
    };
    const interrupt = (): void => finish();
    const limitMs = (flags.seconds ?? Number.POSITIVE_INFINITY) * 1000;
    const cancel = SystemClock.every(LOOK_MS, () => {
      file.flush();
      const elapsedMs = SystemClock.monoMs() - startedMs;
      if (end || elapsedMs >= limitMs) finish();
      else progress.show(progressLine(file, elapsedMs));
    });
    tellEnd = interrupt;
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    source.onFailure(finish);
  });
  progress.clear();
  await source.stop();
  const elapsedMs = SystemClock.monoMs() - startedMs;
  await tap.end(source.kernelDropped());
  process.stderr.write(summary(path, file, elapsedMs, source.kernelDropped(), end));
  if (failure) throw failure;
}

async function join(flags: CaptureFlags, tap: Tap, logger: Logger): Promise<Source> {
  const identity =
    flags.identity === undefined ? createIdentity() : readIdentityFile(flags.identity);
  const joining = createSpy({ ...joinOptions(flags, logger), identity, tap });
  const spy = await orInterrupt(joining, 'asking the entrypoints');
  const [ip = '', port] = spy.gossip.split(':');
  return {
    comment: `Gossip of ${clusterName(flags, spy)}, heard by ${spy.identity} at ${spy.gossip}`,
    name: `a node at ${spy.gossip}`,
    ip: parseIp(ip),
    port: Number(port),
    kernelDropped: () => spy.stats().datagrams.kernelDropped,
    onFailure: (listener) => spy.onFailure(listener),
    stop: () => spy.stop(),
  };
}

function clusterName(flags: CaptureFlags, spy: Spy): string {
  const { shredVersion } = spy;
  const asked = flags.url ?? flags.entrypoint.join(', ');
  return `${asked || 'a cluster'} (shred version ${shredVersion})`;
}

/** A socket that nobody knows of: only what is sent there of its own accord comes in. */
async function listen(flags: CaptureFlags, tap: CaptureTap): Promise<Source> {
  const { bindAddress = '0.0.0.0', port = 0 } = flags;
  const transport = new UdpTransport({ bindAddress, port });
  await transport.open(tap.received);
  const where = `${bindAddress}:${port}`;
  return {
    comment: `Datagrams to UDP ${where}, where nobody answers`,
    name: `UDP ${where}`,
    ip: bindAddress === '0.0.0.0' ? LOOPBACK_IP : parseIp(bindAddress),
    port,
    kernelDropped: () => transport.kernelDropped(),
    onFailure: () => {},
    stop: () => transport.close(),
  };
}

function progressLine(file: CaptureFile, elapsedMs: number): string {
  const seconds = (elapsedMs / 1000).toFixed(1).padStart(5);
  return `${seconds} s  ${file.written} datagrams  ${size(file.bytes)}  Ctrl-C ends the capture`;
}

function summary(
  path: string,
  file: CaptureFile,
  elapsedMs: number,
  kernelDropped: number,
  end: CaptureEnd | undefined,
): string {
  const seconds = (elapsedMs / 1000).toFixed(1);
  const where = path === '-' ? 'standard output' : path;
  const lines = [
    `${file.written} datagrams in ${seconds} s, ${size(file.bytes)} in ${where}${end === 'full' ? ': the limit is reached' : ''}.`,
  ];
  if (kernelDropped > 0) {
    lines.push(`${kernelDropped} more were thrown away by the kernel, as we did not read in time.`);
  }
  if (file.leftOut > 0) {
    lines.push(`${file.leftOut} more were left out, as they could not be written in time.`);
  }
  return `${lines.join('\n')}\n`;
}

function size(bytes: number): string {
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
