import { SpyError } from '../util/assert.ts';
import { toBase58 } from '../util/base58.ts';
import { toHex, writeU64 } from '../util/bytes.ts';
import { decodeValue } from '../wire/decode.ts';
import type { DecodedVote, SnapshotHash, TransactionData, ValueData } from '../wire/decoded.ts';
import { packSlots } from '../wire/epoch-slots.ts';
import { Kind, MAX_DUPLICATE_SHREDS, MAX_EPOCH_SLOTS } from '../wire/limits.ts';
import type { NodeParts } from './parts.ts';

/** Places that the votes of one validator go round in. @source behaviour 11.1 */
const VOTE_PLACES = 12;

/** Bytes of a duplicate-shred proof in one value. @source behaviour 11.4 */
const CHUNK_BYTES = 1054;

/** What stands where the type of the shred once did. @source wire 4.4 */
const UNUSED_TYPE = 0x5a;

/** A value but for what is always the same: whose it is, and when. */
type OwnData = ValueData extends infer Data
  ? Data extends ValueData
    ? Omit<Data, 'from' | 'wallclock'>
    : never
  : never;

/** Publishes the values that a validator makes, by the rules that validators follow for their labels. */
export class OwnValues {
  readonly #parts: NodeParts;
  /** Slots in the newest own EpochSlots value, and its index. */
  #slots: number[] = [];
  #slotsIndex = 0;

  constructor(parts: NodeParts) {
    this.#parts = parts;
  }

  /**
   * Publishes a vote, in a place that is free or has the oldest vote for a lower slot.
   *
   * @units slot: the last one voted for
   * @throws SpyError VOTE_NOT_NEWER when a vote for this or a higher slot is out already
   * @source behaviour 11.1
   */
  vote(slot: number, transaction: TransactionData): void {
    this.#publish({ kind: 'Vote', index: this.#votePlace(slot), transaction });
  }

  /** Publishes that these slots are complete here. @source behaviour 11.2 */
  epochSlots(slots: readonly number[]): void {
    let left = [...slots];
    while (left.length > 0) {
      const all = [...this.#slots, ...left];
      const { entries, taken } = packSlots(all);
      const isFull = taken < all.length;
      if (isFull && taken <= this.#slots.length) {
        this.#slotsIndex = (this.#slotsIndex + 1) % MAX_EPOCH_SLOTS;
        this.#slots = [];
        continue;
      }
      this.#publish({ kind: 'EpochSlots', index: this.#slotsIndex, entries });
      left = all.slice(taken);
      this.#slots = all.slice(0, taken);
    }
  }

  /** Publishes the lowest slot that is kept here. @source behaviour 11.5 */
  lowestSlot(lowest: number): void {
    this.#publish({ kind: 'LowestSlot', index: 0, lowest });
  }

  /** Publishes which snapshots are served here. @source behaviour 11.5 */
  snapshotHashes(full: SnapshotHash, incremental: SnapshotHash[]): void {
    this.#publish({ kind: 'SnapshotHashes', full, incremental });
  }

  /**
   * Publishes the proof that a leader made two shreds, in pieces; once for each slot.
   *
   * @shape one, two: two different serialized shreds
   * @source behaviour 11.4
   */
  duplicateShred(slot: number, one: Uint8Array, two: Uint8Array): void {
    const places = this.#shredPlaces();
    if (places.slots.has(String(slot))) return;
    const proof = new Uint8Array(16 + one.length + two.length);
    const secondAt = writeU64(proof, 0, one.length) + one.length;
    proof.set(one, 8);
    proof.set(two, writeU64(proof, secondAt, two.length));
    const numChunks = Math.ceil(proof.length / CHUNK_BYTES);
    for (let chunkIndex = 0; chunkIndex < numChunks; chunkIndex++) {
      const chunk = proof.subarray(chunkIndex * CHUNK_BYTES, (chunkIndex + 1) * CHUNK_BYTES);
      this.#publish({
        kind: 'DuplicateShred',
        index: (places.first + chunkIndex) % MAX_DUPLICATE_SHREDS,
        slot,
        unusedIndex: 0,
        unusedType: UNUSED_TYPE,
        numChunks,
        chunkIndex,
        chunk: toHex(chunk),
      });
    }
  }

  #votePlace(slot: number): number {
    let place = 0;
    let oldest = Number.POSITIVE_INFINITY;
    let present = 0;
    for (let index = 0; index < VOTE_PLACES; index++) {
      const vote = this.#own(Kind.VOTE, index) as DecodedVote | undefined;
      if (!vote) continue;
      present++;
      const last = Number(vote.vote.slots.at(-1) ?? -1);
      if (last >= slot) {
        throw new SpyError(
          'VOTE_NOT_NEWER',
          `A vote for slot ${last} is published already; the next one must be for a higher slot than ${slot}.`,
        );
      }
      if (Number(vote.wallclock) >= oldest) continue;
      oldest = Number(vote.wallclock);
      place = index;
    }
    return present < VOTE_PLACES ? present : place;
  }

  /** Where the next proof begins: behind the present ones, then at the oldest. */
  #shredPlaces(): { first: number; slots: Set<string> } {
    const slots = new Set<string>();
    let present = 0;
    let first = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (let index = 0; index < MAX_DUPLICATE_SHREDS; index++) {
      const value = this.#own(Kind.DUPLICATE_SHRED, index);
      if (value?.kind !== 'DuplicateShred') continue;
      present++;
      slots.add(value.slot);
      if (Number(value.wallclock) >= oldest) continue;
      oldest = Number(value.wallclock);
      first = index;
    }
    return { first: present < MAX_DUPLICATE_SHREDS ? present : first, slots };
  }

  #own(kind: number, index: number) {
    const { view, identity } = this.#parts;
    const row = view.find(kind, index, identity.publicKey, 0);
    if (row < 0) return undefined;
    const at = view.columns.place[row]!;
    const { value } = decodeValue(view.columns.bytes, at, at + view.columns.length[row]!);
    return value ?? undefined;
  }

  #publish(data: OwnData): void {
    const { publisher, identity, clock } = this.#parts;
    const from = toBase58(identity.publicKey);
    publisher.publish({ ...data, from, wallclock: clock.wallMs() } as ValueData);
  }
}
