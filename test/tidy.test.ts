import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CASES } from './tidy/cases.ts';
import * as form from './tidy/form.ts';
import * as places from './tidy/places.ts';
import { expectNone } from './tidy/report.ts';
import { type Rule, readTree, source } from './tidy/tree.ts';

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

describe('the repository', () => {
  const tree = readTree(ROOT);
  const code = tree.filter(({ ast }) => ast !== undefined).map(({ path }) => path);

  it('is read at all', () => {
    expect(code).toContain('src/util/outcome.ts');
    expect(code).toContain('test/tidy.test.ts');
    expect(tree.map(({ path }) => path)).toContain('.ci/run');
  });

  for (const rule of RULES) it(rule.name, () => expectNone(rule.check(tree)));
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
