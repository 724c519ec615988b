import type { Command } from 'commander';
import { createVerifier, VERIFIER_NAMES, type Verifier } from '../../src/crypto/verify.ts';
import { SpyError } from '../../src/util/assert.ts';
import { fromHex } from '../../src/util/bytes.ts';
import { type Case, readCases } from './cases.ts';
import { type Difference, firstDifference } from './difference.ts';
import { parseCount } from './options.ts';
import { Tally } from './tally.ts';

/** Has a recorded signature verified and compares. @returns undefined when the verdicts are the same */
export function judgeSignature(
  { place, json }: Case,
  verifier: Verifier,
): { group: string; difference: Difference | undefined } {
  const [key, signature, message] = ['publicKey', 'signature', 'message'].map((field) => {
    const text = json[field];
    return typeof text === 'string' ? fromHex(text) : undefined;
  });
  if (key?.length !== 32 || signature?.length !== 64 || !message) {
    throw new SpyError(
      'NOT_A_CASE',
      `${place} is no recorded signature: 'publicKey', 'signature', 'message' and 'accept' are needed.`,
    );
  }
  const accept = verifier.verify(key, 0, signature, 0, message, 0, message.length);
  const group = json['accept'] === true ? 'accept' : 'refuse';
  return { group, difference: firstDifference({ accept: json['accept'] }, { accept }) };
}

/** Adds `vectors signatures FILE…`; `judged` hears whether all cases agree. */
export function registerSignatures(program: Command, judged: (isClean: boolean) => void): void {
  program
    .command('signatures')
    .summary('signatures with the verdict of the strict verifier, by each of our implementations')
    .argument(
      '<FILE...>',
      'lines of {"publicKey","signature","message","accept"}, gzipped or plain',
    )
    .option('--first <N>', 'how many disagreements to describe', parseCount, 10)
    .action(async (files: string[], options: { first: number }) => {
      for (const name of VERIFIER_NAMES) {
        const verifier = createVerifier(name);
        const tally = new Tally(`signatures by ${name}`, options.first);
        for await (const one of readCases(files)) {
          const { group, difference } = judgeSignature(one, verifier);
          tally.add(group, difference, () => `${one.place} "${String(one.json['name'])}"`);
        }
        process.stdout.write(tally.report());
        judged(tally.clean);
      }
    });
}
