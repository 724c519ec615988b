import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { PACKAGE_VERSION } from '../../src/node/version.ts';
import { Command, Leftovers, run } from './command.ts';

describe.concurrent('help', () => {
  /** Fails unless a help text can be read on 100 columns. @returns its examples */
  async function examplesOf(...args: readonly string[]): Promise<string[]> {
    const { status, stdout, stderr } = await run(...args);
    const name = args.join(' ');
    expect([status, stderr], name).toEqual([0, '']);
    expect(stdout, name).toMatch(/^Usage: earshot/);
    expect(stdout, name).not.toMatch(/default: (\[\]|false|undefined)/);
    const lines = stdout.split('\n');
    expect(
      lines.filter((line) => line.length > 100),
      name,
    ).toEqual([]);
    return lines.filter((line) => /\bearshot \w/.test(line) && line.startsWith('  $ '));
  }

  it('fits 100 columns and shows examples, of commands that exist', async () => {
    const { stdout } = await run('--help');
    const [, list = ''] = /Commands:\n((?: {2}.*\n)+)/.exec(stdout) ?? [];
    const commands = [...list.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name ?? '');
    expect(commands).toEqual(expect.arrayContaining(['spy', 'decode', 'demo', 'keygen']));
    const named = (await examplesOf('--help')).map((line) => line.split('earshot ')[1]);
    expect(named.length).toBeGreaterThanOrEqual(3);
    for (const example of named) expect(commands).toContain(example?.split(' ')[0]);
    const others = commands.filter((name) => name !== 'help');
    const shown = await Promise.all(others.map((name) => examplesOf(name, '--help')));
    for (const [i, examples] of shown.entries()) {
      const own = examples.filter((line) => line.includes(`earshot ${others[i]}`));
      expect(own.length, others[i]).toBeGreaterThanOrEqual(1);
    }
  });

  it('without a command is shown on stderr, with status 1', async () => {
    const { status, stdout, stderr } = await new Command([]).result;
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toContain('Start here:');
  });
});

it.concurrent('--version prints version and commit', async () => {
  const { status, stdout, stderr } = await new Command(['--version']).result;
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(new RegExp(`^${PACKAGE_VERSION} \\(commit [0-9a-f]{8}(-dirty)?\\)\n$`));
});

describe.concurrent('a wrong flag', () => {
  const cases = [
    { args: ['spyy'], says: /unknown command 'spyy'\n\(Did you mean spy\?\)/ },
    { args: ['spy', '--frob'], says: /unknown option '--frob'/ },
    { args: ['spy', '--jsn'], says: /Did you mean --json\?/ },
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

describe.concurrent('a wrong setting is named with its source', () => {
  const cases = [
    {
      env: { EARSHOT_GOSSIP_PORT: 'x' },
      toml: '',
      says: /^earshot: EARSHOT_GOSSIP_PORT=x: Give a/,
    },
    {
      env: {},
      toml: 'gosip-port = 1',
      says: /"gosip-port" is no setting\. Did you mean gossip-port\?/,
    },
    { env: {}, toml: '[spi]', says: /\[spi\] is named after no command\. There are spy, / },
    { env: {}, toml: '[spy]\nfollw = 1', says: /"follw" is no setting of earshot spy\. Did you m/ },
    { env: {}, toml: 'identity = "none"', says: /gave: identity \(.*\.toml\)/ },
    {
      env: { EARSHOT_CONFIG: 'none.toml' },
      toml: '',
      says: /none\.toml, which EARSHOT_CONFIG names, /,
    },
  ];
  const leftovers = new Leftovers();
  afterAll(() => leftovers.clear());
  for (const [i, { env, toml, says }] of cases.entries()) {
    it(`${toml} ${JSON.stringify(env)}`, async () => {
      const path = leftovers.path(`${i}.toml`);
      writeFileSync(path, toml);
      const more = toml === '' ? [] : ['--config', path];
      const args = ['spy', '-n', 'localhost', ...more];
      const isPlain = Object.keys(env).length === 0;
      const result = isPlain ? run(...args) : new Command(args, env).result;
      const { status, stdout, stderr } = await result;
      expect([status, stdout]).toEqual([1, '']);
      expect(stderr).toMatch(says);
      expect(stderr).toMatch(/^earshot: /);
    });
  }
});
