/**
 * Makes `dist` ready to be packed: writes the commit where `earshot --version` looks for it, and removes
 * what was compiled from files that are gone. Run by npm before it packs.
 */
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gitCommit } from '../src/cli/version.ts';

/** The root of the repository, seen from `dist/scripts`. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

for (const folder of ['src', 'workers']) {
  for (const name of readdirSync(join(ROOT, 'dist', folder), {
    recursive: true,
    encoding: 'utf8',
  })) {
    const [, path] = /^(.*?)(?:\.d\.ts|\.js|\.js\.map)$/.exec(name) ?? [];
    if (path === undefined || existsSync(join(ROOT, folder, `${path}.ts`))) continue;
    rmSync(join(ROOT, 'dist', folder, name));
  }
}

const commit = gitCommit();
writeFileSync(
  join(ROOT, 'dist/src/cli/commit.json'),
  `${JSON.stringify(commit === undefined ? {} : { commit })}\n`,
);
process.stderr.write(`stamped ${commit ?? 'no commit: this is no checkout'}\n`);
