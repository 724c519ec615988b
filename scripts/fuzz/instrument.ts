/**
 * A second copy of the compiled code in which every branch leaves a mark, to lead the search.
 *
 * The engine's own coverage would need no copy, but can only be read for the whole process at once.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { Marker } from './marker.ts';
import { ROOT } from './root.ts';

/** Folders that the fuzzer runs; only the first is marked. */
const FOLDERS = ['src', 'scripts', 'test'];

/** Another way of marking makes a fresh copy. */
const VERSION = 1;

/** The copy. */
export interface InstrumentedTree {
  /** Folder with `src`, `scripts` and `test` in it. */
  readonly folder: string;
  /** Names of the branches by place. */
  readonly names: readonly string[];
}

/** Makes the copy, or finds it unchanged. */
export function instrument(): InstrumentedTree {
  const folder = join(ROOT, 'dist', 'fuzz');
  const listing = join(folder, 'branches.json');
  const files = FOLDERS.flatMap((name) => list(name));
  const texts = files.map((path) => readFileSync(join(ROOT, path), 'utf8'));
  const hash = createHash('sha256').update(String(VERSION));
  for (const text of texts) hash.update(text);
  const key = hash.digest('hex');
  if (existsSync(listing)) {
    const known = JSON.parse(readFileSync(listing, 'utf8')) as { key: string; names: string[] };
    if (known.key === key) return { folder, names: known.names };
  }
  rmSync(folder, { recursive: true, force: true });
  const names: string[] = [];
  for (const [i, path] of files.entries()) {
    const target = join(folder, path.replace(/\.ts$/, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, compile(path, texts[i] ?? '', names));
  }
  writeFileSync(listing, JSON.stringify({ key, names }));
  return { folder, names };
}

/** Files below a folder that can be run, sorted so that marks of one folder lie side by side. */
function list(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...list(path));
    else if (/\.ts$/.test(entry.name) && !/\.test\.ts$/.test(entry.name)) found.push(path);
  }
  return found.sort();
}

function compile(path: string, text: string, names: string[]): string {
  const before = path.startsWith('src/') ? [Marker.transformer(path, names)] : [];
  return ts.transpileModule(text, {
    fileName: path,
    transformers: { before },
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ES2022,
      rewriteRelativeImportExtensions: true,
      verbatimModuleSyntax: true,
    },
  }).outputText;
}
