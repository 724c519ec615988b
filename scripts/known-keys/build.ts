import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generate } from './emit.ts';

/** Compilers that are known to produce the very same bytes. */
export const COMPILER = 'clang-19';

const FLAGS = [
  '--target=wasm32',
  '-O3',
  '-msimd128',
  '-mbulk-memory',
  '-matomics',
  '-mmutable-globals',
  '-nostdlib',
  '-ffreestanding',
  '-fvisibility=hidden',
  '-Wall',
  '-Wextra',
  '-Werror',
  '-Wno-unused-function',
  '-Wl,--no-entry',
  '-Wl,--export-dynamic',
  '-Wl,--import-memory',
  '-Wl,--shared-memory',
  '-Wl,--max-memory=4294967296',
  '-Wl,--export=__stack_pointer',
  '-Wl,--export=__heap_base',
  '-Wl,--strip-all',
  '-Wl,-z,stack-size=16384',
];

/** Why the compiler cannot be used, or undefined when it can. */
export function compilerMissing(): string | undefined {
  for (const tool of [COMPILER, 'wasm-ld-19']) {
    try {
      execFileSync(tool, ['--version'], { stdio: 'ignore' });
    } catch {
      return `${tool} is not installed`;
    }
  }
  return undefined;
}

/** The folder of the C source. */
export function sourceFolder(root: string): string {
  return join(root, 'src/crypto/known-keys');
}

/**
 * Generates `generated.h` and compiles.
 *
 * @param extra more flags, for experiments
 * @throws when the compiler fails
 */
export function compile(root: string, extra: readonly string[] = []): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), 'known-keys-'));
  try {
    const out = join(folder, 'known-keys.wasm');
    const source = sourceFolder(root);
    execFileSync(COMPILER, [...FLAGS, ...extra, '-o', out, 'known-keys.c'], {
      cwd: source,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    return readFileSync(out);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Writes `generated.h` anew. */
export function writeGenerated(root: string): void {
  writeFileSync(join(sourceFolder(root), 'generated.h'), generate());
}

/** SHA-256 in hex. */
export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The module as TypeScript, so that it travels with the code and needs no file of its own. */
export function moduleText(wasm: Uint8Array): string {
  const sha256 = sha256Of(wasm);
  return [
    '/** `known-keys.c`, compiled by `npm run known-keys -- build`, and its SHA-256. */',
    `export const WASM_SHA256 = '${sha256}';`,
    '',
    '/** In base64. */',
    'export const WASM_BASE64 =',
    `  '${Buffer.from(wasm).toString('base64')}';`,
    '',
  ].join('\n');
}

/** Writes `generated.h` and `wasm.ts` anew. @returns SHA-256 of the module */
export function build(root: string): string {
  writeGenerated(root);
  const wasm = compile(root);
  writeFileSync(join(sourceFolder(root), 'wasm.ts'), moduleText(wasm));
  return sha256Of(wasm);
}

/** What differs between the repository and what its source makes: nothing, when all is well. */
export function differences(root: string): string[] {
  const folder = sourceFolder(root);
  const found: string[] = [];
  if (readFileSync(join(folder, 'generated.h'), 'utf8') !== generate()) {
    found.push('generated.h is not what scripts/known-keys makes');
  }
  if (readFileSync(join(folder, 'wasm.ts'), 'utf8') !== moduleText(compile(root))) {
    found.push('wasm.ts is not what the compiler makes');
  }
  return found;
}
