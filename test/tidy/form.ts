import ts from 'typescript';
import {
  at,
  type Finding,
  importsOf,
  lineOf,
  modules,
  type Rule,
  type Source,
  visit,
} from './tree.ts';

const FILE_LINES = 400;
const WORKER_LINES = 60;
const FUNCTION_LINES = 70;

/** Functions that are long for a reason which no `// hot:` says: `path name`. */
const LONG_FUNCTIONS: readonly string[] = [];

/** How many lines a span takes, first and last included. */
function linesOf(ast: ts.SourceFile, from: number, to: number): number {
  const line = (offset: number): number => ast.getLineAndCharacterOfPosition(offset).line;
  return line(to) - line(from) + 1;
}

/** Whether the first comment in front of a function, or inside it, says why it is hot. */
function isHot(ast: ts.SourceFile, node: ts.FunctionLikeDeclaration): boolean {
  const body = node.body as ts.Node;
  const inside = ts.isBlock(body) ? (body.statements[0] ?? body) : body;
  return [node, inside].some((one) => {
    const comments = ts.getLeadingCommentRanges(ast.text, one.getFullStart()) ?? [];
    const first = comments.find(({ kind }) => kind === ts.SyntaxKind.SingleLineCommentTrivia);
    return first !== undefined && /^\/\/ hot: \S/.test(ast.text.slice(first.pos, first.end));
  });
}

/** Files fit in a head, functions on a screen. Tests may describe at length. */
export const sizes: Rule = {
  name: 'files and functions stay small',
  check(tree) {
    const found: Finding[] = [];
    for (const file of modules(tree)) {
      const limit = file.path.startsWith('workers/') ? WORKER_LINES : FILE_LINES;
      const lines = linesOf(file.ast, 0, file.text.trimEnd().length);
      if (lines > limit) {
        found.push({ path: file.path, line: limit + 1, words: `${lines} lines, of ${limit}` });
      }
      if (file.path.startsWith('test/')) continue;
      visit(file.ast, (node) => {
        if (!ts.isFunctionLike(node) || !('body' in node) || node.body === undefined) return;
        const length = linesOf(file.ast, node.getStart(file.ast), node.end);
        if (length <= FUNCTION_LINES) return;
        if (isHot(file.ast, node)) return;
        const name = node.name?.getText(file.ast) ?? 'a function';
        if (LONG_FUNCTIONS.includes(`${file.path} ${name}`)) return;
        found.push(at(file, node, `${name} takes ${length} lines, of ${FUNCTION_LINES}`));
      });
    }
    return found;
  },
};

function isExported(node: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined;
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
}

function hasDocstring(ast: ts.SourceFile, node: ts.Node): boolean {
  const comments = ts.getLeadingCommentRanges(ast.text, node.getFullStart()) ?? [];
  return comments.some(({ pos }) => ast.text.startsWith('/**', pos));
}

/** A docstring covers a group: the constants and types on the lines right below a documented one. */
function isDocumented(
  ast: ts.SourceFile,
  statements: ts.NodeArray<ts.Statement>,
  i: number,
): boolean {
  const node = statements[i] as ts.Statement;
  if (hasDocstring(ast, node)) return true;
  const above = statements[i - 1];
  if (above === undefined || above.kind !== node.kind) return false;
  const groups = ts.isVariableStatement(node) || ts.isTypeAliasDeclaration(node);
  const line = (offset: number): number => ast.getLineAndCharacterOfPosition(offset).line;
  if (!groups || line(node.getStart(ast)) !== line(above.end) + 1) return false;
  return isDocumented(ast, statements, i - 1);
}

/** Whether a list passes on what other files declare, from a file that declares something itself. */
function isFacade(ast: ts.SourceFile, node: ts.ExportDeclaration): boolean {
  if (ast.fileName === 'src/index.ts') return true;
  if (!ast.statements.some(isExported)) return false;
  if (node.moduleSpecifier !== undefined) return true;
  const imported = ast.statements.filter(ts.isImportDeclaration).map((one) => one.getText(ast));
  const clause = node.exportClause;
  if (clause === undefined || !ts.isNamedExports(clause)) return false;
  return clause.elements.every(({ name }) =>
    imported.some((text) => new RegExp(`\\b${name.text}\\b`).test(text)),
  );
}

/**
 * Exports by name, where they are declared, each with a sentence on why it exists. A file may pass on
 * by name what belongs to its subject; a file of nothing else is a barrel.
 */
export const exports: Rule = {
  name: 'exports are named, declared in place and documented',
  check(tree) {
    const found: Finding[] = [];
    for (const file of modules(tree)) {
      if (!file.path.startsWith('src/')) continue;
      const { statements } = file.ast;
      for (const [i, node] of statements.entries()) {
        if (ts.isExportAssignment(node)) found.push(at(file, node, 'a default export'));
        if (ts.isExportDeclaration(node) && node.exportClause === undefined) {
          found.push(at(file, node, 'export *: name what is exported'));
        } else if (ts.isExportDeclaration(node) && !isFacade(file.ast, node)) {
          found.push(at(file, node, 'an export list: export where it is declared'));
        }
        if (!isExported(node)) continue;
        const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
        if (modifiers.some(({ kind }) => kind === ts.SyntaxKind.DefaultKeyword)) {
          found.push(at(file, node, 'a default export'));
        }
        // An overload shares the docstring of the first of its signatures.
        const above = statements[i - 1];
        const overload =
          ts.isFunctionDeclaration(node) &&
          above !== undefined &&
          ts.isFunctionDeclaration(above) &&
          above.name?.text === node.name?.text;
        if (!overload && !isDocumented(file.ast, statements, i)) {
          const name = ts.isVariableStatement(node)
            ? node.declarationList.declarations.map((one) => one.name.getText(file.ast)).join(', ')
            : ((node as ts.DeclarationStatement).name?.getText(file.ast) ?? 'export');
          found.push(at(file, node, `${name} has no docstring`));
        }
      }
    }
    return found;
  },
};

/** Kebab-case, a noun; fixtures keep the names they came with. */
export const names: Rule = {
  name: 'files are named in kebab-case',
  check(tree) {
    const fits = /^[a-z0-9]+(-[a-z0-9]+)*(\.(test|bench|config))?\.[a-z]+$/;
    const folder = /^[a-z0-9]+(-[a-z0-9]+)*$/;
    return tree
      .filter(({ path }) => /^(src|workers|test|bench|scripts|docs)\//.test(path))
      .filter(({ path }) => !path.startsWith('test/fixtures/'))
      .filter(({ path }) => {
        const parts = path.split('/');
        return !fits.test(parts.pop() ?? '') || !parts.every((part) => folder.test(part));
      })
      .map(({ path }) => ({ path, line: 1, words: 'is not kebab-case' }));
  },
};

/** Where execution begins: what package.json names. */
const ENTRIES = ['src/index.ts', 'src/cli/main.ts'];

/** A file that nothing imports is dead. */
export const deadFiles: Rule = {
  name: 'every source file is used',
  check(tree) {
    const used = new Set(ENTRIES);
    for (const file of modules(tree)) {
      for (const { target } of importsOf(file)) if (target !== file.path) used.add(target);
    }
    return (
      tree
        // C is included by what a script compiles.
        .filter(({ path }) => /^src\/.*(?<!\.[ch])$/.test(path) && !used.has(path))
        .map(({ path }) => ({ path, line: 1, words: 'is imported by nothing' }))
    );
  },
};

/** Findings of a pattern over text, one for each line that matches. */
function grep(file: Source, pattern: RegExp, words: string): Finding[] {
  const found: Finding[] = [];
  for (const [i, text] of file.text.split('\n').entries()) {
    const match = pattern.exec(text);
    if (match) found.push({ path: file.path, line: i + 1, words: `${match[0].trim()}: ${words}` });
  }
  return found;
}

/** Unfinished work and switched-off checks do not get in. */
export const words: Rule = {
  name: 'nothing is left undone or switched off',
  check(tree) {
    const found: Finding[] = [];
    const undone = new RegExp(
      `\\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X', 'HA' + 'CK'].join('|')})\\b`,
    );
    for (const file of tree) {
      if (file.path === 'package-lock.json') continue;
      found.push(...grep(file, undone, 'finish it or leave it out'));
      if (file.ast === undefined) continue;
      found.push(...grep(file, /@ts-(ignore|nocheck)/, 'types are checked everywhere'));
      visit(file.ast, (node) => {
        if (ts.isCatchClause(node) && /^\{\s*\}$/.test(node.block.getText(file.ast))) {
          const line = lineOf(file.ast as ts.SourceFile, node);
          found.push({ path: file.path, line, words: 'an empty catch: handle it or say why not' });
        }
        if (node.kind === ts.SyntaxKind.AnyKeyword) {
          found.push({
            path: file.path,
            line: lineOf(file.ast as ts.SourceFile, node),
            words: 'any',
          });
        }
      });
    }
    return found;
  },
};

/** A skipped test says why: only `ctx.skip('reason')` does. */
export const skips: Rule = {
  name: 'a skipped test says why',
  check(tree) {
    const found: Finding[] = [];
    for (const file of modules(tree)) {
      if (!file.path.startsWith('test/')) continue;
      visit(file.ast, (node) => {
        if (!ts.isPropertyAccessExpression(node)) return;
        if (!/^(skip|skipIf|runIf|todo|only)$/.test(node.name.text)) return;
        const owner = node.expression.getText(file.ast);
        const call = ts.isCallExpression(node.parent) ? node.parent : undefined;
        const isTest = /^(it|test|describe|suite|bench)(\.|$)/.test(owner);
        const isContext = /^(ctx|context|t)$/.test(owner) && node.name.text === 'skip';
        if (isTest) found.push(at(file, node, `${owner}.${node.name.text}: use ctx.skip('why')`));
        if (isContext && !(call && call.arguments.length > 0)) {
          found.push(at(file, node, `${owner}.skip() without a reason`));
        }
      });
    }
    return found;
  },
};

const TOP_LEVEL =
  /^(package\.json|package-lock\.json|tsconfig\.json|README\.md|LICENSE|(src|workers|test|bench|scripts|docs|deploy)\/.*|\..*)$/;

/** The first thing a visitor sees stays short. */
export const topLevel: Rule = {
  name: 'the top level is fixed',
  check(tree) {
    return tree
      .filter(({ path }) => !TOP_LEVEL.test(path))
      .map(({ path }) => ({ path, line: 1, words: 'does not belong at the top level' }));
  },
};

/** The repository works on any machine and installs from any registry. */
export const elsewhere: Rule = {
  name: 'no machine paths, no registry hosts',
  check(tree) {
    const folder = /(?<![\w.~*$}-])\/(?:work|tmp|root|home)(?=$|[/\s'"`),;:])/;
    const host = /\bregistry\.[a-z]+\.[a-z]+|\bnpmjs\.(?:com|org)\b|"resolved": "https?:/;
    return tree.flatMap((file) => [
      ...grep(file, folder, 'a path of one machine'),
      ...grep(file, host, 'a registry is configured outside the repository'),
    ]);
  },
};
