/** The switch that the mutated source looks at. It is made before any of that is loaded. */

/** What one test did. */
export interface Hits {
  /** By id of a mutant: how often it was reached. */
  readonly counts: Uint32Array;
  /** Mutants that were reached, as far as `size` goes. */
  readonly reached: Int32Array;
  size: number;
}

/** Thrown where a mutant is reached far more often than the code it stands for. */
export class HitLimit extends Error {
  override name = 'HitLimit';
}

/** One for a process: which mutant is on, and who counts what is reached. */
export const control = {
  /** Mutant that is on, -1 for none. */
  active: -1,
  /** Counts what is reached, or null: then nothing is counted. */
  cover: null as ((...ids: number[]) => void) | null,
  hits: 0,
  hitLimit: Number.POSITIVE_INFINITY,
  /** Whether the limit was reached: the mutant made something endless. */
  isOver: false,
  hit(): boolean {
    if (++this.hits > this.hitLimit) {
      this.isOver = true;
      throw new HitLimit(`reached ${this.hits} times`);
    }
    return true;
  },
};

Object.defineProperty(globalThis, 'earshotMutants', { value: control });

/** Counts what is reached from now on. @param count of mutants, ids are below it */
export function startCounting(count: number): Hits {
  const hits: Hits = { counts: new Uint32Array(count), reached: new Int32Array(count), size: 0 };
  control.cover = (...ids) => {
    for (const id of ids) {
      if (hits.counts[id] === 0) hits.reached[hits.size++] = id;
      hits.counts[id]!++;
    }
  };
  return hits;
}

/** What was counted since the last time. @returns pairs of id and count */
export function takeHits(hits: Hits): [number, number][] {
  const found: [number, number][] = [];
  for (let i = 0; i < hits.size; i++) {
    const id = hits.reached[i]!;
    found.push([id, hits.counts[id]!]);
    hits.counts[id] = 0;
  }
  hits.size = 0;
  return found;
}
