import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { PACKAGE_VERSION } from '../node/version.ts';

/** Written beside this file when the package is packed: `{"commit": "611047d1"}`. */
const STAMP = new URL('commit.json', import.meta.url);

/** The root of the package: above `dist/src/cli`, or above `src/cli` for who runs the source. */
const ROOT = new URL(import.meta.url.endsWith('.ts') ? '../../' : '../../../', import.meta.url);

/** `0.1.0 (commit 611047d1)`; of a checkout with changes `611047d1-dirty`. */
export function versionText(): string {
  return `${PACKAGE_VERSION} (commit ${commit() ?? 'unknown'})`;
}

/** First 8 digits of the commit: of a checkout by git, of a package by its stamp. */
export function commit(): string | undefined {
  // A checkout is asked first: a stamp of its last packing may lie around in `dist`.
  return gitCommit() ?? stampedCommit();
}

/** The commit of the checkout that this runs from. @returns undefined when it is none, or git is not there */
export function gitCommit(): string | undefined {
  if (!existsSync(new URL('.git', ROOT))) return undefined;
  try {
    const args = ['describe', '--always', '--dirty', '--abbrev=8', '--exclude=*'];
    return execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined; // no git, or a folder that belongs to somebody else
  }
}

function stampedCommit(): string | undefined {
  let text: string;
  try {
    text = readFileSync(STAMP, 'utf8');
  } catch {
    return undefined; // built, but never packed
  }
  return (JSON.parse(text) as { commit?: string }).commit;
}
