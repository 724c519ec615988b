/**
 * Derives what happens to nodes from what happens to values. Values of one look are taken together, so
 * that a contact info which moves from row to row is no node that left and came back.
 */
import type { RowCopy } from '../crds/view.ts';
import { decodeValue } from '../wire/decode.ts';
import type { DecodedDuplicateShred, DecodedSnapshotHashes } from '../wire/decoded.ts';
import { Kind } from '../wire/limits.ts';
import { createValueColumns, skimValue } from '../wire/skim.ts';
import { lastVotedSlot } from '../wire/vote-slot.ts';
import type { ContactSummary } from './change.ts';
import type {
  ChangeKind,
  ChangeValues,
  NodeState,
  SnapshotState,
  Unnumbered,
  Via,
} from './changes.ts';
import { ProofTracker } from './proof-tracker.ts';
import { movedSockets, type SocketPlaces } from './socket-places.ts';
import { OWN } from './via.ts';

/** What is known of an origin. */
interface Track {
  readonly pubkey: string;
  /** As it was told; undefined while it has no contact info. */
  told: ContactSummary | undefined;
  toldSockets: SocketPlaces | undefined;
  voted: number | null;
  toldVoted: number | null;
  snapshot: SnapshotState | null;
  toldSnapshot: SnapshotState | null;
  /** Of the latest news, by what it was about. */
  contactVia: Via;
  voteVia: Via;
  snapshotVia: Via;
  /** Age of the latest news. @units ms */
  ageMs: number;
}

/** What the tracker asks of an origin: its contact info, and where its services are, if it has one. */
export interface TrackedNode {
  readonly contact: ContactSummary | undefined;
  readonly sockets: SocketPlaces | undefined;
}

/** Where the tracker finds an origin; undefined while there is no value of it. */
export type NodeOf = (pubkey: string) => TrackedNode | undefined;

/** Takes over changes that came together, with the age of each. */
export type TellChanges = (changes: readonly Unnumbered[], ages: readonly number[]) => void;

/** @owner the observer's thread */
export class NodeTracker {
  readonly #nodeOf: NodeOf;
  readonly #tell: TellChanges;
  readonly #tracks = new Map<string, Track>();
  /** Origins of which something is new. */
  readonly #dirty = new Set<Track>();
  readonly #proofs = new ProofTracker();
  readonly #columns = createValueColumns(2);
  #changes: Unnumbered[] = [];
  #ages: number[] = [];

  /**
   * @param tell hears of all changes since the flush before
   */
  constructor(nodeOf: NodeOf, tell: TellChanges) {
    this.#nodeOf = nodeOf;
    this.#tell = tell;
  }

  /** All nodes, as they were told. */
  states(): NodeState[] {
    const states: NodeState[] = [];
    for (const track of this.#tracks.values()) {
      const state = stateOf(track, track.told);
      if (state) states.push(state);
    }
    return states;
  }

  /** A value came in. @shape copy: its row @units ageMs: since then */
  stored(pubkey: string, copy: RowCopy, via: Via, ageMs: number): void {
    const { kind } = copy;
    if (kind === Kind.CONTACT_INFO) this.#touch(pubkey, ageMs).contactVia = via;
    else if (kind === Kind.VOTE) this.#vote(pubkey, copy, via, ageMs);
    else if (kind === Kind.SNAPSHOT_HASHES) this.#snapshot(pubkey, copy, via, ageMs);
    else if (kind === Kind.DUPLICATE_SHRED) this.#proof(pubkey, copy, via, ageMs);
  }

  /** A value left without another taking its place. */
  removed(pubkey: string, kind: number): void {
    const track = this.#tracks.get(pubkey);
    if (!track) return;
    this.#dirty.add(track);
    if (kind === Kind.CONTACT_INFO) track.contactVia = OWN;
    track.ageMs = 0;
  }

  /** An older instance of a node goes on signing. @units outset: µs since the Unix epoch */
  rival(pubkey: string, outset: string, via: Via): void {
    const track = this.#tracks.get(pubkey);
    if (!track?.told) return;
    this.#add(track, 'duplicateInstance', { old: track.told.outset, new: outset }, via, 0);
  }

  /** Tells what changed since the last flush. */
  flush(): void {
    for (const track of this.#dirty) this.#compare(track);
    this.#dirty.clear();
    if (this.#changes.length === 0) return;
    const changes = this.#changes;
    const ages = this.#ages;
    this.#changes = [];
    this.#ages = [];
    this.#tell(changes, ages);
  }

  /** Takes everything for told: what was there before anybody listened. */
  settle(): void {
    for (const track of this.#dirty) {
      this.#setTold(track, this.#contactOf(track.pubkey));
    }
    this.#dirty.clear();
    this.#changes = [];
    this.#ages = [];
  }

  #touch(pubkey: string, ageMs: number): Track {
    let track = this.#tracks.get(pubkey);
    if (!track) {
      track = newTrack(pubkey);
      this.#tracks.set(pubkey, track);
    }
    track.ageMs = ageMs;
    this.#dirty.add(track);
    return track;
  }

  #vote(pubkey: string, copy: RowCopy, via: Via, ageMs: number): void {
    // The table of a test may hold what is no vote.
    if (skimValue(copy.bytes, 0, copy.length, this.#columns, 0) !== 0) return;
    const slot = lastVotedSlot(copy.bytes, 0, copy.length);
    const track = this.#touch(pubkey, ageMs);
    if (slot <= (track.voted ?? -1)) return;
    track.voted = slot;
    track.voteVia = via;
  }

  #snapshot(pubkey: string, copy: RowCopy, via: Via, ageMs: number): void {
    const { value } = decodeValue(copy.bytes, 0, copy.length);
    if (value?.kind !== 'SnapshotHashes') return;
    const track = this.#touch(pubkey, ageMs);
    track.snapshot = snapshotState(value);
    track.snapshotVia = via;
  }

  #proof(pubkey: string, copy: RowCopy, via: Via, ageMs: number): void {
    const { value } = decodeValue(copy.bytes, 0, copy.length);
    if (value?.kind !== 'DuplicateShred') return;
    const track = this.#touch(pubkey, ageMs);
    const proof = this.#proofs.add(value as DecodedDuplicateShred);
    if (proof) this.#add(track, 'duplicateShred', { old: null, new: proof }, via, ageMs);
  }

  #compare(track: Track): void {
    const { pubkey, told, contactVia: via, ageMs } = track;
    const contact = this.#contactOf(pubkey);
    if (!contact) {
      const old = stateOf(track, told);
      this.#setTold(track, undefined);
      if (old) this.#add(track, 'disappeared', { old, new: null }, via, ageMs, told);
      if (!this.#nodeOf(pubkey)) this.#tracks.delete(pubkey);
      return;
    }
    const { toldVoted, toldSnapshot, toldSockets } = track;
    this.#setTold(track, contact);
    if (!told) {
      const state = stateOf(track, contact)!;
      this.#add(track, 'appeared', { old: null, new: state }, via, ageMs);
      return;
    }
    if (told !== contact) this.#compareContacts(track, told, contact);
    const { toldSockets: sockets } = track;
    if (sockets && toldSockets && sockets !== toldSockets) {
      const moved = movedSockets(toldSockets, sockets);
      if (moved) this.#add(track, 'sockets', moved, via, ageMs);
    }
    const { voted, snapshot } = track;
    if (voted !== null && voted !== toldVoted) {
      this.#add(track, 'voted', { old: toldVoted, new: voted }, track.voteVia, ageMs);
    }
    if (snapshot && !isSameSnapshot(snapshot, toldSnapshot)) {
      const change = { old: toldSnapshot, new: snapshot };
      this.#add(track, 'snapshot', change, track.snapshotVia, ageMs);
    }
  }

  #compareContacts(track: Track, a: ContactSummary, b: ContactSummary): void {
    const { contactVia: via, ageMs } = track;
    const add = <K extends ChangeKind>(kind: K, values: ChangeValues[K]): void =>
      this.#add(track, kind, values, via, ageMs);
    if (a.outset !== b.outset) add('restarted', { old: a.outset, new: b.outset });
    if (a.gossip !== b.gossip) add('moved', { old: a.gossip, new: b.gossip });
    if (a.version !== b.version) add('version', { old: a.version, new: b.version });
    if (a.client !== b.client) add('client', { old: a.client, new: b.client });
    if (a.shredVersion !== b.shredVersion) {
      add('shredVersion', { old: a.shredVersion, new: b.shredVersion });
    }
    if (a.rpc === b.rpc) return;
    if (a.rpc !== null) add('rpcClosed', { old: a.rpc, new: null });
    if (b.rpc !== null) add('rpcOpened', { old: null, new: b.rpc });
  }

  #contactOf(pubkey: string): ContactSummary | undefined {
    return this.#nodeOf(pubkey)?.contact;
  }

  #setTold(track: Track, contact: ContactSummary | undefined): void {
    track.told = contact;
    track.toldSockets = contact && this.#nodeOf(track.pubkey)?.sockets;
    track.toldVoted = track.voted;
    track.toldSnapshot = track.snapshot;
  }

  #add<K extends ChangeKind>(
    track: Track,
    kind: K,
    values: ChangeValues[K],
    via: Via,
    ageMs: number,
    contact = this.#contactOf(track.pubkey),
  ): void {
    const { pubkey } = track;
    const { gossip = null, version = null } = contact ?? {};
    this.#changes.push({ kind, pubkey, ...values, via, gossip, version } as Unnumbered);
    this.#ages.push(ageMs);
  }
}

function newTrack(pubkey: string): Track {
  return {
    pubkey,
    told: undefined,
    toldSockets: undefined,
    voted: null,
    toldVoted: null,
    snapshot: null,
    toldSnapshot: null,
    contactVia: OWN,
    voteVia: OWN,
    snapshotVia: OWN,
    ageMs: 0,
  };
}

function stateOf(track: Track, contact: ContactSummary | undefined): NodeState | undefined {
  if (!contact) return undefined;
  const { gossip, rpc, version, client, shredVersion, outset } = contact;
  const { pubkey, toldVoted: voted, toldSnapshot: snapshot } = track;
  return { pubkey, gossip, rpc, version, client, shredVersion, outset, voted, snapshot };
}

function snapshotState({ full, incremental }: DecodedSnapshotHashes): SnapshotState {
  const slots = incremental.map(({ slot }) => Number(slot));
  return { full: Number(full.slot), incremental: slots.length === 0 ? null : Math.max(...slots) };
}

function isSameSnapshot(a: SnapshotState, b: SnapshotState | null): boolean {
  return b !== null && a.full === b.full && a.incremental === b.incremental;
}
