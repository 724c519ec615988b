/**
 * Tests the tests: `npm run planted`. Makes each mistake of `planted/bugs` in a copy of the source, one at a
 * time, and runs the tests that must notice it.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command } from 'commander';
import { PLANTED_BUGS, type PlantedBug } from './planted/bugs.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const COPIED = [
  'src',
  'workers',
  'test',
  'scripts',
  'bench',
  'docs',
  'package.json',
  'tsconfig.json',
];
const LINKED = ['node_modules', 'dist'];

const CONFIG = `export default { test: { include: ['test/**/*.test.ts'], testTimeout: 60000, pool: 'forks' } };\n`;

/** @returns whether all tests of a file pass in a copy */
function passes(copy: string, test: string): boolean {
  const vitest = join(copy, 'node_modules', 'vitest', 'vitest.mjs');
  const args = [vitest, 'run', '--config', 'planted.config.mjs', test];
  return spawnSync(process.execPath, args, { cwd: copy, stdio: 'ignore' }).status === 0;
}

function plant(copy: string, { file, from, to }: PlantedBug): () => void {
  const path = join(copy, file);
  const text = readFileSync(path, 'utf8');
  if (text.split(from).length !== 2) {
    throw new Error(
      `${file} does not contain this once, so the list of bugs is out of date: ${from}`,
    );
  }
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
  return () => writeFileSync(path, text);
}

new Command('planted')
  .description(
    'Makes each mistake of scripts/planted/bugs.ts in a copy of the source, and runs the tests that must notice it. Takes a minute.',
  )
  .addHelpText('after', '\nExit status: 0 when every mistake is caught, else 1.')
  .parse();

const copy = mkdtempSync(join(tmpdir(), 'earshot-planted-'));
let missed = 0;
try {
  for (const name of COPIED) cpSync(join(ROOT, name), join(copy, name), { recursive: true });
  for (const name of LINKED) symlinkSync(join(ROOT, name), join(copy, name));
  writeFileSync(join(copy, 'planted.config.mjs'), CONFIG);
  for (const test of new Set(PLANTED_BUGS.map((bug) => bug.test))) {
    if (!passes(copy, test)) throw new Error(`${test} fails without any mistake`);
  }
  for (const bug of PLANTED_BUGS) {
    const mend = plant(copy, bug);
    const isCaught = !passes(copy, bug.test);
    mend();
    if (!isCaught) missed++;
    process.stdout.write(`${isCaught ? 'caught' : 'MISSED'}  ${bug.name} (${bug.test})\n`);
  }
} finally {
  rmSync(copy, { recursive: true, force: true });
}
process.stdout.write(`${PLANTED_BUGS.length - missed} of ${PLANTED_BUGS.length} caught\n`);
process.exitCode = missed === 0 ? 0 : 1;
