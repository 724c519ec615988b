import type { Identity } from '../crypto/identity.ts';
import type { VerifierName } from '../crypto/verify.ts';
import type { KnownKeysOptions } from '../crypto/verify-known.ts';
import type { Logger, Tap } from '../node/ports.ts';
import type { ReceiverName } from '../node/runtime.ts';
import type { StakeMap } from '../node/stake-list.ts';
import { SMALL_CAPACITIES } from '../shm/layout.ts';
import type { ContactInfoSocket, ContactInfoVersion } from '../wire/contact-info-encode.ts';

/** Sizes of a node in a small cluster. */
export const SMALL_NODE = {
  capacities: SMALL_CAPACITIES,
  pingSizes: { proofs: 2048, addressCells: 2048, destinations: 2048, queue: 1024, ipCells: 512 },
};

/** What a spy is told; everything may be left out but a way to find the cluster. */
export interface SpyOptions {
  /** `HOST:PORT` of nodes to ask first. */
  readonly entrypoints?: readonly string[] | undefined;
  /** Who we are; a fresh key when neither this nor a file is given. */
  readonly identity?: Identity | undefined;
  /** Key file of the Solana CLI. */
  readonly identityFile?: string | undefined;
  /** 0 or left out: ask the entrypoints. */
  readonly shredVersion?: number | undefined;
  /** 0 or left out: the first free one from 8000 to 9999. */
  readonly gossipPort?: number | undefined;
  /** Address that others shall reach us at; left out: as an entrypoint sees us. */
  readonly bindAddress?: string | undefined;
  /** Talk to private and loopback addresses; on by itself when an entrypoint is one. */
  readonly allowPrivate?: boolean | undefined;
  /** Who verifies signatures: tables for known keys, one of three others, or by itself the fastest that is fit. */
  readonly verifier?: 'auto' | VerifierName | undefined;
  /** For how many keys tables are made, and after how many accepted signatures of each. */
  readonly knownKeys?: Pick<KnownKeysOptions, 'keys' | 'after'> | undefined;
  /** Threads that check packets; 0 leaves it to the main thread. By default what fits the machine. */
  readonly workers?: number | 'auto' | undefined;
  /** `recvmmsg` in a thread of its own where that is possible, else `dgram`. */
  readonly receiver?: ReceiverName | undefined;
  /** Ask quickly until the table is full; on unless said otherwise. */
  readonly eager?: boolean | undefined;
  /**
   * Bytes a second, with headers, that gossip may send at most, in any second: 10,000 or more. A quiet
   * spy needs some 30,000; below, pongs go first and pushes last.
   */
  readonly maxEgress?: number | undefined;
  /** Whether values of others are pushed on, as every node does; our own contact info always is. */
  readonly relays?: boolean | undefined;
  /**
   * Who runs this spy, for people who wonder: gossip has no field for it, so the TCP side of the gossip
   * port tells it to web browsers. Printable ASCII, up to 200 letters.
   */
  readonly contact?: string | undefined;
  /** Services to announce beside the gossip address. */
  readonly sockets?: readonly ContactInfoSocket[] | undefined;
  /** Version to announce; ours unless said otherwise. */
  readonly version?: ContactInfoVersion | undefined;
  /** `small` is for clusters of up to some hundred nodes: 20 MB instead of 250. */
  readonly size?: 'normal' | 'small' | undefined;
  /**
   * Who has how much stake: URL of an RPC node, `mainnet`, `testnet` or `devnet` for a public one, path
   * of a JSON or CSV file, or lamports by identity. Left out, nobody's is known, and everybody is treated
   * as a node with stake.
   */
  readonly stakes?: string | StakeMap | undefined;
  /**
   * `HOST:PORT` where the HTTP API listens: tables, streams of changes, JSON-RPC, metrics. It runs in the
   * observer's thread. Port 0 takes a free one, which `spy.url` tells. Off unless given.
   */
  readonly http?: string | undefined;
  /**
   * A folder of its own for what shall outlive a restart: proved peers, who was first and last heard of
   * when, counters. Two generations, a new one a minute; a disk that fails is an alarm and stops nothing.
   */
  readonly store?: string | undefined;
  /** Sees every datagram; receiving then takes `dgram` and, at high rates, twice the processor time. */
  readonly tap?: Tap | undefined;
  /** The process is there for this spy alone and may be ended, as `earshot spy` is, when it hangs or bloats. */
  readonly supervised?: boolean | undefined;
  readonly logger?: Logger | undefined;
}
