/** `earshot spy --watch`: a spy on one side, a terminal or a log on the other. */
import type { ChangeEvent } from '../../api/change-reader.ts';
import { CHANGE_KINDS, type ChangeKind } from '../../api/changes.ts';
import type { SpySummary } from '../../api/listing.ts';
import type { Spy } from '../../index.ts';
import { SystemClock } from '../../util/clock.ts';
import { offerOut } from '../output.ts';
import { renderFrame } from './frame.ts';
import { press } from './keys.ts';
import { changeLine, sampleLine } from './plain-log.ts';
import { Screen } from './screen.ts';
import { hear, startState, type WatchHead, type WatchSample, type WatchState } from './state.ts';
import { plain } from './text.ts';

/** How often figures are renewed. */
const SAMPLE_MS = 500;

/** Lines about how things stand, where there is no screen. */
const LOG_MS = 10_000;

/**
 * The list of nodes costs 15 µs of main's time a node, 55 ms on mainnet: it is made anew every two seconds,
 * and rarer, down to every six, so that it takes no more than a 40th of the time.
 */
const NODES_MS = 2_000;
const MOST_NODES_MS = 6_000;
const NODES_SHARE = 40;

/** Votes and snapshots happen all the time. */
const TOLD: readonly ChangeKind[] = CHANGE_KINDS.filter((k) => k !== 'voted' && k !== 'snapshot');

/** What is watched: a spy of this process, or one elsewhere. */
export type Watched = Pick<
  Spy,
  'identity' | 'shredVersion' | 'gossip' | 'elapsedMs' | 'stats' | 'coverage' | 'nodes' | 'changes'
> & { summary(): SpySummary };

/** Somebody watching. */
export interface Watching {
  /** Resolves when they have seen enough. */
  readonly ended: Promise<void>;
  /** Takes a line of the log that would spoil the screen. @returns false when there is no screen */
  log(text: string): boolean;
  /** Gives the terminal back. */
  close(): void;
}

/** Whether a whole screen can be drawn. */
export const hasScreen = (): boolean =>
  process.stdout.isTTY === true && process.env['TERM'] !== 'dumb';

/** Shows what a spy hears, until it stops or whoever watches has seen enough. */
export function startWatching(
  spy: Watched,
  entrypoints: readonly string[],
  cluster: string | undefined,
): Watching {
  const { identity, shredVersion, gossip } = spy;
  const name = cluster ?? entrypoints[0] ?? 'whoever speaks to us';
  const head = { identity, shredVersion, gossip, cluster: plain(name) };
  return hasScreen() ? new ScreenView(spy, head) : new LogView(spy);
}

function takeSample(spy: Watched): WatchSample {
  return {
    atMs: SystemClock.monoMs(),
    wallMs: SystemClock.wallMs(),
    elapsedMs: spy.elapsedMs(),
    summary: spy.summary(),
    stats: spy.stats(),
    coverage: spy.coverage(),
  };
}

/** The end of something that somebody waits for. */
class End {
  readonly promise: Promise<void>;
  resolve: () => void = () => {};
  reject: (error: Error) => void = () => {};

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
  }
}

class ScreenView implements Watching {
  readonly #spy: Watched;
  readonly #screen: Screen;
  readonly #end = new End();
  readonly #cancel: () => void;
  #state: WatchState;
  #changes: ChangeEvent[] = [];
  #nodesDueMs = 0;
  #isClosed = false;

  constructor(spy: Watched, head: WatchHead) {
    this.#spy = spy;
    this.#state = startState(head);
    const listener = {
      key: (key: Parameters<typeof press>[1]) => this.#take(press(this.#state, key)),
      redraw: () => this.#draw(),
      gone: () => this.#end.resolve(),
    };
    const isColoured = (process.env['NO_COLOR'] ?? '') === '';
    this.#screen = new Screen(listener, isColoured, process.stdout, process.stdin);
    this.#screen.open();
    this.#cancel = SystemClock.every(SAMPLE_MS, () => this.#look());
    this.#look();
    this.#follow().catch((error: Error) => this.#end.reject(error));
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  log(text: string): boolean {
    if (this.#isClosed) return false;
    const input = { kind: 'log', atMs: SystemClock.wallMs(), text: plain(text) } as const;
    this.#state = hear(this.#state, input);
    return true;
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel();
    this.#screen.close();
    this.#end.resolve();
  }

  async #follow(): Promise<void> {
    for await (const change of this.#spy.changes({ filter: { kinds: TOLD } })) {
      if (this.#isClosed) return;
      this.#changes.push(change);
    }
  }

  #look(): void {
    const sample = takeSample(this.#spy);
    let state = hear(this.#state, { kind: 'sample', sample });
    if (sample.atMs >= this.#nodesDueMs) {
      state = hear(state, { kind: 'nodes', nodes: this.#spy.nodes() });
      const tookMs = SystemClock.monoMs() - sample.atMs;
      const waitMs = Math.min(MOST_NODES_MS, Math.max(NODES_MS, tookMs * NODES_SHARE));
      this.#nodesDueMs = sample.atMs + waitMs;
    }
    if (this.#changes.length > 0) {
      state = hear(state, { kind: 'changes', changes: this.#changes.splice(0) });
    }
    this.#take(state);
  }

  #take(state: WatchState): void {
    this.#state = state;
    this.#draw();
    if (state.isDone) this.#end.resolve();
  }

  #draw(): void {
    this.#screen.draw(renderFrame(this.#state, this.#screen.size));
  }
}

class LogView implements Watching {
  readonly #spy: Watched;
  readonly #end = new End();
  readonly #cancel: () => void;
  #before: WatchSample | undefined;
  #isClosed = false;

  constructor(spy: Watched) {
    this.#spy = spy;
    this.#cancel = SystemClock.every(LOG_MS, () => this.#look());
    this.#look();
    this.#follow().catch((error: Error) => this.#end.reject(error));
  }

  get ended(): Promise<void> {
    return this.#end.promise;
  }

  log(): boolean {
    return false;
  }

  close(): void {
    if (!this.#isClosed) this.#look();
    this.#isClosed = true;
    this.#cancel();
    this.#end.resolve();
  }

  async #follow(): Promise<void> {
    for await (const change of this.#spy.changes({ filter: { kinds: TOLD } })) {
      if (this.#isClosed) return;
      const text = changeLine(change);
      if (text !== undefined && !(await offerOut(`${text}\n`))) return this.#end.resolve();
    }
  }

  #look(): void {
    const sample = takeSample(this.#spy);
    const text = sampleLine(sample, this.#before);
    this.#before = sample;
    offerOut(`${text}\n`).then(
      (isRead) => {
        if (!isRead) this.#end.resolve();
      },
      (error: Error) => this.#end.reject(error),
    );
  }
}
