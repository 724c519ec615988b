/**
 * A folder on a disk that can lose power between any two of its steps: what was not made durable is then
 * there, or not, or half there, sector by sector; renames that were not made durable happened in part.
 */
import type { StoreFile, StoreFolder } from '../../src/node/store.ts';
import type { Rng } from '../../src/util/rng.ts';

const SECTOR_BYTES = 512;

/** The power is gone. */
export class PowerCut extends Error {
  override name = 'PowerCut';
}

/** What a file holds, and how much of that a power cut cannot touch. */
interface Inode {
  content: Uint8Array;
  durable: Uint8Array;
}

/** A change of the folder that may get lost, as long as the folder was not made durable. */
type Change = (names: Map<string, Inode>) => void;

/** Mistakes that a store must not make, built into the disk to see whether they would be noticed. */
export interface DiskMistakes {
  /** What a file is told to make durable stays where it is. */
  readonly ignoresFileSync?: boolean;
  /** What the folder is told to make durable stays where it is. */
  readonly ignoresFolderSync?: boolean;
}

/** A folder of files. */
export class SimDisk implements StoreFolder {
  /** Steps until the power is cut; endless unless set. */
  stepsLeft = Number.POSITIVE_INFINITY;
  /** Error code that every write meets, as on a full disk. */
  failing: string | undefined;
  /** Free bytes as the disk tells them. */
  freeBytes = 1e9;
  readonly #rng: Rng;
  readonly #mistakes: DiskMistakes;
  #names = new Map<string, Inode>();
  #durableNames = new Map<string, Inode>();
  #changes: Change[] = [];

  constructor(rng: Rng, mistakes: DiskMistakes = {}) {
    this.#rng = rng;
    this.#mistakes = mistakes;
  }

  /** The power comes back: whatever survived is what there is. */
  restart(): void {
    const rng = this.#rng;
    // Changes of a folder reach the disk in order, so some first ones of them did.
    const kept = this.#changes.slice(0, rng.below(this.#changes.length + 1));
    for (const change of kept) change(this.#durableNames);
    for (const inode of new Set(this.#durableNames.values())) {
      inode.content = this.#survived(inode);
      inode.durable = inode.content;
    }
    this.#names = new Map(this.#durableNames);
    this.#changes = [];
    this.stepsLeft = Number.POSITIVE_INFINITY;
  }

  /** Turns bits of a file, as a disk does that goes bad. */
  damage(name: string, change: (bytes: Uint8Array) => Uint8Array): void {
    const inode = this.#names.get(name);
    if (inode) inode.content = inode.durable = change(inode.content.slice());
  }

  async list(): Promise<string[]> {
    return [...this.#names.keys()];
  }

  async size(name: string): Promise<number> {
    return this.#find(name).content.length;
  }

  async read(name: string): Promise<Uint8Array> {
    return this.#find(name).content.slice();
  }

  async create(name: string): Promise<StoreFile> {
    this.#step();
    if (this.#names.has(name)) throw coded('EEXIST');
    const inode: Inode = { content: new Uint8Array(0), durable: new Uint8Array(0) };
    this.#change((names) => names.set(name, inode));
    return {
      write: async (chunk) => {
        this.#step();
        const grown = new Uint8Array(inode.content.length + chunk.length);
        grown.set(inode.content);
        grown.set(chunk, inode.content.length);
        inode.content = grown;
      },
      sync: async () => {
        this.#step();
        if (this.#mistakes.ignoresFileSync !== true) inode.durable = inode.content;
      },
      close: async () => this.#step(),
    };
  }

  async rename(from: string, to: string): Promise<void> {
    this.#step();
    const inode = this.#find(from);
    this.#change((names) => {
      names.delete(from);
      names.set(to, inode);
    });
  }

  async remove(name: string): Promise<void> {
    this.#step();
    this.#find(name);
    this.#change((names) => names.delete(name));
  }

  async sync(): Promise<void> {
    this.#step();
    if (this.#mistakes.ignoresFolderSync === true) return;
    this.#durableNames = new Map(this.#names);
    this.#changes = [];
  }

  async free(): Promise<number> {
    if (this.failing !== undefined) throw coded(this.failing);
    return this.freeBytes;
  }

  #step(): void {
    if (this.stepsLeft-- <= 0) throw new PowerCut('the power is cut');
    if (this.failing !== undefined) throw coded(this.failing);
  }

  #find(name: string): Inode {
    const inode = this.#names.get(name);
    if (inode === undefined) throw coded('ENOENT');
    return inode;
  }

  #change(change: Change): void {
    change(this.#names);
    this.#changes.push(change);
  }

  /** Of what was written and not made durable, any sectors may be there; the rest is as before, or zero. */
  #survived({ content, durable }: Inode): Uint8Array {
    const rng = this.#rng;
    if (content === durable) return content;
    const length = durable.length + rng.below(Math.max(1, content.length - durable.length + 1));
    const survived = new Uint8Array(length);
    survived.set(durable.subarray(0, length));
    for (let at = 0; at < length; at += SECTOR_BYTES) {
      if (rng.below(2) === 0)
        survived.set(content.subarray(at, Math.min(length, at + SECTOR_BYTES)), at);
    }
    return survived;
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
