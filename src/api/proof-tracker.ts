import type { DecodedDuplicateShred } from '../wire/decoded.ts';
import type { DuplicateProof } from './changes.ts';

/** Proofs followed at a time; mainnet has a few a day. Beyond, the oldest is forgotten. */
const MOST_PROOFS = 1_024;

/** The chunks of a proof that came so far. */
interface Pieces {
  readonly total: number;
  readonly seen: Set<number>;
  isTold: boolean;
}

/** Puts the chunks of duplicate-shred proofs together, each from one reporter about one slot. */
export class ProofTracker {
  readonly #proofs = new Map<string, Pieces>();

  /** Takes a chunk. @returns the proof when this was the chunk that it lacked */
  add(shred: DecodedDuplicateShred): DuplicateProof | undefined {
    const { from, slot, numChunks, chunkIndex } = shred;
    const key = `${from} ${slot}`;
    let pieces = this.#proofs.get(key);
    if (!pieces || pieces.total !== numChunks) {
      pieces = { total: numChunks, seen: new Set(), isTold: false };
      this.#proofs.delete(key);
      this.#proofs.set(key, pieces);
      this.#forgetOldest();
    }
    pieces.seen.add(chunkIndex);
    if (pieces.isTold || pieces.seen.size < numChunks) return undefined;
    pieces.isTold = true;
    return { slot: Number(slot), chunks: numChunks };
  }

  #forgetOldest(): void {
    if (this.#proofs.size <= MOST_PROOFS) return;
    for (const key of this.#proofs.keys()) {
      this.#proofs.delete(key);
      return;
    }
  }
}
