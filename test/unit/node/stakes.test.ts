import { mkdirSync, mkdtempSync, rmSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  FILE_PERIOD_MS,
  MAX_STAKE_BYTES,
  RPC_PERIOD_MS,
  stakeSource,
} from '../../../src/node/stakes.ts';
import { SpyError } from '../../../src/util/assert.ts';
import { identityOf } from './peer.ts';

const KEY = identityOf(1).address;
const OTHER = identityOf(2).address;
const folder = mkdtempSync(join(tmpdir(), 'earshot-stakes-'));
afterAll(() => rmSync(folder, { recursive: true }));

const never = new AbortController().signal;

async function errorOf(work: Promise<unknown>): Promise<SpyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof SpyError)) return expect.fail(`no SpyError but ${String(error)}`);
  return error;
}

describe('a source of stakes', () => {
  const cases = [
    { wanted: 'mainnet', name: 'https://api.mainnet-beta.solana.com', isLocal: false },
    { wanted: 'testnet', name: 'https://api.testnet.solana.com', isLocal: false },
    { wanted: 'devnet', name: 'https://api.devnet.solana.com', isLocal: false },
    { wanted: 'http://127.0.0.1:8899', name: 'http://127.0.0.1:8899', isLocal: false },
    {
      wanted: 'HTTPS://name:word@rpc.example/secret?api-key=secret',
      name: 'https://rpc.example',
      isLocal: false,
    },
    { wanted: 'stakes.csv', name: 'stakes.csv', isLocal: true },
    { wanted: './mainnet', name: './mainnet', isLocal: true },
    { wanted: 'C:\\stakes.csv', name: 'C:\\stakes.csv', isLocal: true },
  ];
  for (const { wanted, name, isLocal } of cases) {
    it(`is named by ${wanted}`, () => {
      const source = stakeSource(wanted);
      expect(source.name, wanted).toBe(name);
      expect(source.isLocal, wanted).toBe(isLocal);
      expect(source.periodMs, wanted).toBe(isLocal ? FILE_PERIOD_MS : RPC_PERIOD_MS);
    });
  }

  for (const wanted of ['', 'ftp://rpc.example', 'http://', 'https://secret word/', 'ws://x']) {
    it(`is not named by "${wanted}"`, () => {
      expect(() => stakeSource(wanted), wanted).toThrow(SpyError);
      expect(() => stakeSource(wanted), wanted).toThrow(/^(?!.*secret).*this is none of them\.$/);
    });
  }

  it('may be the stakes themselves, which never change', async () => {
    const source = stakeSource(new Map([[KEY, 5n]]));
    expect(source.periodMs).toBe(Number.POSITIVE_INFINITY);
    expect((await source.load(never))?.get(identityOf(1).publicKey, 0)).toBe(5);
  });
});

describe('a stake file', () => {
  it('is read once, and again when it was changed', async () => {
    const path = join(folder, 'read.csv');
    writeFileSync(path, `${KEY},5\n`);
    const source = stakeSource(path);
    expect((await source.load(never))?.get(identityOf(1).publicKey, 0)).toBe(5);
    expect(await source.load(never), 'unchanged').toBeUndefined();
    writeFileSync(path, `${KEY},6\n`);
    utimesSync(path, 1_000, 1_000);
    expect((await source.load(never))?.get(identityOf(1).publicKey, 0)).toBe(6);
    utimesSync(path, 1_000, 1_000);
    expect(await source.load(never), 'the same time').toBeUndefined();
    utimesSync(path, 1_000, 1_001);
    expect((await source.load(never))?.size, 'another time').toBe(1);
  });

  it('that was no good is looked at again although it was not changed', async () => {
    const path = join(folder, 'bad.json');
    writeFileSync(path, `{"${KEY}": 5, "${OTHER}": `);
    const source = stakeSource(path);
    expect((await errorOf(source.load(never))).code).toBe('STAKES_NOT_JSON');
    expect((await errorOf(source.load(never))).message).toContain(path);
  });

  const refused = [
    { name: 'missing.csv', make: () => {}, code: 'STAKES_FILE_MISSING' },
    { name: 'folder', make: mkdirSync, code: 'STAKES_FILE_UNREADABLE' },
    {
      name: 'empty.csv',
      make: (path: string) => writeFileSync(path, ''),
      code: 'STAKES_EMPTY',
    },
    {
      name: 'large.csv',
      make: (path: string) => {
        writeFileSync(path, `${KEY},5\n`);
        truncateSync(path, MAX_STAKE_BYTES + 1);
      },
      code: 'STAKES_TOO_LARGE',
    },
  ];
  for (const { name, make, code } of refused) {
    it(`is refused: ${name}`, async () => {
      const path = join(folder, name);
      make(path);
      const error = await errorOf(stakeSource(path).load(never));
      expect(error.code, name).toBe(code);
      expect(error.message, name).toContain(path);
      expect(error.message, name).toMatch(/\.$/);
    });
  }

  it('is no pipe, however long somebody may be about to write to it', async () => {
    const error = await errorOf(stakeSource('/dev/null').load(never));
    expect(error.code).toBe('STAKES_FILE_UNREADABLE');
  });
});
