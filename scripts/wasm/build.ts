import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from '../known-keys/emit.ts';

/** Compiler and linker that are known to produce the very same bytes. */
const COMPILER = 'clang-19';
const LINKER = 'wasm-ld-19';

const FLAGS = [
  '--target=wasm32',
  '-O3',
  '-mmutable-globals',
  '-nostdlib',
  '-ffreestanding',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wl,--no-entry',
  '-Wl,--export-dynamic',
  '-Wl,--strip-all',
];

/** A module of WebAssembly that is part of this program. */
interface Module {
  /** Folder of the source; `wasm.ts` lies beside it. */
  readonly folder: string;
  readonly source: string;
  readonly flags: readonly string[];
  /** Files beside the source that are made, too. */
  readonly generated: Readonly<Record<string, () => string>>;
}

/** Verifies signatures of keys with a table; all threads share its memory. */
export const KNOWN_KEYS: Module = {
  folder: 'src/crypto/known-keys',
  source: 'known-keys.c',
  flags: [
    '-msimd128',
    '-mrelaxed-simd',
    '-mbulk-memory',
    '-matomics',
    '-Wno-unused-function',
    '-Wl,--import-memory',
    '-Wl,--shared-memory',
    '-Wl,--max-memory=4294967296',
    '-Wl,--export=__stack_pointer',
    '-Wl,--export=__heap_base',
    '-Wl,-z,stack-size=16384',
  ],
  generated: { 'generated.h': generate },
};

/** Finds positions in bloom filters; each thread has a memory of one page. */
const BLOOM_POSITIONS: Module = {
  folder: 'src/gossip/bloom-positions',
  source: 'positions.c',
  flags: ['-Wl,-z,stack-size=1024', '-Wl,--max-memory=65536'],
  generated: {},
};

export const MODULES: readonly Module[] = [KNOWN_KEYS, BLOOM_POSITIONS];

/** Why the compiler cannot be used, or undefined when it can. */
export function compilerMissing(): string | undefined {
  for (const tool of [COMPILER, LINKER]) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${tool} is not installed`;
    }
  }
  return undefined;
}

/** @throws when the compiler fails */
function compile(root: string, { folder, source, flags }: Module): Uint8Array {
  const temporary = mkdtempSync(join(tmpdir(), 'earshot-wasm-'));
  try {
    const out = join(temporary, 'module.wasm');
    execFileSync(COMPILER, [...FLAGS, ...flags, '-o', out, source], {
      cwd: join(root, folder),
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return readFileSync(out);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

/** SHA-256 in hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The module as TypeScript, so that it travels with the code and needs no file of its own. */
function moduleText(source: string, wasm: Uint8Array): string {
  return [
    `/** \`${source}\`, compiled by \`npm run wasm -- build\`, and its SHA-256. */`,
    `export const WASM_SHA256 = '${sha256Of(wasm)}';`,
    '',
    '/** In base64. */',
    'export const WASM_BASE64 =',
    `  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');
}

/** What is made of the source of a module, by name of the file; what the compiler reads is made first. */
function* made(root: string, module: Module): Generator<[name: string, text: string]> {
  for (const [name, text] of Object.entries(module.generated)) yield [name, text()];
  yield ['wasm.ts', moduleText(module.source, compile(root, module))];
}

/** Writes what is made of a module anew. */
export function build(root: string, module: Module): void {
  for (const [name, text] of made(root, module)) {
    writeFileSync(join(root, module.folder, name), text);
  }
}

/** What differs between the repository and what its source makes: nothing, when all is well. */
export function differences(root: string, module: Module): string[] {
  const found: string[] = [];
  for (const [name, text] of made(root, module)) {
    const path = join(module.folder, name);
    if (readFileSync(join(root, path), 'utf8') !== text) {
      found.push(`${path} is not what ${module.source} and its compiler make`);
    }
  }
  return found;
}
