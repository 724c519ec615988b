import { SpyError } from '../util/assert.ts';
import { parseIp } from '../util/ipv4.ts';
import type { ChangeKind, NodeChange, NodeState } from './changes.ts';

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
  const { kinds, pubkeys, version, network } = filter;
  if (kinds) {
    const wanted = new Set<string>(kinds);
    tests.push(({ kind }) => wanted.has(kind));
  }
  if (pubkeys) {
    const wanted = new Set(pubkeys);
    tests.push(({ pubkey }) => wanted.has(pubkey));
  }
  if (version !== undefined) tests.push((change) => isOfVersion(change, version));
  if (network !== undefined) {
    const isInside = networkTest(network);
    tests.push((one) => isInside(one.gossip) || (one.kind === 'moved' && isInside(one.old)));
  }
  return allOf(tests);
}

/** The same question to nodes as they are; kinds of changes do not matter there. @throws SpyError CHANGES_NETWORK */
export function stateTest({
  pubkeys,
  version,
  network,
}: ChangeFilter): (node: NodeState) => boolean {
  const tests: ((node: NodeState) => boolean)[] = [];
  if (pubkeys) {
    const wanted = new Set(pubkeys);
    tests.push(({ pubkey }) => wanted.has(pubkey));
  }
  if (version !== undefined) tests.push((node) => isVersion(node.version, version));
  if (network !== undefined) {
    const isInside = networkTest(network);
    tests.push(({ gossip }) => isInside(gossip));
  }
  return allOf(tests);
}

function allOf<T>(tests: readonly ((one: T) => boolean)[]): (one: T) => boolean {
  const [first, second] = tests;
  if (!first) return () => true;
  if (!second) return first;
  return (one) => tests.every((test) => test(one));
}

function isOfVersion(change: NodeChange, wanted: string): boolean {
  if (change.version !== null && isVersion(change.version, wanted)) return true;
  return change.kind === 'version' && isVersion(change.old, wanted);
}

/** Whether a version is the wanted one, or begins with it at a border: 4.0 holds 4.0.1, not 4.01. */
export function isVersion(version: string, wanted: string): boolean {
  if (!version.startsWith(wanted)) return false;
  const next = version[wanted.length];
  return next === undefined || next === '.' || next === '-';
}

/** Whether an address, `ip:port`, lies in a network. @throws SpyError CHANGES_NETWORK */
export function networkTest(text: string): (gossip: string | null) => boolean {
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
  return (gossip) => {
    if (gossip === null) return false;
    return Math.floor(parseIp(gossip.slice(0, gossip.lastIndexOf(':'))) / size) === first;
  };
}
