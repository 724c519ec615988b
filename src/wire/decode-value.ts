import { formatIp } from '../util/ipv4.ts';
import { parseVote, readTransaction } from './decode-vote.ts';
import type {
  DecodedContactInfo,
  DecodedEpochSlots,
  DecodedEpochSlotsEntry,
  DecodedRestartLastVotedForkSlots,
  DecodedValue,
  DecodedVersion,
  EpochSlotsEntryData,
  ForkOffsets,
} from './decoded.ts';
import { entrySlots } from './epoch-slots.ts';
import { forkSlots } from './fork-slots.ts';
import { CLIENT_NAMES, Kind, SOCKET_NAMES } from './limits.ts';
import type { Reader } from './reader.ts';

/** A decoded value without what the caller knows: signature and place in the packet. */
type Unsigned<T> = T extends DecodedValue
  ? Omit<T, 'signature' | 'offset' | 'length' | 'canonical'>
  : never;

/** Data of a value of any kind, with everything that follows from it. */
export type DecodedData = Unsigned<DecodedValue>;

/** Reads the data of a value that skimming accepted, or refused for what it says and not for its form. */
export function readData(reader: Reader): DecodedData {
  const kind = reader.u32();
  switch (kind) {
    case Kind.VOTE:
      return readVote(reader);
    case Kind.LOWEST_SLOT:
      return readLowestSlot(reader);
    case Kind.EPOCH_SLOTS:
      return readEpochSlots(reader);
    case Kind.DUPLICATE_SHRED:
      return readDuplicateShred(reader);
    case Kind.SNAPSHOT_HASHES:
      return readSnapshotHashes(reader);
    case Kind.CONTACT_INFO:
      return readContactInfo(reader);
    case Kind.RESTART_LAST_VOTED_FORK_SLOTS:
      return readLastVotedForkSlots(reader);
    default:
      return readHeaviestFork(reader); // the last kind that skimming lets pass
  }
}

const readU64 = (reader: Reader): string => String(reader.u64());

function readVote(reader: Reader): DecodedData {
  const index = reader.u8();
  const from = reader.key();
  const transaction = readTransaction(reader);
  return {
    kind: 'Vote',
    index,
    from,
    wallclock: readU64(reader),
    vote: parseVote(transaction),
    transaction,
  };
}

function readLowestSlot(reader: Reader): DecodedData {
  reader.u8(); // the index, of which only 0 decodes
  const from = reader.key();
  const root = readU64(reader);
  const lowest = readU64(reader);
  const slots = reader.list(reader.count(), readU64);
  const stash = reader.hex(reader.count());
  return {
    kind: 'LowestSlot',
    index: 0,
    from,
    wallclock: readU64(reader),
    lowest,
    root,
    slots,
    stash,
  };
}

function readEpochSlots(reader: Reader): Unsigned<DecodedEpochSlots> {
  const index = reader.u8();
  const from = reader.key();
  const entries = reader.list(reader.count(), readEntry);
  return { kind: 'EpochSlots', index, from, wallclock: readU64(reader), entries };
}

function readEntry(reader: Reader): DecodedEpochSlotsEntry {
  const compressed = reader.u32() === 0;
  const head = { firstSlot: readU64(reader), num: readU64(reader) };
  const entry: EpochSlotsEntryData & typeof head = compressed
    ? { form: 'Flate2', ...head, compressed: reader.hex(reader.count()) }
    : { form: 'Uncompressed', ...head, bitmap: reader.bitVec(1) };
  return withSlots(entry, () => entrySlots(entry).map(String));
}

/**
 * Adds the slots that data stand for, worked out when somebody asks: one datagram can name half a million,
 * which took 300 ms and 50 MB.
 */
function withSlots<T extends object>(data: T, slots: () => string[]): T & { slots: string[] } {
  let known: string[] | undefined;
  const get = (): string[] => {
    known ??= slots();
    return known;
  };
  return Object.defineProperty(data, 'slots', { get, enumerable: true }) as T & { slots: string[] };
}

function readDuplicateShred(reader: Reader): DecodedData {
  return {
    kind: 'DuplicateShred',
    index: reader.u16(),
    from: reader.key(),
    wallclock: readU64(reader),
    slot: readU64(reader),
    unusedIndex: reader.u32(),
    unusedType: reader.u8(),
    numChunks: reader.u8(),
    chunkIndex: reader.u8(),
    chunk: reader.hex(reader.count()),
  };
}

const readSnapshotHash = (reader: Reader): { slot: string; hash: string } => ({
  slot: readU64(reader),
  hash: reader.key(),
});

function readSnapshotHashes(reader: Reader): DecodedData {
  const from = reader.key();
  const full = readSnapshotHash(reader);
  const incremental = reader.list(reader.count(), readSnapshotHash);
  return { kind: 'SnapshotHashes', from, wallclock: readU64(reader), full, incremental };
}

function readContactInfo(reader: Reader): Unsigned<DecodedContactInfo> {
  const from = reader.key();
  const wallclock = String(reader.varint());
  const outset = readU64(reader);
  const shredVersion = reader.u16();
  const version = readVersion(reader);
  const addresses = reader.list(reader.varint16(), () => {
    reader.u32(); // the tag, of which only IPv4 is accepted
    return formatIp(
      ((reader.u8() << 24) | (reader.u8() << 16) | (reader.u8() << 8) | reader.u8()) >>> 0,
    );
  });
  let port = 0;
  const sockets = reader.list(reader.varint16(), () => {
    const key = reader.u8();
    const address = reader.u8();
    port += reader.varint16();
    return { key, name: SOCKET_NAMES[key] ?? null, address, ip: addresses[address]!, port };
  });
  const extensions = reader.list(reader.varint16(), () => ({
    type: reader.u8(),
    bytes: reader.hex(reader.varint16()),
  }));
  return {
    kind: 'ContactInfo',
    from,
    wallclock,
    outset,
    shredVersion,
    version,
    addresses,
    sockets,
    extensions,
  };
}

/** By the two top bits of the minor number. @source agave version/src/v4.rs */
const CHANNELS = ['stable', 'rc', 'beta', 'alpha'] as const;

/** A version as people write it. @units number: patch of a stable release, else number of the pre-release */
export function versionText(major: number, minor: number, channel: number, number: number): string {
  return channel === 0
    ? `${major}.${minor}.${number}`
    : `${major}.${minor}.0-${CHANNELS[channel]}.${number}`;
}

function readVersion(reader: Reader): DecodedVersion {
  const major = reader.varint16();
  const packed = reader.varint16();
  const number = reader.varint16();
  const channel = CHANNELS[packed >>> 14]!;
  const minor = packed & 0x3fff;
  const patch = channel === 'stable' ? number : 0;
  const prerelease = channel === 'stable' ? null : number;
  const commit = reader.u32();
  const featureSet = reader.u32();
  const client = reader.varint16();
  return {
    text: versionText(major, minor, packed >>> 14, number),
    major,
    minor,
    patch,
    channel,
    prerelease,
    commit,
    featureSet,
    client,
    clientName: CLIENT_NAMES[client] ?? null,
  };
}

function readLastVotedForkSlots(reader: Reader): Unsigned<DecodedRestartLastVotedForkSlots> {
  const from = reader.key();
  const wallclock = readU64(reader);
  const offsets: ForkOffsets =
    reader.u32() === 0
      ? { form: 'RunLength', runs: reader.list(reader.count(), () => reader.varint16()) }
      : { form: 'Raw', bitmap: reader.bitVec(1) };
  const lastVotedSlot = reader.u64();
  const data = {
    kind: 'RestartLastVotedForkSlots' as const,
    from,
    wallclock,
    offsets,
    lastVotedSlot: String(lastVotedSlot),
    lastVotedHash: reader.key(),
    shredVersion: reader.u16(),
  };
  return withSlots(data, () => forkSlots(offsets, lastVotedSlot).map(String));
}

function readHeaviestFork(reader: Reader): DecodedData {
  return {
    kind: 'RestartHeaviestFork',
    from: reader.key(),
    wallclock: readU64(reader),
    lastSlot: readU64(reader),
    lastSlotHash: reader.key(),
    observedStake: readU64(reader),
    shredVersion: reader.u16(),
  };
}
