/** Inputs on disk: the committed corpus of a target, and what was found with it. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { fromHex, toHex } from '../../src/util/bytes.ts';

/** An input that once made an oracle unhappy, minimised. `npm test` runs it again. */
export interface Kept {
  readonly hex: string;
  /** The first line of what was wrong. */
  readonly why: string;
}

const corpusFile = (root: string, target: string): string =>
  join(root, 'test/fixtures/corpus', `${target}.hex.gz`);

const findingsFile = (root: string, target: string): string =>
  join(root, 'test/fixtures/corpus', `${target}.findings.jsonl`);

/** The committed corpus; empty when there is none yet. */
export function readCorpus(root: string, target: string): Uint8Array[] {
  const file = corpusFile(root, target);
  if (!existsSync(file)) return [];
  const lines = gunzipSync(readFileSync(file)).toString('utf8').split('\n');
  // An empty line is an empty input; only the end of the file is none.
  return lines.slice(0, -1).map((line) => fromHex(line) ?? new Uint8Array(0));
}

/** Writes the corpus anew: the shortest first, so that equal corpora are equal files. */
export function writeCorpus(root: string, target: string, inputs: readonly Uint8Array[]): void {
  const lines = inputs.map((input) => toHex(input, 0, input.length));
  lines.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  mkdirSync(join(root, 'test/fixtures/corpus'), { recursive: true });
  writeFileSync(corpusFile(root, target), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
}

/** Everything that was ever found. */
export function readFindings(root: string, target: string): Kept[] {
  const file = findingsFile(root, target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Kept);
}

/** Keeps a finding for good. @returns the file it is in */
export function keepFinding(root: string, target: string, input: Uint8Array, why: string): string {
  const file = findingsFile(root, target);
  mkdirSync(join(root, 'test/fixtures/corpus'), { recursive: true });
  const kept: Kept = { hex: toHex(input, 0, input.length), why };
  appendFileSync(file, `${JSON.stringify(kept)}\n`);
  return file;
}
