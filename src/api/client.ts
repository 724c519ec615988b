/**
 * Main's side of the observer: starts its thread, starts it again when it dies, ends it. Nothing here
 * waits for the observer while the node has something to do.
 */
import type { Logger } from '../node/ports.ts';
import { workerUrl } from '../node/worker-url.ts';
import { SpyError } from '../util/assert.ts';
import { ChangeBatch } from './change.ts';
import { filterTest } from './change-filter.ts';
import { type ChangeEvent, ChangeReader, type ChangesOptions } from './change-reader.ts';
import type { Remote } from './comlink.ts';
import { FEED_BUFFER_BYTES } from './feed.ts';
import { Leaving } from './leaving.ts';
import type { NodesPage } from './node-query.ts';
import { type NodeSelector, nodeTest } from './node-selector.ts';
import type { ObserverApi, ObserverStatus, QueryPage, Selector } from './observer-api.ts';
import { POLL_MS } from './observer-api.ts';
import { OBSERVER_GONE, ObserverThread, type ObserverThreadOptions } from './observer-thread.ts';

/** The pause before a dead observer is started again: doubled each time, as before after a good minute. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
const GOOD_MS = 60_000;

/** How long a question may take. */
const CALL_MS = 5_000;

/** How long the end may take; at most so much of it for listeners to hear the last. @source architecture 8 */
const STOP_MS = 1_000;
const DRAIN_MS = 700;

/** How the observer is set up; what is left out is as a spy needs it. */
export interface ObserverClientOptions extends Omit<ObserverThreadOptions, 'file' | 'pollMs'> {
  readonly logger: Logger;
  readonly file?: URL;
  readonly pollMs?: number;
}

/** @owner main */
export class ObserverClient {
  /** How often its thread was started again. */
  restarts = 0;
  readonly #options: ObserverClientOptions;
  /** Feeds that somebody listens to. */
  readonly #feeds = new Set<object>();
  /** Who waits for something here to change. */
  readonly #waiting = new Set<() => void>();
  #thread: ObserverThread | undefined;
  #kept: Promise<void> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #endPause: () => void = () => {};

  constructor(options: ObserverClientOptions) {
    this.#options = options;
  }

  /** Starts the thread; called once. @throws SpyError OBSERVER_DOES_NOT_START */
  async start(): Promise<void> {
    if (this.#ending !== undefined) return;
    const thread = this.#spawn();
    try {
      await thread.ready;
    } catch (error) {
      if (this.#ending !== undefined) return;
      throw error;
    }
    this.#kept = this.#keep(thread);
    this.#tell();
  }

  /**
   * Every value of the table, then every change, for as long as the observer is wanted: in batches, each
   * of what happened since the one before. After a gap comes a `reset`, and everything anew.
   */
  async *feed(): AsyncGenerator<ChangeBatch, void, undefined> {
    const all = this.#lines((thread, buffer, isAgain) =>
      thread.call((api) => api.openFeed(buffer, isAgain)),
    );
    for await (const lines of all) yield new ChangeBatch(lines);
  }

  /**
   * What happens to nodes, for as long as the observer is wanted: in batches. When its thread dies, what
   * happens until the next one looks is a gap.
   *
   * @throws SpyError CHANGES_NETWORK
   */
  async *changes({
    since,
    filter = {},
    signal,
  }: ChangesOptions): AsyncGenerator<readonly ChangeEvent[], void, undefined> {
    filterTest(filter); // here, as errors lose their code on the way between threads
    const reader = new ChangeReader(since);
    const all = this.#lines(async (thread, buffer) => {
      const opened = await thread.call((api) => api.openChanges(buffer, reader.seq, filter));
      reader.begin(opened.since);
      return opened.feed;
    }, signal);
    for await (const lines of all) {
      const events = reader.read(lines);
      if (events.length > 0) yield events;
    }
  }

  /** Bufferfuls of a feed, which is opened anew in each thread. */
  async *#lines(
    open: (thread: ObserverThread, buffer: SharedArrayBuffer, isAgain: boolean) => Promise<number>,
    signal?: AbortSignal,
  ): AsyncGenerator<string, void, undefined> {
    const buffer = new SharedArrayBuffer(FEED_BUFFER_BYTES);
    const bytes = Buffer.from(buffer);
    const listening = {};
    const leaving = new Leaving(signal);
    this.#feeds.add(listening);
    try {
      for (let isAgain = false; ; isAgain = true) {
        const thread = await leaving.unless(this.#whenUp());
        if (!thread) return;
        try {
          const feed = await open(thread, buffer, isAgain);
          try {
            for (;;) {
              const length = await leaving.unless(thread.call((api) => api.take(feed)));
              if (length === undefined || length < 0) return;
              yield bytes.toString('latin1', 0, length);
            }
          } finally {
            // When this fails the thread is gone, and the feed with it.
            await thread.call((api) => api.closeFeed(feed), CALL_MS).catch(() => {});
          }
        } catch (error) {
          if (!(error instanceof SpyError)) throw error; // else it went away and will be back
        }
      }
    } finally {
      leaving.end();
      this.#feeds.delete(listening);
      this.#tell();
    }
  }

  /** How the observer is doing. @throws SpyError while it is being started again */
  status(): Promise<ObserverStatus> {
    return this.#ask((api) => api.status(), CALL_MS);
  }

  /** One page of values. @throws SpyError while the observer is being started again */
  query(selector: Selector, limit: number): Promise<QueryPage> {
    return this.#ask((api) => api.query(selector, limit), CALL_MS);
  }

  /** One page of nodes. @throws SpyError while the observer is being started again, CHANGES_NETWORK */
  async queryNodes(selector: NodeSelector, after: string | null): Promise<NodesPage> {
    nodeTest(selector); // here, as errors lose their code on the way between threads
    return await this.#ask((api) => api.queryNodes(selector, after), CALL_MS);
  }

  /** Has the observer write every value into a file, as JSON lines. @returns how many */
  dump(path: string): Promise<number> {
    return this.#ask((api) => api.dump(path), 0);
  }

  /** Lets listeners hear the last, then ends the thread; at the latest after a second. */
  stop(): Promise<void> {
    this.#ending ??= this.#end();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const { clock } = this.#options;
    const startedMs = clock.monoMs();
    this.#endPause();
    this.#tell();
    const thread = this.#thread;
    if (thread?.isUp) {
      try {
        await thread.call((api) => api.drain(), DRAIN_MS);
        await this.#lastHeard(DRAIN_MS - (clock.monoMs() - startedMs));
      } catch {
        // It hangs or has just died: nobody hears any more of it.
      }
    }
    const leftMs = STOP_MS - (clock.monoMs() - startedMs);
    if (thread?.isUp) await thread.stop(Math.max(1, leftMs));
    else await thread?.terminate('it was told to');
    await this.#kept;
    this.#tell();
  }

  /** Resolves when no feed is open any more, or after `limitMs`. */
  async #lastHeard(limitMs: number): Promise<void> {
    let isLate = limitMs <= 0;
    const cancel = this.#options.clock.after(Math.max(0, limitMs), () => {
      isLate = true;
      this.#tell();
    });
    while (this.#feeds.size > 0 && !isLate) await this.#change();
    cancel();
  }

  /** The thread once it is up, or nothing once the observer is not wanted any more. */
  async #whenUp(): Promise<ObserverThread | undefined> {
    while (this.#ending === undefined) {
      if (this.#thread?.isUp) return this.#thread;
      await this.#change();
    }
    return undefined;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #tell(): void {
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  async #ask<R>(ask: (api: Remote<ObserverApi>) => Promise<R>, limitMs: number): Promise<R> {
    const thread = this.#thread;
    if (thread?.isUp) return thread.call(ask, limitMs);
    throw new SpyError(OBSERVER_GONE, 'The observer is being started; ask again in a moment.');
  }

  #spawn(): ObserverThread {
    const { logger: _logger, ...given } = this.#options;
    const { file = workerUrl('observer'), pollMs = POLL_MS } = given;
    this.#thread = new ObserverThread({ ...given, file, pollMs });
    return this.#thread;
  }

  /** Starts the next thread when one has died, for as long as the observer is wanted. */
  async #keep(first: ObserverThread): Promise<void> {
    const { clock, logger } = this.#options;
    let thread = first;
    let pauseMs = FIRST_PAUSE_MS;
    for (;;) {
      const startedMs = clock.monoMs();
      const reason = await thread.ended;
      if (this.#ending !== undefined) return;
      if (clock.monoMs() - startedMs >= GOOD_MS) pauseMs = FIRST_PAUSE_MS;
      logger.warn({ reason, pauseMs }, 'the observer died; it is started again');
      await this.#pause(pauseMs);
      if (this.#ending !== undefined) return;
      pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      this.restarts += 1;
      thread = this.#spawn();
      await thread.ready.then(
        () => this.#tell(),
        () => {}, // it has ended, and says why
      );
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#options.clock.after(ms, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }
}
