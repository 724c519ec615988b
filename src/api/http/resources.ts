/** What the HTTP API shows, as objects. */
import { PACKAGE_VERSION } from '../../node/version.ts';
import type { Clock } from '../../util/clock.ts';
import { KIND_NAMES } from '../../wire/limits.ts';
import { isVersion, networkTest } from '../change-filter.ts';
import type { ChangeFilter, ChangeGap, NodeChange } from '../changes.ts';
import type { MainSight } from '../main-report.ts';
import type { NodeList } from '../node-list.ts';
import type { NodeInfo } from '../nodes.ts';
import type { Observer } from '../observer.ts';
import type { QueryPage, Selector } from '../observer-api.ts';
import { HttpError } from './errors.ts';
import type { Params } from './params.ts';

/** Values described between two looks at everything else; one takes some 0.1 ms. */
const VALUES_AT_ONCE = 64;

/** Main is taken for stuck when it has answered nothing for so long. */
const MAIN_SILENT_MS = 5_000;

/** A page of nodes. */
export interface NodePage {
  total: number;
  nodes: readonly NodeInfo[];
  next: string | null;
}

/** A page of changes. */
export interface ChangesAnswer {
  changes: readonly NodeChange[];
  next: number;
  oldest: number;
  latest: number;
}

/** What the resources are made from. */
export interface ResourceOptions {
  readonly observer: Observer;
  readonly nodes: NodeList;
  readonly main: MainSight;
  readonly clock: Clock;
  readonly identity: string;
  readonly shredVersion: number;
  readonly startedWallMs: number;
  /** Counts of connections, streams and answers. */
  readonly httpCounts: () => Record<string, number>;
}

/** @owner the observer's thread */
export class Resources {
  readonly #options: ResourceOptions;

  constructor(options: ResourceOptions) {
    this.#options = options;
  }

  /** Number of the newest change. */
  latest(): number {
    return this.#options.observer.changes.latest;
  }

  /** The nodes that parameters mean, ordered by public key, one page of them. */
  async nodes(params: Params, after: string | undefined, limit: number): Promise<NodePage> {
    const isMeant = nodeTest(params);
    const { nodes } = this.#options;
    const wanted = (await nodes.list()).filter(isMeant);
    const start = after === undefined ? 0 : wanted.findIndex(({ pubkey }) => pubkey > after);
    const page = start < 0 ? [] : wanted.slice(start, start + limit);
    const hasMore = start >= 0 && start + limit < wanted.length;
    const next = hasMore ? page[page.length - 1]!.pubkey : null;
    return { total: wanted.length, nodes: nodes.judged(page), next };
  }

  /** A node with how many values of it there are, undefined for one never heard of. */
  async node(pubkey: string): Promise<(NodeInfo & { values: Record<string, number> }) | undefined> {
    const { nodes, observer } = this.#options;
    const node = await nodes.get(pubkey);
    if (!node) return undefined;
    const values: Record<string, number> = {};
    for (const label of observer.mirror.nodes.get(pubkey)?.rows.keys() ?? []) {
      const kind = KIND_NAMES[label >>> 16]!;
      values[kind] = (values[kind] ?? 0) + 1;
    }
    return { ...node, values };
  }

  /** Values of a page, gathered some at a time so that streams are not held up. */
  async values(selector: Selector, limit: number, bytes: boolean): Promise<QueryPage> {
    const { observer, clock } = this.#options;
    const values: QueryPage['values'][number][] = [];
    let after = selector.after;
    for (;;) {
      const most = Math.min(VALUES_AT_ONCE, limit - values.length);
      const page = observer.query({ ...selector, after }, most, bytes);
      values.push(...page.values);
      if (page.next === null || values.length >= limit) return { values, next: page.next };
      after = page.next;
      await new Promise<void>((resolve) => clock.soon(resolve));
    }
  }

  /** Changes after a number, or all that are kept. @throws HttpError SINCE_IN_FUTURE */
  changes(
    since: number | undefined,
    filter: ChangeFilter,
    limit: number,
  ): ChangesAnswer | ChangeGap {
    const log = this.#options.observer.changes;
    const { latest } = log;
    if (since !== undefined && since > latest) {
      throw new HttpError(
        400,
        'SINCE_IN_FUTURE',
        `since=${since} lies in the future: the newest change has the number ${latest}.`,
      );
    }
    const page = log.since(since ?? log.oldestOf(filter) - 1, filter, limit);
    if (page.gap) return page;
    return { changes: page.changes, next: page.next, oldest: log.oldestOf(filter), latest };
  }

  /** Everything that is counted; undefined while main has never answered. */
  async stats(): Promise<Record<string, unknown> | undefined> {
    const { observer, main, clock, identity, shredVersion, startedWallMs } = this.#options;
    const report = await main.report();
    if (!report) return undefined;
    const { values, nodes, kinds, versions, clients, ...rest } = observer.status();
    const { oldest, latest } = observer.changes;
    return {
      at: report.at,
      identity,
      shredVersion,
      gossip: report.gossip,
      version: PACKAGE_VERSION,
      uptimeMs: Math.max(0, clock.wallMs() - startedWallMs),
      stats: report.stats,
      table: { values, nodes, kinds, versions, clients },
      changes: { oldest, latest },
      coverage: report.coverage,
      observer: rest,
      http: this.#options.httpCounts(),
    };
  }

  /** Why the spy does not hear its cluster; nothing when it does. */
  async troubles(): Promise<string[]> {
    const { observer, main, identity } = this.#options;
    await main.report();
    const reasons: string[] = [];
    const others = observer.mirror.nodes.size - (observer.mirror.nodes.has(identity) ? 1 : 0);
    if (others < 1) reasons.push('no node has been heard of yet');
    if (main.ageMs > MAIN_SILENT_MS) reasons.push('the main thread gives no sign of life');
    return reasons;
  }
}

/** What parameters ask of a node. @throws HttpError */
function nodeTest(params: Params): (node: NodeInfo) => boolean {
  const version = params.text('version');
  const network = params.network();
  const client = params.text('client');
  const proved = params.flag('proved');
  const rpc = params.flag('rpc');
  const isInside = network === undefined ? () => true : networkTest(network);
  return (node) =>
    (version === undefined || isVersion(node.version, version)) &&
    (client === undefined || node.client === client) &&
    (proved === undefined || node.proved === proved) &&
    (rpc === undefined || (node.rpc !== null) === rpc) &&
    isInside(node.gossip);
}
