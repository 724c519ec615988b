import { Command } from 'commander';
import { SpyError } from '../../src/util/assert.ts';
import { registerPackets } from './packets.ts';
import { registerSignatures } from './signatures.ts';
import { registerTable } from './table.ts';

/** Runs one command line of `npm run vectors`. @returns the exit status */
export async function runVectors(argv: readonly string[]): Promise<number> {
  let isClean = true;
  const program = new Command('vectors')
    .description('Runs recorded cases, judged by validator code, through ours and compares.')
    .addHelpText(
      'after',
      '\nExit status: 0 when all cases agree, 1 when one does not or a file cannot be read.\n\nExample:\n  $ npm run vectors -- packets test/fixtures/packets.jsonl.gz test/fixtures/edges.jsonl.gz',
    );
  const judged = (clean: boolean): void => {
    isClean &&= clean;
  };
  for (const register of [registerPackets, registerSignatures, registerTable]) {
    register(program, judged);
  }
  try {
    await program.parseAsync(argv);
    return isClean ? 0 : 1;
  } catch (error) {
    if (!(error instanceof SpyError)) throw error;
    process.stderr.write(`${error.message}\n`);
    return error.exitStatus;
  }
}
