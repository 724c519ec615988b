import { readdirSync, readFileSync } from 'node:fs';

/** Processor time of one thread so far. */
export interface ThreadTime {
  readonly name: string;
  readonly seconds: number;
}

/** Processor time of every thread of a process so far, by thread id. @source Linux, /proc/PID/task/TID/schedstat */
export function threadTimes(pid: number): Map<number, ThreadTime> {
  const times = new Map<number, ThreadTime>();
  for (const entry of readdirSync(`/proc/${pid}/task`)) {
    const tid = Number(entry);
    try {
      const task = `/proc/${pid}/task/${tid}`;
      const seconds = Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e9;
      const name = readFileSync(`${task}/comm`, 'utf8').trim();
      times.set(tid, { name: tid === pid ? 'main' : name, seconds });
    } catch {
      // It ended between being listed and being read.
    }
  }
  return times;
}

/** Seconds that each group of threads took between two readings; threads without a name of ours are the engine's. */
export function timeByRole(
  before: ReadonlyMap<number, ThreadTime>,
  after: ReadonlyMap<number, ThreadTime>,
  roles: readonly string[],
): Record<string, number> {
  const byRole: Record<string, number> = {};
  for (const [tid, { name, seconds }] of after) {
    const role = name === 'main' || roles.includes(name) ? name : 'engine';
    byRole[role] = (byRole[role] ?? 0) + seconds - (before.get(tid)?.seconds ?? 0);
  }
  return byRole;
}

/** Most memory that a process ever held, bytes. */
export function maxRssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
}

/** A UDP socket as the kernel sees it. */
export interface SocketState {
  readonly isOpen: boolean;
  /** Bytes that wait to be read. */
  readonly waiting: number;
  /** Datagrams thrown away since it was opened. */
  readonly dropped: number;
}

/** The UDP sockets on a local port, together. @source Linux, /proc/net/udp */
export function socketState(port: number): SocketState {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  let isOpen = false;
  let waiting = 0;
  let dropped = 0;
  for (const line of readFileSync('/proc/net/udp', 'utf8').split('\n').slice(1)) {
    const fields = line.trim().split(/\s+/);
    if (!fields[1]?.endsWith(suffix)) continue;
    isOpen = true;
    waiting += Number.parseInt(fields[4]?.split(':')[1] ?? '0', 16);
    dropped += Number(fields.at(-1));
  }
  return { isOpen, waiting, dropped };
}
