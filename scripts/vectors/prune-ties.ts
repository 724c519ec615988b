import type { Stakes } from '../../src/crds/peers.ts';
import { ReceivedCache, type Relayers } from '../../src/gossip/received-cache.ts';
import { toBase58 } from '../../src/util/base58.ts';
import { PUBKEY_BYTES } from '../../src/wire/limits.ts';

/** Relayer to the origins it is asked to stop sending. */
export type Prunes = Record<string, string[]>;

/**
 * A received cache that notes what prunes are decided by. The order among relayers of equal score and
 * stake is nobody's to say, so a record may have pruned another of them than we do.
 */
export class NotedCache extends ReceivedCache {
  /** Of each origin judged: its relayers, and score and stake of each. */
  readonly #rank = new Map<string, Map<string, string>>();
  stakes: Stakes | undefined;

  override takeDue(origins: Uint8Array, originAt: number, out: Relayers): boolean {
    const isDue = super.takeDue(origins, originAt, out);
    const ranks = new Map<string, string>();
    for (let i = 0; i < out.count; i++) {
      const at = i * PUBKEY_BYTES;
      const stake = this.stakes?.get(out.keys, at) ?? 0;
      ranks.set(toBase58(out.keys, at, at + PUBKEY_BYTES), `${out.score[i]} ${stake}`);
    }
    if (isDue) this.#rank.set(toBase58(origins, originAt, originAt + PUBKEY_BYTES), ranks);
    return isDue;
  }

  /** @returns theirs when it is ours but for the choice among equals, else ours */
  breakTies(ours: Prunes, theirs: Prunes): Prunes {
    const same = JSON.stringify(this.#ranks(ours)) === JSON.stringify(this.#ranks(theirs));
    this.#rank.clear();
    return same ? theirs : ours;
  }

  /** The ranks pruned of each origin, sorted; a relayer that was not judged shows as itself. */
  #ranks(prunes: Prunes): string[] {
    return Object.entries(prunes)
      .flatMap(([relayer, origins]) =>
        origins.map((origin) => `${origin} ${this.#rank.get(origin)?.get(relayer) ?? relayer}`),
      )
      .sort();
  }
}
