import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';

/** One file of the repository; `ast` for TypeScript and JavaScript, `text` empty for binary files. */
export interface Source {
  /** Relative to the repository's root, with slashes. */
  readonly path: string;
  readonly text: string;
  readonly ast: ts.SourceFile | undefined;
}

/** Something that breaks a rule, and where. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly words: string;
}

/** A rule sees the whole tree, so that it can compare files. */
export interface Rule {
  readonly name: string;
  check(tree: readonly Source[]): Finding[];
}

/** What tools leave behind and git ignores. */
const IGNORED = /^(node_modules|dist|coverage|\.git|\.clinic)$|\.cpuprofile$/;

/** What `npm run docs` writes. */
const GENERATED = 'docs/api';

const TEXT = /\.(ts|mjs|js|json|md|sh|yml|yaml|txt|csv)$|(^|\/)[^./]+$|(^|\/)\.[^./]+$/;

/** As the compiler would parse it: the same trees serve the rules and the check of types. */
const PARSING: ts.CreateSourceFileOptions = {
  languageVersion: ts.ScriptTarget.ES2023,
  impliedNodeFormat: ts.ModuleKind.ESNext,
};

/** A file as the rules see it. */
export function source(path: string, text: string): Source {
  const ast = /\.(ts|mjs|js)$/.test(path)
    ? ts.createSourceFile(path, text, PARSING, true)
    : undefined;
  return { path, text, ast };
}

/** Every file under `root` that is not ignored. */
export function readTree(root: string): Source[] {
  const found: Source[] = [];
  const walk = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (IGNORED.test(entry.name) || path === GENERATED) continue;
      if (entry.isDirectory()) walk(path);
      else found.push(source(path, TEXT.test(path) ? readFileSync(join(root, path), 'utf8') : ''));
    }
  };
  walk('');
  return found;
}

/** The code of the tree: files that were parsed. */
export function* modules(tree: readonly Source[]): Generator<Source & { ast: ts.SourceFile }> {
  for (const file of tree)
    if (file.ast !== undefined) yield file as Source & { ast: ts.SourceFile };
}

/** Calls back for a node and everything below it. */
export function visit(node: ts.Node, callback: (node: ts.Node) => void): void {
  callback(node);
  ts.forEachChild(node, (child) => visit(child, callback));
}

/** The 1-based line on which a node begins, its comments left out. */
export function lineOf(ast: ts.SourceFile, node: ts.Node): number {
  return ast.getLineAndCharacterOfPosition(node.getStart(ast)).line + 1;
}

/** A finding at a node. */
export function at(file: Source & { ast: ts.SourceFile }, node: ts.Node, words: string): Finding {
  return { path: file.path, line: lineOf(file.ast, node), words };
}

/** One import, re-export or dynamic import, resolved when it is relative. */
export interface Import {
  readonly node: ts.Node;
  /** A path from the root for relative specifiers, else the specifier. */
  readonly target: string;
  readonly relative: boolean;
  readonly typeOnly: boolean;
}

/** Everything that a file imports, `import()` and re-exports included. */
export function importsOf(file: Source & { ast: ts.SourceFile }): Import[] {
  const found: Import[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined, typeOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    const relative = specifier.text.startsWith('.');
    const target = relative ? join(file.path, '..', specifier.text) : specifier.text;
    found.push({ node, target: target.replaceAll('\\', '/'), relative, typeOnly });
  };
  visit(file.ast, (node) => {
    if (ts.isImportDeclaration(node)) {
      add(node, node.moduleSpecifier, node.importClause?.isTypeOnly ?? false);
    } else if (ts.isExportDeclaration(node)) add(node, node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node, node.argument.literal, true);
    } else if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const isImport =
        callee.kind === ts.SyntaxKind.ImportKeyword ||
        (ts.isIdentifier(callee) && callee.text === 'require');
      if (isImport) add(node, node.arguments[0], false);
    }
  });
  return found;
}
