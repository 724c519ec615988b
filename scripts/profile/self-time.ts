import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The form of a .cpuprofile, as far as it is read. @source Chrome DevTools protocol, Profiler.Profile */
export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { functionName: string; url: string; lineNumber: number };
  }[];
  /** Microseconds of the monotonic clock. */
  readonly startTime: number;
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

/** Where one thread spent its time. */
export interface ThreadProfile {
  /** `main`, or the file of the thread. */
  readonly thread: string;
  /** Milliseconds looked at. */
  readonly totalMs: number;
  /** Milliseconds in which nothing was to be done. */
  readonly idleMs: number;
  /** Milliseconds by function, most first. */
  readonly functions: readonly { readonly name: string; readonly ms: number }[];
}

/** Functions in which a thread of ours waits for work: time in them is no processor time. */
const WAITS = /^(wait|waitForBatch|usleep|recvmmsg|receiveUntilStopped)$/;

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
  const byNode = new Map<number, number>();
  let atUs = profile.startTime;
  for (const [i, id] of profile.samples.entries()) {
    const deltaUs = Math.max(0, profile.timeDeltas[i] ?? 0);
    atUs += deltaUs;
    if (atUs >= fromUs && atUs <= toUs) byNode.set(id, (byNode.get(id) ?? 0) + deltaUs);
  }
  const byName = new Map<string, number>();
  let totalMs = 0;
  let idleMs = 0;
  for (const { id, callFrame } of profile.nodes) {
    const ms = (byNode.get(id) ?? 0) / 1000;
    if (ms === 0) continue;
    totalMs += ms;
    const { functionName, url, lineNumber } = callFrame;
    if (functionName === '(idle)' || WAITS.test(functionName)) idleMs += ms;
    if (functionName === '(idle)') continue;
    const name = `${functionName || '(anonymous)'}${place(url, lineNumber, root)}`;
    byName.set(name, (byName.get(name) ?? 0) + ms);
  }
  const functions = [...byName].map(([name, ms]) => ({ name, ms })).sort((a, b) => b.ms - a.ms);
  return { thread: threadOf(profile), totalMs, idleMs, functions };
}

function place(url: string, lineNumber: number, root: string): string {
  if (url === '') return '';
  if (!url.startsWith('file:')) return ` ${url}`;
  const path = relative(root, fileURLToPath(url)).replace(/^dist\//, '');
  return ` ${path}:${lineNumber + 1}`;
}

/** Threads are told apart by the file of theirs that they ran. */
function threadOf({ nodes }: CpuProfile): string {
  const urls = nodes.map(({ callFrame }) => callFrame.url);
  const own = urls.find((url) => /\/workers\/[\w-]+\.js$/.test(url));
  if (own !== undefined) return /([\w-]+)\.js$/.exec(own)?.[1] ?? own;
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
