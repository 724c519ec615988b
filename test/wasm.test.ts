import { expect, it } from 'vitest';
import { ROOT } from '../bench/harness.ts';
import { compilerMissing, differences, MODULES } from '../scripts/wasm/build.ts';

for (const module of MODULES) {
  it(`the WebAssembly in ${module.folder} is what its source makes`, (context) => {
    const missing = compilerMissing();
    if (missing !== undefined) {
      process.stdout.write(`not compiled again: ${missing}\n`);
      context.skip(missing);
    }
    expect(differences(ROOT, module)).toEqual([]);
  });
}
