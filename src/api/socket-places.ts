import { formatAddress } from '../util/ipv4.ts';
import type { ContactInfoFields } from '../wire/contact-info.ts';
import { SOCKET_COUNT, SOCKET_NAMES } from '../wire/limits.ts';
import type { SocketAddresses } from './changes.ts';

/** Where the services of a node are: an address and port as one number by socket key, 0 for none. */
export type SocketPlaces = Float64Array;

const PORTS = 65_536;

/** These have changes of their own. */
const TOLD_ELSEWHERE: readonly string[] = ['gossip', 'rpc'];

/** The services of a contact info. @returns `before` itself when they are as they were */
export function socketPlaces(
  { socketIp, socketPort }: ContactInfoFields,
  before: SocketPlaces | undefined,
): SocketPlaces {
  const placeOf = (key: number): number =>
    socketPort[key] === 0 ? 0 : socketIp[key]! * PORTS + socketPort[key]!;
  let key = 0;
  while (before && key < SOCKET_COUNT && before[key] === placeOf(key)) key++;
  if (before && key === SOCKET_COUNT) return before;
  return Float64Array.from({ length: SOCKET_COUNT }, (_, i) => placeOf(i));
}

/** Those services that are elsewhere now, before and after; undefined when there are none. */
export function movedSockets(
  before: SocketPlaces,
  after: SocketPlaces,
): { old: SocketAddresses; new: SocketAddresses } | undefined {
  const old: SocketAddresses = {};
  const now: SocketAddresses = {};
  let isMoved = false;
  for (const [key, name] of SOCKET_NAMES.entries()) {
    if (before[key] === after[key] || TOLD_ELSEWHERE.includes(name)) continue;
    old[name] = addressOf(before[key]!);
    now[name] = addressOf(after[key]!);
    isMoved = true;
  }
  return isMoved ? { old, new: now } : undefined;
}

const addressOf = (place: number): string | null =>
  place === 0 ? null : formatAddress(Math.floor(place / PORTS), place % PORTS);
