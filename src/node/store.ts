/**
 * The store: a folder with two generations of what a node knows. A new generation is written beside them,
 * made durable, and only then put in the place of the older one, so that at any moment of a crash at least
 * one whole generation is there. Nothing here decides what is stored, or waits on the main thread.
 */
import { constants } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { SpyError } from '../util/assert.ts';
import { readStore, STORE_BYTES, type StoreContent } from './store-format.ts';

/** The two generations, by the parity of their sequence. */
export const GENERATIONS = ['generation-0.store', 'generation-1.store'] as const;

/** Files under way end with this; left by a crash they are removed at the next start. */
const UNDER_WAY = '.new';

/** Bad files end with this and a number; so many are kept for whoever wants to look. */
const ASIDE = '.bad-';
const ASIDE_KEPT = 2;

/** A file in the making. */
export interface StoreFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Makes what was written durable. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** The files of one folder, and what can go wrong with them: any call may reject with a `code`. */
export interface StoreFolder {
  list(): Promise<string[]>;
  size(name: string): Promise<number>;
  read(name: string): Promise<Uint8Array>;
  /** Creates a file that must not be there. */
  create(name: string): Promise<StoreFile>;
  rename(from: string, to: string): Promise<void>;
  remove(name: string): Promise<void>;
  /** Makes renames durable. */
  sync(): Promise<void>;
  /** Rejects where nothing can be written. @returns free bytes */
  free(): Promise<number>;
}

/** What was found at the start. */
export interface StoreLoad {
  /** The newest whole generation; undefined for a cold start. */
  readonly content: StoreContent | undefined;
  /** Sentences about files that were no good. */
  readonly warnings: readonly string[];
}

/** Reads the generations of a folder and writes new ones. */
export class Store {
  readonly #folder: StoreFolder;
  #sequence = 0;

  constructor(folder: StoreFolder) {
    this.#folder = folder;
  }

  /** Sequence of the generation saved last, or found at the start; 0 for none. */
  get sequence(): number {
    return this.#sequence;
  }

  /** Reads the newest whole generation. Sets bad files aside. Never rejects: what cannot be read is not there. */
  async load(): Promise<StoreLoad> {
    const warnings: string[] = [];
    let newest: StoreContent | undefined;
    const names = await this.#folder.list().catch((error: unknown) => {
      warnings.push(`the folder of the store cannot be read: ${reason(error)}`);
      return [] as string[];
    });
    for (const name of names) if (name.endsWith(UNDER_WAY)) await this.#removeQuietly(name);
    for (const name of GENERATIONS) {
      if (!names.includes(name)) continue;
      const found = await this.#readGeneration(name);
      if (typeof found !== 'string') {
        if (newest === undefined || found.sequence > newest.sequence) newest = found;
        continue;
      }
      warnings.push(`${name} is no good: ${found}. It is set aside.`);
      await this.#setAside(name, names).catch((error: unknown) => {
        warnings.push(`${name} cannot be set aside: ${reason(error)}`);
      });
    }
    this.#sequence = newest?.sequence ?? 0;
    return { content: newest, warnings };
  }

  /**
   * Writes the next generation over the older of the two, durably.
   *
   * @param chunks with the header of sequence `sequence + 1`
   * @throws what the system says, with its `code`; then both generations are as they were
   */
  async save(chunks: readonly Uint8Array[]): Promise<void> {
    const next = this.#sequence + 1;
    const name = GENERATIONS[next % 2]!;
    const temporary = `${name}${UNDER_WAY}`;
    await this.#removeQuietly(temporary);
    const file = await this.#folder.create(temporary);
    try {
      try {
        for (const chunk of chunks) await file.write(chunk);
        await file.sync();
      } finally {
        await file.close();
      }
      await this.#folder.rename(temporary, name);
    } catch (error) {
      await this.#removeQuietly(temporary);
      throw error;
    }
    // Only with the folder durable may the next save touch the other generation.
    await this.#folder.sync();
    this.#sequence = next;
  }

  /** @throws what the system says when nothing can be written @returns free bytes */
  free(): Promise<number> {
    return this.#folder.free();
  }

  async #readGeneration(name: string): Promise<StoreContent | string> {
    try {
      const size = await this.#folder.size(name);
      if (size > STORE_BYTES) return `it has ${size} bytes`;
      return readStore(await this.#folder.read(name));
    } catch (error) {
      return reason(error);
    }
  }

  async #setAside(name: string, names: readonly string[]): Promise<void> {
    const before = names.filter((other) => other.includes(ASIDE));
    const numbers = before.map((other) => Number(other.slice(other.indexOf(ASIDE) + ASIDE.length)));
    const last = Math.max(0, ...numbers.filter(Number.isSafeInteger));
    await this.#folder.rename(name, `${name}${ASIDE}${last + 1}`);
    for (const [i, other] of before.entries()) {
      if (numbers[i]! <= last + 1 - ASIDE_KEPT) await this.#removeQuietly(other);
    }
  }

  /** What is not there is removed already; what cannot be removed shows when the next file is created. */
  async #removeQuietly(name: string): Promise<void> {
    await this.#folder.remove(name).catch(() => undefined);
  }
}

/** The code of the system, or the words. */
export function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code ?? error.message;
}

/**
 * A folder on disk; made when it is not there.
 *
 * @throws SpyError STORE_NOT_A_FOLDER when the path is something else: that is a mistake of who gave it.
 *   A disk that is full or read-only is none; the store then says so itself, again and again
 */
export async function openStoreFolder(path: string): Promise<StoreFolder> {
  await mkdir(path, { recursive: true, mode: 0o700 }).catch(() => undefined);
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined && !found.isDirectory()) {
    throw new SpyError(
      'STORE_NOT_A_FOLDER',
      `${path} is no folder. Give --store a folder of its own.`,
    );
  }
  return diskFolder(path);
}

function diskFolder(path: string): StoreFolder {
  const at = (name: string): string => join(path, name);
  return {
    list: () => readdir(path),
    size: async (name) => (await stat(at(name))).size,
    async read(name) {
      const file = await open(at(name), 'r');
      try {
        return await file.readFile();
      } finally {
        await file.close();
      }
    },
    async create(name) {
      await mkdir(path, { recursive: true, mode: 0o700 }); // somebody may have taken it away
      const file = await open(at(name), 'wx', 0o600);
      return {
        async write(chunk) {
          await file.writeFile(chunk);
        },
        sync: () => file.sync(),
        close: () => file.close(),
      };
    },
    rename: (from, to) => rename(at(from), at(to)),
    remove: (name) => rm(at(name)),
    async sync() {
      const folder = await open(path, 'r');
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    },
    async free() {
      await access(path, constants.W_OK);
      const { bavail, bsize } = await statfs(path);
      return bavail * bsize;
    },
  };
}
