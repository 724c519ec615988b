/**
 * A spy under load for hours, and whether anything of it grows: `npm run soak -- --hours 1.5`. Everything is on
 * this machine: `blast` sends signed pushes of made-up nodes at a rate, the spy is `earshot spy` as people
 * start it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Command } from 'commander';
import { freePort } from '../bench/e2e/measure.ts';
import { SHRED_VERSION } from '../bench/e2e/rows.ts';
import { loopbackSpy } from '../bench/e2e/target.ts';
import type { SpyStats } from '../src/api/stats.ts';
import { positive } from '../src/cli/options.ts';
import { SystemClock } from '../src/util/clock.ts';
import { imbalanceOfStats } from '../test/accounting.ts';
import type { Sample } from './soak/probe.ts';
import { fitGrowth, render, type TimedSample } from './soak/report.ts';

const BLAST = fileURLToPath(new URL('./blast.js', import.meta.url));
const PROBE = pathToFileURL(fileURLToPath(new URL('./soak/probe.js', import.meta.url))).href;

const MS_PER_HOUR = 3_600_000;
const SAMPLE_MS = 10_000;
/** Loads follow each other: each introduces its nodes anew, as their proofs of address last for 21 minutes. */
const BLAST_SECONDS = 1_200;
const END_MS = 30_000;

interface Flags {
  readonly hours: number;
  readonly rate: number;
  readonly unique: number;
  readonly origins: number;
  readonly warmMinutes: number;
  readonly samples?: string;
}

const pass = (ms: number): Promise<void> =>
  new Promise((resolve) => SystemClock.after(ms, resolve));

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('close', resolve));

/** The spy, asked for a sample now and then. */
class Subject {
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;
  #answer: (sample: Sample) => void = () => {};
  complaints = '';

  constructor(port: number, stats: string) {
    const what = ['--stats', stats, '--log-level', 'warn'];
    this.child = spawn(process.execPath, ['--import', PROBE, ...loopbackSpy(port), ...what], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#ended = ended(this.child);
    this.child.stderr?.on('data', (text) => {
      this.complaints = `${this.complaints}${text}`.slice(-4_000);
    });
    this.child.on('message', (sample) => this.#answer(sample as Sample));
  }

  /** @returns undefined when it does not answer any more */
  sample(): Promise<Sample | undefined> {
    return new Promise((resolve) => {
      const cancel = SystemClock.after(SAMPLE_MS, () => resolve(undefined));
      this.#answer = (sample) => {
        cancel();
        resolve(sample);
      };
      if (this.child.connected) this.child.send('sample');
    });
  }

  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    const cancel = SystemClock.after(END_MS, () => this.child.kill('SIGKILL'));
    const status = await this.#ended;
    cancel();
    return status;
  }
}

/** Load after load until the end. */
async function load(port: number, flags: Flags, isOver: () => boolean): Promise<number> {
  let datagrams = 0;
  while (!isOver()) {
    // The same nodes each time: with ever new ones the table would grow until it is full.
    const { rate, unique, origins } = flags;
    const numbers = { rate, unique, origins, seconds: BLAST_SECONDS, seed: 1 };
    const args = Object.entries(numbers).flatMap(([name, n]) => [`--${name}`, `${n}`]);
    const target = ['--target', `127.0.0.1:${port}`, '--shred-version', `${SHRED_VERSION}`];
    const child = spawn(process.execPath, [BLAST, ...target, ...args, '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let text = '';
    child.stdout?.on('data', (part) => {
      text += part;
    });
    const cancel = SystemClock.every(1_000, () => {
      if (isOver()) child.kill();
    });
    await ended(child);
    cancel();
    const report = /\{.*\}/.exec(text)?.[0];
    if (report !== undefined) datagrams += (JSON.parse(report) as { datagrams: number }).datagrams;
    else if (!isOver()) await pass(1_000);
  }
  return datagrams;
}

async function soak(flags: Flags): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'earshot-soak-'));
  const stats = join(folder, 'stats.json');
  const port = await freePort();
  const subject = new Subject(port, stats);
  const startMs = SystemClock.monoMs();
  const elapsedMs = (): number => SystemClock.monoMs() - startMs;
  const isOver = (): boolean => elapsedMs() > flags.hours * MS_PER_HOUR;
  const loaded = load(port, flags, isOver);
  const samples: TimedSample[] = [];
  let lost = 0;
  while (!isOver() && subject.child.exitCode === null) {
    await pass(SAMPLE_MS);
    const sample = await subject.sample();
    if (sample === undefined) lost++;
    else {
      const timed = { hours: elapsedMs() / MS_PER_HOUR, ...sample };
      if (elapsedMs() > flags.warmMinutes * 60_000) samples.push(timed);
      if (flags.samples !== undefined) appendFileSync(flags.samples, `${JSON.stringify(timed)}\n`);
    }
  }
  await loaded;
  const status = await subject.stop();
  const growths = fitGrowth(samples);
  process.stdout.write(
    `${samples.length} samples after ${flags.warmMinutes} min, ${lost} not answered\n`,
  );
  process.stdout.write(render(growths));
  if (status !== 0) {
    process.stdout.write(`the spy ended with ${status}:\n${subject.complaints}\n`);
    rmSync(folder, { recursive: true, force: true });
    return false;
  }
  const counted = JSON.parse(readFileSync(stats, 'utf8')) as SpyStats;
  rmSync(folder, { recursive: true, force: true });
  const { received, kernelDropped, shed } = counted.datagrams;
  const rate = Math.round((1_000 * received) / elapsedMs());
  process.stdout.write(
    `${received} datagrams received, ${rate} a second; ${kernelDropped} dropped by the kernel, ${shed} shed; ${counted.table.values} values\n`,
  );
  const broken = imbalanceOfStats(counted);
  process.stdout.write(`each datagram and value has its outcome: ${broken ?? 'yes'}\n`);
  return broken === undefined && growths.every(({ holds }) => holds);
}

const program = new Command('soak')
  .description('Keeps a spy under load for hours and fits what grows.')
  .option('--hours <NUM>', 'how long', positive, 1.5)
  .option('--rate <NUM>', 'datagrams a second', positive, 5_000)
  .option('--unique <NUM>', 'new values a second', positive, 1_500)
  .option('--origins <NUM>', 'made-up nodes', positive, 1_000)
  .option('--warm-minutes <NUM>', 'what is measured before counts for nothing', positive, 10)
  .option('--samples <FILE>', 'append every sample to it, as JSON lines');
program.parse();
process.exitCode = (await soak(program.opts<Flags>())) ? 0 : 1;
