/** The methods of validators that a spy can answer. */
import type { NodeInfo } from '../nodes.ts';
import type { ClusterNodes } from './cluster-nodes.ts';
import { configOf, expectNone, RpcCode, RpcError, type RpcMethod } from './json-rpc.ts';
import type { VoteAccounts } from './vote-accounts.ts';

/** What the methods answer from. */
export interface RpcSources {
  readonly identity: string;
  /** What our contact info says of our software. */
  readonly version: string;
  readonly featureSet: number;
  readonly clusterNodes: ClusterNodes;
  readonly voteAccounts: VoteAccounts;
  readonly nodes: () => readonly NodeInfo[];
  readonly knowsStakes: () => boolean;
  /** Why the spy does not hear its cluster, nothing when it does. */
  readonly troubles: () => Promise<readonly string[]>;
  /** @throws an error whose message says why it is not known */
  readonly genesisHash: () => Promise<string>;
}

/** Makes the methods by name. */
export function rpcMethods(sources: RpcSources): ReadonlyMap<string, RpcMethod> {
  const { identity, version, featureSet } = sources;
  return new Map<string, RpcMethod>([
    ['getClusterNodes', async (params) => clusterNodes(sources, params)],
    [
      'getVersion',
      async (params) => {
        expectNone(params);
        return JSON.stringify({ 'feature-set': featureSet, 'solana-core': version });
      },
    ],
    [
      'getIdentity',
      async (params) => {
        expectNone(params);
        return JSON.stringify({ identity });
      },
    ],
    [
      'getHealth',
      async (params) => {
        expectNone(params);
        return health(sources);
      },
    ],
    [
      'getGenesisHash',
      async (params) => {
        expectNone(params);
        return genesisHash(sources);
      },
    ],
    ['getVoteAccounts', async (params) => voteAccounts(sources, params)],
  ]);
}

/** With `[{"details": true}]`, each node has the fields of `/v1/nodes` as well. */
function clusterNodes({ clusterNodes: nodes, nodes: list }: RpcSources, params: unknown): string {
  const { details } = configOf(params);
  if (details === undefined || details === null || details === false) return nodes.json();
  if (details !== true) {
    throw new RpcError(RpcCode.INVALID_PARAMS, 'Invalid params: details is true or false.');
  }
  const rich: string[] = [];
  for (const node of list()) {
    const plain = nodes.node(node.pubkey);
    // Validators' fields win where the names are the same.
    if (plain !== '') rich.push(JSON.stringify({ ...node, ...(JSON.parse(plain) as object) }));
  }
  return `[${rich.join(',')}]`;
}

async function health({ troubles }: RpcSources): Promise<string> {
  const reasons = await troubles();
  if (reasons.length === 0) return '"ok"';
  throw new RpcError(RpcCode.NODE_UNHEALTHY, 'Node is unhealthy', {
    numSlotsBehind: null,
    reasons,
  });
}

async function genesisHash(sources: RpcSources): Promise<string> {
  try {
    return JSON.stringify(await sources.genesisHash());
  } catch (error) {
    throw new RpcError(RpcCode.METHOD_NOT_FOUND, (error as Error).message);
  }
}

function voteAccounts({ knowsStakes, voteAccounts: votes }: RpcSources, params: unknown): string {
  if (knowsStakes()) return votes.json(params);
  throw new RpcError(
    RpcCode.METHOD_NOT_FOUND,
    "Nobody's stake is known here: start the spy with --stakes (URL of an RPC node, mainnet, testnet, devnet, or a file).",
  );
}
