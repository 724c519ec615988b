/** Values of every kind that nodes publish in simulations: small, legal, different each time. */
import { toBase58 } from '../../src/util/base58.ts';
import { toHex } from '../../src/util/bytes.ts';
import type { Rng } from '../../src/util/rng.ts';
import type { TransactionData, ValueData } from '../../src/wire/decoded.ts';

/** The kinds besides contact infos. */
export const PUBLISHED_KINDS = [
  'Vote',
  'EpochSlots',
  'LowestSlot',
  'SnapshotHashes',
  'DuplicateShred',
  'RestartHeaviestFork',
] as const;

/** One of them. */
export type PublishedKind = (typeof PUBLISHED_KINDS)[number];

/** Labels of a kind that a node uses here; 24 of one origin with its contact info fit what plans reckon. */
const INDICES: Readonly<Record<PublishedKind, number>> = {
  Vote: 12,
  EpochSlots: 4,
  LowestSlot: 1,
  SnapshotHashes: 1,
  DuplicateShred: 4,
  RestartHeaviestFork: 1,
};

const VOTE_PROGRAM = 'Vote111111111111111111111111111111111111111';
const SIGNATURE = toBase58(new Uint8Array(64).fill(1));

/** Makes values in the name of one origin. */
export class ValueMaker {
  readonly #from: string;
  readonly #rng: Rng;
  readonly #hash = new Uint8Array(32);
  readonly #next = new Map<PublishedKind, number>();

  constructor(from: string, rng: Rng) {
    this.#from = from;
    this.#rng = rng;
  }

  /** A value of a kind under its next label. */
  make(kind: PublishedKind, wallclock: number): ValueData {
    const rng = this.#rng;
    const index = (this.#next.get(kind) ?? 0) % INDICES[kind];
    this.#next.set(kind, index + 1);
    const from = this.#from;
    const slot = Math.floor(wallclock / 400);
    switch (kind) {
      case 'Vote':
        return { kind, index, from, wallclock, transaction: this.#transaction(slot) };
      case 'EpochSlots': {
        const bitmap = new Uint8Array(8 + 8 * rng.below(8));
        rng.fill(bitmap);
        const bits = bitmap.length * 8;
        return {
          kind,
          index,
          from,
          wallclock,
          entries: [
            {
              form: 'Uncompressed',
              firstSlot: slot,
              num: bits,
              bitmap: { bits, blocks: toHex(bitmap) },
            },
          ],
        };
      }
      case 'LowestSlot':
        return { kind, index: 0, from, wallclock, lowest: slot };
      case 'SnapshotHashes': {
        const hash = this.#randomHash();
        return {
          kind,
          from,
          wallclock,
          full: { slot, hash },
          incremental: [{ slot: slot + 1 + rng.below(100), hash }],
        };
      }
      case 'DuplicateShred': {
        const chunk = new Uint8Array(1 + rng.below(900));
        rng.fill(chunk);
        return {
          kind,
          index,
          from,
          wallclock,
          slot,
          unusedIndex: 0,
          unusedType: 0x5a,
          numChunks: 4,
          chunkIndex: index,
          chunk: toHex(chunk),
        };
      }
      default:
        return {
          kind,
          from,
          wallclock,
          lastSlot: slot,
          lastSlotHash: this.#randomHash(),
          observedStake: 1,
          shredVersion: 1,
        };
    }
  }

  /** The instruction `Vote`: slots, bank hash, no timestamp. */
  #transaction(slot: number): TransactionData {
    const data = new Uint8Array(4 + 8 + 8 + 32 + 1);
    const view = new DataView(data.buffer);
    view.setUint32(0, 2, true);
    view.setBigUint64(4, 1n, true);
    view.setBigUint64(12, BigInt(slot), true);
    this.#rng.fill(data, 20, 52);
    return {
      signatures: [SIGNATURE],
      header: { requiredSignatures: 1, readonlySigned: 0, readonlyUnsigned: 1 },
      keys: [this.#from, this.#from, VOTE_PROGRAM],
      recentBlockhash: VOTE_PROGRAM,
      instructions: [{ program: 2, accounts: [1], data: toHex(data) }],
    };
  }

  #randomHash(): string {
    this.#rng.fill(this.#hash);
    return toBase58(this.#hash);
  }
}
