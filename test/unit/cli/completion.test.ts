import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { describeProgram, SHELLS, scriptFor } from '../../../src/cli/completion/scripts.ts';

const folder = mkdtempSync(join(tmpdir(), 'earshot-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const program = new Command('earshot');
program
  .command('spy')
  .summary("list [nodes]: it's easy")
  .option('-u, --url <CLUSTER>', 'known cluster: one of three')
  .option('--dump <FILE>', 'write "every" value')
  .option('--store <DIR>', 'keep')
  .addOption(new Option('--log-level <LEVEL>', "what isn't shown").choices(['debug', 'warn']))
  .option('--json', 'JSON')
  .addOption(new Option('--secret').hideHelp());
program.command('verify').summary('check').argument('<FILE>').option('--all', 'all');
const model = describeProgram(program);
for (const shell of SHELLS) writeFileSync(join(folder, shell), scriptFor(shell, model));
writeFileSync(join(folder, 'file.jsonl'), '');

const CASES: { typed: string; offers: string[] }[] = [
  { typed: 'earshot ', offers: ['spy', 'verify', 'help'] },
  { typed: 'earshot v', offers: ['verify'] },
  { typed: 'earshot spy --l', offers: ['--log-level'] },
  { typed: 'earshot spy --json --log-level ', offers: ['debug', 'warn'] },
  { typed: 'earshot spy --url t', offers: ['testnet'] },
  { typed: 'earshot spy -u t', offers: ['testnet'] },
  { typed: 'earshot spy --dump fil', offers: ['file.jsonl'] },
  { typed: 'earshot verify fil', offers: ['file.jsonl'] },
  { typed: 'earshot verify --a', offers: ['--all'] },
];

/** What a shell offers for what was typed so far. */
const ASKING: Record<'bash' | 'fish', (typed: string) => string[]> = {
  bash: (typed) => {
    const words = typed.split(' ');
    const quoted = words.map((word) => `'${word}'`).join(' ');
    const script = `source ./bash; COMP_WORDS=(${quoted}); COMP_CWORD=${words.length - 1}; compopt() { :; }; _earshot; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return ['--norc', '-c', script];
  },
  fish: (typed) => ['--no-config', '-c', `source ./fish; complete -C '${typed}'`],
};

describe('completion', () => {
  it('hides what help hides, and keeps to one line a flag', () => {
    for (const shell of SHELLS) expect(scriptFor(shell, model), shell).not.toContain('secret');
  });

  for (const shell of ['bash', 'fish'] as const) {
    for (const { typed, offers } of CASES) {
      it(`${shell}: ${typed}`, (ctx) => {
        const { status, error, stdout, stderr } = spawnSync(shell, ASKING[shell](typed), {
          cwd: folder,
          encoding: 'utf8',
        });
        if (error) ctx.skip(`${shell} is not here, so what it offers cannot be seen`);
        expect([status, stderr]).toEqual([0, '']);
        const offered = stdout.split('\n').map((line) => line.split('\t')[0] ?? '');
        expect(offered).toEqual(expect.arrayContaining(offers));
        if (offers.length === 1) expect(offered.filter((one) => one !== '')).toEqual(offers);
      });
    }
  }

  it('zsh: reads the script', (ctx) => {
    const { status, error, stderr } = spawnSync('zsh', ['-n', './zsh'], {
      cwd: folder,
      encoding: 'utf8',
    });
    if (error) ctx.skip('zsh is not here, so it cannot read the script');
    expect([status, stderr]).toEqual([0, '']);
  });
});
