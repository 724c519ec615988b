import type { ChangeEvent } from '../../api/change-reader.ts';
import type { NodeChange } from '../../api/changes.ts';
import type { Role } from './text.ts';

/** Something that happened, in words. */
export interface WatchEvent {
  /** Since the Unix epoch. */
  readonly atMs: number;
  /** `+` came, `-` left, `~` changed, `!` is worth a look. */
  readonly sign: '+' | '-' | '~' | '!';
  readonly role: Role;
  /** Of the node, in base58; none for what concerns no node. */
  readonly pubkey?: string;
  readonly text: string;
}

/** Puts a change into words; votes and snapshots happen all the time and are none. */
export function describeEvent(change: ChangeEvent): WatchEvent | undefined {
  if (change.kind === 'gap') {
    const text = `some changes are not told: there were too many; ${change.nodes.length} nodes now`;
    return { atMs: change.at, sign: '!', role: 'warn', text };
  }
  const words = wordsFor(change);
  if (!words) return undefined;
  const [sign, role, text] = words;
  return { atMs: change.at, sign, role, pubkey: change.pubkey, text };
}

type Words = readonly [WatchEvent['sign'], Role, string];

function wordsFor(change: NodeChange): Words | undefined {
  switch (change.kind) {
    case 'appeared': {
      const { gossip, version, client } = change.new;
      return ['+', 'good', `joined   ${gossip ?? 'no address'}  ${version} ${client}`];
    }
    case 'disappeared': {
      const { gossip, version, client } = change.old;
      return ['-', 'bad', `left     ${gossip ?? 'no address'}  ${version} ${client}`];
    }
    case 'moved':
      return [
        '~',
        'text',
        `moved    ${change.old ?? 'no address'} → ${change.new ?? 'no address'}`,
      ];
    case 'sockets':
      return ['~', 'dim', `services ${Object.keys(change.new).join(', ')} moved`];
    case 'version':
      return ['~', 'text', `version  ${change.old} → ${change.new}`];
    case 'client':
      return ['~', 'text', `client   ${change.old} → ${change.new}`];
    case 'shredVersion':
      return ['~', 'text', `shred version ${change.old} → ${change.new}`];
    case 'restarted':
      return ['~', 'text', `restarted${change.version === null ? '' : ` on ${change.version}`}`];
    case 'duplicateInstance':
      return ['!', 'warn', 'a second instance signs with this key'];
    case 'duplicateShred':
      return ['!', 'warn', `tells of two versions of slot ${change.new.slot}`];
    case 'rpcOpened':
      return ['~', 'dim', `opened RPC at ${change.new}`];
    case 'rpcClosed':
      return ['~', 'dim', `closed RPC at ${change.old}`];
    default:
      return undefined;
  }
}
