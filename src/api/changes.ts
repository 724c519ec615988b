/**
 * What happens to nodes, as against to values: who appeared, moved, upgraded, voted. Each change has a
 * number; a bounded log keeps the last of them, so that whoever was away can go on where it stopped, or
 * is told that it cannot and how things are now.
 */
import type { SOCKET_NAMES } from '../wire/limits.ts';
import { type ChangeFilter, filterTest, stateTest } from './change-filter.ts';

export type { ChangeFilter } from './change-filter.ts';

/** What can happen to a node. */
export const CHANGE_KINDS = [
  'appeared',
  'disappeared',
  'moved',
  'sockets',
  'version',
  'client',
  'shredVersion',
  'restarted',
  'duplicateInstance',
  'rpcOpened',
  'rpcClosed',
  'voted',
  'snapshot',
  'duplicateShred',
] as const;

/** Name of one of them. */
export type ChangeKind = (typeof CHANGE_KINDS)[number];

/** How the news came to us. */
export interface Via {
  /** `own`: from ourselves, such as that a node has not been heard of for too long. */
  readonly route: 'push' | 'pull' | 'own';
  /**
   * Who sent it, in base58: the relayer of a push, who answered a pull. As the datagram says, which is
   * signed by nobody; null where nobody sent it.
   */
  readonly from: string | null;
}

/** The snapshots that a node offers, by slot. */
export interface SnapshotState {
  readonly full: number;
  /** The latest built on the full one. */
  readonly incremental: number | null;
}

/** What is known of a node, as far as changes tell of it. */
export interface NodeState {
  readonly pubkey: string;
  /** `ip:port`, null where there is none that could be used. */
  readonly gossip: string | null;
  readonly rpc: string | null;
  /** As people write it: `4.4.0`. */
  readonly version: string;
  readonly client: string;
  readonly shredVersion: number;
  /** When the node started by its own clock, µs since the Unix epoch. */
  readonly outset: string;
  /** The highest slot that it voted for; null while no vote was heard. */
  readonly voted: number | null;
  readonly snapshot: SnapshotState | null;
}

/** A complete proof that a leader made two versions of a slot. */
export interface DuplicateProof {
  readonly slot: number;
  /** In how many values the proof came. */
  readonly chunks: number;
}

/** Services of a node by name: `ip:port`, null for one that is not there. */
export type SocketAddresses = Partial<Record<(typeof SOCKET_NAMES)[number], string | null>>;

/** Before and after, by kind of change. */
export interface ChangeValues {
  appeared: { readonly old: null; readonly new: NodeState };
  disappeared: { readonly old: NodeState; readonly new: null };
  /** Gossip addresses. */
  moved: { readonly old: string | null; readonly new: string | null };
  /** The other services that moved, opened or closed, RPC excepted: all that a contact info changed at once. */
  sockets: { readonly old: SocketAddresses; readonly new: SocketAddresses };
  version: { readonly old: string; readonly new: string };
  client: { readonly old: string; readonly new: string };
  shredVersion: { readonly old: number; readonly new: number };
  /** Outsets: µs since the Unix epoch, by the node's clock. */
  restarted: { readonly old: string; readonly new: string };
  /** Outsets of the instance that counts, and of an older one that goes on signing. */
  duplicateInstance: { readonly old: string; readonly new: string };
  rpcOpened: { readonly old: null; readonly new: string };
  rpcClosed: { readonly old: string; readonly new: null };
  /** Highest slots voted for. */
  voted: { readonly old: number | null; readonly new: number };
  snapshot: { readonly old: SnapshotState | null; readonly new: SnapshotState };
  duplicateShred: { readonly old: null; readonly new: DuplicateProof };
}

/** What every change tells besides. */
export interface ChangeHead {
  /**
   * Counts up and never goes back. Begins with the microseconds since the Unix epoch at the start of the spy:
   * whoever comes with a number of an earlier run is told of a gap, and not of what others missed.
   */
  readonly seq: number;
  /** When it came to us, ms since the Unix epoch; never before the change in front of it. */
  readonly at: number;
  /** Public key of the node, in base58. */
  readonly pubkey: string;
  readonly via: Via;
  /** Gossip address and version of the node after the change; of one that disappeared, before. */
  readonly gossip: string | null;
  readonly version: string | null;
}

/** A change of one kind: `ChangeOf<'moved'>`. */
export type ChangeOf<K extends ChangeKind> = ChangeHead & { readonly kind: K } & ChangeValues[K];

/** Something that happened to a node: by `kind`, `old` and `new` have their own types. */
export type NodeChange = { [K in ChangeKind]: ChangeOf<K> }[ChangeKind];

/**
 * Instead of changes that cannot be told any more: how all nodes are that the filter means. Going on after
 * `seq` loses nothing.
 */
export interface ChangeGap {
  readonly kind: 'gap';
  readonly gap: true;
  /** The state of the nodes includes every change up to here. */
  readonly seq: number;
  readonly at: number;
  /** Where the reader stood. */
  readonly since: number;
  /** `lost`: the log does not reach back so far, or not to that run. `future`: there is no such change yet. */
  readonly reason: 'lost' | 'future';
  readonly nodes: readonly NodeState[];
}

/** Changes after a number, and the number to go on after. */
export interface ChangePage {
  readonly gap?: never;
  readonly changes: readonly NodeChange[];
  readonly next: number;
}

/** A change before it has its number and time. */
export type Unnumbered = { [K in ChangeKind]: Omit<ChangeOf<K>, 'seq' | 'at'> }[ChangeKind];

/** Hears of changes that came together. */
export type ChangeListener = (changes: readonly NodeChange[]) => void;

/**
 * Changes kept: some minutes of all that matters and half a minute of mainnet's votes, which are a log of
 * their own so that they displace nothing else. A change takes some 300 bytes.
 */
export const KEPT_CHANGES = 65_536;

/** Kinds so frequent that they have a ring to themselves. */
const FREQUENT: readonly ChangeKind[] = ['voted'];

/** The last changes of some kinds, in order. */
class Ring {
  /** The highest number that is here no longer. */
  lost: number;
  readonly #changes: NodeChange[] = [];
  readonly #capacity: number;
  #first = 0;

  constructor(capacity: number, lost: number) {
    this.#capacity = capacity;
    this.lost = lost;
  }

  get length(): number {
    return this.#changes.length;
  }

  /** The change at a place in order, from 0. */
  at(i: number): NodeChange | undefined {
    if (i >= this.#changes.length) return undefined;
    const place = this.#first + i;
    return this.#changes[place < this.#changes.length ? place : place - this.#changes.length];
  }

  add(change: NodeChange): void {
    if (this.#changes.length < this.#capacity) {
      this.#changes.push(change);
      return;
    }
    this.lost = this.#changes[this.#first]!.seq;
    this.#changes[this.#first] = change;
    this.#first = (this.#first + 1) % this.#capacity;
  }

  /** Place of the first change after a number. */
  after(seq: number): number {
    let low = 0;
    let high = this.#changes.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at(middle)!.seq <= seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** How a log is set up. */
export interface ChangeLogOptions {
  /** The highest number that is given away already: what was before is not here. */
  readonly lastSeq?: number | undefined;
  /** All nodes as they are now, for whoever has missed too much. */
  readonly states: () => readonly NodeState[];
  /** The time, which never goes back. @units ms since the Unix epoch */
  readonly nowMs: () => number;
  /** Changes kept, of the frequent kinds and of the others each. */
  readonly capacity?: number | undefined;
}

/** @owner the observer's thread */
export class ChangeLog {
  readonly #options: ChangeLogOptions;
  readonly #frequent: Ring;
  readonly #rare: Ring;
  readonly #listeners = new Set<{ test: (change: NodeChange) => boolean; tell: ChangeListener }>();
  #latest: number;
  #latestMs = 0;

  constructor(options: ChangeLogOptions) {
    this.#options = options;
    const { lastSeq = 0, capacity = KEPT_CHANGES } = options;
    this.#latest = lastSeq;
    this.#frequent = new Ring(capacity, lastSeq);
    this.#rare = new Ring(capacity, lastSeq);
  }

  /** From this number on, every change is here. */
  get oldest(): number {
    return Math.max(this.#frequent.lost, this.#rare.lost) + 1;
  }

  /** Number of the newest change; 0 before the first. */
  get latest(): number {
    return this.#latest;
  }

  /** From this number on, every change that a filter lets through is here. */
  oldestOf(filter: ChangeFilter): number {
    const [frequent, rare] = this.#wanted(filter);
    return Math.max(frequent ? this.#frequent.lost : 0, rare ? this.#rare.lost : 0) + 1;
  }

  /**
   * What happened after a number, as far as the filter lets it through, or how all nodes are now when the
   * log does not reach back so far.
   *
   * @param limit most changes in the answer; whoever gets so many asks again from `next`
   * @throws SpyError CHANGES_NETWORK
   */
  since(seq: number, filter: ChangeFilter, limit: number): ChangePage | ChangeGap {
    if (seq > this.#latest) return this.gap(seq, 'future', filter);
    if (seq + 1 < this.oldestOf(filter)) return this.gap(seq, 'lost', filter);
    const [frequent, rare] = this.#wanted(filter);
    const test = filterTest(filter);
    const changes: NodeChange[] = [];
    let f = frequent ? this.#frequent.after(seq) : this.#frequent.length;
    let r = rare ? this.#rare.after(seq) : this.#rare.length;
    for (;;) {
      const a = this.#frequent.at(f);
      const b = this.#rare.at(r);
      const change = a && (!b || a.seq < b.seq) ? a : b;
      if (!change) return { changes, next: this.#latest };
      if (change === a) f++;
      else r++;
      if (!test(change)) continue;
      changes.push(change);
      if (changes.length >= limit) return { changes, next: change.seq };
    }
  }

  /** How all nodes are now, for a reader that stood at a number. @throws SpyError CHANGES_NETWORK */
  gap(since: number, reason: ChangeGap['reason'], filter: ChangeFilter): ChangeGap {
    const nodes = this.#options.states().filter(stateTest(filter));
    const at = this.#now();
    return { kind: 'gap', gap: true, seq: this.#latest, at, since, reason, nodes };
  }

  /**
   * Hears of every later change that a filter lets through, in batches.
   *
   * @returns what ends it
   * @throws SpyError CHANGES_NETWORK
   */
  subscribe(filter: ChangeFilter, listener: ChangeListener): () => void {
    const entry = { test: filterTest(filter), tell: listener };
    this.#listeners.add(entry);
    return () => this.#listeners.delete(entry);
  }

  /** Numbers changes that came together, keeps them and tells the listeners. @units ages: ms, for each */
  append(changes: readonly Unnumbered[], ages: readonly number[]): void {
    if (changes.length === 0) return;
    const numbered: NodeChange[] = [];
    const nowMs = this.#now();
    for (const [i, change] of changes.entries()) {
      this.#latest += 1;
      this.#latestMs = Math.max(this.#latestMs, nowMs - (ages[i] ?? 0));
      const one = { seq: this.#latest, at: this.#latestMs, ...change } as NodeChange;
      (FREQUENT.includes(one.kind) ? this.#frequent : this.#rare).add(one);
      numbered.push(one);
    }
    for (const { test, tell } of this.#listeners) {
      const wanted = numbered.filter(test);
      if (wanted.length > 0) tell(wanted);
    }
  }

  /** Not before the latest change. */
  #now(): number {
    return Math.max(this.#latestMs, this.#options.nowMs());
  }

  /** Whether a filter may let through changes of the frequent kinds, and of the others. */
  #wanted({ kinds }: ChangeFilter): [boolean, boolean] {
    if (!kinds) return [true, true];
    return [
      kinds.some((kind) => FREQUENT.includes(kind)),
      kinds.some((kind) => !FREQUENT.includes(kind)),
    ];
  }
}
