import { createHash } from 'node:crypto';

interface Winner {
  readonly wallclock: number;
  readonly sha256: string;
}

/**
 * Which values a node must hold that got all of them: of each label the newest, of equally new ones the
 * one with the greater hash.
 */
export class Expectation {
  readonly #winners = new Map<string, Winner>();

  /** @param label whatever names the label: kind, index and origin */
  add(label: string, wallclock: number, sha256: string): void {
    const held = this.#winners.get(label);
    const wins =
      !held || wallclock > held.wallclock || (wallclock === held.wallclock && sha256 > held.sha256);
    if (wins) this.#winners.set(label, { wallclock, sha256 });
  }

  /** How many values there must be. */
  get labels(): number {
    return this.#winners.size;
  }

  /** Their hashes in hex, in order. */
  winners(): string[] {
    return [...this.#winners.values()].map(({ sha256 }) => sha256).sort();
  }

  /** One hash for all of them. */
  digest(): string {
    return digestOf(this.winners());
  }
}

/** One hash for a table: over the hashes of its values in hex, in order. */
export function digestOf(winners: readonly string[]): string {
  const hash = createHash('sha256');
  for (const sha256 of winners) hash.update(sha256);
  return hash.digest('hex');
}
