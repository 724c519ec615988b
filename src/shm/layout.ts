/**
 * Every region of shared memory as data: which columns it has, how wide a row is, how many rows there
 * are. Nothing else in the program knows an offset; columns start on 64-byte lines of their own.
 *
 * Each region has one writer, the main thread, except where a column says otherwise.
 */
import { CONTROL_LINES, RING_LINES } from './control-words.ts';
import { CLASS_CELLS, KIND_CELLS, PEER_CELLS, SERVED_CELLS } from './traffic-cells.ts';

/** Type of the cells of a column. Links and tags are signed so that engines keep them small integers. */
export type Cell = 'u8' | 'u16' | 'i16' | 'u32' | 'i32' | 'f64';

/** Bytes of one cell. */
export const CELL_BYTES: Readonly<Record<Cell, number>> = Object.freeze({
  u8: 1,
  u16: 2,
  i16: 2,
  u32: 4,
  i32: 4,
  f64: 8,
});

/** What the caller chooses; all powers of two. */
export interface Capacities {
  /** Values the table can hold. */
  readonly tableRows: number;
  /** Identities the table can hold. */
  readonly peerRows: number;
  readonly journalEntries: number;
  /** Places in each of the two generations of verified hashes; a generation is used up to one half. */
  readonly verifiedPlaces: number;
  /** Batches of 64 received datagrams. */
  readonly batches: number;
  /** Datagrams to be sent. */
  readonly egressSlots: number;
  /** Hashes of replaced, removed and outdated values. */
  readonly purgedHashes: number;
  /** Hashes of pulled values that did not go in. */
  readonly failedHashes: number;
  /** Filters of pull requests that are built at a time. */
  readonly filters: number;
  /** Hashes of contact infos that wait for their address to answer. */
  readonly waitingHashes: number;
  /** Pull requests that wait to be served. */
  readonly requests: number;
}

/**
 * For a node on the real network: 131,072 values (50,000 to 100,000 are typical), 16,384 identities and
 * 524,288 purged hashes. About 340 MiB are reserved; only touched pages become resident.
 */
export const DEFAULT_CAPACITIES: Capacities = Object.freeze({
  tableRows: 131_072,
  peerRows: 16_384,
  journalEntries: 131_072,
  verifiedPlaces: 262_144,
  // A fifth of a second at 150,000 datagrams a second: what a node that just started needs to get going.
  batches: 512,
  egressSlots: 4_096,
  purgedHashes: 524_288,
  failedHashes: 131_072,
  filters: 1_024,
  waitingHashes: 16_384,
  requests: 256,
});

/** For tests and simulations: many nodes in one process, about 10 MiB reserved for each. */
export const SMALL_CAPACITIES: Capacities = Object.freeze({
  tableRows: 4_096,
  peerRows: 1_024,
  journalEntries: 4_096,
  verifiedPlaces: 8_192,
  batches: 4,
  egressSlots: 512,
  purgedHashes: 8_192,
  failedHashes: 4_096,
  filters: 128,
  waitingHashes: 512,
  requests: 64,
});

/** Largest table that can be configured. */
export const MAX_TABLE_ROWS = 1_048_576;

/** Bytes of a stored value at most, 19 lines of 64: the largest legal value has 1,188. */
export const PLACE_BYTES = 1_216;
/** The smaller places for values: a vote has 421 bytes, a contact info some 150 to 350. */
export const SMALL_PLACE_BYTES = 448;
/** Lists of rows by the top 12 bits of the hash word, as pull filters partition the table. */
export const SHARD_BITS = 12;
export const SHARD_COUNT = 1 << SHARD_BITS;
/** Threads that may count and send heartbeats. */
export const THREAD_COUNT = 16;
/** Counters of each thread. */
export const COUNTERS_PER_THREAD = 256;
/** Datagrams in a batch. */
export const BATCH_SLOTS = 64;
/** Bytes of a slot: the largest datagram of the protocol (`PACKET_BYTES` of wire/limits). */
export const SLOT_BYTES = 1_232;
/** Most values in one datagram (`MAX_VALUES` of wire/limits). */
export const SLOT_VALUES = 10;
/** Rows for the values of one batch. */
export const BATCH_VALUES = BATCH_SLOTS * SLOT_VALUES;
/** 32-bit cells in a 64-byte line: words written by different threads are this far apart. */
export const LINE_I32 = 16;
/** Bytes of a filter in the making: bits of at most a datagram, then at most 8 keys. */
export const FILTER_BYTES = SLOT_BYTES + 64;

/** Egress slots that one task of the seat may be given: more only for pull requests. */
const LEAST_ORDERS = 256;

/** Kinds of values that ever existed (`KIND_COUNT` of wire/limits); lists by kind have one head each. */
const KINDS = 14;

/** How many rows a column has, by what it counts. */
export function dimensions(c: Capacities) {
  return {
    one: 1,
    lines: CONTROL_LINES,
    threads: THREAD_COUNT,
    counters: THREAD_COUNT * COUNTERS_PER_THREAD,
    tableRows: c.tableRows,
    labelPlaces: c.tableRows * 2,
    shards: SHARD_COUNT,
    kinds: KINDS,
    peerRows: c.peerRows,
    peerPlaces: c.peerRows * 2,
    journalEntries: c.journalEntries,
    verifiedPlaces: c.verifiedPlaces * 2,
    batches: c.batches,
    packets: c.batches * BATCH_SLOTS,
    records: c.batches * BATCH_VALUES,
    egressSlots: c.egressSlots,
    purgedHashes: c.purgedHashes,
    failedHashes: c.failedHashes,
    addressCells: c.peerRows * 4,
    orders: Math.max(LEAST_ORDERS, c.filters),
    filters: c.filters,
    waitingHashes: c.waitingHashes,
    requests: c.requests,
  };
}

type Dimension = keyof ReturnType<typeof dimensions>;

/** One column as it is declared. */
export interface ColumnSpec {
  readonly cell: Cell;
  /** Cells in a row. */
  readonly stride: number;
  readonly rows: Dimension;
}

function column<C extends Cell>(cell: C, rows: Dimension, stride = 1) {
  return { cell, stride, rows } as const;
}

/** Cells of the state of peers. */
export const PeerState = Object.freeze({ SIZE: 0, HIGH_WATER: 1, FREE_HEAD: 2 });

/** Evidence of a peer's life; 0 while there is none. Times are of the clock that `since` is of. */
export const LifeSign = Object.freeze({
  ANSWERED: 0,
  ROUND_TRIP: 1,
  OTHER_OUTSET: 2,
  OTHER_HEARD: 3,
});

const hashQueue = <D extends Dimension>(rows: D) => ({
  /** Entries ever pushed and ever dropped from the front. */
  state: column('f64', 'one', 8),
  hash: column('u8', rows, 32),
  /** When it was pushed, ms of the steady clock. */
  time: column('f64', rows),
});

/** The regions. Links are row + 1, so that 0, what fresh memory holds, means "none". */
export const LAYOUT = {
  control: {
    words: column('i32', 'lines', LINE_I32),
    /** Each thread raises its own word while it lives. */
    heartbeats: column('i32', 'threads', LINE_I32),
    /** What Node calls each thread, so that main can end one that hangs. */
    threadIds: column('i32', 'threads'),
    /** Number of the last change of a node; the observer's, and what its next life goes on from. */
    changes: column('f64', 'one', 8),
    /** Main's wall clock and monotonic clock, ms. */
    clock: column('f64', 'one', 8),
  },
  counters: {
    /** Each thread adds to its own block. */
    values: column('f64', 'counters'),
  },
  table: {
    state: column('f64', 'one', 16),
    /** Odd while a row is written. */
    version: column('i32', 'tableRows'),
    /** Bytes of the value; 0 in a free row. */
    length: column('u16', 'tableRows'),
    kind: column('u8', 'tableRows'),
    /** Label index. */
    index: column('u16', 'tableRows'),
    /** Row of the origin in the region of peers. */
    peer: column('i32', 'tableRows'),
    wallclock: column('f64', 'tableRows'),
    /** When its origin says it was signed, on our steady clock as that stood to it when it came in. */
    signed: column('f64', 'tableRows'),
    /** When it came in, ms of our steady clock; raised when its origin shows life. */
    inserted: column('f64', 'tableRows'),
    ordinal: column('f64', 'tableRows'),
    /** Outset of a contact info (µs since the epoch), 0 for other kinds. */
    outsetLow: column('u32', 'tableRows'),
    outsetHigh: column('u32', 'tableRows'),
    /** How it came here (`Route` of crds/table), and who sent the datagram, as that says. */
    route: column('u8', 'tableRows'),
    sender: column('u8', 'tableRows', 32),
    /** Times received by push; 0 = learnt by pull, 0xffff = inserted by ourselves. */
    pushes: column('u16', 'tableRows'),
    labelTag: column('i32', 'tableRows'),
    shardNext: column('i32', 'tableRows'),
    shardPrevious: column('i32', 'tableRows'),
    ownerNext: column('i32', 'tableRows'),
    ownerPrevious: column('i32', 'tableRows'),
    kindNext: column('i32', 'tableRows'),
    kindPrevious: column('i32', 'tableRows'),
    orderNext: column('i32', 'tableRows'),
    orderPrevious: column('i32', 'tableRows'),
    /** SHA-256 of the value. */
    hash: column('u8', 'tableRows', 32),
    /** Where the value begins in `bytes`: `crds/value-places`. */
    place: column('u32', 'tableRows'),
    bytes: column('u8', 'tableRows', SMALL_PLACE_BYTES + PLACE_BYTES),
    /** Row + 1 and tag; a reader can miss an entry that is being moved. */
    labels: column('i32', 'labelPlaces', 2),
    /** Row + 1 of the value stored last whose signature leads here: a hint, for `crds/held`. */
    signatures: column('i32', 'labelPlaces'),
    /** First and last row in the order of ordinals. */
    orderHead: column('i32', 'one', LINE_I32),
    orderTail: column('i32', 'one', LINE_I32),
    shardHead: column('i32', 'shards'),
    shardTail: column('i32', 'shards'),
    shardCount: column('i32', 'shards'),
    kindHead: column('i32', 'kinds'),
    kindTail: column('i32', 'kinds'),
    kindCount: column('i32', 'kinds'),
  },
  peers: {
    state: column('f64', 'one', 8),
    version: column('i32', 'peerRows'),
    pubkey: column('u8', 'peerRows', 32),
    tag: column('i32', 'peerRows'),
    /** Values of this origin in the table; 0 in a free row. */
    values: column('u32', 'peerRows'),
    /** Bytes of these values. */
    bytes: column('u32', 'peerRows'),
    ownerHead: column('i32', 'peerRows'),
    ownerTail: column('i32', 'peerRows'),
    /** Row of its contact info in the table, plus one. */
    contact: column('i32', 'peerRows'),
    /** Lamports. */
    stake: column('f64', 'peerRows'),
    /** When its first value came in, ms of our steady clock. */
    since: column('f64', 'peerRows'),
    /** Gossip address that the contact info advertises, 0 when it is absent or unusable. */
    ip: column('u32', 'peerRows'),
    port: column('u16', 'peerRows'),
    shredVersion: column('u16', 'peerRows'),
    flags: column('u8', 'peerRows'),
    /** Evidence of its life: cells `LifeSign`. */
    life: column('f64', 'peerRows', 4),
    /** What it signed and what it brought: `PeerCell`. */
    traffic: column('f64', 'peerRows', PEER_CELLS),
    /** Row + 1 and tag. */
    places: column('i32', 'peerPlaces', 2),
  },
  journal: {
    /** Sequence of the newest entry. */
    head: column('i32', 'one', LINE_I32),
    sequence: column('i32', 'journalEntries'),
    row: column('i32', 'journalEntries'),
    version: column('i32', 'journalEntries'),
    operation: column('u8', 'journalEntries'),
    kind: column('u8', 'journalEntries'),
  },
  verified: {
    /** Generation in use, tags in it, tags refused, seed. */
    state: column('f64', 'one', 8),
    tags: column('i32', 'verifiedPlaces', 4),
  },
  /** Which addresses have answered a ping, by keyed hash, for priorities under load. */
  addresses: {
    key: column('i32', 'one', 2),
    /** ms of the monotonic clock; 0 when none did. */
    until: column('f64', 'addressCells'),
  },
  purged: hashQueue('purgedHashes'),
  failed: hashQueue('failedHashes'),
  /** A batch belongs to one thread at a time: receiver, then listen task, then main. */
  ring: {
    words: column('i32', 'one', RING_LINES * LINE_I32),
    /** The batch that came as the n-th, at n modulo their number. */
    order: column('i32', 'batches'),
    /** Raised by the listen task when it has finished a batch. */
    done: column('i32', 'batches', LINE_I32),
    /** Thread that claimed the batch. */
    owner: column('i32', 'batches', LINE_I32),
    /** Datagrams in the batch. */
    count: column('i32', 'batches', LINE_I32),
    length: column('u16', 'packets'),
    ip: column('u32', 'packets'),
    port: column('u16', 'packets'),
    /** ms of the monotonic clock. */
    arrival: column('f64', 'packets'),
    outcome: column('i16', 'packets'),
    message: column('u8', 'packets'),
    /** First row of its values within the batch, and how many. */
    firstRow: column('u16', 'packets'),
    rowCount: column('u8', 'packets'),
    bytes: column('u8', 'packets', SLOT_BYTES),
  },
  /** The values of each batch: what skimming fills (ValueColumns), and what became of each. */
  records: {
    offset: column('u32', 'records'),
    length: column('u16', 'records'),
    origin: column('u32', 'records'),
    kind: column('u8', 'records'),
    index: column('u16', 'records'),
    flags: column('u8', 'records'),
    wallclock: column('f64', 'records'),
    outcome: column('i16', 'records'),
    /** Slot of its datagram within the batch. */
    slot: column('u16', 'records'),
    hash: column('u8', 'records', 32),
    /** Row + 1 of the table that held just this value when it was looked at, and that row's version; else 0. */
    held: column('i32', 'records'),
    heldVersion: column('i32', 'records'),
  },
  /** A slot belongs to main, to the task it was reserved for, then to main again. */
  egress: {
    /** Free, reserved or waiting to leave; main's alone. */
    state: column('u8', 'egressSlots'),
    class: column('u8', 'egressSlots'),
    length: column('u16', 'egressSlots'),
    ip: column('u32', 'egressSlots'),
    port: column('u16', 'egressSlots'),
    bytes: column('u8', 'egressSlots', SLOT_BYTES),
  },
  /** What the task in the seat works on; main's, then the task's, then main's. */
  orders: {
    /** Egress slots that were reserved for it. */
    slot: column('i32', 'orders'),
  },
  /** The filters of a round of pull requests, over as many tasks as it takes. */
  filters: {
    state: column('i32', 'one', LINE_I32),
    range: column('f64', 'one', 8),
    partition: column('i32', 'filters'),
    bitsSet: column('i32', 'filters'),
    bytes: column('u8', 'filters', FILTER_BYTES),
    /** Our contact info, which the last task signs. */
    contact: column('u8', 'one', PLACE_BYTES),
    waiting: column('u8', 'waitingHashes', 32),
  },
  /** Pull requests that were admitted: batches are freed in order, so these are copies. */
  requests: {
    state: column('f64', 'one', 8),
    length: column('u16', 'requests'),
    ip: column('u32', 'requests'),
    port: column('u16', 'requests'),
    /** Of the caller's contact info. */
    wallclock: column('f64', 'requests'),
    outcome: column('i16', 'requests'),
    bytes: column('u8', 'requests', SLOT_BYTES),
  },
  /** Who sends what to whom, as far as it is not counted beside the peers. */
  traffic: {
    /** Of `TrafficState`. */
    state: column('f64', 'one', 8),
    /** `KindCell` of each kind. */
    kinds: column('f64', 'kinds', KIND_CELLS),
    /** Of `classCell`. */
    classes: column('f64', 'one', CLASS_CELLS),
    /** `ServedCell` of each kind; the task that answers pull requests adds to them, one at a time. */
    served: column('f64', 'kinds', SERVED_CELLS),
  },
} as const satisfies Record<string, Record<string, ColumnSpec>>;

/** Name of a region. */
export type RegionName = keyof typeof LAYOUT;

/** In the order of their numbers in headers: append, never reorder. */
export const REGION_NAMES = Object.keys(LAYOUT) as RegionName[];
