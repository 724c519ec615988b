import { unreachable } from '../util/assert.ts';
import type {
  ContactInfoData,
  DecodedValue,
  DuplicateShredData,
  EpochSlotsData,
  LowestSlotData,
  RestartHeaviestForkData,
  RestartLastVotedForkSlotsData,
  Sign,
  SnapshotHashesData,
  TransactionData,
  ValueData,
  VersionData,
  VoteData,
} from './decoded.ts';
import { KIND_NAMES } from './limits.ts';
import { Writer } from './writer.ts';

/** Encodes what the origin of a value signs: tag and body. The inverse of decoding. */
export function encodeValueData(data: ValueData): Uint8Array {
  const writer = new Writer();
  writeValueData(writer, data);
  return writer.finish();
}

/** Encodes a whole value with the signature it came with. */
export function encodeValue(value: DecodedValue): Uint8Array {
  const writer = new Writer();
  writeValue(writer, value);
  return writer.finish();
}

/** Encodes a new value and signs it as its origin. */
export function signValue(sign: Sign, data: ValueData): Uint8Array {
  const signed = encodeValueData(data);
  const writer = new Writer();
  writer.raw(sign(signed));
  writer.raw(signed);
  return writer.finish();
}

/** Writes a value with the signature it came with. */
export function writeValue(writer: Writer, value: DecodedValue): void {
  writer.signature(value.signature);
  writeValueData(writer, value);
}

function writeValueData(writer: Writer, data: ValueData): void {
  writer.u32(KIND_NAMES.indexOf(data.kind));
  switch (data.kind) {
    case 'Vote':
      writeVote(writer, data);
      break;
    case 'LowestSlot':
      writeLowestSlot(writer, data);
      break;
    case 'EpochSlots':
      writeEpochSlots(writer, data);
      break;
    case 'DuplicateShred':
      writeDuplicateShred(writer, data);
      break;
    case 'SnapshotHashes':
      writeSnapshotHashes(writer, data);
      break;
    case 'ContactInfo':
      writeContactInfo(writer, data);
      break;
    case 'RestartLastVotedForkSlots':
      writeLastVotedForkSlots(writer, data);
      break;
    case 'RestartHeaviestFork':
      writeHeaviestFork(writer, data);
      break;
    default:
      unreachable(data);
  }
}

function writeVote(writer: Writer, vote: VoteData): void {
  writer.u8(vote.index);
  writer.key(vote.from);
  writer.varint(vote.transaction.signatures.length);
  for (const signature of vote.transaction.signatures) writer.signature(signature);
  writeTransactionMessage(writer, vote.transaction);
  writer.u64(vote.wallclock);
}

/** Encodes the part of a transaction that its signers sign: everything behind the signatures. */
export function encodeTransactionMessage(
  transaction: Omit<TransactionData, 'signatures'>,
): Uint8Array {
  const writer = new Writer();
  writeTransactionMessage(writer, transaction);
  return writer.finish();
}

function writeTransactionMessage(
  writer: Writer,
  { header, keys, recentBlockhash, instructions }: Omit<TransactionData, 'signatures'>,
): void {
  writer.u8(header.requiredSignatures);
  writer.u8(header.readonlySigned);
  writer.u8(header.readonlyUnsigned);
  writer.varint(keys.length);
  for (const key of keys) writer.key(key);
  writer.key(recentBlockhash);
  writer.varint(instructions.length);
  for (const { program, accounts, data } of instructions) {
    writer.u8(program);
    writer.varint(accounts.length);
    for (const account of accounts) writer.u8(account);
    writer.varint(data.length / 2);
    writer.hex(data);
  }
}

function writeLowestSlot(writer: Writer, data: LowestSlotData): void {
  writer.u8(data.index);
  writer.key(data.from);
  writer.u64(data.root ?? 0);
  writer.u64(data.lowest);
  const slots = data.slots ?? [];
  writer.u64(slots.length);
  for (const slot of slots) writer.u64(slot);
  writer.sizedHex(data.stash ?? '');
  writer.u64(data.wallclock);
}

function writeEpochSlots(writer: Writer, data: EpochSlotsData): void {
  writer.u8(data.index);
  writer.key(data.from);
  writer.u64(data.entries.length);
  for (const entry of data.entries) {
    writer.u32(entry.form === 'Flate2' ? 0 : 1);
    writer.u64(entry.firstSlot);
    writer.u64(entry.num);
    if (entry.form === 'Flate2') writer.sizedHex(entry.compressed);
    else writer.bitVec(entry.bitmap, 1);
  }
  writer.u64(data.wallclock);
}

function writeDuplicateShred(writer: Writer, data: DuplicateShredData): void {
  writer.u16(data.index);
  writer.key(data.from);
  writer.u64(data.wallclock);
  writer.u64(data.slot);
  writer.u32(data.unusedIndex);
  writer.u8(data.unusedType);
  writer.u8(data.numChunks);
  writer.u8(data.chunkIndex);
  writer.sizedHex(data.chunk);
}

function writeSnapshotHashes(writer: Writer, data: SnapshotHashesData): void {
  writer.key(data.from);
  writer.u64(data.full.slot);
  writer.key(data.full.hash);
  writer.u64(data.incremental.length);
  for (const { slot, hash } of data.incremental) {
    writer.u64(slot);
    writer.key(hash);
  }
  writer.u64(data.wallclock);
}

function writeContactInfo(writer: Writer, data: ContactInfoData): void {
  writer.key(data.from);
  writer.varint(data.wallclock);
  writer.u64(data.outset);
  writer.u16(data.shredVersion);
  writeVersion(writer, data.version);
  writer.varint(data.addresses.length);
  for (const address of data.addresses) writer.ipv4(address);
  writer.varint(data.sockets.length);
  let lastPort = 0;
  for (const { key, address, port } of data.sockets) {
    writer.u8(key);
    writer.u8(address);
    writer.varint(port - lastPort);
    lastPort = port;
  }
  writer.varint(data.extensions.length);
  for (const { type, bytes } of data.extensions) {
    writer.u8(type);
    writer.varint(bytes.length / 2);
    writer.hex(bytes);
  }
}

const CHANNEL_BITS = { stable: 0, rc: 1, beta: 2, alpha: 3 } as const;

function writeVersion(writer: Writer, version: VersionData): void {
  writer.varint(version.major);
  writer.varint(version.minor | (CHANNEL_BITS[version.channel] << 14));
  writer.varint(version.prerelease ?? version.patch);
  writer.u32(version.commit);
  writer.u32(version.featureSet);
  writer.varint(version.client);
}

function writeLastVotedForkSlots(writer: Writer, data: RestartLastVotedForkSlotsData): void {
  writer.key(data.from);
  writer.u64(data.wallclock);
  if (data.offsets.form === 'RunLength') {
    writer.u32(0);
    writer.u64(data.offsets.runs.length);
    for (const run of data.offsets.runs) writer.varint(run);
  } else {
    writer.u32(1);
    writer.bitVec(data.offsets.bitmap, 1);
  }
  writer.u64(data.lastVotedSlot);
  writer.key(data.lastVotedHash);
  writer.u16(data.shredVersion);
}

function writeHeaviestFork(writer: Writer, data: RestartHeaviestForkData): void {
  writer.key(data.from);
  writer.u64(data.wallclock);
  writer.u64(data.lastSlot);
  writer.key(data.lastSlotHash);
  writer.u64(data.observedStake);
  writer.u16(data.shredVersion);
}
