import { join } from 'node:path';
import ts from 'typescript';
import type { Finding } from './tree.ts';

/**
 * Statements whose value is a promise that nobody awaits, handles or marks with `void`. Biome finds
 * those that our own code makes; this knows the types of Node's own functions and of packages too.
 *
 * @param paths files to look at, relative to `root`
 * @param overlay texts that stand in for files, by path
 */
export function floatingPromises(
  root: string,
  paths: readonly string[],
  overlay: ReadonlyMap<string, string> = new Map(),
): Finding[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile);
  const parsed = ts.parseJsonConfigFileContent({ ...config, include: [] }, ts.sys, root);
  const options = { ...parsed.options, noEmit: true, incremental: false };
  const texts = new Map([...overlay].map(([path, text]) => [join(root, path), text]));
  const host = ts.createCompilerHost(options, true);
  const { fileExists, readFile } = host;
  host.fileExists = (path) => texts.has(path) || fileExists(path);
  host.readFile = (path) => texts.get(path) ?? readFile(path);

  const names = paths.map((path) => join(root, path));
  const program = ts.createProgram(names, options, host);
  const checker = program.getTypeChecker();
  const found: Finding[] = [];
  for (const path of paths) {
    const ast = program.getSourceFile(join(root, path));
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
