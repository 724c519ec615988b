import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Bench } from 'tinybench';

/** Every input is drawn from this, so that two runs measure the same work. */
export const SEED = 0x0ea25407;

/** `full` for figures, `smoke` to prove that a bench still runs. */
export type Mode = 'full' | 'smoke';

/** A question about time: what does one item cost? */
export interface Timed {
  readonly name: string;
  /** What an item is: `packet`, `value`, `signature`. */
  readonly unit: string;
  /** Items that one call of `run` works through; enough of them that a call takes 100 µs or more. */
  readonly items: number;
  /** The same work counted in another unit. */
  readonly also?: { readonly unit: string; readonly items: number };
  /** Brings state back to where it was, outside the measured time, before each call. */
  readonly reset?: () => void;
  /** Does the work. @returns a number that depends on all of it and is the same after each reset */
  readonly run: () => number;
}

/** A question about something other than time: bytes, counts. */
export interface Gauged {
  readonly name: string;
  /** Of the figure: `B/packet`. */
  readonly unit: string;
  /** More than this is a fault. */
  readonly ceiling?: number;
  readonly gauge: () => number;
}

/** One bench file: a name to ask for it by, and questions whose inputs are built before any is measured. */
export interface Suite {
  readonly name: string;
  questions(mode: Mode): Promise<readonly (Timed | Gauged)[]>;
  /** What its results come to, as fields of the JSON document. */
  summary?(results: readonly Result[]): Record<string, unknown>;
}

/** Figures of one question, per item; `p50` and `p99` are over calls, each of which is many items. */
export interface TimedResult {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly meanNs: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly perSecond: number;
  readonly also?: { readonly unit: string; readonly meanNs: number; readonly perSecond: number };
  readonly calls: number;
  readonly items: number;
  /** What `run` returned, in hex: it changes when the work does. */
  readonly checksum: string;
}

/** Figure of one question that is not about time. */
export interface GaugedResult {
  readonly suite: string;
  readonly name: string;
  readonly unit: string;
  readonly value: number;
  readonly ceiling?: number;
}

/** One line of a report. */
export type Result = TimedResult | GaugedResult;

/** Where and on what the figures were taken; without it they mean nothing. */
export interface Surroundings {
  readonly cpu: string;
  readonly cores: number;
  readonly platform: string;
  readonly node: string;
  readonly commit: string;
  readonly mode: Mode;
  readonly seed: number;
}

/** The repository's root, from the source as from what was compiled. */
export const ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

function findRoot(folder: string): string {
  if (dirname(folder) === folder) throw new Error('the benches run inside the repository');
  return existsSync(join(folder, 'package.json')) ? folder : findRoot(dirname(folder));
}

/** Folds a number into a checksum. */
export function mix(sum: number, value: number): number {
  return (Math.imul(sum ^ value, 0x01000193) + (sum >>> 15)) | 0;
}

/** What is running this, and on what. */
export function surroundings(mode: Mode): Surroundings {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    commit: commit(),
    mode,
    seed: SEED,
  };
}

function commit(): string {
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'ignore'] })
      .toString()
      .trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'workers', 'bench') === '' ? '' : '+';
    return git('rev-parse', '--short', 'HEAD') + changed;
  } catch {
    return 'unknown'; // no git, or no repository: an installed copy
  }
}

/** Answers one question. */
export function measure(suite: string, question: Timed | Gauged, mode: Mode): Result {
  const { name, unit } = question;
  if ('gauge' in question) {
    const { gauge, ceiling } = question;
    return { suite, name, unit, value: gauge(), ...(ceiling === undefined ? {} : { ceiling }) };
  }

  const { run, reset, items, also } = question;
  reset?.();
  const checksum = (run() >>> 0).toString(16).padStart(8, '0');
  const bench = new Bench(
    mode === 'full'
      ? { time: 1500, warmupTime: 500, iterations: 10, throws: true }
      : { time: 0, iterations: 2, warmup: false, throws: true },
  );
  let sum = 0;
  bench.add(
    name,
    () => {
      sum ^= run();
    },
    { async: false, ...(reset === undefined ? {} : { beforeEach: reset }) },
  );
  bench.runSync();
  const result = bench.tasks[0]?.result;
  if (result?.state !== 'completed')
    throw new Error(`${suite}: ${name} did not complete`, { cause: result });
  const { latency } = result;
  const perItem = (ms: number): number => (ms * 1e6) / items;
  return {
    suite,
    name,
    unit,
    meanNs: perItem(latency.mean),
    p50Ns: perItem(latency.p50),
    p99Ns: perItem(latency.p99),
    perSecond: (items * 1000) / latency.mean,
    ...(also === undefined
      ? {}
      : {
          also: {
            unit: also.unit,
            meanNs: (latency.mean * 1e6) / also.items,
            perSecond: (also.items * 1000) / latency.mean,
          },
        }),
    calls: latency.samplesCount + (sum === 0.5 ? 1 : 0), // `sum` is read, so no call can be left out
    items,
    checksum,
  };
}

function time(ns: number): string {
  if (ns < 1000) return `${ns.toFixed(ns < 100 ? 1 : 0)} ns`;
  return ns < 1e6 ? `${(ns / 1e3).toFixed(2)} µs` : `${(ns / 1e6).toFixed(2)} ms`;
}

function count(value: number): string {
  return value >= 1e6 ? `${(value / 1e6).toFixed(2)}M` : Math.round(value).toLocaleString('en');
}

/** A result as a line for people, in columns. */
export function formatResult(result: Result): string {
  const head = `${result.suite.padEnd(8)} ${result.name.padEnd(44)}`;
  if ('value' in result) {
    const above = result.value > (result.ceiling ?? Infinity) ? `, above ${result.ceiling}` : '';
    return `${head} ${result.value.toFixed(1).padStart(9)} ${result.unit}${above}`;
  }
  const { unit, meanNs, p50Ns, p99Ns, perSecond, also, checksum } = result;
  const line =
    `${head} ${time(meanNs).padStart(9)}/${unit.padEnd(9)} p50 ${time(p50Ns).padStart(9)}` +
    `  p99 ${time(p99Ns).padStart(9)}  ${count(perSecond).padStart(9)}/s  #${checksum}`;
  if (also === undefined) return line;
  const second = `${time(also.meanNs).padStart(9)}/${also.unit.padEnd(9)}`;
  return `${line}\n${' '.repeat(head.length)} ${second} ${' '.repeat(32)}${count(also.perSecond).padStart(9)}/s`;
}
