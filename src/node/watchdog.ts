import { Worker } from 'node:worker_threads';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { workerUrl } from './worker-url.ts';

/** Main's number among the threads: it raises its heartbeat every round. */
export const MAIN_THREAD = 0;

/** What a watchdog is told. */
export interface WatchdogLimits {
  /** Between two looks. */
  readonly lookMs: number;
  /** Looks without a sign of life after which it says so. @source reliability 1; architecture 8 */
  readonly silentLooks: number;
  /** Looks without a sign of life after which it ends the process. */
  readonly hungLooks: number;
}

/**
 * Main is due ten times a second. Looks are counted, not time: a machine that slept is no main that hangs.
 */
export const WATCHDOG_LIMITS: WatchdogLimits = Object.freeze({
  lookMs: 1_000,
  silentLooks: 5,
  hungLooks: 30,
});

/** What the watchdog's thread is given. */
export interface WatchdogParts {
  readonly heartbeats: Int32Array;
  readonly limits: WatchdogLimits;
  /** Whether main has ended the watch. */
  readonly isOver: () => boolean;
  readonly sleep: (ms: number) => void;
  /** Writes a line where main is not needed for it. */
  readonly say: (line: string) => void;
  /** Ends the process from outside of main. */
  readonly kill: () => void;
}

/** Watches main from a thread of its own, for as long as both live. */
export function watchMain(parts: WatchdogParts): void {
  const { heartbeats, limits, isOver, sleep, say, kill } = parts;
  const at = MAIN_THREAD * LINE_I32;
  let seen = Atomics.load(heartbeats, at);
  let looks = 0;
  for (sleep(limits.lookMs); !isOver(); sleep(limits.lookMs)) {
    const beat = Atomics.load(heartbeats, at);
    if (beat !== seen) {
      if (looks >= limits.silentLooks) say(line('info', 'the main thread is back', looks, limits));
      seen = beat;
      looks = 0;
      continue;
    }
    looks++;
    if (looks === limits.silentLooks) {
      say(line('warn', 'the main thread shows no sign of life', looks, limits));
    }
    if (looks >= limits.hungLooks) {
      say(line('error', 'the main thread hangs: the process is ended', looks, limits));
      kill();
      return;
    }
  }
}

/** As the logger of main writes. */
function line(
  level: 'info' | 'warn' | 'error',
  msg: string,
  looks: number,
  l: WatchdogLimits,
): string {
  const numbers = { info: 30, warn: 40, error: 50 };
  return `${JSON.stringify({ level: numbers[level], silentMs: looks * l.lookMs, msg })}\n`;
}

/** Main's side: starts the thread and ends it. */
export class Watchdog {
  readonly #worker: Worker;
  readonly #over: Int32Array;

  constructor(regions: Regions, limits: WatchdogLimits = WATCHDOG_LIMITS) {
    const over = new SharedArrayBuffer(4);
    this.#over = new Int32Array(over);
    const workerData = { handles: regions.handles, limits, over };
    this.#worker = new Worker(workerUrl('watchdog'), { workerData });
    this.#worker.on('error', () => {}); // whoever watches is not watched: the node goes on without
    this.#worker.unref();
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    Atomics.store(this.#over, 0, 1);
    Atomics.notify(this.#over, 0);
    await this.#worker.terminate();
  }
}
