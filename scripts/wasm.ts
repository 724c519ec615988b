/** The parts written in C: `npm run wasm -- build`, `npm run wasm -- check`. */
import { Command } from 'commander';
import { ROOT } from '../bench/harness.ts';
import { print } from '../bench/report.ts';
import { build, compilerMissing, differences, MODULES } from './wasm/build.ts';

function needCompiler(): void {
  const missing = compilerMissing();
  if (missing === undefined) return;
  process.stderr.write(`${missing}: on Debian and Ubuntu, apt-get install clang-19 lld-19.\n`);
  process.exit(1);
}

const program = new Command('wasm').description('Makes the WebAssembly of the parts written in C.');

program
  .command('build')
  .description('writes each wasm.ts, and what the compiler needs for it, anew')
  .action(() => {
    needCompiler();
    for (const module of MODULES) {
      build(ROOT, module);
      print(`${module.folder}/wasm.ts`);
    }
  });

program
  .command('check')
  .description('fails when the repository holds something else than its source makes')
  .action(() => {
    needCompiler();
    const found = MODULES.flatMap((module) => differences(ROOT, module));
    for (const line of found) print(line);
    if (found.length > 0) process.exitCode = 1;
    else print('every wasm.ts is what its source makes.');
  });

await program.parseAsync();
