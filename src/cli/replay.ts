import { type Command, InvalidArgumentError, Option } from 'commander';
import { chooseSingleVerifier } from '../crypto/verify.ts';
import { type Entrypoint, resolveEntrypoint } from '../node/bootstrap.ts';
import { SpyError } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { isLoopback } from '../util/ipv4.ts';
import { openInput } from './capture/input.ts';
import { createCaptureCounts } from './capture/read-capture.ts';
import { MadeUpNodes } from './made-up/nodes.ts';
import { DatagramSender, type Sending, sendPaced } from './made-up/paced-sender.ts';
import { positive, wholeNumber } from './options.ts';
import { writeOut } from './output.ts';
import { Progress } from './progress.ts';
import { type Prepared, prepare } from './replay/preparation.ts';
import { Resigner } from './replay/resigner.ts';
import { dueCounter, readSchedule, type Schedule } from './replay/schedule.ts';

interface ReplayFlags {
  target: string;
  rate?: number;
  speed?: number;
  resign?: boolean;
  allowRemote?: boolean;
  port?: number[];
  packets?: number;
  linger: number;
  json?: boolean;
}

const EXAMPLES = `
Without --resign the packets go as they were captured. Nodes soon refuse them: a pushed value may be
15 seconds old. With --resign each value is signed anew by a made-up identity (always the same one
for the same origin), with a clock that makes it as old on arrival as it was when it was captured;
contact infos name addresses of this machine, where pings are answered until the end. Packets that
validators refuse go as they are.

Examples, for a node with the capture's shred version that listens on port 8001:
  $ earshot replay net.pcapng --target 127.0.0.1:8001 --resign       as fast as it was captured
  $ earshot replay net.pcapng --target 127.0.0.1:8001 --resign --speed 10
  $ earshot replay net.pcapng --target 127.0.0.1:8001 --rate 50000   a load test
  $ earshot replay both.pcapng --target 127.0.0.1:8001 --port 8000   only what went to port 8000

Such a node, without a cluster: earshot spy --shred-version 20126 --bind-address 127.0.0.1
--gossip-port 8001 --allow-private-addr

Exit status: 0 when everything was sent, 1 after an error.`;

/** Adds `earshot replay`. */
export function registerReplay(program: Command): void {
  program
    .command('replay')
    .description(
      'Sends the UDP payloads of a capture (or hex, base64, anything that `earshot decode` reads) to a node on this machine.',
    )
    .argument('<IN>', 'capture to read; - for standard input')
    .requiredOption('--target <HOST:PORT>', 'where to send them')
    .addOption(
      new Option('--rate <NUM>', 'datagrams a second, evenly (default: as they were captured)')
        .argParser(positive)
        .conflicts('speed'),
    )
    .option('--speed <FACTOR>', 'times as fast as they were captured', positive)
    .option('--resign', 'sign anew under made-up identities, with clocks of now')
    .option('--allow-remote', 'send to another machine: only to one that is yours')
    .option('--port <PORT>', 'only datagrams that went to this port; repeatable', collectPorts)
    .option('--packets <NUM>', 'only the first so many', wholeNumber(1, 1e9))
    .option(
      '--linger <SECONDS>',
      'with --resign, answer pings for so long after the last packet',
      seconds,
      2,
    )
    .option('--json', 'print what was done as JSON')
    .addHelpText('after', EXAMPLES)
    .action((file: string, flags: ReplayFlags) => runReplay(file, flags));
}

function collectPorts(text: string, previous: number[] = []): number[] {
  return [...previous, wholeNumber(1, 65_535)(text)];
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !(value >= 0) || !Number.isFinite(value)) {
    throw new InvalidArgumentError('Give a number, 0 or more.');
  }
  return value;
}

async function runReplay(file: string, flags: ReplayFlags): Promise<void> {
  const target = await checkTarget(flags);
  const progress = new Progress();
  progress.show('Reading the capture…');
  const counts = createCaptureCounts();
  const { port: ports, packets, rate, speed } = flags;
  const schedule = await readSchedule(openInput(file), { ports, packets, rate, speed }, counts);
  if (schedule.payloads.length === 0) {
    throw new SpyError(
      'NOTHING_TO_SEND',
      `There is no whole UDP datagram${ports ? ' to this port' : ''} in ${file}; ${counts.frames} frames were read. Look at it with earshot decode.`,
    );
  }
  let interrupted = false;
  const interrupt = (): void => {
    interrupted = true;
  };
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  const resigner = flags.resign ? new Resigner(chooseSingleVerifier().verifier) : undefined;
  const prepared = await getReady(schedule, resigner, progress, () => interrupted);
  const nodes = new MadeUpNodes();
  if (resigner && !interrupted) await nodes.open(resigner.nodes);
  const sending = await send(prepared, schedule.dueMs, target, progress, () => interrupted);
  const lingerMs = resigner ? flags.linger * 1000 : 0;
  const lingeredMs = SystemClock.monoMs() + lingerMs;
  await until(() => interrupted || SystemClock.monoMs() >= lingeredMs);
  await nodes.close();
  progress.clear();
  process.off('SIGINT', interrupt);
  process.off('SIGTERM', interrupt);
  const report = describe(flags, schedule, prepared, sending, resigner, nodes);
  await writeOut(flags.json ? `${JSON.stringify(report)}\n` : sentences(report));
}

/** @throws SpyError TARGET_NOT_LOCAL, and those of a name that does not resolve */
async function checkTarget(flags: ReplayFlags): Promise<Entrypoint> {
  const target = await resolveEntrypoint(flags.target);
  if (isLoopback(target.ip) || flags.allowRemote) return target;
  throw new SpyError(
    'TARGET_NOT_LOCAL',
    `${flags.target} is not on this machine, and what is replayed is a load that nobody asked for. Replay to 127.0.0.1, or give --allow-remote if the machine is yours.`,
  );
}

async function getReady(
  schedule: Schedule,
  resigner: Resigner | undefined,
  progress: Progress,
  stop: () => boolean,
): Promise<Prepared> {
  const { payloads } = schedule;
  if (!resigner) return { payloads, startMs: 0, signed: 0 };
  return prepare(schedule, resigner, SystemClock, (done) => {
    progress.show(`Signing anew: ${done} of ${payloads.length} datagrams…`);
    return stop();
  });
}

async function send(
  prepared: Prepared,
  dueMs: Float64Array,
  target: Entrypoint,
  progress: Progress,
  stop: () => boolean,
): Promise<Sending> {
  const { payloads, startMs } = prepared;
  const { ip, port } = target;
  const sender = await DatagramSender.open(isLoopback(ip) ? '127.0.0.1' : '0.0.0.0', ip, port);
  await until(() => stop() || SystemClock.wallMs() >= startMs);
  progress.show(`Sending ${payloads.length} datagrams…`);
  const due = dueCounter(dueMs.subarray(0, payloads.length));
  const copy = (i: number): void => sender.copy(payloads[i]!);
  const sending = await sendPaced(sender, SystemClock, payloads.length, due, copy, stop);
  await sender.close();
  return sending;
}

/** Looks every 10 ms. */
function until(done: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    if (done()) {
      resolve();
      return;
    }
    const cancel = SystemClock.every(10, () => {
      if (!done()) return;
      cancel();
      resolve();
    });
  });
}

/** What was done: the form of `--json`. */
interface ReplayReport {
  target: string;
  /** Datagrams of the capture that were to be sent. */
  datagrams: number;
  sent: number;
  failed: number;
  seconds: number;
  signedAnew: number;
  values: number;
  identities: number;
  addresses: number;
  addressesRefused: number;
  pingsAnswered: number;
}

function describe(
  flags: ReplayFlags,
  schedule: Schedule,
  prepared: Prepared,
  { sent, failed, seconds: lasted }: Sending,
  resigner: Resigner | undefined,
  nodes: MadeUpNodes,
): ReplayReport {
  return {
    target: flags.target,
    datagrams: schedule.payloads.length,
    sent,
    failed,
    seconds: lasted,
    signedAnew: prepared.signed,
    values: resigner?.values ?? 0,
    identities: resigner?.identities ?? 0,
    addresses: resigner?.nodes.length ?? 0,
    addressesRefused: nodes.refused,
    pingsAnswered: nodes.answers,
  };
}

function sentences(report: ReplayReport): string {
  const { sent, datagrams, failed, identities } = report;
  const rate = Math.round(sent / Math.max(report.seconds, 0.001));
  const lines = [
    `${sent} of ${datagrams} datagrams sent to ${report.target} in ${report.seconds.toFixed(1)} s, ${rate} a second${failed > 0 ? `; ${failed} could not be` : ''}.`,
  ];
  if (identities > 0) {
    lines.push(
      `${report.signedAnew} signed anew, with ${report.values} values, by ${identities} made-up identities; ${datagrams - report.signedAnew} as they were.`,
      `${report.addresses} of them have addresses on this machine; ${report.pingsAnswered} pings were answered there.`,
    );
    if (report.addressesRefused > 0) {
      lines.push(`${report.addressesRefused} addresses could not be opened.`);
    }
  }
  return `${lines.join('\n')}\n`;
}
