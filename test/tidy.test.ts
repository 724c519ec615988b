import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CASES } from './tidy/cases.ts';
import * as form from './tidy/form.ts';
import * as places from './tidy/places.ts';
import { floatingPromises } from './tidy/promises.ts';
import { type Finding, type Rule, readTree, source } from './tidy/tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const RULES: readonly Rule[] = [
  places.imports,
  places.places,
  form.sizes,
  form.exports,
  form.names,
  form.deadFiles,
  form.words,
  form.skips,
  form.topLevel,
  form.elsewhere,
];

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, words }) => `${path}:${line} ${words}`);
}

/** Fails with one line for each finding, so that an editor can jump there. */
function expectNone(findings: readonly Finding[]): void {
  if (findings.length > 0) expect.fail(`\n${lines(findings).join('\n')}`);
}

/** Promises, of which the second line and the seventh leave one alone. */
const SNIPPET = source(
  'src/util/bad-snippet.ts',
  [
    "import { readFile } from 'node:fs/promises';",
    "readFile('a');",
    "await readFile('b');",
    "void readFile('c');",
    "readFile('d').catch(() => 0);",
    "readFile('e').then(() => 1, () => 0);",
    "readFile('f').then(() => 1);",
    "readFile('g').catch(() => 0).finally(() => 1);",
    '[1].map(String);',
  ].join('\n'),
);

describe('the repository', () => {
  const tree = readTree(ROOT);
  const code = tree.filter(({ ast }) => ast !== undefined).map(({ path }) => path);
  const typed = tree.filter(({ path }) => /^(src|workers|bench|scripts)\/.*\.ts$/.test(path));
  // One program for both: types of Node and of the packages take a second to read.
  const alone = floatingPromises(ROOT, [...typed, SNIPPET], tree);

  it('is read at all', () => {
    expect(code).toContain('src/util/outcome.ts');
    expect(code).toContain('test/tidy.test.ts');
    expect(tree.map(({ path }) => path)).toContain('.ci/run');
  });

  for (const rule of RULES) it(rule.name, () => expectNone(rule.check(tree)));

  it('leaves no promise alone', () => {
    expectNone(alone.filter(({ path }) => path !== SNIPPET.path));
  });

  it('would not leave a promise alone unseen', () => {
    const found = alone.filter(({ path }) => path === SNIPPET.path);
    expect(found.map(({ line }) => line)).toEqual([2, 7]);
  });
});

describe('the rules complain', () => {
  for (const { name, rule: ruleName, files, finds } of CASES) {
    it(`${ruleName}: ${name}`, () => {
      const rule = RULES.find((one) => one.name === ruleName);
      const tree = Object.entries(files).map(([path, text]) => source(path, text));
      const found = rule?.check(tree).map(({ path, line }) => `${path}:${line}`);
      expect(found, name).toEqual(finds);
    });
  }

  it('each of them', () => {
    const tried = new Set(CASES.map(({ rule }) => rule));
    expect([...tried].sort()).toEqual(RULES.map(({ name }) => name).sort());
  });
});
