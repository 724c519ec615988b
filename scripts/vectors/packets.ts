import type { Command } from 'commander';
import { type Verdict, verdict } from '../../src/api/verdict.ts';
import { chooseVerifier, type Verifier, type VerifierName } from '../../src/crypto/verify.ts';
import { SpyError } from '../../src/util/assert.ts';
import { fromHex } from '../../src/util/bytes.ts';
import { type Case, readCases } from './cases.ts';
import { type Difference, firstDifference } from './difference.ts';
import { parseCount, verifierOption } from './options.ts';
import { Tally } from './tally.ts';

/** A case judged by validator code and by ours. */
export interface JudgedPacket {
  /** What it should come to: `accept` or the stage that refuses it. */
  group: string;
  verdict: Verdict;
  difference: Difference | undefined;
}

/**
 * Judges a recorded packet and compares the verdict with the recorded one: accepted or not, at which
 * stage, and every field. A record without content (a brief one) is compared as far as it goes.
 */
export function judgePacket({ place, json }: Case, verifier: Verifier): JudgedPacket {
  const bytes = typeof json['hex'] === 'string' ? fromHex(json['hex']) : undefined;
  if (!bytes || typeof json['accept'] !== 'boolean') {
    throw new SpyError(
      'NOT_A_CASE',
      `${place} is no recorded packet: 'hex' and 'accept' are needed.`,
    );
  }
  const got = verdict(bytes, verifier);
  const ours = got.accept
    ? { accept: true, ...('content' in json ? { content: got.content } : {}) }
    : { accept: false, stage: got.stage };
  const theirs = json['accept']
    ? { accept: true, ...('content' in json ? { content: json['content'] } : {}) }
    : { accept: false, stage: json['stage'] };
  const group = json['accept'] ? 'accept' : String(json['stage']);
  return { group, verdict: got, difference: firstDifference(theirs, ours) };
}

/** Adds `vectors packets FILE…`; `judged` hears whether all cases agree. */
export function registerPackets(program: Command, judged: (isClean: boolean) => void): void {
  program
    .command('packets')
    .summary('packets with the verdict and content that validator code gave them')
    .argument('<FILE...>', 'lines of {"hex","accept","stage","content"}, gzipped or plain')
    .addOption(verifierOption())
    .option('--first <N>', 'how many disagreements to describe', parseCount, 10)
    .action(
      async (files: string[], options: { verifier: 'auto' | VerifierName; first: number }) => {
        const { verifier } = chooseVerifier(options.verifier);
        const tally = new Tally('packets', options.first);
        for await (const one of readCases(files)) {
          const { group, verdict: got, difference } = judgePacket(one, verifier);
          tally.add(group, difference, () => title(one, got));
        }
        process.stdout.write(tally.report());
        judged(tally.clean);
      },
    );
}

function title({ place, json }: Case, got: Verdict): string {
  const name = typeof json['name'] === 'string' ? ` "${json['name']}"` : '';
  const ours = got.accept ? '' : ` (${got.outcome} at ${got.at})`;
  return `${place}${name} ${String(json['hex']).slice(0, 80)}${ours}`;
}
