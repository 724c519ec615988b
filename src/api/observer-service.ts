import { loadXxhash } from '../crypto/hash.ts';
import { attachRegions, type Regions } from '../shm/regions.ts';
import { assert } from '../util/assert.ts';
import type { Clock } from '../util/clock.ts';
import { ChangeFeed } from './change-feed.ts';
import type { ChangeFilter } from './changes.ts';
import { type Remote, release } from './comlink.ts';
import { writeLines } from './export.ts';
import { Feed } from './feed.ts';
import type { HttpApi, HttpOpened, HttpSetup } from './http/http-api.ts';
import type { ReportSource } from './main-report.ts';
import { NodeQuery, type NodesPage } from './node-query.ts';
import type { NodeSelector } from './node-selector.ts';
import { Observer } from './observer.ts';
import type {
  MainCommands,
  ObserverApi,
  ObserverSetup,
  ObserverStatus,
  QueryPage,
  Selector,
} from './observer-api.ts';

/** A feed of either sort. */
interface OpenFeed {
  readonly feed: Pick<Feed, 'take' | 'end'> & { readonly skipped?: number };
  readonly end: () => void;
}

/** What the observer's thread serves to main. */
export class ObserverService implements ObserverApi {
  /** Main's commands, once started; whatever else lives in this thread may use them. */
  commands: MainCommands | undefined;
  readonly #clock: Clock;
  readonly #feeds = new Map<number, OpenFeed>();
  #observer: Observer | undefined;
  #regions: Regions | undefined;
  #nodes: NodeQuery | undefined;
  #http: HttpApi | undefined;
  #source: Remote<ReportSource> | undefined;
  #feedCount = 0;
  #skipped = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  async start({ handles, pollMs }: ObserverSetup, commands: MainCommands): Promise<void> {
    this.commands = commands;
    const hasher = await loadXxhash();
    const clock = this.#clock;
    const regions = attachRegions(handles);
    this.#regions = regions;
    const observer = new Observer(regions, hasher, clock);
    this.#observer = observer;
    const main = commands as unknown as Remote<MainCommands>; // as what main lends arrives here
    this.#nodes = new NodeQuery({
      ...{ regions, hasher, mirror: observer.mirror, clock },
      latest: () => observer.changes.latest,
      facts: () => main.nodeFacts(),
    });
    observer.start(pollMs);
  }

  async openHttp({ address, facts }: HttpSetup, source: ReportSource): Promise<HttpOpened> {
    const observer = this.#running;
    assert(this.#regions !== undefined && this.#http === undefined, 'started, and opened once');
    const main = source as unknown as Remote<ReportSource>; // as what main lends arrives here
    const regions = this.#regions;
    const clock = this.#clock;
    const hasher = await loadXxhash();
    // Half of what this thread would load, and few spies serve HTTP.
    const { openHttp } = await import('./http/http-api.ts');
    const { api, opened } = await openHttp(
      { facts, regions, hasher, observer, main, clock },
      address,
    );
    this.#http = api;
    this.#source = main;
    return opened;
  }

  status(): ObserverStatus {
    let skipped = this.#skipped;
    for (const { feed } of this.#feeds.values()) skipped += feed.skipped ?? 0;
    return { ...this.#running.status(), skipped };
  }

  query(selector: Selector, limit: number): QueryPage {
    return this.#running.query(selector, limit);
  }

  queryNodes(selector: NodeSelector, after: string | null): Promise<NodesPage> {
    assert(this.#nodes !== undefined, 'the observer was started');
    return this.#nodes.page(selector, after);
  }

  dump(path: string): Promise<number> {
    return writeLines(path, this.#running.dump());
  }

  openFeed(buffer: SharedArrayBuffer, isAgain: boolean): number {
    const observer = this.#running;
    const feed = new Feed(observer.mirror, buffer, () => this.#clock.wallMs(), isAgain);
    return this.#open({ feed, end: observer.follow(feed) });
  }

  openChanges(
    buffer: SharedArrayBuffer,
    since: number | undefined,
    filter: ChangeFilter,
  ): { feed: number; since: number } {
    const observer = this.#running;
    const from = since ?? observer.changes.latest;
    const feed = new ChangeFeed(observer.changes, buffer, from, filter);
    const end = observer.follow({ changed: () => {}, flush: () => feed.flush() });
    return { feed: this.#open({ feed, end }), since: from };
  }

  take(feed: number): Promise<number> {
    const open = this.#feeds.get(feed);
    assert(open !== undefined, 'a feed is open while it is listened to');
    return open.feed.take();
  }

  closeFeed(feed: number): void {
    const open = this.#feeds.get(feed);
    if (!open) return;
    open.end();
    this.#skipped += open.feed.skipped ?? 0;
    this.#feeds.delete(feed);
    open.feed.end(); // whoever left while it waited for something
  }

  drain(): void {
    this.#running.drain();
    for (const { feed } of this.#feeds.values()) feed.end();
  }

  async stop(): Promise<void> {
    await this.#http?.close();
    this.#observer?.stop();
    if (this.#source) release(this.#source);
    this.#source = undefined;
    for (const feed of [...this.#feeds.keys()]) this.closeFeed(feed);
    if (this.commands) release(this.commands);
    this.commands = undefined;
  }

  #open(feed: OpenFeed): number {
    this.#feedCount += 1;
    this.#feeds.set(this.#feedCount, feed);
    return this.#feedCount;
  }

  get #running(): Observer {
    assert(this.#observer !== undefined, 'the observer was started');
    return this.#observer;
  }
}
