/** A copy of everything compiled, with one layer full of mistakes and the tests ready to run again and again. */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Sandbox } from './driver.ts';
import type { Instrumented } from './instrument.ts';

/** Layers that are mutated, and what is to notice. */
export const LAYERS = {
  wire: ['test/unit/wire/', 'test/prop/wire.test.js', 'scripts/mutants/recorded-cases.js'],
  crds: ['test/unit/crds/', 'test/prop/crds.test.js', 'scripts/mutants/lived-cases.js'],
  gossip: [
    'test/unit/gossip/',
    'test/prop/gossip.test.js',
    'scripts/mutants/lived-cases.js',
    'scripts/mutants/network-cases.js',
  ],
} as const;
export type Layer = keyof typeof LAYERS;

/** Tests that cannot be run here, with the reason. */
const LEFT_OUT = new Set([
  // Twenty million calls, most of a minute with mistakes compiled in.
  'test/unit/wire/skim-damage.test.js',
]);

/** What tests import that asks vitest for something, too. */
const HELPERS = ['test/in-loops.js'];

/** Makes it, in place of the one before. */
export function makeSandbox(
  root: string,
  folder: string,
  layer: Layer,
  { files, mutants }: Instrumented,
): Omit<Sandbox, 'budgetMs'> {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['src', 'test', 'scripts', 'bench', 'workers']) {
    cpSync(join(root, 'dist', name), join(folder, name), {
      recursive: true,
      filter: (path) => !/\.(d\.ts|map)$/.test(path),
    });
  }
  for (const name of ['node_modules', 'package.json'])
    symlinkSync(join(root, name), join(folder, name));
  symlinkSync(join(root, 'test', 'fixtures'), join(folder, 'test', 'fixtures'));
  symlinkSync('.', join(folder, 'dist'));
  for (const [name, text] of files) writeFileSync(join(folder, name.replace(/\.ts$/, '.js')), text);
  const tests = LAYERS[layer].flatMap((place) =>
    place.endsWith('/') ? testsIn(folder, place) : place,
  );
  for (const name of [...tests, ...HELPERS]) prepare(folder, name);
  return {
    folder,
    tests: tests.map((name) => pathToFileURL(join(folder, name)).href),
    mutants: mutants.reduce((most, { id }) => Math.max(most, id + 1), 0),
  };
}

function testsIn(folder: string, place: string): string[] {
  return readdirSync(join(folder, place))
    .filter((name) => name.endsWith('.test.js'))
    .map((name) => place + name)
    .filter((name) => !LEFT_OUT.has(name));
}

/** Has a test take the stand-in for vitest. */
function prepare(folder: string, name: string): void {
  const path = join(folder, name);
  const at = relative(dirname(path), join(folder, 'scripts', 'mutants', 'stand-in.js'));
  const standIn = at.startsWith('.') ? at : `./${at}`;
  // The compiler and the tests' build quote unlike.
  const text = readFileSync(path, 'utf8').replace(/from ['"]vitest['"]/g, `from '${standIn}'`);
  writeFileSync(path, text);
}
