import { isVersion, networkTest } from './change-filter.ts';
import type { NodeInfo } from './nodes.ts';

/** Which nodes are meant; all that is given must hold, what is left out does not matter. */
export interface NodeSelector {
  /** Public keys in base58. */
  readonly pubkeys?: readonly string[] | undefined;
  /** `4.0.1`, or `4.0` for all that begin with it. */
  readonly version?: string | undefined;
  /** Name of the client. */
  readonly client?: string | undefined;
  /** Where the gossip address lies: `203.0.113.0/24`, or one address. */
  readonly network?: string | undefined;
  /** Whether its address has answered us. */
  readonly proved?: boolean | undefined;
  /** Whether it offers RPC. */
  readonly rpc?: boolean | undefined;
}

/** A selector as a question to each node. @throws SpyError CHANGES_NETWORK when the network is none */
export function nodeTest(selector: NodeSelector): (node: NodeInfo) => boolean {
  const { pubkeys, version, client, network, proved, rpc } = selector;
  const keys = pubkeys && new Set(pubkeys);
  const isInside = network === undefined ? () => true : networkTest(network);
  return (node) =>
    (keys === undefined || keys.has(node.pubkey)) &&
    (version === undefined || isVersion(node.version, version)) &&
    (client === undefined || node.client === client) &&
    (proved === undefined || node.proved === proved) &&
    (rpc === undefined || (node.rpc !== null) === rpc) &&
    isInside(node.gossip);
}
