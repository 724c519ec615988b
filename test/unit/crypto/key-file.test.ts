import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createIdentity,
  identitySeed,
  readIdentityFile,
  writeIdentityFile,
} from '../../../src/crypto/identity.ts';
import { SpyError } from '../../../src/util/assert.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'earshot-keys-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const known = createIdentity(new Uint8Array(32).fill(1));
const pair = [...identitySeed(known), ...known.publicKey];

/** What a call throws, which must be a SpyError. */
function refusal(call: () => unknown): SpyError {
  try {
    call();
  } catch (error) {
    if (error instanceof SpyError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

const BAD: { name: string; text: string; code: string; says: RegExp }[] = [
  { name: 'empty', text: '', code: 'KEY_FILE_NOT_JSON', says: /array of 64 numbers/ },
  { name: 'a word', text: 'hello', code: 'KEY_FILE_NOT_JSON', says: /solana-keygen/ },
  {
    name: 'cut short',
    text: JSON.stringify(pair).slice(0, -9),
    code: 'KEY_FILE_NOT_JSON',
    says: /is not a key file/,
  },
  { name: 'an object', text: '{"0":1}', code: 'KEY_FILE_NOT_JSON', says: /array/ },
  { name: 'a text', text: '"5KJvsngHeMpm884"', code: 'KEY_FILE_NOT_JSON', says: /array/ },
  { name: 'null', text: 'null', code: 'KEY_FILE_NOT_JSON', says: /array/ },
  { name: 'no numbers', text: '[]', code: 'KEY_FILE_LENGTH', says: /holds 0 numbers/ },
  {
    name: 'the seed alone',
    text: JSON.stringify(pair.slice(0, 32)),
    code: 'KEY_FILE_LENGTH',
    says: /holds 32 numbers instead of 64/,
  },
  {
    name: 'one number too many',
    text: JSON.stringify([...pair, 0]),
    code: 'KEY_FILE_LENGTH',
    says: /65/,
  },
  ...[256, -1, 1.5, '7', null, [1]].map((odd) => ({
    name: `${JSON.stringify(odd)} among the numbers`,
    text: JSON.stringify(pair.map((number, i) => (i === 40 ? odd : number))),
    code: 'KEY_FILE_NUMBERS',
    says: /Entry 41 .* 0 to 255/,
  })),
  {
    name: 'public half of another key',
    text: JSON.stringify([...pair.slice(0, 32), ...createIdentity().publicKey]),
    code: 'KEY_FILE_MISMATCH',
    says: /not the public key of its first 32/,
  },
  {
    name: 'damaged secret half',
    text: JSON.stringify(pair.map((number, i) => (i === 3 ? number ^ 1 : number))),
    code: 'KEY_FILE_MISMATCH',
    says: /Restore/,
  },
  {
    name: 'last number changed',
    text: JSON.stringify(pair.map((number, i) => (i === 63 ? number ^ 1 : number))),
    code: 'KEY_FILE_MISMATCH',
    says: /Restore/,
  },
  {
    name: 'far too long',
    text: `[${'1,'.repeat(100_000)}1]`,
    code: 'KEY_FILE_NOT_JSON',
    says: /array of 64/,
  },
];

describe('reading a key file', () => {
  it.each(BAD)('refuses $name', ({ text, code, says }) => {
    const path = join(folder, 'bad.json');
    writeFileSync(path, text, { mode: 0o600 });
    const error = refusal(() => readIdentityFile(path));
    expect(error.code).toBe(code);
    expect(error.message).toMatch(says);
    expect(error.message).toContain(path);
  });

  it('never quotes the secret, not even by its cause', () => {
    const path = join(folder, 'leak.json');
    const texts = [`[${'231,'.repeat(60)}`, JSON.stringify(pair.map(() => 231)), '231 231 231'];
    for (const text of texts) {
      writeFileSync(path, text, { mode: 0o600 });
      const error = refusal(() => readIdentityFile(path));
      expect(inspect(error, { depth: 9 }), text.slice(0, 20)).not.toContain('231');
    }
  });

  const UNREADABLE = [
    { name: 'a missing file', path: () => join(folder, 'none.json'), code: 'KEY_FILE_MISSING' },
    { name: 'a missing folder', path: () => join(folder, 'no', 'x'), code: 'KEY_FILE_MISSING' },
    { name: 'a folder', path: () => folder, code: 'KEY_FILE_UNREADABLE' },
    { name: 'an endless device', path: () => '/dev/zero', code: 'KEY_FILE_NOT_JSON' },
  ];

  it.each(UNREADABLE)('refuses $name', ({ path, code }) => {
    const error = refusal(() => readIdentityFile(path()));
    expect(error.code).toBe(code);
    expect(error.message).toContain(path());
    expect(error.message).toMatch(/\. (Check|Give) /);
  });

  it('reads what the Solana command line writes, pretty-printed or not', () => {
    for (const [i, text] of [
      JSON.stringify(pair),
      `${JSON.stringify(pair, null, 4)}\n`,
    ].entries()) {
      const path = join(folder, `good-${i}.json`);
      writeFileSync(path, text, { mode: 0o600 });
      const identity = readIdentityFile(path);
      expect(identity.address).toBe('AKnL4NNf3DGWZJS6cPknBuEGnVsV4A4m5tgebLHaRSZ9');
      expect(identity.warning).toBeUndefined();
      const out = new Uint8Array(64);
      const wanted = new Uint8Array(64);
      identity.sign(out, 0, 9, out, 0);
      known.sign(wanted, 0, 9, wanted, 0);
      expect(out).toEqual(wanted);
    }
  });

  it('warns when others can read it, and reads it', (ctx) => {
    if (process.platform === 'win32') ctx.skip('Windows has no permission bits');
    const path = join(folder, 'open.json');
    writeFileSync(path, JSON.stringify(pair));
    const cases = [
      { mode: 0o600, warns: false },
      { mode: 0o400, warns: false },
      { mode: 0o640, warns: true },
      { mode: 0o604, warns: true },
      { mode: 0o644, warns: true },
      { mode: 0o620, warns: true },
    ];
    for (const { mode, warns } of cases) {
      chmodSync(path, mode);
      const { warning, address } = readIdentityFile(path);
      expect(address, mode.toString(8)).toBe(known.address);
      expect(warning?.includes(`chmod 600 ${path}`) ?? false, mode.toString(8)).toBe(warns);
    }
  });
});

describe('writing a key file', () => {
  it('writes what can be read again, for its owner alone whatever the umask', () => {
    const path = join(folder, 'new.json');
    const mask = process.umask(0);
    try {
      writeIdentityFile(path, known);
    } finally {
      process.umask(mask);
    }
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual(pair);
    expect(readIdentityFile(path).address).toBe(known.address);
    if (process.platform !== 'win32') expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('never overwrites, nor writes through a link', () => {
    const path = join(folder, 'precious.json');
    writeFileSync(path, 'precious');
    const link = join(folder, 'link.json');
    symlinkSync(join(folder, 'elsewhere.json'), link);
    mkdirSync(join(folder, 'directory.json'));
    for (const name of ['precious.json', 'link.json', 'directory.json']) {
      const error = refusal(() => writeIdentityFile(join(folder, name), known));
      expect(error.code, name).toBe('KEY_FILE_EXISTS');
      expect(error.message, name).toMatch(/never overwritten. Choose another path/);
    }
    expect(readFileSync(path, 'utf8')).toBe('precious');
    expect(existsSync(join(folder, 'elsewhere.json'))).toBe(false);
  });

  it('says what to do when it cannot be written', () => {
    const path = join(folder, 'nowhere', 'key.json');
    const error = refusal(() => writeIdentityFile(path, known));
    expect(error.code).toBe('KEY_FILE_UNWRITABLE');
    expect(error.message).toMatch(/ENOENT.*Check that its folder exists/);
  });
});
