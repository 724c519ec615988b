import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EARSHOT_CLIENT_ID, ourVersion, PACKAGE_VERSION } from '../../../src/node/version.ts';
import { CLIENT_NAMES } from '../../../src/wire/limits.ts';

const manifest = new URL('../../../package.json', import.meta.url);

it('the version in the program is the one of the package', () => {
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  expect(PACKAGE_VERSION).toBe(version);
});

it('the version that we announce is it, under a client id that nobody has', () => {
  const { major, minor, patch, channel, client } = ourVersion();
  expect(`${major}.${minor}.${patch}`).toBe(PACKAGE_VERSION);
  expect([channel, client]).toEqual([0, EARSHOT_CLIENT_ID]);
  expect(client).toBeGreaterThanOrEqual(CLIENT_NAMES.length);
  expect(client).toBeLessThan(65_536);
});
