import { unreachable } from '../../util/assert.ts';
import type {
  DecodedContactInfo,
  DecodedDuplicateShred,
  DecodedEpochSlots,
  DecodedRestartLastVotedForkSlots,
  DecodedSnapshotHashes,
  DecodedSocket,
  DecodedValue,
  DecodedVote,
} from '../../wire/decoded.ts';
import { type Span, span, type TreeNode } from './layout.ts';
import { counted, duration, grouped, slotRuns, time, timeAndAge } from './phrases.ts';

const LAMPORTS_PER_SOL = 1_000_000_000n;
/** There can be hundreds of empty ones. */
const EXTENSIONS_SHOWN = 8;
/** What Agave writes into the two fields of a duplicate shred that have lost their meaning. */
const UNUSED_SHRED_FIELDS = '0/90';

const key = (text: string): Span => span('key', text);
const number = (text: string | number): Span => span('number', String(text));
const field = (name: string, ...value: Span[]): TreeNode => ({ name, value });

/** The fields of a value that its kind has, in an order that answers questions. */
export function valueFields(value: DecodedValue, captureMs: number | undefined): TreeNode[] {
  switch (value.kind) {
    case 'ContactInfo':
      return contactInfo(value);
    case 'Vote':
      return vote(value, captureMs);
    case 'LowestSlot':
      return [field('lowest slot', number(value.lowest))];
    case 'EpochSlots':
      return epochSlots(value);
    case 'DuplicateShred':
      return duplicateShred(value);
    case 'SnapshotHashes':
      return snapshotHashes(value);
    case 'RestartLastVotedForkSlots':
      return forkSlots(value);
    case 'RestartHeaviestFork': {
      const lamports = BigInt(value.observedStake);
      const sol = `${grouped(lamports / LAMPORTS_PER_SOL)} SOL`;
      return [
        field('heaviest fork', number(value.lastSlot), ' hash ', key(value.lastSlotHash)),
        field('observed stake', `${sol} (${value.observedStake} lamports)`),
        field('shred version', number(value.shredVersion)),
      ];
    }
    default:
      return unreachable(value);
  }
}

/** When the origin says that it made the value. */
export function wallclockField(value: { wallclock: string }, captureMs?: number): TreeNode {
  return field('wallclock', timeAndAge(Number(value.wallclock), captureMs));
}

function contactInfo(value: DecodedContactInfo): TreeNode[] {
  const { version } = value;
  const startedMs = Number(value.outset) / 1000;
  const upMs = Number(value.wallclock) - startedMs;
  const up = upMs >= 0 ? ` (up for ${duration(upMs)})` : '';
  const client = version.clientName ?? 'unknown client';
  const commit = version.commit.toString(16).padStart(8, '0');
  return [
    field('started', value.outset === '0' ? 'not said' : `${time(Math.floor(startedMs))}${up}`),
    field('shred version', number(value.shredVersion)),
    field(
      'version',
      span('strong', version.text),
      ` ${client} (${version.client}), commit ${commit}, feature set ${version.featureSet}`,
    ),
    ...sockets(value.sockets),
    ...extensions(value.extensions),
  ];
}

/** Records that no version of the protocol gives a meaning. */
function extensions(all: DecodedContactInfo['extensions']): TreeNode[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, EXTENSIONS_SHOWN);
  const words = shown.map(({ type, bytes }) => `type ${type}: ${bytes || 'empty'}`);
  const hidden = all.length - shown.length;
  if (hidden > 0) words.push(`and ${grouped(hidden)} more`);
  return [field('extensions', words.join(', '))];
}

/** Sockets by address: most nodes have one. */
function sockets(all: readonly DecodedSocket[]): TreeNode[] {
  if (all.length === 0) return [field('sockets', 'none')];
  const byIp = new Map<string, DecodedSocket[]>();
  for (const socket of all) byIp.set(socket.ip, [...(byIp.get(socket.ip) ?? []), socket]);
  return [...byIp].map(([ip, found], index) => {
    const ports = [...found]
      .sort((a, b) => a.key - b.key)
      .flatMap(({ key: id, name, port }, i) => [
        ` ${name ?? `key ${id}`} `,
        number(i === found.length - 1 ? port : `${port},`),
      ]);
    return field(index === 0 ? 'sockets' : '', key(ip), ...ports);
  });
}

function vote(value: DecodedVote, captureMs: number | undefined): TreeNode[] {
  const { vote: cast, transaction } = value;
  const last = cast.slots.at(-1);
  const confirmations = cast.lockouts?.map((lockout) => lockout.confirmations).join(' ');
  return [
    field('votes for', ...(last === undefined ? ['no slot'] : ['slot ', number(last)])),
    ...(cast.slots.length > 1
      ? [field('slots', `${slotRuns(cast.slots)} (${grouped(cast.slots.length)})`)]
      : []),
    ...(confirmations ? [field('confirmations', confirmations)] : []),
    field('root', cast.root === null ? 'none' : number(cast.root)),
    field('bank hash', key(cast.hash)),
    ...(cast.blockId === null ? [] : [field('block id', key(cast.blockId))]),
    ...(cast.timestamp === null
      ? []
      : [field('block time', timeAndAge(Number(cast.timestamp) * 1000, captureMs))]),
    ...(cast.switchProof === null ? [] : [field('switch proof', key(cast.switchProof))]),
    field('vote account', key(cast.voteAccount)),
    field(
      'transaction',
      `${cast.instruction}, ${counted(transaction.keys.length, 'key')}, ${counted(transaction.instructions.length, 'instruction')}, blockhash `,
      key(transaction.recentBlockhash),
    ),
    ...transaction.signatures.map((signature, i) =>
      field(i === 0 ? 'tx signature' : '', span('dim', signature)),
    ),
  ];
}

function epochSlots(value: DecodedEpochSlots): TreeNode[] {
  if (value.entries.length === 0) return [field('slots', 'none')];
  return value.entries.map((entry) => {
    const form = entry.form === 'Flate2' ? 'compressed' : 'bitmap';
    const found =
      entry.slots.length === 0
        ? ['none that can be read, from ', number(entry.firstSlot)]
        : [number(slotRuns(entry.slots))];
    const summary = ` (${counted(entry.slots.length, 'slot')}, span ${entry.num}, ${form})`;
    return field('slots', ...found, span('dim', summary));
  });
}

function duplicateShred(value: DecodedDuplicateShred): TreeNode[] {
  const unused = `${value.unusedIndex}/${value.unusedType}`;
  const bytes = value.chunk.length / 2;
  return [
    field('slot', number(value.slot)),
    field('chunk', `${value.chunkIndex + 1} of ${value.numChunks}, ${counted(bytes, 'byte')}`),
    ...(unused === UNUSED_SHRED_FIELDS ? [] : [field('unused fields', unused)]),
  ];
}

function snapshotHashes(value: DecodedSnapshotHashes): TreeNode[] {
  const { full, incremental } = value;
  return [
    field('full', 'slot ', number(full.slot), ' hash ', key(full.hash)),
    ...incremental.map((one) =>
      field('incremental', 'slot ', number(one.slot), ' hash ', key(one.hash)),
    ),
  ];
}

function forkSlots(value: DecodedRestartLastVotedForkSlots): TreeNode[] {
  const form = value.offsets.form === 'RunLength' ? 'run lengths' : 'bitmap';
  return [
    field('last voted', 'slot ', number(value.lastVotedSlot), ' hash ', key(value.lastVotedHash)),
    field(
      'fork',
      number(slotRuns(value.slots) || 'no slot'),
      span('dim', ` (${counted(value.slots.length, 'slot')}, ${form})`),
    ),
    field('shred version', number(value.shredVersion)),
  ];
}
