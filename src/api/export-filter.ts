import { SpyError } from '../util/assert.ts';
import type { NodeInfo } from './nodes.ts';
import type { ValueJson } from './value-json.ts';

/** Which nodes are wanted; all that is given must hold, what is left out or empty does not matter. */
export interface NodeFilter {
  /** Public keys in base58, any of them. */
  readonly pubkeys?: readonly string[] | undefined;
  /** Conditions on the version, as `versionTest` reads them. */
  readonly version?: string | undefined;
  /** Names of clients in any case, or their ids; any of them. */
  readonly clients?: readonly string[] | undefined;
  /** Whether the address must have answered our ping, or must not have. */
  readonly proved?: boolean | undefined;
}

/** Which values are wanted: by what they are, and by the node that signed them. */
export interface ValueFilter extends NodeFilter {
  /** Names of kinds, any of them. */
  readonly kinds?: readonly string[] | undefined;
}

/** @throws SpyError VERSION_CONDITION */
export function nodeTest(filter: NodeFilter): (node: NodeInfo) => boolean {
  const tests: ((node: NodeInfo) => boolean)[] = [];
  const { pubkeys = [], version, clients = [], proved } = filter;
  if (pubkeys.length > 0) {
    const keys = new Set(pubkeys);
    tests.push((node) => keys.has(node.pubkey));
  }
  if (version !== undefined) {
    const fits = versionTest(version);
    tests.push((node) => fits(node.version));
  }
  if (clients.length > 0) {
    const names = new Set(clients.map((name) => name.toLowerCase()));
    tests.push((node) => names.has(node.client.toLowerCase()) || names.has(`${node.clientId}`));
  }
  if (proved !== undefined) tests.push((node) => node.proved === proved);
  return (node) => tests.every((test) => test(node));
}

/** Whether a filter asks for what only the node behind a value tells. */
export function asksForNodes({ version, clients = [], proved }: NodeFilter): boolean {
  return version !== undefined || clients.length > 0 || proved !== undefined;
}

/**
 * @param nodes those heard of; only looked at when the filter asks for more than kinds and keys
 * @throws SpyError VERSION_CONDITION
 */
export function valueTest(
  filter: ValueFilter,
  nodes: readonly NodeInfo[],
): (value: ValueJson) => boolean {
  const kinds = new Set(filter.kinds ?? []);
  const keys = new Set(
    asksForNodes(filter)
      ? nodes.filter(nodeTest(filter)).map(({ pubkey }) => pubkey)
      : (filter.pubkeys ?? []),
  );
  const anyKey = !asksForNodes(filter) && keys.size === 0;
  return (value) =>
    (kinds.size === 0 || kinds.has(value.kind)) && (anyKey || keys.has(originOf(value)));
}

/** The key that signed a value, in base58. */
export function originOf(value: ValueJson): string {
  if (typeof value['from'] === 'string') return value['from'];
  const { pubkey } = (value['contactInfo'] ?? {}) as { pubkey?: string };
  return pubkey ?? '';
}

/**
 * Reads conditions on a version: `4.3` for all that begin with it, `>=4.3.0`, `<4.4`; several, divided by
 * commas, must all hold. Pre-releases come before their release: `4.3.0-alpha.1` is below `4.3.0`.
 *
 * @throws SpyError VERSION_CONDITION
 */
export function versionTest(text: string): (version: string) => boolean {
  const tests = text.split(',').map((condition) => {
    const [, operator = '', wanted = ''] =
      /^\s*(>=|<=|>|<|=|)\s*v?(\d+(?:\.\d+){0,2}(?:-[\w.]+)?)\s*$/.exec(condition) ?? [];
    if (wanted === '') {
      throw new SpyError(
        'VERSION_CONDITION',
        `"${text}" is no condition on a version. Write 4.3 for all that begin with it, or bounds such as ">=4.3.0,<4.4".`,
      );
    }
    return (version: string): boolean => holds(operator, version, wanted);
  });
  return (version) => tests.every((test) => test(version));
}

function holds(operator: string, version: string, wanted: string): boolean {
  const order = compareVersions(version, wanted);
  switch (operator) {
    case '>=':
      return order >= 0;
    case '<=':
      return order <= 0 || begins(version, wanted);
    case '>':
      return order > 0 && !begins(version, wanted);
    case '<':
      return order < 0;
    default:
      return begins(version, wanted);
  }
}

/** 4.3 holds 4.3.0 and 4.3.1-beta.2, not 4.30. */
function begins(version: string, wanted: string): boolean {
  if (!version.startsWith(wanted)) return false;
  return /^$|^[.-]/.test(version.slice(wanted.length));
}

/** Orders versions as SemVer does; what is left out counts as 0. @returns negative when `a` is older */
export function compareVersions(a: string, b: string): number {
  const [aNumbers = '', aMore] = split(a);
  const [bNumbers = '', bMore] = split(b);
  const bParts = bNumbers.split('.');
  for (const [i, part] of aNumbers.split('.').entries()) {
    const difference = Number(part) - Number(bParts[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (aMore === bMore) return 0;
  if (aMore === undefined || bMore === undefined) return aMore === undefined ? 1 : -1;
  return aMore.localeCompare(bMore, 'en', { numeric: true });
}

function split(version: string): [string, string | undefined] {
  const dash = version.indexOf('-');
  return dash < 0 ? [version, undefined] : [version.slice(0, dash), version.slice(dash + 1)];
}
