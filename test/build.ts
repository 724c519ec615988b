import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformWithOxc } from 'vite';

const ROOT = new URL('..', import.meta.url).pathname;

/** What the tests of `npm test` start. */
const FOLDERS = ['src', 'workers', 'test', 'bench', 'scripts'];

/**
 * Workers and the command line run compiled code, so the tests compile first. All there is to it is to take the
 * types away, as `erasableSyntaxOnly` in tsconfig.json promises: it takes a second, the compiler eight. That
 * checks them in `npm run check`, and builds what is published, which `test:system` packs and installs.
 */
export default async function build(): Promise<void> {
  await Promise.all(FOLDERS.flatMap(sources).map(compile));
}

function sources(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' });
  return entries.filter((name) => name.endsWith('.ts')).map((name) => join(folder, name));
}

async function compile(path: string): Promise<void> {
  const { code } = await transformWithOxc(readFileSync(join(ROOT, path), 'utf8'), path, {
    target: 'es2023',
    typescript: { onlyRemoveTypeImports: true, rewriteImportExtensions: 'rewrite' },
  });
  const out = join(ROOT, 'dist', path.replace(/\.ts$/, '.js'));
  mkdirSync(dirname(out), { recursive: true });
  writeFileSync(out, code);
}
