import { unreachable } from '../../util/assert.ts';
import type { DecodedFilter, DecodedMessage, DecodedPrune } from '../../wire/decoded.ts';
import { type Span, span, type TreeNode } from './layout.ts';
import { counted, grouped, percent, timeAndAge } from './phrases.ts';

const key = (text: string): Span => span('key', text);
const field = (name: string, ...value: Span[]): TreeNode => ({ name, value });

/** The fields of a message besides its values. */
export function messageFields(message: DecodedMessage, captureMs: number | undefined): TreeNode[] {
  switch (message.message) {
    case 'PullRequest':
      return filterFields(message.filter);
    case 'PullResponse':
    case 'PushMessage':
      return [
        field('from', key(message.from)),
        ...(message.values.length === 0 ? [field('values', 'none')] : []),
      ];
    case 'PruneMessage':
      return pruneFields(message, captureMs);
    case 'Ping':
      return [
        field('from', key(message.from)),
        field('token', message.token),
        field('signature', span('dim', message.signature)),
      ];
    case 'Pong':
      return [
        field('from', key(message.from)),
        field('hash', `${message.hash} (of the ping's token)`),
        field('signature', span('dim', message.signature)),
      ];
    default:
      return unreachable(message);
  }
}

/** Which part of the table a pull request asks for, in few words: `partition 12 of 64`. */
export function partition(filter: DecodedFilter): string {
  const { maskBits } = filter;
  if (maskBits === 0) return 'everything';
  const mask = BigInt(filter.mask);
  if (maskBits >= 64) return `the hash prefix ${mask.toString(16).padStart(16, '0')}`;
  return `partition ${mask >> BigInt(64 - maskBits)} of ${1n << BigInt(maskBits)}`;
}

/** How many bits of the filter are set. */
export function bitsSet(filter: DecodedFilter): number {
  const { bits, blocks } = filter.bitmap;
  const bytes = Buffer.from(blocks ?? '', 'hex');
  let count = 0;
  for (let i = 0; i < bits; i++) count += (bytes[i >>> 3]! >>> (i & 7)) & 1;
  return count;
}

function filterFields(filter: DecodedFilter): TreeNode[] {
  const { bits } = filter.bitmap;
  const keys = filter.keys.length;
  const mask = BigInt(filter.mask).toString(16).padStart(16, '0');
  const asks = `${partition(filter)} (mask ${mask}, ${counted(filter.maskBits, 'bit')})`;
  const set = bitsSet(filter);
  const size = `${counted(bits, 'bit')}, ${counted(keys, 'key')}`;
  const says = filter.bitsSet === String(set) ? '' : `; it says ${filter.bitsSet} are set`;
  if (keys === 0 || set === 0) {
    return [
      field('asks for', asks),
      field('bloom filter', `empty, so it hides nothing (${size}${says})`),
    ];
  }
  const fill = set / bits;
  // Of n items each of k keys misses a given bit with (1 − 1/m)^kn ≈ e^(−kn/m).
  const items = Math.round((-bits / keys) * Math.log(1 - fill));
  const holds = Number.isFinite(items) ? `about ${counted(items, 'value')}` : 'every value';
  return [
    field('asks for', asks),
    field(
      'bloom filter',
      `${percent(fill)} full (${grouped(set)} of ${size}): holds ${holds}, hides ${percent(fill ** keys)} of the others${says}`,
    ),
  ];
}

function pruneFields(message: DecodedPrune, captureMs: number | undefined): TreeNode[] {
  const { from, pubkey, prunes } = message;
  return [
    field('from', key(from)),
    ...(pubkey === from ? [] : [field('signer', key(pubkey))]),
    field('to', key(message.destination)),
    field('wallclock', timeAndAge(Number(message.wallclock), captureMs)),
    ...(prunes.length === 0 ? [field('stop sending', 'values of nobody')] : []),
    ...prunes.map((origin, i) => field(i === 0 ? 'stop sending' : '', 'values of ', key(origin))),
    field('signature', span('dim', message.signature)),
  ];
}
