/** Runs recorded cases, judged by validator code, through ours: `npm run vectors -- packets FILE…`. */
import { Command } from 'commander';
import { SpyError } from '../src/util/assert.ts';
import { registerPackets } from './vectors/packets.ts';
import { registerSignatures } from './vectors/signatures.ts';
import { registerTable } from './vectors/table.ts';

const program = new Command('vectors')
  .description('Runs recorded cases, judged by validator code, through ours and compares.')
  .addHelpText(
    'after',
    '\nExit status: 0 when all cases agree, 1 when one does not or a file cannot be read.\n\nExample:\n  $ npm run vectors -- packets test/fixtures/packets.jsonl.gz test/fixtures/edges.jsonl.gz',
  );
for (const register of [registerPackets, registerSignatures, registerTable]) register(program);

try {
  await program.parseAsync();
} catch (error) {
  if (!(error instanceof SpyError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitStatus;
}
