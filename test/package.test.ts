/** What a stranger gets: the contents of the package, and that it needs no compiler. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PACKAGE_VERSION } from '../src/node/version.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

const read = <T>(path: string): T => JSON.parse(readFileSync(join(ROOT, path), 'utf8')) as T;

interface Packed {
  readonly version: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly files: readonly { readonly path: string; readonly mode: number }[];
}

function pack(): Packed {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const text = execFileSync('npm', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' });
  const [packed] = JSON.parse(text) as Packed[];
  return packed!;
}

function isStale(path: string): boolean {
  const [, stem] = /^dist\/((?:src|workers)\/.*?)(?:\.d\.ts|\.js)$/.exec(path) ?? [];
  return stem !== undefined && !existsSync(join(ROOT, `${stem}.ts`));
}

describe('the package', () => {
  const packed = pack();
  // A checkout may hold what was compiled from files that are gone; packing removes that first.
  const paths = packed.files.map(({ path }) => path).filter((path) => !isStale(path));

  it('has all that runs: the command line, the library with its types, every thread', () => {
    const { exports, bin } = read<{
      exports: Record<'.', { types: string; default: string }>;
      bin: { earshot: string };
    }>('package.json');
    const { types, default: main } = exports['.'];
    const wanted = [bin.earshot, main.replace('./', ''), types.replace('./', '')];
    const workers = readdirSync(join(ROOT, 'workers')).map((name) => name.replace('.ts', '.js'));
    wanted.push(...workers.map((name) => `dist/workers/${name}`), 'README.md', 'LICENSE');
    expect(paths).toEqual(expect.arrayContaining(wanted));
    expect(packed.version).toBe(PACKAGE_VERSION);
  });

  it('has every file that one of its files imports', () => {
    const missing = paths
      .filter((path) => path.endsWith('.js'))
      .flatMap((path) => {
        const text = readFileSync(join(ROOT, path), 'utf8');
        const imports = [...text.matchAll(/(?:from|import\()\s*['"](\.[^'"]+)['"]/g)];
        return imports.map(([, target = '']) => join(path, '..', target));
      })
      .filter((path) => !paths.includes(path));
    expect([...new Set(missing)]).toEqual([]);
  });

  it('has nothing else: no sources, tests, maps, captures or keys', () => {
    const fits =
      /^(dist\/(src|workers)\/[a-z0-9/-]+(\.js|\.d\.ts|commit\.json)|deploy\/.+|package\.json|README\.md|LICENSE)$/;
    expect(paths.filter((path) => !fits.test(path))).toEqual([]);
    expect(packed.size).toBeLessThan(1_000_000);
  });

  it('runs by its first line', () => {
    const main = readFileSync(join(ROOT, 'dist/src/cli/main.js'), 'utf8');
    expect(main).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

/** Installed with a script only because it looks for the binary that came with it, and takes it. */
const PREBUILT: readonly string[] = ['node_modules/koffi'];

interface LockedPackage {
  readonly dependencies?: Record<string, string>;
  readonly optionalDependencies?: Record<string, string>;
  readonly hasInstallScript?: boolean;
}

/** Places in the lockfile of all that comes with the package, however deep. */
function installed(packages: Record<string, LockedPackage>): Set<string> {
  const found = new Set<string>();
  const visit = (from: string): void => {
    const { dependencies = {}, optionalDependencies = {} } = packages[from] ?? {};
    for (const name of Object.keys({ ...dependencies, ...optionalDependencies })) {
      const places = [`${from}/node_modules/${name}`, `node_modules/${name}`];
      const place = places.find((path) => packages[path] !== undefined);
      if (place === undefined || found.has(place)) continue;
      found.add(place);
      visit(place);
    }
  };
  visit('');
  return found;
}

it('nothing that is installed with it compiles anything', () => {
  const { packages } = read<{ packages: Record<string, LockedPackage> }>('package-lock.json');
  const places = [...installed(packages)];
  expect(places.length).toBeGreaterThan(20);
  expect(places.filter((path) => packages[path]?.hasInstallScript)).toEqual(PREBUILT);
});

it('what is installed with it is pinned', () => {
  const { dependencies } = read<{ dependencies: Record<string, string> }>('package.json');
  for (const [name, version] of Object.entries(dependencies)) {
    expect(version, `${name} is pinned`).toMatch(/^\d+\.\d+\.\d+$/);
  }
});
