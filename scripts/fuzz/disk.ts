import { GENERATIONS, Store } from '../../src/node/store.ts';
import { seededRng } from '../../src/util/rng.ts';
import { type DiskMistakes, SimDisk } from '../../test/sim/disk.ts';
import { generation, isGeneration } from '../../test/sim/stored.ts';
import { Finding, type FuzzContext, type FuzzTarget, type Runner } from './target.ts';

/** Saves between two starts, at most. */
const MOST_SAVES = 6;

/** Steps that a save of some chunks takes, roughly: where a cut can fall. */
const STEPS = 24;

/**
 * One story of a store: each byte pair is a life that ends with a power cut, after so many steps. After
 * every one of them the newest acknowledged generation, or the one under way, is there whole.
 */
export class StoreStory {
  readonly #reach: (point: string) => void;
  readonly #mistakes: DiskMistakes;

  constructor(reach: (point: string) => void, mistakes: DiskMistakes = {}) {
    this.#reach = reach;
    this.#mistakes = mistakes;
  }

  /** @throws Finding */
  async run(input: Uint8Array): Promise<number> {
    const seed = input.reduce((sum, byte) => (Math.imul(sum, 31) + byte) | 0, 7);
    const disk = new SimDisk(seededRng(seed), this.#mistakes);
    let acknowledged = 0;
    let behaviour = 0;
    for (let i = 0; i + 1 < input.length && i < 64; i += 2) {
      const store = new Store(disk);
      const { content } = await store.load();
      const found = content?.sequence ?? 0;
      if (found < acknowledged) {
        throw new Finding(`generation ${acknowledged} was durable, ${found} is there`);
      }
      if (content && !isGeneration(content, found, found % 8)) {
        throw new Finding(`generation ${found} is not what was written`);
      }
      this.#reach(found === acknowledged ? 'the last one is there' : 'the one under way is there');
      if ((await disk.list()).some((name) => name.includes('.bad-'))) this.#reach('one set aside');
      behaviour = behaviour * 4 + (found - acknowledged) + 1;
      acknowledged = found;
      disk.stepsLeft = input[i]! % (STEPS * MOST_SAVES);
      acknowledged = await this.#live(store, acknowledged, 1 + (input[i + 1]! % MOST_SAVES));
      disk.restart();
      // Now and then the older generation rots: the newer one does not need it.
      const rotten = GENERATIONS[(acknowledged + 1) % 2]!;
      if (input[i + 1]! >= 208)
        disk.damage(rotten, (bytes) => bytes.fill(input[i]!, bytes.length >> 1));
    }
    return behaviour % 65_536;
  }

  /** Saves until the power is cut. @returns the last generation that was acknowledged */
  async #live(store: Store, from: number, saves: number): Promise<number> {
    let acknowledged = from;
    for (let i = 0; i < saves; i++) {
      try {
        await store.save(generation(store.sequence + 1, (store.sequence + 1) % 8));
      } catch {
        this.#reach('cut while saving');
        break;
      }
      acknowledged = store.sequence;
    }
    return acknowledged;
  }
}

/** A store on a disk that forgets. */
export const target: FuzzTarget = {
  name: 'disk',
  about: 'cuts the power while generations are saved: what was acknowledged is there, whole',
  branches: /^src\/node\/store(-format)?\.ts/,
  canaries: [
    'the last one is there',
    'the one under way is there',
    'cut while saving',
    'one set aside',
  ],
  maxBytes: 64,
  seeds: () => [
    Uint8Array.from({ length: 16 }, (_, i) => 17 * i),
    Uint8Array.from({ length: 64 }, (_, i) => (29 * i) % 256),
  ],
  open: ({ reach }: FuzzContext): Runner => {
    const story = new StoreStory(reach);
    return { run: (input) => story.run(input) };
  },
};
