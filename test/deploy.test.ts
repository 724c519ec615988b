/** What lies in `deploy` fits what it deploys. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { configure } from '../src/cli/configuration.ts';
import { createProgram } from '../src/cli/program.ts';

const at = (name: string): string => fileURLToPath(new URL(`../deploy/${name}`, import.meta.url));

it('the settings are those of commands that exist, and have values that these take', async () => {
  const { command } = await createProgram(undefined);
  const spy = command.commands.find((one) => one.name() === 'spy')!;
  // Also what is only shown there, behind a single #.
  const text = readFileSync(at('earshot.toml'), 'utf8').replaceAll(/^# (?=[a-z-]+ = )/gm, '');
  const folder = mkdtempSync(join(tmpdir(), 'earshot-deploy-'));
  try {
    const path = join(folder, 'earshot.toml');
    writeFileSync(path, text);
    spy.setOptionValue('config', path);
    const known = spy.options.map((option) => option.name());
    await configure(spy, {}, async ({ name, table }) =>
      table === undefined && known.includes(name ?? '') ? undefined : `${table} ${name}?`,
    );
    expect(spy.opts()).toMatchObject({ url: 'testnet', gossipPort: 8001 });
    expect(spy.getOptionValueSource('stakes')).toBe('config');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('the unit is one that systemd takes', (ctx) => {
  if (spawnSync('systemd-analyze', ['--version']).status !== 0) {
    ctx.skip('systemd-analyze is not here, which would check the unit');
  }
  const folder = mkdtempSync(join(tmpdir(), 'earshot-deploy-'));
  try {
    const unit = join(folder, 'earshot.service');
    const text = readFileSync(at('earshot.service'), 'utf8');
    expect(text).toContain(
      'ExecStart=/usr/local/bin/earshot spy --config /etc/earshot/earshot.toml',
    );
    // It is not installed here, and systemd looks.
    writeFileSync(unit, text.replace('/usr/local/bin/earshot', process.execPath));
    const { stdout, stderr } = spawnSync('systemd-analyze', ['verify', unit], { encoding: 'utf8' });
    expect(stdout + stderr).toBe('');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('the image is made of what npm packs', () => {
  const text = readFileSync(at('Containerfile'), 'utf8');
  expect(text).toMatch(/^COPY earshot-\*\.tgz \/package\/$/m);
  expect(text).toMatch(/^ENTRYPOINT \["earshot"\]$/m);
  // Lines of a RUN are one shell script; a shell can at least read it.
  const runs = [...text.matchAll(/^RUN ((?:.*\\\n)*.*)$/gm)].map(([, script = '']) => script);
  expect(runs.length).toBe(2);
  for (const script of runs) execFileSync('sh', ['-n', '-c', script]);
});
