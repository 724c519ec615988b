/** The verifier for known keys: `npm run known-keys` derives how large every limb and product can become. */
import { ROOT } from '../bench/harness.ts';
import { describeProof } from './known-keys/bounds.ts';

const { lines, isProven } = describeProof(ROOT);
for (const line of lines) process.stdout.write(`${line}\n`);
if (!isProven) process.exitCode = 1;
