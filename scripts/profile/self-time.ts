import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A function as the engine names it. */
export interface CallFrame {
  readonly functionName: string;
  readonly url: string;
  readonly lineNumber: number;
}

/** The form of a .cpuprofile, as far as it is read. @source Chrome DevTools protocol, Profiler.Profile */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: CallFrame;
    readonly children?: readonly number[];
  }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where one thread spent its time. */
export interface ThreadProfile {
  /** `main`, or the files that the thread ran. */
  readonly thread: string;
  /** Milliseconds looked at. */
  readonly totalMs: number;
  /** Milliseconds in which nothing was to be done. */
  readonly idleMs: number;
  /** Milliseconds by function, most first. */
  readonly functions: readonly { readonly name: string; readonly ms: number }[];
}

/** Functions in which a thread of ours waits for work: time in them is no processor time. */
const WAITS = /^(wait|waitForBatch|atomicsWaitLoop|usleep|recvmmsg|receiveUntilStopped)$/;

/** Reads a .cpuprofile. */
export function readProfile(path: string): CpuProfile {
  return JSON.parse(readFileSync(path, 'utf8')) as CpuProfile;
}

/**
 * Adds up self time by function.
 *
 * @param root folder that paths are shown relative to
 * @units fromUs, toUs: microseconds of the monotonic clock; samples outside are left out
 */
export function selfTime(
  profile: CpuProfile,
  root: string,
  fromUs = 0,
  toUs = Number.POSITIVE_INFINITY,
): ThreadProfile {
  const byNode = samplesBetween(profile, fromUs, toUs);
  const byName = new Map<string, number>();
  let totalMs = 0;
  let idleMs = 0;
  for (const { id, callFrame } of profile.nodes) {
    const ms = (byNode.get(id) ?? 0) / 1000;
    if (ms === 0) continue;
    totalMs += ms;
    if (isWaiting(callFrame.functionName)) idleMs += ms;
    if (callFrame.functionName === '(idle)') continue;
    const name = frameName(callFrame, root);
    byName.set(name, (byName.get(name) ?? 0) + ms);
  }
  const functions = [...byName].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
  return { thread: threadOf(profile), totalMs, idleMs, functions };
}

/** Microseconds of each node itself, by its id, of the samples between two times. */
export function samplesBetween(
  { samples, startTime, timeDeltas }: CpuProfile,
  fromUs: number,
  toUs: number,
): Map<number, number> {
  const byNode = new Map<number, number>();
  let atUs = startTime;
  for (const [i, id] of samples.entries()) {
    const deltaUs = Math.max(0, timeDeltas[i] ?? 0);
    atUs += deltaUs;
    if (atUs >= fromUs && atUs <= toUs) byNode.set(id, (byNode.get(id) ?? 0) + deltaUs);
  }
  return byNode;
}

/** Whether time in a function is none in which something is done. */
export function isWaiting(functionName: string): boolean {
  return functionName === '(idle)' || WAITS.test(functionName);
}

/** Function, file and line as people want to read them. */
export function frameName({ functionName, url, lineNumber }: CallFrame, root: string): string {
  const name = functionName || '(anonymous)';
  if (url === '') return name;
  if (!url.startsWith('file:')) return `${name} ${url}`;
  const path = fileURLToPath(url);
  const [, inPackage] = /.*(node_modules\/.*)/.exec(path) ?? [];
  return `${name} ${inPackage ?? relative(root, path).replace(/^dist\//, '')}:${lineNumber + 1}`;
}

/** Threads are told apart by the file of theirs that they ran. */
function threadOf({ nodes }: CpuProfile): string {
  const urls = nodes.map(({ callFrame }) => callFrame.url);
  const own = urls.flatMap((url) => /\/workers\/([\w-]+)\.js$/.exec(url)?.[1] ?? []);
  if (own.length > 0) return [...new Set(own)].sort().join(' and ');
  return urls.some((url) => url.endsWith('/cli/main.js')) ? 'main' : 'another thread';
}

/** One thread as text. */
export function renderProfile(profile: ThreadProfile, top: number): string {
  const { thread, totalMs, idleMs, functions } = profile;
  const share = (ms: number): string => `${((ms / Math.max(totalMs, 1)) * 100).toFixed(1)} %`;
  const head = `${thread}: ${(totalMs / 1000).toFixed(1)} s, of which ${share(idleMs)} waiting`;
  const lines = functions
    .slice(0, top)
    .map(({ name, ms }) => `  ${share(ms).padStart(7)} ${ms.toFixed(0).padStart(7)} ms  ${name}`);
  return [head, ...lines].join('\n');
}
