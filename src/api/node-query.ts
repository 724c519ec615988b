/** Questions about nodes from main, answered in the observer's thread. */
import type { Hasher } from '../crds/label.ts';
import { TableView } from '../crds/view.ts';
import type { SpyNode } from '../node/spy.ts';
import type { Regions } from '../shm/regions.ts';
import type { Clock } from '../util/clock.ts';
import { type UnprovedReport, unprovedReport } from './main-report.ts';
import type { TableMirror } from './mirror.ts';
import { NodeList } from './node-list.ts';
import { type NodeSelector, nodeTest } from './node-selector.ts';
import type { NodeInfo } from './nodes.ts';

/** What only main knows of the nodes. */
export interface NodeFacts {
  /** Our own key in base58. */
  readonly identity: string;
  /** When the spy started on the table's clock, and what that is ahead of the monotonic one. @units ms */
  readonly startedMs: number;
  readonly steadyOffsetMs: number;
  /** Contact infos whose address has not answered. */
  readonly unproved: UnprovedReport;
}

/** Nodes in the order of their public keys. */
export interface NodesPage {
  /** Number of the newest change when they were read: changes after it are not in there. */
  readonly seq: number;
  readonly nodes: readonly NodeInfo[];
  /** The public key that the next page comes after; null when this was the last. */
  readonly next: string | null;
}

/** Most nodes in an answer: some 20 ms of either thread. */
export const MAX_PAGE_NODES = 500;

/** Gathers what main knows. @owner main @units startedMs: monotonic */
export function nodeFacts(node: SpyNode, startedMs: number): NodeFacts {
  const { clock, identity } = node.parts;
  const steadyOffsetMs = clock.steadyMs() - clock.monoMs();
  return {
    identity: identity.address,
    startedMs: startedMs + steadyOffsetMs,
    steadyOffsetMs,
    unproved: unprovedReport(node, startedMs),
  };
}

/** What the nodes are read from. */
export interface NodeQueryOptions {
  readonly regions: Regions;
  readonly hasher: Hasher;
  readonly mirror: TableMirror;
  readonly clock: Clock;
  /** Number of the newest change. */
  readonly latest: () => number;
  /** Asks main. */
  readonly facts: () => Promise<NodeFacts>;
}

/** @owner the observer's thread */
export class NodeQuery {
  readonly #options: NodeQueryOptions;
  #facts: NodeFacts | undefined;
  #list: NodeList | undefined;

  constructor(options: NodeQueryOptions) {
    this.#options = options;
  }

  /**
   * One page of the nodes that a selector means.
   *
   * @param after where the page before this one ended; main is asked for the first page only
   * @throws SpyError CHANGES_NETWORK
   */
  async page(selector: NodeSelector, after: string | null): Promise<NodesPage> {
    const list = await this.#nodes(after === null);
    const seq = this.#options.latest();
    const wanted = (await list.list()).filter(nodeTest(selector));
    const found = after === null ? 0 : wanted.findIndex(({ pubkey }) => pubkey > after);
    const start = found < 0 ? wanted.length : found;
    const page = list.judged(wanted.slice(start, start + MAX_PAGE_NODES));
    const isLast = start + MAX_PAGE_NODES >= wanted.length;
    return { seq, nodes: page, next: isLast ? null : page[page.length - 1]!.pubkey };
  }

  async #nodes(isFirst: boolean): Promise<NodeList> {
    if (isFirst || !this.#facts) this.#facts = await this.#options.facts();
    const { identity, startedMs, steadyOffsetMs } = this.#facts;
    const { regions, hasher, mirror, clock } = this.#options;
    this.#list ??= new NodeList({
      regions,
      view: new TableView(regions, hasher),
      mirror,
      identity,
      steadyMs: () => Math.round(clock.monoMs() + steadyOffsetMs),
      startedMs,
      unproved: () => Promise.resolve(this.#facts?.unproved),
    });
    return this.#list;
  }
}
