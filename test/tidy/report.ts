import { expect } from 'vitest';
import type { Finding } from './tree.ts';

function lines(findings: readonly Finding[]): string[] {
  return findings.map(({ path, line, words }) => `${path}:${line} ${words}`);
}

/** Fails with one line for each finding, so that an editor can jump there. */
export function expectNone(findings: readonly Finding[]): void {
  if (findings.length > 0) expect.fail(`\n${lines(findings).join('\n')}`);
}
