/** Every node as people and programs see it (`NodeInfo`), in the observer's thread. */
import { PeerFlag } from '../crds/peers.ts';
import type { TableView } from '../crds/view.ts';
import { LAMPORTS_PER_SOL } from '../gossip/policy.ts';
import { Control } from '../shm/control-words.ts';
import { LINE_I32 } from '../shm/layout.ts';
import type { Regions } from '../shm/regions.ts';
import { decodeValue } from '../wire/decode.ts';
import { type CachedContact, ContactCache } from './contact-cache.ts';
import { tableEvidence } from './life-evidence.ts';
import { judgeLiveness } from './liveness.ts';
import type { UnprovedReport } from './main-report.ts';
import type { CountedNode } from './metrics.ts';
import type { TableMirror } from './mirror.ts';
import { type NodeInfo, nodeInfo, type Sighting } from './nodes.ts';

/** What a contact info says, before it is known how its node is doing. */
const UNSEEN: Sighting = { proved: false, stake: null, firstSeenMs: 0, lastSeenMs: 0 };

/** What is not known of a node that is not in the table. */
const UNHEARD = { answered: null, votes: null, epochSlots: null, via: null, otherInstance: null };

/** What the list is made from. */
export interface NodeListOptions {
  readonly regions: Pick<Regions, 'control'>;
  readonly view: TableView;
  readonly mirror: TableMirror;
  /** Our own key in base58; we are not in the list. */
  readonly identity: string;
  /** What the table's clock shows, and when the spy started by it. @units ms */
  readonly steadyMs: () => number;
  readonly startedMs: number;
  /** Contact infos whose address has not answered; known to main alone. */
  readonly unproved: () => Promise<UnprovedReport | undefined>;
}

/** @owner the observer's thread */
export class NodeList {
  readonly #options: NodeListOptions;
  readonly #cache: ContactCache<NodeInfo>;
  #unprovedFrom: UnprovedReport | undefined;
  #unproved: readonly NodeInfo[] = [];

  constructor(options: NodeListOptions) {
    this.#options = options;
    this.#cache = new ContactCache(options.view, options.mirror, (copy) =>
      readNode(copy.bytes, 0, copy.length, UNSEEN),
    );
  }

  /**
   * Every node of the table, ordered by public key, ourselves excepted; without liveness, which costs as
   * much as all the rest. What is returned is kept and brought up to date at the next call.
   */
  proved(): NodeInfo[] {
    this.#cache.refresh();
    const { identity } = this.#options;
    const nodes: NodeInfo[] = [];
    for (const contact of this.#cache.contacts.values()) {
      if (contact.pubkey !== identity) nodes.push(this.#seen(contact));
    }
    return nodes.sort(byPubkey);
  }

  /** What can be counted of the nodes of `proved`, without decoding anything: 2 ms for 4,000. */
  *counted(): Generator<CountedNode, void, undefined> {
    const { view, mirror, identity } = this.#options;
    const { stake } = view.peers.columns;
    const { knowsStakes } = this;
    for (const { pubkey, key, contact } of mirror.nodes.values()) {
      if (!contact || pubkey === identity) continue;
      const peer = knowsStakes ? view.peers.find(key, 0) : -1;
      const sol = peer < 0 ? 0 : stake[peer]! / LAMPORTS_PER_SOL;
      const { version, client, rpc } = contact;
      yield { version, client, rpc, stake: knowsStakes ? sol : null };
    }
  }

  /** The same with those whose address has not answered, which only main knows of. */
  async list(): Promise<NodeInfo[]> {
    const unproved = await this.#readUnproved();
    const nodes = this.proved();
    const { mirror } = this.#options;
    const others = unproved.filter(({ pubkey }) => mirror.nodes.get(pubkey)?.contact === undefined);
    return others.length === 0 ? nodes : [...nodes, ...others].sort(byPubkey);
  }

  /** Every node, with its liveness. */
  async all(): Promise<NodeInfo[]> {
    return this.judged(await this.list());
  }

  /** One node, undefined when nothing is known of it. */
  async get(pubkey: string): Promise<NodeInfo | undefined> {
    const contact = this.#cache.get(pubkey);
    if (contact) return this.judged([this.#seen(contact)])[0];
    return (await this.#readUnproved()).find((node) => node.pubkey === pubkey);
  }

  /** Adds their liveness to nodes of this list. */
  judged(nodes: readonly NodeInfo[]): NodeInfo[] {
    const { view, steadyMs } = this.#options;
    const nowMs = steadyMs();
    return nodes.map((node) => {
      const contact = this.#cache.contacts.get(node.pubkey);
      if (contact?.value !== node) return node; // not proved: judged when it came
      const evidence = tableEvidence(view, contact.peer, nowMs);
      node.liveness = evidence ? judgeLiveness(evidence) : null;
      return node;
    });
  }

  /** Whether anybody's stake is known. */
  get knowsStakes(): boolean {
    return Atomics.load(this.#options.regions.control.words, Control.STAKED_COUNT * LINE_I32) > 0;
  }

  /** The node with what is in the columns now, which changes without a new contact info. */
  #seen({ row, peer, value }: CachedContact<NodeInfo>): NodeInfo {
    const { view, startedMs } = this.#options;
    const { flags, stake, since } = view.peers.columns;
    const ago = (steadyMs: number): number => Math.max(0, Math.round(steadyMs - startedMs));
    value.proved = (flags[peer]! & PeerFlag.PROVED) !== 0;
    value.stake = this.knowsStakes ? stake[peer]! / LAMPORTS_PER_SOL : null;
    value.firstSeenMs = ago(since[peer]!);
    value.lastSeenMs = ago(view.columns.inserted[row]!);
    return value;
  }

  async #readUnproved(): Promise<readonly NodeInfo[]> {
    const report = await this.#options.unproved();
    if (!report || report === this.#unprovedFrom) return this.#unproved;
    const nodes: NodeInfo[] = [];
    let at = 0;
    for (const [i, length] of report.lengths.entries()) {
      const stake = report.stakes[i]!;
      const firstSeenMs = report.firstSeenMs[i]!;
      const lastSeenMs = report.lastSeenMs[i]!;
      const liveness = judgeLiveness({
        ...UNHEARD,
        heardMs: report.heardMs[i]!,
        signedMs: report.signedMs[i]!,
        unanswered: report.unanswered[i]!,
      });
      const sighting = { proved: false, stake, liveness, firstSeenMs, lastSeenMs };
      const node = readNode(report.bytes, at, at + length, sighting);
      if (node) nodes.push(node);
      at += length;
    }
    this.#unprovedFrom = report;
    this.#unproved = nodes;
    return nodes;
  }
}

const byPubkey = (a: NodeInfo, b: NodeInfo): number =>
  a.pubkey < b.pubkey ? -1 : a.pubkey > b.pubkey ? 1 : 0;

function readNode(
  bytes: Uint8Array,
  at: number,
  end: number,
  sighting: Sighting,
): NodeInfo | undefined {
  const { value } = decodeValue(bytes, at, end);
  return value?.kind === 'ContactInfo' ? nodeInfo(value, sighting) : undefined;
}
