import { InvalidArgumentError, Option } from 'commander';
import { VERIFIER_NAMES } from '../../src/crypto/verify.ts';

/** Parses a count given on the command line. */
export function parseCount(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('A whole number is needed.');
  return Number(text);
}

/** Which implementation verifies signatures. */
export const verifierOption = (): Option =>
  new Option('--verifier <NAME>', 'which implementation verifies signatures')
    .choices(['auto', ...VERIFIER_NAMES])
    .default('auto');
