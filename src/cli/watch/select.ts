/** Which nodes are shown, and in which order. */
import { LIVENESS } from '../../api/liveness.ts';
import type { NodeInfo } from '../../api/nodes.ts';
import type { WatchEvent } from './events.ts';
import type { Sort } from './state.ts';

const collator = new Intl.Collator('en', { numeric: true });

/** Whether something with these texts is meant by a filter. */
function matcher(filter: string): (texts: readonly string[]) => boolean {
  const words = filter
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '' && word !== '-');
  const wanted = words.filter((word) => !word.startsWith('-'));
  const unwanted = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
  return (texts) => {
    const text = texts.join(' ').toLowerCase();
    return (
      wanted.every((word) => text.includes(word)) && !unwanted.some((word) => text.includes(word))
    );
  };
}

const verdictOf = (node: NodeInfo): string => node.liveness?.verdict ?? '';

/** The nodes that a filter means. */
export function filterNodes(nodes: readonly NodeInfo[], filter: string): readonly NodeInfo[] {
  if (filter.trim() === '') return nodes;
  const isMeant = matcher(filter);
  return nodes.filter((n) =>
    isMeant([
      n.pubkey,
      n.gossip ?? '',
      n.version,
      n.client,
      verdictOf(n),
      n.proved ? '' : 'unproved',
    ]),
  );
}

/** The events that a filter means. */
export function filterEvents(events: readonly WatchEvent[], filter: string): readonly WatchEvent[] {
  if (filter.trim() === '') return events;
  const isMeant = matcher(filter);
  return events.filter((event) => isMeant([event.pubkey ?? '', event.text]));
}

type Order = (a: NodeInfo, b: NodeInfo) => number;

/** Each begins with what one looks for most: largest, newest, latest. */
const ORDERS: Readonly<Record<Sort, Order>> = {
  stake: (a, b) =>
    (b.stake ?? 0) - (a.stake ?? 0) || Number(b.tvu !== null) - Number(a.tvu !== null),
  version: (a, b) => collator.compare(b.version, a.version),
  client: (a, b) => collator.compare(a.client, b.client),
  life: (a, b) => rank(b) - rank(a),
  seen: (a, b) => b.lastSeenMs - a.lastSeenMs,
  since: (a, b) => b.firstSeenMs - a.firstSeenMs,
  address: (a, b) => collator.compare(a.gossip ?? '', b.gossip ?? ''),
  key: () => 0,
};

/** How worrying a verdict is. */
const rank = (node: NodeInfo): number => (LIVENESS as readonly string[]).indexOf(verdictOf(node));

/** Orders nodes; those that are equal in it by key, so that rows do not jump about. */
export function sortNodesBy(
  nodes: readonly NodeInfo[],
  sort: Sort,
  isReversed: boolean,
): readonly NodeInfo[] {
  const order = ORDERS[sort];
  const byKey: Order = (a, b) => (a.pubkey < b.pubkey ? -1 : a.pubkey > b.pubkey ? 1 : 0);
  const sign = isReversed ? -1 : 1;
  return [...nodes].sort(
    (a, b) => sign * (order(a, b) || (sort === 'key' ? byKey(a, b) : 0)) || byKey(a, b),
  );
}
