import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { floatingPromises } from './tidy/promises.ts';
import { expectNone } from './tidy/report.ts';
import { readTree, source } from './tidy/tree.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

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
  const typed = tree.filter(({ path }) => /^(src|workers|bench|scripts)\/.*\.ts$/.test(path));
  // One program for both: types of Node and of the packages take a second to read.
  const alone = floatingPromises(ROOT, [...typed, SNIPPET], tree);

  it('leaves no promise alone', () => {
    expectNone(alone.filter(({ path }) => path !== SNIPPET.path));
  });

  it('would not leave a promise alone unseen', () => {
    const found = alone.filter(({ path }) => path === SNIPPET.path);
    expect(found.map(({ line }) => line)).toEqual([2, 7]);
  });
});
