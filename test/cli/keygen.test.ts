import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readIdentityFile } from '../../src/crypto/identity.ts';
import { expectSentence, Leftovers, run } from './command.ts';

const leftovers = new Leftovers();
afterAll(() => leftovers.clear());

describe.concurrent('earshot keygen', () => {
  it('writes a key file that only its owner can read, and prints the address', async () => {
    const path = leftovers.path('new.json');
    const { status, stdout, stderr } = await run('keygen', path);
    expect([status, stderr]).toEqual([0, '']);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(JSON.parse(readFileSync(path, 'utf8')).length).toBe(64);
    expect(stdout).toBe(`${readIdentityFile(path).address}\n`);
  });

  it('never touches a file that exists', async () => {
    const path = leftovers.path('old.json');
    writeFileSync(path, 'precious');
    const result = await run('keygen', path);
    expect([result.status, result.stdout]).toEqual([1, '']);
    expectSentence(result, path, /never overwritten\. Choose another path/);
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });
});
