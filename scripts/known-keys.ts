/** The verifier for known keys: `npm run known-keys -- build`, `check`, `bounds`. */
import { Command } from 'commander';
import { ROOT } from '../bench/harness.ts';
import { describeProof } from './known-keys/bounds.ts';
import { build, compilerMissing, differences } from './known-keys/build.ts';

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function needCompiler(): void {
  const missing = compilerMissing();
  if (missing === undefined) return;
  process.stderr.write(`${missing}: on Debian and Ubuntu, apt-get install clang-19 lld-19.\n`);
  process.exit(1);
}

const program = new Command('known-keys').description(
  'Makes and proves the WebAssembly that verifies signatures of known keys.',
);

program
  .command('build')
  .description('writes src/crypto/known-keys/generated.h and wasm.ts anew')
  .action(() => {
    needCompiler();
    say(`SHA-256 of the module: ${build(ROOT)}`);
  });

program
  .command('check')
  .description('fails when the repository holds something else than its source makes')
  .action(() => {
    needCompiler();
    const found = differences(ROOT);
    for (const line of found) say(line);
    if (found.length > 0) process.exitCode = 1;
    else say('generated.h and wasm.ts are what the source makes.');
  });

program
  .command('bounds')
  .description('derives how large every limb and product can become')
  .action(() => {
    const { lines, isProven } = describeProof(ROOT);
    for (const line of lines) say(line);
    if (!isProven) process.exitCode = 1;
  });

await program.parseAsync();
