/**
 * Real faults of a real network: `npm run test:net`. A spy lives through all of them in one namespace; after
 * each, a newcomer in the other one must find both it and its friend.
 */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import type { SpyStats } from '../src/api/stats.ts';
import { SystemClock } from '../src/util/clock.ts';
import { imbalanceOfStats } from '../test/accounting.ts';
import { ADDRESS, Namespaces, type Side, whyNone } from './net/namespaces.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.js', import.meta.url));
const FORGE = fileURLToPath(new URL('./net/forge.js', import.meta.url));
const FLOOD = fileURLToPath(new URL('./net/flood.js', import.meta.url));
const PORT = 8_001;
const CLUSTER = '4242';
const FAULT_MS = 3_000;
const FIND_SECONDS = 20;
const FLOOD_PINGS = 2_000;
/** Where forged datagrams say they come from, an address there that really is, and how many there are. */
const FORGED = { network: '93.184.0.0', victim: '93.184.0.7', count: 2_000 } as const;
/** @source reliability 5: pings to an address in 20 s */
const PINGS_TO_VICTIM = 2;
/** ARP, neighbour solicitation and the like, which are nobody's answer. */
const OTHER_PACKETS = 40;

const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

let failures = 0;

function judge(what: string, holds: boolean, details = ''): void {
  if (!holds) failures++;
  process.stdout.write(
    `${holds ? 'ok  ' : 'FAIL'} ${what}${details === '' ? '' : `: ${details}`}\n`,
  );
}

class Process {
  readonly child: ChildProcess;
  readonly ended: Promise<{ status: number | null; stdout: string; stderr: string }>;
  isUp = true;

  constructor(child: ChildProcess) {
    this.child = child;
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (text) => {
      stdout += text;
    });
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    this.ended = new Promise((resolve) => {
      child.on('close', (status) => {
        this.isUp = false;
        resolve({ status, stdout, stderr });
      });
    });
  }
}

function spyFlags(side: Side, port: number, ...more: readonly string[]): string[] {
  const entrypoint = side === 'a' ? `${ADDRESS.b}:${PORT}` : `${ADDRESS.a}:${PORT}`;
  return [
    ...[MAIN, 'spy', '--shred-version', CLUSTER, '--gossip-port', `${port}`],
    ...['--bind-address', ADDRESS[side], '--allow-private-addr', '-n', entrypoint],
    ...['--json', '--log-level', 'info', ...more],
  ];
}

/** A newcomer beside the friend asks our node alone, and must hear of both. */
async function newcomerFindsBoth(
  net: Namespaces,
  keys: readonly string[],
  after: string,
): Promise<void> {
  const startedMs = SystemClock.monoMs();
  const flags = spyFlags(
    ...(['b', PORT + 1, '--timeout', `${FIND_SECONDS}`] as const),
    ...keys.flatMap((key) => ['-p', key]),
  );
  const { status, stderr } = await new Process(net.node('b', flags)).ended;
  const seconds = ((SystemClock.monoMs() - startedMs) / 1_000).toFixed(1);
  const last = stderr.trim().split('\n').at(-1) ?? '';
  judge(`${after}: a newcomer finds both`, status === 0, status === 0 ? `${seconds} s` : last);
}

async function flood(net: Namespaces): Promise<void> {
  const source = '10.231.7.66';
  const link = JSON.parse(net.ip('b', '-j', 'addr', 'show')) as { ifname: string }[];
  const name = link.find(({ ifname }) => ifname !== 'lo')!.ifname;
  net.ip('b', 'addr', 'add', `${source}/24`, 'dev', name);
  const before = net.traffic();
  const { status, stderr } = await new Process(
    net.node('b', [FLOOD, source, ADDRESS.a, `${PORT}`, `${FLOOD_PINGS}`]),
  ).ended;
  await pass(1_000);
  const after = net.traffic();
  net.ip('b', 'addr', 'del', `${source}/24`, 'dev', name);
  judge('a flood of pings of new keys was sent', status === 0, stderr.trim());
  judgeTraffic('a flood', before, after);
}

type Traffic = ReturnType<Namespaces['traffic']>;

function judgeTraffic(name: string, before: Traffic, after: Traffic): void {
  const bytesIn = after.bytesIn - before.bytesIn;
  const bytesOut = after.bytesOut - before.bytesOut;
  const packetsIn = after.packetsIn - before.packetsIn;
  const packetsOut = after.packetsOut - before.packetsOut;
  const words = `${packetsIn} packets of ${bytesIn} bytes in, ${packetsOut} of ${bytesOut} out`;
  judge(
    `${name} gets out no more packets than came in`,
    packetsOut <= packetsIn + OTHER_PACKETS,
    words,
  );
  judge('nor more bytes', bytesOut <= bytesIn, words);
}

/** Datagrams with forged sources, half of which name a victim. */
async function forge(net: Namespaces): Promise<void> {
  const { network, victim, count } = FORGED;
  net.invent(`${network}/16`, victim);
  const before = net.traffic();
  const args = [FORGE, ADDRESS.a, `${PORT}`, `${count}`, network, victim, CLUSTER];
  const { stdout, stderr } = await new Process(net.node('b', args)).ended;
  if (!stdout.startsWith('{')) {
    process.stdout.write(`skip forged sources: ${stdout.trim() || stderr.trim()}\n`);
    return;
  }
  const { sent, arrived } = JSON.parse(stdout) as { sent: number; arrived: number };
  judge('datagrams of forged sources were sent', sent === count, `${sent}`);
  judgeTraffic('forging sources', before, net.traffic());
  judge('a named victim is pinged twice at most', arrived <= PINGS_TO_VICTIM, `${arrived}`);
}

/** A bad line: what is lost is said again. */
async function lose(net: Namespaces, subject: Process, keys: readonly string[]): Promise<void> {
  const way = net.lose(true);
  if (way === undefined) {
    process.stdout.write('skip a line that loses: this kernel has neither netem nor bpf for it\n');
    return;
  }
  if (way === 'bpf') {
    process.stdout.write('skip reordering, doubling, turned bits: this kernel has no netem\n');
  }
  await pass(FAULT_MS);
  await newcomerFindsBoth(net, keys, `while a fifth is lost either way (${way})`);
  const lost = net.lost();
  judge('packets were lost', lost > 0, `${lost}`);
  judge('it lives on a line that loses', subject.isUp);
  net.lose(false);
}

async function live(net: Namespaces, folder: string): Promise<void> {
  const stats = join(folder, 'stats.json');
  const keys: string[] = [];
  const files: string[] = [];
  for (const side of ['a', 'b'] as const) {
    const file = join(folder, `${side}.json`);
    files.push(file);
    const { stdout } = await new Process(net.node(side, [MAIN, 'keygen', file])).ended;
    keys.push(stdout.trim());
  }
  const own = (i: number): string[] => ['--identity', files[i]!];
  const subject = new Process(net.node('a', spyFlags('a', PORT, ...own(0), '--stats', stats)));
  const friend = new Process(net.node('b', spyFlags('b', PORT, ...own(1))));
  await pass(3_000);
  await newcomerFindsBoth(net, keys, 'before any fault');
  net.setLink('down');
  await pass(FAULT_MS);
  net.setLink('up');
  judge('it lives when its link was down', subject.isUp);
  await newcomerFindsBoth(net, keys, 'after the link was down');
  net.setRoute(false);
  await pass(FAULT_MS);
  net.setRoute(true);
  judge('it lives when no way led out', subject.isUp);
  await newcomerFindsBoth(net, keys, 'after the route was gone');
  if (net.slow('64kbit')) {
    await pass(FAULT_MS);
    judge('it lives on a line of 64 kbit/s', subject.isUp);
    net.slow(undefined);
    await newcomerFindsBoth(net, keys, 'after the line was slow');
  } else process.stdout.write('skip a slow line: this kernel has no tbf\n');
  await lose(net, subject, keys);
  await flood(net);
  judge('it lives when it was flooded', subject.isUp);
  await forge(net);
  judge('it lives when sources were forged', subject.isUp);
  net.move(ADDRESS.a, ADDRESS.moved);
  await pass(FAULT_MS);
  judge('it lives when its address is gone', subject.isUp);
  net.move(ADDRESS.moved, ADDRESS.a);
  await newcomerFindsBoth(net, keys, 'after the address came back');
  for (const { child } of [subject, friend]) child.kill('SIGTERM');
  const [{ status, stderr }] = await Promise.all([subject.ended, friend.ended]);
  judge('it ends as it is told', status === 0, status === 0 ? '' : stderr.slice(-400));
  judge('no thread of it died', !/died|hangs/.test(stderr));
  const counted = JSON.parse(readFileSync(stats, 'utf8')) as SpyStats;
  const broken = imbalanceOfStats(counted);
  judge('each datagram has its outcome', broken === undefined, broken);
  const { sendFailed } = counted;
  judge('what could not be sent was counted', sendFailed > 0, `${sendFailed}`);
}

new Command('net-faults')
  .description(
    'Lets a spy live through faults of a real network, in two network namespaces. Needs root; takes two minutes.',
  )
  .addHelpText(
    'after',
    '\nExit status: 0 when it passes all checks, or there are no namespaces here, else 1.',
  )
  .parse();

const why = whyNone();
if (why !== undefined) {
  process.stdout.write(`skip: ${why}\n`);
} else {
  const net = new Namespaces();
  const folder = mkdtempSync(join(tmpdir(), 'earshot-'));
  try {
    await live(net, folder);
  } finally {
    net.close();
    rmSync(folder, { recursive: true, force: true });
  }
  process.exitCode = failures === 0 ? 0 : 1;
}
