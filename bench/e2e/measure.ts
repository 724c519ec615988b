import { createSocket } from 'node:dgram';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../../scripts/blast/expectation.ts';
import type { SpyStats } from '../../src/index.ts';
import { SystemClock } from '../../src/util/clock.ts';
import type { Blasted, Generator } from './generator.ts';
import { maxRssBytes, socketState, type ThreadTime, threadTimes, timeByRole } from './proc.ts';
import type { Load, Row } from './rows.ts';
import { pause, type Target, type TargetEnd } from './target.ts';

/** Names that the probe gives to threads of ours. */
const ROLES = ['receive', 'pool', 'observer'];

/** After the last datagram: what is in the ring and behind it is worked off. */
const DRAIN_MS = 300;

/** A target that has not emptied its socket by then does not keep up. */
const MAX_DRAIN_MS = 3_000;

/** A target that takes less of one processor than this, over such a time, is at rest. */
const IDLE_SHARE = 0.25;
const LOOK_MS = 100;

/** One load on one target, measured from the first datagram of the blast to the last. */
export interface Measured {
  readonly row: string;
  readonly target: Target['name'];
  /** Datagrams of the blast, warm-up not counted. */
  readonly sent: number;
  /** Datagrams a second that were asked of the generator. */
  readonly wanted: number;
  /** Datagrams a second, as the generator managed them. */
  readonly rate: number;
  /** Thrown away by the kernel. */
  readonly lost: number;
  /** Dropped by the target under load, by class. */
  readonly shed: Readonly<Record<string, number>>;
  /** Values in accepted datagrams, warm-up included. */
  readonly values: number;
  /** Signatures checked. */
  readonly verified: number;
  readonly table: number;
  /** Values that the target must hold. */
  readonly labels: number;
  /** Those of them that it does not. */
  readonly missing: number;
  /** Whether what it holds is to the byte what it must hold; undefined where it does not tell. */
  readonly exact: boolean | undefined;
  /** Processor seconds per million datagrams received, by threads. */
  readonly cpu: Readonly<Record<string, number>>;
  readonly cpuTotal: number;
  /** The same of each whole second of the blast, as sent: how a target warms up. */
  readonly bySecond: readonly number[];
  readonly loopP50Ms: number | undefined;
  readonly loopP99Ms: number | undefined;
  readonly rssBytes: number;
  readonly warmSeconds: number;
}

interface Reading {
  readonly threads: Map<number, ThreadTime>;
  readonly dropped: number;
}

/** Blasts a target that runs, then ends it. */
export async function measure(
  target: Target,
  generator: Generator,
  row: Row,
  load: Load,
): Promise<Measured> {
  const read = (): Reading => ({
    threads: threadTimes(target.pid),
    dropped: socketState(target.port).dropped,
  });
  let before: Reading | undefined;
  let ending: Promise<Reading> | undefined;
  const seconds = new Seconds(() => usedSeconds(target));
  const onBegin = (): void => {
    target.begin();
    before = read();
    seconds.begin();
  };
  const onEnd = (): void => {
    seconds.end();
    ending = drained(target).then(read);
  };
  const blasted = await generator(target.port, row, load, onBegin, onEnd);
  const after = await ending;
  if (!before || !after) throw new Error('The generator did not say when it began and ended.');
  const delay = await target.end();
  const rssBytes = maxRssBytes(target.pid);
  const end = await target.stop();
  const { datagrams, rate, warmSeconds } = blasted.report;
  const lost = after.dropped - before.dropped;
  const perMillion = 1e6 / (datagrams - lost);
  const cpu = Object.fromEntries(
    Object.entries(timeByRole(before.threads, after.threads, ROLES)).map(([role, s]) => [
      role,
      s * perMillion,
    ]),
  );
  return {
    row: row.name,
    target: target.name,
    sent: datagrams,
    wanted: row.rate,
    rate,
    lost,
    ...counted(end.stats),
    ...compared(blasted, end),
    cpu,
    cpuTotal: Object.values(cpu).reduce((sum, s) => sum + s, 0),
    bySecond: seconds.used.map((s) => (s * 1e6) / rate),
    loopP50Ms: delay?.p50Ms,
    loopP99Ms: delay?.p99Ms,
    rssBytes,
    warmSeconds,
  };
}

/** Processor seconds of a target so far. */
function usedSeconds(target: Target): number {
  return [...threadTimes(target.pid).values()].reduce((sum, { seconds }) => sum + seconds, 0);
}

/** What is used up in each second between a beginning and an end. */
class Seconds {
  readonly used: number[] = [];
  readonly #read: () => number;
  #cancel: () => void = () => {};

  constructor(read: () => number) {
    this.#read = read;
  }

  begin(): void {
    let last = this.#read();
    this.#cancel = SystemClock.every(1_000, () => {
      const now = this.#read();
      this.used.push(now - last);
      last = now;
    });
  }

  end(): void {
    this.#cancel();
  }
}

/** Waits until the target has emptied its socket and is at rest. */
async function drained(target: Target): Promise<void> {
  await pause(DRAIN_MS);
  for (let ms = 0, used = usedSeconds(target); ms < MAX_DRAIN_MS; ms += LOOK_MS) {
    await pause(LOOK_MS);
    const now = usedSeconds(target);
    if (socketState(target.port).waiting === 0 && (now - used) * 1000 < IDLE_SHARE * LOOK_MS)
      return;
    used = now;
  }
}

function counted(stats: SpyStats | undefined): Pick<Measured, 'shed' | 'values' | 'verified'> {
  if (!stats) return { shed: {}, values: Number.NaN, verified: Number.NaN };
  const outcomes = Object.entries(stats.datagrams.outcomes);
  return {
    shed: Object.fromEntries(outcomes.filter(([name]) => /^(SHED|TASK)_/.test(name))),
    values: stats.values.received,
    verified: stats.values.signaturesChecked,
  };
}

/** What the target holds against what it must hold. */
function compared(
  { report, winners }: Blasted,
  { table, held, hashes }: TargetEnd,
): Pick<Measured, 'table' | 'labels' | 'missing' | 'exact'> {
  const { labels, winnersSha256 } = report;
  if (!hashes) return { table, labels, missing: Math.max(0, labels - held), exact: undefined };
  const exact = digestOf([...hashes].sort()) === winnersSha256;
  if (!winners) return { table, labels, missing: Math.max(0, labels - held), exact };
  const have = new Set(hashes);
  const missing = winners.filter((sha256) => !have.has(sha256)).length;
  return { table, labels, missing, exact };
}

/** A UDP port of this machine that nobody has. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4');
    socket.once('error', reject);
    socket.bind(0, '127.0.0.1', () => {
      const { port } = socket.address() as AddressInfo;
      socket.close(() => resolve(port));
    });
  });
}
