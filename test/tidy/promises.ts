import { join } from 'node:path';
import ts from 'typescript';
import type { Finding, Source } from './tree.ts';

/**
 * Statements whose value is a promise that nobody awaits, handles or marks with `void`. Biome finds
 * those that our own code makes; this knows the types of Node's own functions and of packages too.
 *
 * @param files to look at; they need not exist
 * @param others files that these import
 */
export function floatingPromises(
  root: string,
  files: readonly Source[],
  others: readonly Source[],
): Finding[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const options = { ...parsed.options, noEmit: true, incremental: false };
  const known = new Map([...others, ...files].map((file) => [join(root, file.path), file]));
  const host = ts.createCompilerHost(options, true);
  const { fileExists, getSourceFile } = host;
  host.fileExists = (path) => known.has(path) || fileExists(path);
  host.getSourceFile = (path, ...how) => {
    const ast = known.get(path)?.ast;
    if (ast === undefined) return getSourceFile(path, ...how);
    ast.fileName = path;
    return ast;
  };

  const names = files.map(({ path }) => join(root, path));
  const checker = ts.createProgram(names, options, host).getTypeChecker();
  const found: Finding[] = [];
  for (const { path, ast } of files) {
    if (ast === undefined) continue;
    const walk = (node: ts.Node): void => {
      if (ts.isExpressionStatement(node) && isFloating(checker, node.expression)) {
        const { line } = ast.getLineAndCharacterOfPosition(node.getStart(ast));
        found.push({ path, line: line + 1, words: 'a promise left alone' });
      }
      ts.forEachChild(node, walk);
    };
    walk(ast);
  }
  return found;
}

function isFloating(checker: ts.TypeChecker, expression: ts.Expression): boolean {
  if (!ts.isCallExpression(expression) && !ts.isNewExpression(expression)) return false;
  if (ts.isCallExpression(expression) && ts.isPropertyAccessExpression(expression.expression)) {
    const { name, expression: before } = expression.expression;
    const handlers = expression.arguments.length;
    if (name.text === 'finally') return isFloating(checker, before);
    if (name.text === 'catch' && handlers > 0) return false;
    if (name.text === 'then' && handlers > 1) return false;
  }
  const type = checker.getTypeAtLocation(expression);
  return checker.getPropertyOfType(checker.getApparentType(type), 'then') !== undefined;
}
