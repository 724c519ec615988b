import ts from 'typescript';

const SHORT_CIRCUITS: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.QuestionQuestionToken,
]);

/** Makes each branch of a source file leave a mark: `$marks[12] = 1`. */
export class Marker {
  readonly #path: string;
  readonly #names: string[];
  readonly #file: ts.SourceFile;
  readonly #context: ts.TransformationContext;
  readonly #f: ts.NodeFactory;

  constructor(
    path: string,
    names: string[],
    file: ts.SourceFile,
    context: ts.TransformationContext,
  ) {
    this.#path = path;
    this.#names = names;
    this.#file = file;
    this.#context = context;
    this.#f = context.factory;
  }

  /** @param names grows by one name for each branch: `src/wire/skim.ts:120 then` */
  static transformer(path: string, names: string[]): ts.TransformerFactory<ts.SourceFile> {
    return (context) => (file) => new Marker(path, names, file, context).marked();
  }

  /** The file with its marks, and what they are kept in. */
  marked(): ts.SourceFile {
    const f = this.#f;
    const file = ts.visitEachChild(this.#file, this.#visit, this.#context);
    const shared = f.createPropertyAccessExpression(
      f.createIdentifier('globalThis'),
      'earshotMarks',
    );
    const hits = f.createPropertyAccessExpression(shared, 'hits');
    const marks = f.createVariableDeclaration('$marks', undefined, undefined, hits);
    const list = f.createVariableDeclarationList([marks], ts.NodeFlags.Const);
    return f.updateSourceFile(file, [
      f.createVariableStatement(undefined, list),
      ...file.statements,
    ]);
  }

  readonly #visit = (node: ts.Node): ts.Node => {
    const f = this.#f;
    if (ts.isIfStatement(node)) {
      const { expression, thenStatement, elseStatement } = node;
      return f.updateIfStatement(
        node,
        this.#expression(expression),
        this.#block(thenStatement, 'then'),
        elseStatement ? this.#block(elseStatement, 'else') : this.#only(node, 'else'),
      );
    }
    if (ts.isConditionalExpression(node)) {
      return f.updateConditionalExpression(
        node,
        this.#expression(node.condition),
        node.questionToken,
        this.#comma(node.whenTrue, 'yes'),
        node.colonToken,
        this.#comma(node.whenFalse, 'no'),
      );
    }
    if (ts.isBinaryExpression(node) && SHORT_CIRCUITS.has(node.operatorToken.kind)) {
      const { left, operatorToken, right } = node;
      const marked = this.#comma(right, operatorToken.getText(this.#file));
      return f.updateBinaryExpression(node, this.#expression(left), operatorToken, marked);
    }
    const inner = ts.visitEachChild(node, this.#visit, this.#context);
    return this.#clauseOrLoop(node, inner);
  };

  /** Cases and loops, their insides visited already. */
  #clauseOrLoop(node: ts.Node, inner: ts.Node): ts.Node {
    const f = this.#f;
    if (ts.isCaseClause(inner)) {
      const statements = [this.#statement(node, 'case'), ...inner.statements];
      return f.updateCaseClause(inner, inner.expression, statements);
    }
    if (ts.isDefaultClause(inner)) {
      return f.updateDefaultClause(inner, [this.#statement(node, 'default'), ...inner.statements]);
    }
    const body = (statement: ts.Statement): ts.Block => this.#wrap(node, statement, 'loop');
    if (ts.isForStatement(inner)) {
      const { initializer, condition, incrementor, statement } = inner;
      return f.updateForStatement(inner, initializer, condition, incrementor, body(statement));
    }
    if (ts.isForOfStatement(inner)) {
      const { awaitModifier, initializer, expression, statement } = inner;
      return f.updateForOfStatement(inner, awaitModifier, initializer, expression, body(statement));
    }
    if (ts.isWhileStatement(inner)) {
      return f.updateWhileStatement(inner, inner.expression, body(inner.statement));
    }
    return inner;
  }

  #expression(node: ts.Expression): ts.Expression {
    return ts.visitNode(node, this.#visit) as ts.Expression;
  }

  #mark(node: ts.Node, what: string): ts.Expression {
    const { line } = this.#file.getLineAndCharacterOfPosition(node.getStart(this.#file));
    this.#names.push(`${this.#path}:${line + 1} ${what}`);
    const f = this.#f;
    const place = f.createElementAccessExpression(
      f.createIdentifier('$marks'),
      this.#names.length - 1,
    );
    return f.createAssignment(place, f.createNumericLiteral(1));
  }

  #statement(node: ts.Node, what: string): ts.Statement {
    return this.#f.createExpressionStatement(this.#mark(node, what));
  }

  #only(node: ts.Node, what: string): ts.Block {
    return this.#f.createBlock([this.#statement(node, what)], true);
  }

  #block(node: ts.Statement, what: string): ts.Block {
    const mark = this.#statement(node, what);
    const inner = ts.visitNode(node, this.#visit) as ts.Statement;
    return this.#f.createBlock([mark, inner], true);
  }

  #wrap(node: ts.Node, statement: ts.Statement, what: string): ts.Block {
    return this.#f.createBlock([this.#statement(node, what), statement], true);
  }

  #comma(node: ts.Expression, what: string): ts.Expression {
    const mark = this.#mark(node, what);
    return this.#f.createParenthesizedExpression(this.#f.createComma(mark, this.#expression(node)));
  }
}
