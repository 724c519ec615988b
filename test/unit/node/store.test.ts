import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { StoreStory } from '../../../scripts/fuzz/disk.ts';
import { openStoreFolder, Store } from '../../../src/node/store.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { seededRng } from '../../../src/util/rng.ts';
import { SimDisk } from '../../sim/disk.ts';
import { generation, isGeneration } from '../../sim/stored.ts';

const folders: string[] = [];
const fresh = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'earshot-store-'));
  folders.push(path);
  return path;
};
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true, force: true });
});

const RECORDS = 5;
const next = (store: Store): Promise<void> => store.save(generation(store.sequence + 1, RECORDS));

async function opened(path: string): Promise<Store> {
  return new Store(await openStoreFolder(path));
}

/** What a start finds. */
async function found(path: string): Promise<{ sequence: number; warnings: readonly string[] }> {
  const { content, warnings } = await (await opened(path)).load();
  if (content) expect(isGeneration(content, content.sequence, RECORDS)).toBe(true);
  return { sequence: content?.sequence ?? 0, warnings };
}

describe('the store on disk', () => {
  it('begins cold in a folder that is not there yet', async () => {
    const path = join(fresh(), 'a', 'b');
    expect(await found(path)).toEqual({ sequence: 0, warnings: [] });
    const store = await opened(path);
    await next(store);
    expect(readdirSync(path)).toEqual(['generation-1.store']);
    expect(await found(path)).toEqual({ sequence: 1, warnings: [] });
  });

  it('keeps two generations and nothing else', async () => {
    const path = fresh();
    const store = await opened(path);
    for (let i = 0; i < 5; i++) await next(store);
    expect(readdirSync(path).sort()).toEqual(['generation-0.store', 'generation-1.store']);
    expect((await found(path)).sequence).toBe(5);
    const again = await opened(path);
    await again.load();
    await next(again);
    expect((await found(path)).sequence).toBe(6);
  });

  it('falls back to the generation before and sets the bad one aside', async () => {
    const path = fresh();
    const store = await opened(path);
    await next(store);
    await next(store);
    writeFileSync(join(path, 'generation-0.store'), 'nonsense');
    const { sequence, warnings } = await found(path);
    expect([sequence, warnings.length]).toEqual([1, 1]);
    expect(warnings[0]).toBe(
      'generation-0.store is no good: 8 bytes are too few. It is set aside.',
    );
    expect(readdirSync(path).sort()).toEqual(['generation-0.store.bad-1', 'generation-1.store']);
  });

  it('begins cold when both are bad, and keeps no more than two bad files', async () => {
    const path = fresh();
    for (let i = 0; i < 4; i++) {
      for (const parity of [0, 1]) writeFileSync(join(path, `generation-${parity}.store`), `${i}`);
      const { sequence, warnings } = await found(path);
      expect([sequence, warnings.length]).toEqual([0, 2]);
    }
    expect(readdirSync(path).length).toBeLessThanOrEqual(4);
    await next(await opened(path));
    expect((await found(path)).sequence).toBe(1);
  });

  it('removes what a crash left under way', async () => {
    const path = fresh();
    writeFileSync(join(path, 'generation-1.store.new'), 'half a gen');
    expect(await found(path)).toEqual({ sequence: 0, warnings: [] });
    expect(readdirSync(path)).toEqual([]);
  });

  it('is no file', async () => {
    const path = join(fresh(), 'file');
    writeFileSync(path, '');
    const error = await openStoreFolder(path).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(SpyError);
    expect((error as SpyError).code).toBe('STORE_NOT_A_FOLDER');
  });
});

describe('the store on a disk that forgets', () => {
  it('has what was acknowledged, wherever the power is cut', async () => {
    const reached = new Set<string>();
    const story = new StoreStory((point) => reached.add(point));
    const rng = seededRng(1);
    const input = new Uint8Array(32);
    for (let i = 0; i < 40; i++) {
      rng.fill(input);
      await story.run(input);
    }
    expect([...reached].sort()).toEqual([
      'cut while saving',
      'one set aside',
      'the last one is there',
      'the one under way is there',
    ]);
  });

  it.each([{ ignoresFileSync: true }, { ignoresFolderSync: true }])(
    'would be caught if it did without %o',
    async (mistakes) => {
      const story = new StoreStory(() => {}, mistakes);
      const rng = seededRng(2);
      const input = new Uint8Array(64);
      const stories = async (): Promise<void> => {
        for (let i = 0; i < 60; i++) {
          rng.fill(input);
          await story.run(input);
        }
      };
      await expect(stories()).rejects.toThrow(/generation \d+/);
    },
  );

  it('leaves both generations alone when a write fails, and nothing half written', async () => {
    const disk = new SimDisk(seededRng(3));
    const store = new Store(disk);
    await next(store);
    await next(store);
    disk.failing = 'ENOSPC';
    await expect(next(store)).rejects.toMatchObject({ code: 'ENOSPC' });
    disk.failing = undefined;
    expect((await disk.list()).sort()).toEqual(['generation-0.store', 'generation-1.store']);
    expect(store.sequence).toBe(2);
    await next(store);
    expect((await new Store(disk).load()).content?.sequence).toBe(3);
  });
});
