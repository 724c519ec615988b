import { SpyError } from '../util/assert.ts';
import { parseIp } from '../util/ipv4.ts';
import type { ChangeKind, NodeChange } from './changes.ts';

/** Which changes of nodes are wanted; all that is given must hold, what is left out does not matter. */
export interface ChangeFilter {
  readonly kinds?: readonly ChangeKind[] | undefined;
  /** Public keys of nodes, in base58. */
  readonly pubkeys?: readonly string[] | undefined;
  /** Version of the node, before or after: `4.0.1`, or `4.0` for all that begin with it. */
  readonly version?: string | undefined;
  /** Where the node's gossip address lies, before or after: `203.0.113.0/24`, or one address. */
  readonly network?: string | undefined;
}

type Test = (change: NodeChange) => boolean;

/**
 * A filter as a question to each change; what can be worked out once is.
 *
 * @throws SpyError CHANGES_NETWORK when the network is none
 */
export function filterTest(filter: ChangeFilter): Test {
  const tests: Test[] = [];
  if (filter.kinds) {
    const kinds = new Set<string>(filter.kinds);
    tests.push(({ kind }) => kinds.has(kind));
  }
  if (filter.pubkeys) {
    const pubkeys = new Set(filter.pubkeys);
    tests.push(({ pubkey }) => pubkeys.has(pubkey));
  }
  const { version, network } = filter;
  if (version !== undefined) tests.push((change) => isOfVersion(change, version));
  if (network !== undefined) tests.push(networkTest(network));
  const [first, second] = tests;
  if (!first) return () => true;
  if (!second) return first;
  return (change) => tests.every((test) => test(change));
}

function isOfVersion(change: NodeChange, wanted: string): boolean {
  if (change.version !== null && isVersion(change.version, wanted)) return true;
  return change.kind === 'version' && isVersion(change.old, wanted);
}

/** Whether a version is the wanted one, or begins with it at a border: 4.0 holds 4.0.1, not 4.01. */
function isVersion(version: string, wanted: string): boolean {
  if (!version.startsWith(wanted)) return false;
  const next = version[wanted.length];
  return next === undefined || next === '.' || next === '-';
}

function networkTest(text: string): Test {
  const [address = '', length = '32', more] = text.split('/');
  const ip = parseIp(address);
  const bits = /^\d{1,2}$/.test(length) ? Number(length) : -1;
  if (ip < 0 || bits < 0 || bits > 32 || more !== undefined) {
    throw new SpyError(
      'CHANGES_NETWORK',
      `${JSON.stringify(text)} is no network: give an IPv4 address with a length, as 203.0.113.0/24.`,
    );
  }
  // A shift by 32 would shift by 0.
  const size = 2 ** (32 - bits);
  const first = Math.floor(ip / size);
  const isInside = (gossip: string | null): boolean => {
    if (gossip === null) return false;
    const colon = gossip.lastIndexOf(':');
    return Math.floor(parseIp(gossip.slice(0, colon)) / size) === first;
  };
  return (change) => isInside(change.gossip) || (change.kind === 'moved' && isInside(change.old));
}
