/** The verifier for known keys: `npm run known-keys` derives how large every limb and product can become. */
import { Command } from 'commander';
import { ROOT } from '../bench/harness.ts';
import { print } from '../bench/report.ts';
import { describeProof } from './known-keys/bounds.ts';

new Command('known-keys')
  .description(
    'Derives from the C source of the verifier for known keys how large every limb and product can become.',
  )
  .addHelpText('after', '\nExit status: 0 when nothing can overflow, else 1.')
  .parse();

const { lines, isProven } = describeProof(ROOT);
for (const line of lines) print(line);
if (!isProven) process.exitCode = 1;
