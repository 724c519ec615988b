/**
 * What decoded packets look like, and what can be encoded: plain JSON-safe objects.
 *
 * A `…Data` type is what goes on the wire, enough to encode; the `Decoded…` type adds what follows from
 * it (names, reconstructed slots, printed forms). u64 are decimal strings, because JSON numbers lose bits;
 * keys, hashes of the chain and signatures are base58, other bytes hex.
 */

/** A u64 or i64 on its way to the wire; decoded ones are always decimal strings. */
export type Integer64 = string | number | bigint;

/** Signs a span of bytes with the key of whoever originates a value or a transaction; 64 bytes come back. */
export type Sign = (message: Uint8Array) => Uint8Array;

/** A bit vector as it stood on the wire: surplus blocks and padding bits included. */
export interface BitVec {
  /** How many bits count. */
  bits: number;
  /** The blocks in hex, least significant bit of the first byte first; null for the form without blocks. */
  blocks: string | null;
}

// ---------------------------------------------------------------- values

/** The legacy transaction inside a vote. */
export interface TransactionData {
  signatures: string[];
  header: { requiredSignatures: number; readonlySigned: number; readonlyUnsigned: number };
  keys: string[];
  recentBlockhash: string;
  instructions: { program: number; accounts: number[]; data: string }[];
}

/** One slot of a vote with how often it was confirmed. */
export interface Lockout {
  slot: string;
  confirmations: number;
}

/** Names of vote instructions that carry a vote. */
export type VoteInstructionName =
  | 'Vote'
  | 'VoteSwitch'
  | 'UpdateVoteState'
  | 'UpdateVoteStateSwitch'
  | 'CompactUpdateVoteState'
  | 'CompactUpdateVoteStateSwitch'
  | 'TowerSync'
  | 'TowerSyncSwitch';

/** What the first instruction of a vote transaction says. */
export interface ParsedVote {
  instruction: VoteInstructionName;
  voteAccount: string;
  /** Voted slots in wire order; the last one is what the vote is for. */
  slots: string[];
  /** The slots with their confirmations; null for Vote and VoteSwitch, which have none. */
  lockouts: Lockout[] | null;
  /** The rooted slot; null where there is none. */
  root: string | null;
  hash: string;
  /** Unix seconds, signed. */
  timestamp: string | null;
  /** TowerSync only. */
  blockId: string | null;
  /** The …Switch instructions only. */
  switchProof: string | null;
}

/** A vote of a validator, with the transaction that casts it. */
export interface VoteData {
  kind: 'Vote';
  index: number;
  from: string;
  wallclock: Integer64;
  transaction: TransactionData;
}

/** The obsolete fields (root, slots, stash) must be zero and empty, or validators refuse the value. */
export interface LowestSlotData {
  kind: 'LowestSlot';
  index: 0;
  from: string;
  wallclock: Integer64;
  lowest: Integer64;
  root?: Integer64;
  slots?: Integer64[];
  stash?: string;
}

/** One run of slots: `num` is how many slots it spans from the first, not how many bits are set. */
export type EpochSlotsEntryData =
  | { form: 'Flate2'; firstSlot: Integer64; num: Integer64; compressed: string }
  | { form: 'Uncompressed'; firstSlot: Integer64; num: Integer64; bitmap: BitVec };

/** Slots that a validator has completed. */
export interface EpochSlotsData {
  kind: 'EpochSlots';
  index: number;
  from: string;
  wallclock: Integer64;
  entries: EpochSlotsEntryData[];
}

/** A piece of the proof that a leader made two different shreds of one slot. */
export interface DuplicateShredData {
  kind: 'DuplicateShred';
  index: number;
  from: string;
  wallclock: Integer64;
  slot: Integer64;
  /** Was the shred index; 0 today, any content is carried. */
  unusedIndex: number;
  /** Was the shred type; 0x5a today, any content is carried. */
  unusedType: number;
  numChunks: number;
  chunkIndex: number;
  chunk: string;
}

/** A snapshot: the slot it is of, and its hash. */
export interface SnapshotHash {
  slot: Integer64;
  hash: string;
}

/** Snapshots that a node serves. */
export interface SnapshotHashesData {
  kind: 'SnapshotHashes';
  from: string;
  wallclock: Integer64;
  full: SnapshotHash;
  incremental: SnapshotHash[];
}

/** What a node runs. */
export interface VersionData {
  major: number;
  minor: number;
  /** 0 unless the channel is stable. */
  patch: number;
  channel: 'stable' | 'rc' | 'beta' | 'alpha';
  /** Number of the release candidate, beta or alpha; null when stable. */
  prerelease: number | null;
  commit: number;
  featureSet: number;
  /** The id, known or not. */
  client: number;
}

/** A service and where it is. */
export interface SocketData {
  key: number;
  /** Index into the addresses. */
  address: number;
  port: number;
}

/** Who a node is, what it runs and where its services are. */
export interface ContactInfoData {
  kind: 'ContactInfo';
  from: string;
  wallclock: Integer64;
  /** Microseconds since the Unix epoch: when this instance started. */
  outset: Integer64;
  shredVersion: number;
  version: VersionData;
  addresses: string[];
  /** In wire order, by port. */
  sockets: SocketData[];
  /** None is defined; validators drop them, and with them the packet if they were signed. */
  extensions: { type: number; bytes: string }[];
}

/** Which of the slots before the last voted one are in the fork, newest first. */
export type ForkOffsets = { form: 'RunLength'; runs: number[] } | { form: 'Raw'; bitmap: BitVec };

/** For a restart of the cluster: the fork that a validator voted on last. */
export interface RestartLastVotedForkSlotsData {
  kind: 'RestartLastVotedForkSlots';
  from: string;
  wallclock: Integer64;
  offsets: ForkOffsets;
  lastVotedSlot: Integer64;
  lastVotedHash: string;
  shredVersion: number;
}

/** For a restart of the cluster: the fork that a validator found heaviest. */
export interface RestartHeaviestForkData {
  kind: 'RestartHeaviestFork';
  from: string;
  wallclock: Integer64;
  lastSlot: Integer64;
  lastSlotHash: string;
  /** Lamports. */
  observedStake: Integer64;
  shredVersion: number;
}

/** Everything of a value that its origin signs. */
export type ValueData =
  | VoteData
  | LowestSlotData
  | EpochSlotsData
  | DuplicateShredData
  | SnapshotHashesData
  | ContactInfoData
  | RestartLastVotedForkSlotsData
  | RestartHeaviestForkData;

/** What every decoded value has besides its data. */
export interface DecodedEnvelope {
  wallclock: string;
  signature: string;
  /** First byte of the value, counted from the start of the packet. */
  offset: number;
  /** Bytes of the value as received, signature included. */
  length: number;
  /** False when validators would hash, verify and relay other bytes than these. */
  canonical: boolean;
}

/** A vote with what its instruction says. */
export interface DecodedVote extends VoteData, DecodedEnvelope {
  wallclock: string;
  vote: ParsedVote;
}

/** The lowest slot a node can serve; the obsolete fields show what a refused value had in them. */
export interface DecodedLowestSlot extends LowestSlotData, DecodedEnvelope {
  wallclock: string;
  lowest: string;
  root: string;
  slots: string[];
  stash: string;
}

/** One run of slots with the slots themselves. */
export type DecodedEpochSlotsEntry = EpochSlotsEntryData & {
  firstSlot: string;
  num: string;
  /** Slots that the bitmap names, inflated first where it is compressed. */
  slots: string[];
};

/** Completed slots, run by run. */
export interface DecodedEpochSlots extends EpochSlotsData, DecodedEnvelope {
  wallclock: string;
  entries: DecodedEpochSlotsEntry[];
}

/** A piece of a proof, as it came. */
export interface DecodedDuplicateShred extends DuplicateShredData, DecodedEnvelope {
  wallclock: string;
  slot: string;
}

/** Snapshots, as they were announced. */
export interface DecodedSnapshotHashes extends SnapshotHashesData, DecodedEnvelope {
  wallclock: string;
  full: { slot: string; hash: string };
  incremental: { slot: string; hash: string }[];
}

/** A version with the words for it. */
export interface DecodedVersion extends VersionData {
  /** As people write it: `4.3.0-alpha.1`. */
  text: string;
  /** Null for an id that is not known. */
  clientName: string | null;
}

/** A socket with its name and address. */
export interface DecodedSocket extends SocketData {
  /** Null for a key that has no meaning yet. */
  name: string | null;
  ip: string;
}

/** A contact info with names, addresses and ports worked out. */
export interface DecodedContactInfo extends ContactInfoData, DecodedEnvelope {
  wallclock: string;
  outset: string;
  version: DecodedVersion;
  sockets: DecodedSocket[];
}

/** A last voted fork with its slots. */
export interface DecodedRestartLastVotedForkSlots
  extends RestartLastVotedForkSlotsData,
    DecodedEnvelope {
  wallclock: string;
  lastVotedSlot: string;
  /** Slots of the fork, oldest first, at most 65,535. */
  slots: string[];
}

/** A heaviest fork, as it came. */
export interface DecodedRestartHeaviestFork extends RestartHeaviestForkData, DecodedEnvelope {
  wallclock: string;
  lastSlot: string;
  observedStake: string;
}

/** A value of any kind; `kind` tells which. */
export type DecodedValue =
  | DecodedVote
  | DecodedLowestSlot
  | DecodedEpochSlots
  | DecodedDuplicateShred
  | DecodedSnapshotHashes
  | DecodedContactInfo
  | DecodedRestartLastVotedForkSlots
  | DecodedRestartHeaviestFork;

// ---------------------------------------------------------------- messages

/** The Bloom filter of a pull request and the part of the table it is about. */
export interface DecodedFilter {
  keys: string[];
  bitmap: BitVec;
  /** What the sender says; nobody checks it. */
  bitsSet: string;
  /** As on the wire; the bits below `maskBits` are ignored by who answers. */
  mask: string;
  maskBits: number;
}

/** Asks for what the sender lacks. */
export interface DecodedPullRequest {
  message: 'PullRequest';
  filter: DecodedFilter;
  /** One: the contact info of who asks. */
  values: DecodedValue[];
}

/** Carries values, asked for or not. */
export interface DecodedValues {
  message: 'PullResponse' | 'PushMessage';
  /** Who sent the packet, not who made the values; not signed. */
  from: string;
  values: DecodedValue[];
}

/** Asks not to be sent values of some origins any more. */
export interface DecodedPrune {
  message: 'PruneMessage';
  /** Sender as the envelope says; must equal `pubkey`. */
  from: string;
  /** The signer. */
  pubkey: string;
  prunes: string[];
  signature: string;
  destination: string;
  wallclock: string;
}

/** Asks for proof that somebody answers at an address. */
export interface DecodedPing {
  message: 'Ping';
  from: string;
  token: string;
  signature: string;
}

/** That proof: a hash that only who got the ping can know. */
export interface DecodedPong {
  message: 'Pong';
  from: string;
  hash: string;
  signature: string;
}

/** A message of any sort; `message` tells which. */
export type DecodedMessage =
  | DecodedPullRequest
  | DecodedValues
  | DecodedPrune
  | DecodedPing
  | DecodedPong;
