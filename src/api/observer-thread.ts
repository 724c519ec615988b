import { Worker } from 'node:worker_threads';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { SpyError } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import { connect, lend, type Remote, release } from './comlink.ts';
import type { HttpServing } from './http/serving.ts';
import { type MainCommands, OBSERVER_THREAD, type ObserverApi } from './observer-api.ts';

/** How long its start may take. @source architecture 8 */
const START_MS = 10_000;

/** A thread without a heartbeat for this long hangs; looks of main's, so that a late main blames nobody. */
const SILENT_MS = 5_000;
const LOOKS = 20;

/**
 * What its heap may grow to: a leak there ends that thread and no other. With a million rows it needs
 * some 150; shared memory and buffers do not count. @units MB
 */
const HEAP_MB = 512;

/** How an observer's thread is set up. */
export interface ObserverThreadOptions {
  readonly regions: Regions;
  readonly commands: MainCommands;
  readonly clock: Clock;
  /** The compiled worker. */
  readonly file: URL;
  readonly pollMs: number;
  /** The HTTP API that it serves, if any. */
  readonly http?: HttpServing | undefined;
  readonly startMs?: number | undefined;
  readonly silentMs?: number | undefined;
  readonly heapMb?: number | undefined;
}

/** The rejection of calls to a thread that is no more. */
export const OBSERVER_GONE = 'OBSERVER_GONE';

/** One life of the observer's thread, seen from main. */
export class ObserverThread {
  /** Settles when it answers for the first time. */
  readonly ready: Promise<void>;
  /** Resolves with why it ended, whatever the reason. */
  readonly ended: Promise<string>;
  /** Whether it started and has not ended. */
  isUp = false;
  readonly #options: ObserverThreadOptions;
  readonly #worker: Worker;
  readonly #api: Remote<ObserverApi>;
  /** Calls under way: Comlink leaves those to a dead thread unsettled. */
  readonly #calls = new Set<(error: SpyError) => void>();
  #hasEnded = false;
  #why = 'it ended by itself';
  #cancelWatch: () => void = () => {};

  constructor(options: ObserverThreadOptions) {
    this.#options = options;
    const resourceLimits = { maxOldGenerationSizeMb: options.heapMb ?? HEAP_MB };
    const worker = new Worker(options.file, { resourceLimits });
    this.#worker = worker;
    this.#api = connect<ObserverApi>(worker);
    worker.on('error', (error) => {
      this.#why = error.message;
    });
    this.ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#end();
        resolve(this.#why);
      });
    });
    this.ready = this.#start();
  }

  /**
   * Asks it something.
   *
   * @param limitMs how long the answer may take; 0 for as long as it lives
   * @throws SpyError OBSERVER_GONE when it has ended or ends, OBSERVER_SLOW when there is no answer in time
   */
  call<R>(ask: (api: Remote<ObserverApi>) => Promise<R>, limitMs = 0): Promise<R> {
    if (this.#hasEnded) return Promise.reject(this.#gone());
    return new Promise((resolve, reject) => {
      let cancel = (): void => {};
      const settle = (): void => {
        cancel();
        this.#calls.delete(fail);
      };
      const fail = (error: SpyError): void => {
        settle();
        reject(error);
      };
      this.#calls.add(fail);
      if (limitMs > 0) {
        const late = `The observer gave no answer within ${limitMs} ms.`;
        cancel = this.#options.clock.after(limitMs, () =>
          fail(new SpyError('OBSERVER_SLOW', late)),
        );
      }
      ask(this.#api).then(
        (answer) => {
          settle();
          resolve(answer);
        },
        (error: Error) => {
          settle();
          reject(error);
        },
      );
    });
  }

  /** Lets it end by itself within `limitMs`, then ends it. Never rejects. */
  async stop(limitMs: number): Promise<void> {
    const { clock } = this.#options;
    const startedMs = clock.monoMs();
    try {
      await this.call((api) => api.stop(), limitMs);
      release(this.#api);
      await this.#endsWithin(limitMs - (clock.monoMs() - startedMs));
    } catch {
      // It hangs or has ended already; either way it is ended now.
    }
    await this.terminate('it was told to');
  }

  /** Ends it at once, whatever it does. */
  async terminate(why: string): Promise<void> {
    if (!this.#hasEnded) this.#why = why;
    await this.#worker.terminate();
    await this.ended;
  }

  /** Waits for it to end by itself, as it does when nothing is left for it to do. */
  #endsWithin(limitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(Math.max(0, limitMs), resolve);
      this.ended.then(
        () => {
          cancel();
          resolve();
        },
        () => {},
      );
    });
  }

  async #start(): Promise<void> {
    const { regions, commands, pollMs, startMs = START_MS } = this.#options;
    const lent = lend({ nodeFacts: commands.nodeFacts });
    const { handles } = regions;
    try {
      await this.call((api) => api.start({ handles, pollMs }, lent), startMs);
      await this.#openHttp();
    } catch (error) {
      await this.terminate((error as Error).message);
      if (error instanceof SpyError && error.code.startsWith('HTTP_')) throw error;
      throw new SpyError(
        'OBSERVER_DOES_NOT_START',
        `The observer's thread does not start: ${this.#why}`,
        { cause: error },
      );
    }
    this.isUp = true;
    this.#watch();
  }

  /** @throws SpyError HTTP_… */
  async #openHttp(): Promise<void> {
    const { http, startMs = START_MS } = this.#options;
    if (!http) return;
    const { report, genesisHash, bug } = http.source;
    const { setup } = http;
    const lent = lend({ report, genesisHash, bug });
    const opened = await this.call((api) => api.openHttp(setup, lent), startMs);
    if ('refused' in opened) throw new SpyError(opened.refused.code, opened.refused.message);
    http.opened(opened.at);
  }

  /** Ends it when its heartbeat stops. */
  #watch(): void {
    const { regions, clock, silentMs = SILENT_MS } = this.#options;
    const { heartbeats } = regions.control;
    let last = -1;
    let looks = 0;
    this.#cancelWatch = clock.every(silentMs / LOOKS, () => {
      const beat = Atomics.load(heartbeats, OBSERVER_THREAD * LINE_I32);
      looks = beat === last ? looks + 1 : 0;
      last = beat;
      if (looks < LOOKS) return;
      this.#cancelWatch();
      this.terminate(`no sign of life for ${silentMs} ms`).catch(() => {}); // `ended` tells of it
    });
  }

  #end(): void {
    this.#hasEnded = true;
    this.isUp = false;
    this.#cancelWatch();
    for (const fail of [...this.#calls]) fail(this.#gone());
  }

  #gone(): SpyError {
    return new SpyError(OBSERVER_GONE, `The observer's thread has ended: ${this.#why}.`);
  }
}
