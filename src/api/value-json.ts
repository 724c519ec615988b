import { sha256Hex } from '../crypto/hash.ts';
import { assert, unreachable } from '../util/assert.ts';
import { toHex, writeU64 } from '../util/bytes.ts';
import { decodeValue } from '../wire/decode.ts';
import type { DecodedContactInfo, DecodedEpochSlots, DecodedValue } from '../wire/decoded.ts';
import { SOCKET_NAMES } from '../wire/limits.ts';
import { canonicalizeValue, createValueColumns, skimValue } from '../wire/skim.ts';
import { socketAddress } from './nodes.ts';

/** Slots of one EpochSlots value that are counted and hashed; there can be 430,000. */
const SLOTS_SHOWN = 20_000;

/** A value in the form that verdicts and dumps have: a summary for comparing, not all there is. */
export interface ValueJson {
  kind: DecodedValue['kind'];
  /** Bytes of the value as validators write it. */
  length: number;
  /** Its identity in the protocol: SHA-256 over signature and data. */
  sha256: string;
  /** The value itself in hex, where asked for. */
  bytes?: string;
  [field: string]: unknown;
}

/** The bytes that validators hash, verify and relay: those of the value, rewritten where they differ. */
export function canonicalBytes(bytes: Uint8Array, at: number, end: number): Uint8Array {
  const copy = bytes.slice(at, end);
  const columns = createValueColumns(2);
  const outcome = skimValue(copy, 0, copy.length, columns, 0);
  assert(outcome === 0, 'only an accepted value has canonical bytes');
  return copy.subarray(0, canonicalizeValue(copy, columns, 0));
}

/**
 * Describes a value.
 *
 * @shape canonical: signature and data as `canonicalBytes` gives them
 */
export function valueJson(
  value: DecodedValue,
  canonical: Uint8Array,
  options: { bytes?: boolean } = {},
): ValueJson {
  return {
    kind: value.kind,
    ...fields(value),
    length: canonical.length,
    sha256: sha256Hex(canonical),
    ...(options.bytes ? { bytes: toHex(canonical) } : {}),
  };
}

/** Describes the value that stands in `[at, end)`, as out of the table. @returns undefined when it is none */
export function describeValue(
  bytes: Uint8Array,
  at = 0,
  end = bytes.length,
  options: { bytes?: boolean } = {},
): ValueJson | undefined {
  const { outcome, value } = decodeValue(bytes, at, end);
  if (outcome !== 0 || value === null) return undefined;
  return valueJson(value, canonicalBytes(bytes, at, end), options);
}

function fields(value: DecodedValue): Record<string, unknown> {
  switch (value.kind) {
    case 'ContactInfo':
      return { contactInfo: contactInfo(value) };
    case 'Vote': {
      const { voteAccount, slots, hash, switchProof } = value.vote;
      const { index, from, wallclock, transaction } = value;
      const voted = { voteAccount, slots, hash, switchProof };
      return { index, from, wallclock, txSignatures: transaction.signatures, voted };
    }
    case 'LowestSlot': {
      const { index, from, wallclock, lowest } = value;
      return { index, from, wallclock, lowest };
    }
    case 'EpochSlots':
      return epochSlots(value);
    case 'DuplicateShred': {
      const { index, from, wallclock, slot, numChunks, chunkIndex, chunk } = value;
      const chunkLength = chunk.length / 2;
      return { index, from, wallclock, slot, numChunks, chunkIndex, chunkLength };
    }
    case 'SnapshotHashes': {
      const { from, wallclock, full, incremental } = value;
      const pair = ({ slot, hash }: { slot: string; hash: string }) => [slot, hash];
      return { from, wallclock, full: pair(full), incremental: incremental.map(pair) };
    }
    case 'RestartLastVotedForkSlots': {
      const { from, wallclock, lastVotedSlot, lastVotedHash, shredVersion, slots } = value;
      const slotCount = slots.length;
      return { from, wallclock, lastVotedSlot, lastVotedHash, shredVersion, slotCount };
    }
    case 'RestartHeaviestFork': {
      const { from, wallclock, lastSlot, lastSlotHash, observedStake, shredVersion } = value;
      return { from, wallclock, lastSlot, lastSlotHash, observedStake, shredVersion };
    }
    default:
      return unreachable(value);
  }
}

function epochSlots({
  index,
  from,
  wallclock,
  entries,
}: DecodedEpochSlots): Record<string, unknown> {
  const slots: string[] = [];
  for (const entry of entries) {
    if (slots.length === SLOTS_SHOWN) break; // the others would be worked out for nothing
    slots.push(...entry.slots.slice(0, SLOTS_SHOWN - slots.length));
  }
  const bytes = new Uint8Array(8 * slots.length);
  for (const [i, slot] of slots.entries()) writeU64(bytes, 8 * i, Number(slot));
  return {
    index,
    from,
    wallclock,
    segments: entries.length,
    slotCount: slots.length,
    firstSlots: slots.slice(0, 5),
    slotsSha256: sha256Hex(bytes),
  };
}

function contactInfo(contact: DecodedContactInfo): Record<string, unknown> {
  const { major, minor, patch, commit, featureSet, client } = contact.version;
  return {
    pubkey: contact.from,
    wallclock: contact.wallclock,
    outset: contact.outset,
    shredVersion: contact.shredVersion,
    version: { major, minor, patch, commit, featureSet, client },
    gossip: socketAddress(contact, SOCKET_NAMES.indexOf('gossip')),
    tvu: socketAddress(contact, SOCKET_NAMES.indexOf('tvu')),
    rpc: socketAddress(contact, SOCKET_NAMES.indexOf('rpc')),
    tpuQuic: socketAddress(contact, SOCKET_NAMES.indexOf('tpuQuic')),
    sockets: contact.sockets.map(({ key, ip, port }) => ({ key, addr: ip, port })),
  };
}
