import { describe, expect, it } from 'vitest';
import { PACKAGE_VERSION } from '../../src/node/version.ts';
import { run } from './command.ts';

describe.concurrent('help', () => {
  const commands = [
    { args: ['--help'], examples: 3 },
    { args: ['spy', '--help'], examples: 5 },
    { args: ['decode', '--help'], examples: 2 },
    { args: ['demo', '--help'], examples: 2 },
    { args: ['keygen', '--help'], examples: 1 },
  ];
  for (const { args, examples } of commands) {
    it(`earshot ${args.join(' ')}: fits 100 columns and has examples`, async () => {
      const { status, stdout, stderr } = await run(...args);
      expect([status, stderr]).toEqual([0, '']);
      const lines = stdout.split('\n');
      expect(lines.filter((line) => line.length > 100)).toEqual([]);
      const shown = lines.filter((line) => line.startsWith('  $ earshot '));
      expect(shown.length).toBeGreaterThanOrEqual(examples);
      expect(stdout).not.toMatch(/default: (\[\]|false|undefined)/);
      expect(stdout).toMatch(/^Usage: earshot/);
    });
  }

  it('every command that is shown in an example exists', async () => {
    const { stdout } = await run('--help');
    const commands = new Set([...stdout.matchAll(/\$ earshot (\w+)/g)].map(([, name]) => name));
    for (const name of commands) expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  });

  it('without a command is shown on stderr, with status 1', async () => {
    const { status, stdout, stderr } = await run();
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Start here:');
  });
});

it.concurrent('--version prints the version', async () => {
  const { status, stdout, stderr } = await run('--version');
  expect({ status, stdout, stderr }).toEqual({
    status: 0,
    stdout: `${PACKAGE_VERSION}\n`,
    stderr: '',
  });
});

describe.concurrent('a wrong flag', () => {
  const cases = [
    { args: ['spyy'], says: /unknown command 'spyy'\n\(Did you mean spy\?\)/ },
    { args: ['spy', '--frob'], says: /unknown option '--frob'/ },
    { args: ['spy', '--jsn'], says: /Did you mean --json\?/ },
    { args: ['spy', 'mainnet'], says: /too many arguments/ },
    { args: ['spy', '-p', 'me'], says: /"me" is no public key: 32 bytes in base58/ },
    { args: ['keygen'], says: /missing required argument 'FILE'/ },
  ];
  for (const { args, says } of cases) {
    it(`earshot ${args.join(' ')}`, async () => {
      const { status, stdout, stderr } = await run(...args);
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).toContain('(add --help for all flags and examples)');
      expect(stderr).not.toMatch(/ {4}at /);
    });
  }
});
