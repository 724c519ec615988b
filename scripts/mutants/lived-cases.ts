/** Lives of a table as validator code lived them, one test each. */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { loadXxhash } from '../../src/crypto/hash.ts';
import { type Case, readCases } from '../vectors/cases.ts';
import { compareStep } from '../vectors/table.ts';
import { TableLife } from '../vectors/table-life.ts';

const FILE = fileURLToPath(new URL('../../test/fixtures/table.jsonl.gz', import.meta.url));

const xxhash = await loadXxhash();
const lives: Case[][] = [];
for await (const step of readCases([FILE])) {
  if (step.json['op'] === 'start') lives.push([]);
  lives.at(-1)!.push(step);
}

for (const [i, [start, ...steps]] of lives.entries()) {
  it(`recorded life ${i + 1} of a table`, () => {
    const life = new TableLife(start!.json, xxhash);
    for (const { json } of steps) expect(compareStep(json, life.step(json))).toBeUndefined();
  });
}
