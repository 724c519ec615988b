/** Mutants by StrykerJS's instrumenter: every mistake is compiled into one copy of the source, behind a switch. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';

/** Version that this was tried with; 10 needs Node 22. */
const INSTRUMENTER = '@stryker-mutator/instrumenter@9.6.1';

/** A mistake, and where it stands. */
export interface Mutant {
  readonly id: number;
  /** From the root of the repository. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  readonly mutator: string;
  /** What stands there, on one line. */
  readonly from: string;
  /** What the mistake is, on one line. */
  readonly to: string;
  /** The whole line, trimmed. */
  readonly code: string;
}

/** A layer with all its mistakes in it. */
export interface Instrumented {
  readonly mutants: readonly Mutant[];
  /** Mistakes that were left out, see `ignorer`. */
  readonly ignored: number;
  /** As JavaScript, by path from the root of the repository. */
  readonly files: ReadonlyMap<string, string>;
}

/** As much of the instrumenter's interface as is used. */
interface Instrumenter {
  instrument(
    files: readonly { name: string; mutate: boolean; content: string }[],
    options: object,
  ): Promise<{
    files: { name: string; content: string }[];
    mutants: {
      id: string;
      fileName: string;
      location: { start: Position; end: Position };
      mutatorName: string;
      replacement: string;
      status?: string;
    }[];
  }>;
}

/** Both from 0. */
interface Position {
  readonly line: number;
  readonly column: number;
}

/** As much of Babel's path as is looked at. */
interface BabelPath {
  readonly node: { readonly type: string; readonly callee?: { readonly name?: string } };
  readonly parent: { readonly type: string; readonly callee?: { readonly name?: string } };
  readonly listKey?: string;
  readonly key: string | number | null;
}

/** What errors and assertions say: no test should depend on the wording. */
const ignorer = {
  shouldIgnore({ node, parent, listKey, key }: BabelPath): string | undefined {
    if (node.type === 'NewExpression' && /Error$/.test(node.callee?.name ?? '')) return 'an error';
    if (parent.type !== 'CallExpression' || listKey !== 'arguments') return undefined;
    return parent.callee?.name === 'assert' && key === 1 ? 'what an assertion says' : undefined;
  },
};

/** The instrumenter weighs 26 MB and is needed by nobody else, so it is fetched when it is asked for. */
async function loadInstrumenter(cache: string): Promise<Instrumenter> {
  const entry = join(
    ...[cache, 'node_modules', '@stryker-mutator', 'instrumenter', 'dist', 'src', 'index.js'],
  );
  if (!existsSync(entry)) {
    mkdirSync(cache, { recursive: true });
    const flags = ['--no-save', '--no-audit', '--no-fund', '--silent'];
    execFileSync('npm', ['install', '--prefix', cache, ...flags, INSTRUMENTER], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
  }
  const { Instrumenter: Made } = (await import(pathToFileURL(entry).href)) as {
    Instrumenter: new (logger: object) => Instrumenter;
  };
  const silent = { isDebugEnabled: () => false, debug() {}, info() {}, warn() {} };
  return new Made(silent);
}

/**
 * Compiles the files of a layer with all mistakes in them, none of them on.
 *
 * @param folder of the layer, from the root of the repository
 */
export async function instrument(
  root: string,
  folder: string,
  cache: string,
): Promise<Instrumented> {
  const instrumenter = await loadInstrumenter(cache);
  const texts = new Map(
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]),
  );
  const { files, mutants } = await instrumenter.instrument(
    [...texts].map(([name, content]) => ({ name, mutate: true, content })),
    { plugins: null, excludedMutations: [], ignorers: [ignorer], noHeader: true },
  );
  const kept = mutants.filter(({ status }) => status !== 'Ignored');
  return {
    mutants: kept.map(({ id, fileName, location: { start, end }, mutatorName, replacement }) => {
      const text = texts.get(fileName) ?? '';
      const lines = text.split('\n');
      const offset = ({ line, column }: Position): number =>
        lines.slice(0, line).reduce((sum, one) => sum + one.length + 1, 0) + column;
      return {
        id: Number(id),
        file: fileName,
        line: start.line + 1,
        column: start.column + 1,
        mutator: mutatorName,
        from: oneLine(text.slice(offset(start), offset(end))),
        to: oneLine(replacement),
        code: (lines[start.line] ?? '').trim(),
      };
    }),
    ignored: mutants.length - kept.length,
    files: new Map(files.map(({ name, content }) => [name, compile(name, content)])),
  };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, 90);

/** The instrumenter's switches are functions that look things up; ours are two loads. */
function compile(name: string, content: string): string {
  const text = content
    .replace(/stryMutAct_9fa48\("(\d+)"\)/g, '($M.active === $1 && $M.hit())')
    .replace(
      /stryCov_9fa48\(([^)]*)\)/g,
      (_, ids: string) => `($M.cover !== null && $M.cover(${ids.replaceAll('"', '')}))`,
    );
  const { outputText } = ts.transpileModule(text, {
    fileName: name,
    compilerOptions: {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      rewriteRelativeImportExtensions: true,
    },
  });
  return `const $M = globalThis.earshotMutants;\n${outputText}`;
}
