import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { configure, defaultPaths, strayVariables } from '../../../src/cli/configuration.ts';
import { collect, wholeNumber } from '../../../src/cli/options.ts';
import { createProgram } from '../../../src/cli/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'earshot-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let files = 0;
function write(text: string): string {
  const path = join(folder, `${files++}.toml`);
  writeFileSync(path, text);
  return path;
}

const SETUP = { toml: '', env: {}, args: [] as string[] };

/** What a command with one flag of each sort is told. */
async function told(setup: Partial<typeof SETUP>): Promise<Record<string, unknown>> {
  const { toml, env, args } = { ...SETUP, ...setup };
  const command = new Command('spy')
    .option('--config <FILE>')
    .option('--no-config')
    .option('--gossip-port <PORT>', '', wholeNumber(0, 65_535), 0)
    .addOption(new Option('-n, --entrypoint <X>').argParser(collect).default([], 'none'))
    .addOption(new Option('--level <X>').choices(['info', 'warn']).default('warn'))
    .addOption(new Option('--csv').conflicts('json'))
    .option('--json')
    .option('--range <X>', 'has commas of its own')
    .exitOverride();
  const file = toml === '' ? ['--no-config'] : ['--config', write(toml)];
  command.parse([...file, ...args], { from: 'user' });
  const origins = await configure(command, env, async ({ name, table }) => `${table}.${name}?`);
  const { config: _, ...rest } = command.opts();
  return { ...rest, origins };
}

describe('settings', () => {
  const cases: (Partial<typeof SETUP> & { name: string; gives: object })[] = [
    { name: 'none', gives: { gossipPort: 0, entrypoint: [], level: 'warn', origins: undefined } },
    { name: 'of a file', toml: 'gossip-port = 8001', gives: { gossipPort: 8001 } },
    { name: 'as text', toml: 'gossip-port = "8001"', gives: { gossipPort: 8001 } },
    {
      name: "of the command's own table before the top",
      toml: 'gossip-port = 1\nlevel = "info"\n[spy]\ngossip-port = 2',
      gives: { gossipPort: 2, level: 'info' },
    },
    {
      name: 'of the environment before the file',
      toml: 'gossip-port = 1\njson = true',
      env: { EARSHOT_GOSSIP_PORT: '2' },
      gives: { gossipPort: 2, json: true },
    },
    {
      name: 'of flags before all',
      toml: 'gossip-port = 1\nentrypoint = ["file:1"]',
      env: { EARSHOT_GOSSIP_PORT: '2', EARSHOT_ENTRYPOINT: 'env:1' },
      args: ['--gossip-port', '3', '-n', 'flag:1'],
      gives: { gossipPort: 3, entrypoint: ['flag:1'], origins: undefined },
    },
    { name: 'lists', toml: 'entrypoint = ["a:1", "b:2"]', gives: { entrypoint: ['a:1', 'b:2'] } },
    { name: 'a list of one', toml: 'entrypoint = "a:1"', gives: { entrypoint: ['a:1'] } },
    {
      name: 'lists by commas',
      env: { EARSHOT_ENTRYPOINT: 'a:1, b:2' },
      gives: { entrypoint: ['a:1', 'b:2'] },
    },
    { name: 'commas in one', env: { EARSHOT_RANGE: '>=4,<5' }, gives: { range: '>=4,<5' } },
    { name: 'switches on', env: { EARSHOT_JSON: 'YES' }, gives: { json: true } },
    {
      name: 'switches off',
      toml: 'json = true',
      env: { EARSHOT_JSON: '0' },
      gives: { json: false },
    },
    {
      name: 'that a flag excludes',
      toml: 'json = true',
      args: ['--csv'],
      gives: { csv: true, origins: undefined },
    },
    {
      name: 'with where they are from',
      toml: 'level = "info"',
      env: { EARSHOT_JSON: '1' },
      gives: {
        origins: expect.stringMatching(
          /no flag gave: json \(EARSHOT_JSON\), level \(.*\.toml\)\.$/,
        ),
      },
    },
  ];
  for (const { name, gives, ...setup } of cases) {
    it(name, async () => expect(await told(setup)).toMatchObject(gives));
  }

  it('of the environment that nobody knows are told of, and no error', async () => {
    const command = new Command('spy').option('--timeout <SECONDS>');
    const known = { EARSHOT_TIMEOUT: '1', EARSHOT_CONFIG: '', EARSHOT_VERSION: '1.0', HOME: '/' };
    const env = { ...known, EARSHOT_TIMOUT: '3', EARSHOT_GOSSIP_PORT: '1' };
    const stray = await strayVariables(command, env, async ({ name }) =>
      name === 'gossip-port' ? undefined : `${name}?`,
    );
    expect(stray).toEqual(['EARSHOT_TIMOUT is ignored: timout?']);
  });

  const refused: (Partial<typeof SETUP> & { name: string; says: RegExp })[] = [
    {
      name: 'of the environment',
      env: { EARSHOT_GOSSIP_PORT: 'x' },
      says: /^EARSHOT_GOSSIP_PORT=x: Give a whole number from 0 to 65535/,
    },
    {
      name: 'of a file',
      toml: 'gossip-port = 99999',
      says: /^gossip-port = 99999, .*\.toml: Give a whole number from 0 to 65535/,
    },
    {
      name: 'of a table',
      toml: '[spy]\nlevel = "loud"',
      says: /^level = "loud", \[spy\] in .*\.toml: Allowed choices are info, warn/,
    },
    { name: 'several for one', toml: 'range = ["a", "b"]', says: /\.toml: Give one value/ },
    { name: 'of a wrong type', toml: 'range = 1979-05-27', says: /Give text, a number, true/ },
    {
      name: 'no switch',
      env: { EARSHOT_JSON: 'maybe' },
      says: /^EARSHOT_JSON=maybe: Give true or/,
    },
    { name: 'unknown', toml: 'gosip-port = 1', says: /\.toml: undefined\.gosip-port\?/ },
    { name: 'unknown in a table', toml: '[spy]\nfrob = 1', says: /\.toml: spy\.frob\?/ },
    {
      name: 'no TOML',
      toml: '\ngossip-port: 1',
      says: /\.toml, line 2, column \d+ is no TOML: .*Write settings as: gossip-port = 8001/,
    },
    {
      name: 'a file that is not there',
      args: ['--config', join(folder, 'none.toml')],
      says: /none\.toml cannot be read \(ENOENT\)\. .*leave it out with --no-config/,
    },
  ];
  for (const { name, says, ...setup } of refused) {
    it(`refused, with the source: ${name}`, () => expect(told(setup)).rejects.toThrow(says));
  }

  it('are looked for where people expect them', () => {
    expect(defaultPaths({ XDG_CONFIG_HOME: '/x' })).toEqual([
      '/x/earshot/earshot.toml',
      '/etc/earshot/earshot.toml',
    ]);
  });
});

it('every flag of every command can be set, and no two mean the same', async () => {
  const { command } = await createProgram(undefined);
  expect(command.commands.length).toBeGreaterThan(8);
  for (const one of command.commands) {
    const names = one.options.map(({ long }) => long);
    expect(new Set(names).size, one.name()).toBe(names.length);
    expect(names, one.name()).toContain('--config');
  }
});
