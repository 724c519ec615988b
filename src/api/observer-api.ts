/** What main and the observer's thread say to each other: control only, by Comlink. */
import type { RegionHandles } from '../shm/regions.ts';
import type { KindName } from '../wire/limits.ts';
import type { ChangeFilter } from './changes.ts';
import type { HttpOpened, HttpSetup } from './http/http-api.ts';
import type { ReportSource } from './main-report.ts';
import type { NodeFacts, NodesPage } from './node-query.ts';
import type { NodeSelector } from './node-selector.ts';
import type { ValueJson } from './value-json.ts';

/**
 * Counts and beats as this thread: main is 0, the receiver 1, pool threads have 2 to 13.
 * @source shm/layout, THREAD_COUNT
 */
export const OBSERVER_THREAD = 14;

/** What the observer may ask of main: this and nothing else. */
export interface MainCommands {
  /** What only main knows of the nodes. */
  nodeFacts(): NodeFacts;
}

/** Which values are meant; what is left out does not matter. */
export interface Selector {
  readonly kind?: KindName | undefined;
  /** Public key of the origin, in base58. */
  readonly from?: string | undefined;
  /** Version or client of the origin, as far as its contact info is here. */
  readonly version?: string | undefined;
  readonly client?: string | undefined;
  /** Where the page before this one ended. */
  readonly after?: number | undefined;
}

/** Values in the order of rows, which says nothing but stays as it is. */
export interface QueryPage {
  readonly values: readonly ValueJson[];
  /** What the next page comes after; null when this was the last. */
  readonly next: number | null;
}

/** Most values in an answer. @source reliability 5 */
export const MAX_PAGE_ROWS = 1_000;

/** How the observer is doing, and what it has counted of the table. */
export interface ObserverStatus {
  readonly values: number;
  readonly nodes: number;
  readonly kinds: Readonly<Record<string, number>>;
  readonly versions: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, number>>;
  /** Journal entries read, and those missed because main was faster. */
  readonly followed: number;
  readonly lost: number;
  /** Walks over the whole table because entries were missed. */
  readonly resyncs: number;
  /** Rows that main was just writing, at every try; looked at again. */
  readonly busy: number;
  /** From a value coming in to its change being seen here. @units ms */
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  /** Changes that listeners heard as part of a reset instead of one by one. */
  readonly skipped: number;
}

/** What `start` needs; plain data, the buffers shared. */
export interface ObserverSetup {
  readonly handles: RegionHandles;
  readonly pollMs: number;
}

/** What main may ask of the observer. */
export interface ObserverApi {
  start(setup: ObserverSetup, commands: MainCommands): Promise<void>;
  /** Opens the HTTP API; once, after `start`. @param source what it may ask of main */
  openHttp(setup: HttpSetup, source: ReportSource): Promise<HttpOpened>;
  status(): ObserverStatus;
  query(selector: Selector, limit: number): QueryPage;
  /** One page of nodes. @param after where the page before it ended */
  queryNodes(selector: NodeSelector, after: string | null): Promise<NodesPage>;
  /** Writes every value as JSON lines. @returns how many */
  dump(path: string): Promise<number>;
  /** @returns the number of a new feed, which writes into `buffer` */
  openFeed(buffer: SharedArrayBuffer, isAgain: boolean): number;
  /**
   * Opens a feed of what happens to nodes.
   *
   * @param since the last change that the listener knows; undefined for those from now on
   * @returns its number, and the last change that it does not tell
   */
  openChanges(
    buffer: SharedArrayBuffer,
    since: number | undefined,
    filter: ChangeFilter,
  ): { feed: number; since: number };
  /** @returns bytes in the feed's buffer once there are any, or FEED_DONE */
  take(feed: number): Promise<number>;
  closeFeed(feed: number): void;
  /** Takes in what main did last, and lets the feeds end. */
  drain(): void;
  stop(): void | Promise<void>;
}

/**
 * How often the journal is looked at. On mainnet 565 changes come together in that time, which costs a
 * listener one call instead of 565. @source architecture 4.9
 */
export const POLL_MS = 50;
