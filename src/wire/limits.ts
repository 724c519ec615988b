/**
 * Numbers of the wire protocol, each with where it comes from. Nothing here is tunable: these are what
 * Agave 4.4 validators accept and send.
 */

/** Largest UDP payload: IPv6's minimum MTU 1280 − IPv6 header 40 − UDP header 8. */
export const PACKET_BYTES = 1232;

/** Tag 4 + sender 32 + count 8. @source agave gossip/src/protocol.rs */
export const VALUES_HEADER_BYTES = 44;

/** Room for values in one push or pull response: 1232 − 44; also the largest single value. */
export const VALUES_BYTES = PACKET_BYTES - VALUES_HEADER_BYTES;

/** Signature 64 + tag 4 + index 1 + origin 32 + count 8 + wallclock 8: an EpochSlots without entries. */
export const SMALLEST_VALUE_BYTES = 117;

/** floor(1188 / 117): how many values fit into one packet. */
export const MAX_VALUES = 10;

/** Header 44 + smallest value 117; turns a byte budget into a number of values. */
export const SMALLEST_PULL_RESPONSE_BYTES = 161;

/** Signature in front of every value. */
export const SIGNATURE_BYTES = 64;
export const PUBKEY_BYTES = 32;
export const HASH_BYTES = 32;

/** Ping and pong: tag 4 + key 32 + token or hash 32 + signature 64. */
export const PING_BYTES = 132;

/** What a pong's hash starts with, before the token. @source agave gossip/src/ping_pong.rs */
export const PONG_PREFIX = 'SOLANA_PING_PONG';

/** Signed in front of some prunes, itself preceded by its length as u64. @source agave gossip/src/protocol.rs */
export const PRUNE_PREFIX = '\xffSOLANA_PRUNE_DATA';

/** Origins in one prune as Agave sends it; 33 would make 1,236 bytes. */
export const PRUNE_MAX_ORIGINS = 32;

/** Wallclocks (ms) and slots from here on are refused. @source agave gossip/src/crds_data.rs */
export const MAX_WALLCLOCK = 1e15;
export const MAX_SLOT = 1e15;

/** Indices from here on are refused. @source agave gossip/src/crds_data.rs */
export const MAX_VOTES = 32;
export const MAX_EPOCH_SLOTS = 255;
export const MAX_DUPLICATE_SHREDS = 512;

/** Slots in one EpochSlots entry, exclusive; its bitmap inflates to at most 2,048 bytes. */
export const MAX_SLOTS_PER_ENTRY = 16384;
export const INFLATE_BYTES = 2048;

/** One-positions taken from a RestartLastVotedForkSlots. */
export const MAX_FORK_SLOTS = 65535;

/** Bytes that Agave is willing to allocate for one counted collection: 11 × 696. */
export const PREALLOCATION_BYTES = 7656;
/** 7656 / 32: TLV records of a contact info. */
export const MAX_EXTENSIONS = 239;
/** floor(7656 / 56): instructions of a vote transaction. */
export const MAX_INSTRUCTIONS = 136;

/** A pull request with fewer mask bits is refused: ceil(log2(65536 / 1708)). @source agave gossip/src/crds_filter.rs */
export const MIN_MASK_BITS = 6;

/** Message tags. @source agave gossip/src/protocol.rs */
export const Message = Object.freeze({
  PULL_REQUEST: 0,
  PULL_RESPONSE: 1,
  PUSH: 2,
  PRUNE: 3,
  PING: 4,
  PONG: 5,
});

/** Names of messages by tag, as the vectors write them. */
export const MESSAGE_NAMES = [
  'PullRequest',
  'PullResponse',
  'PushMessage',
  'PruneMessage',
  'Ping',
  'Pong',
] as const;

/** Kinds of values that still exist. @source agave gossip/src/crds_data.rs */
export const Kind = Object.freeze({
  VOTE: 1,
  LOWEST_SLOT: 2,
  EPOCH_SLOTS: 5,
  DUPLICATE_SHRED: 9,
  SNAPSHOT_HASHES: 10,
  CONTACT_INFO: 11,
  RESTART_LAST_VOTED_FORK_SLOTS: 12,
  RESTART_HEAVIEST_FORK: 13,
});

/** How many kind tags were ever given out. */
export const KIND_COUNT = 14;

/** Names of kinds by tag; the removed ones keep theirs so that a refusal can name them. */
export const KIND_NAMES = [
  'LegacyContactInfo',
  'Vote',
  'LowestSlot',
  'LegacySnapshotHashes',
  'AccountsHashes',
  'EpochSlots',
  'LegacyVersion',
  'Version',
  'NodeInstance',
  'DuplicateShred',
  'SnapshotHashes',
  'ContactInfo',
  'RestartLastVotedForkSlots',
  'RestartHeaviestFork',
] as const;

/** Name of one of the kinds. */
export type KindName = (typeof KIND_NAMES)[number];

/** Names of sockets by key; higher keys are carried and not named. @source agave gossip/src/contact_info.rs */
export const SOCKET_NAMES = [
  'gossip',
  'serveRepairQuic',
  'rpc',
  'rpcPubsub',
  'serveRepair',
  'tpu',
  'tpuForwards',
  'tpuForwardsQuic',
  'tpuQuic',
  'tpuVote',
  'tvu',
  'tvuQuic',
  'tpuVoteQuic',
  'alpenglow',
] as const;

/** Keys below this have a place in the look-up of sockets. */
export const SOCKET_COUNT = SOCKET_NAMES.length;

/** Names of clients by id. @source agave version/src/client_ids.rs */
export const CLIENT_NAMES = [
  'SolanaLabs',
  'JitoLabs',
  'Frankendancer',
  'Agave',
  'AgavePaladin',
  'Firedancer',
  'AgaveBam',
  'Sig',
  'Rakurai',
  'HarmonicFiredancer',
  'HarmonicAgave',
  'HarmonicFrankendancer',
  'FireBAM',
  'Raiku',
] as const;

/** Sender of a push, prune or pull response, key of a ping or pong: behind the tag of the message. */
export const SENDER_AT = 4;
