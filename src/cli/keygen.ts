import type { Command } from 'commander';
import { createIdentity, writeIdentityFile } from '../crypto/identity.ts';

/** Adds `earshot keygen`: an identity that stays the same from run to run. */
export function registerKeygen(program: Command): void {
  program
    .command('keygen')
    .description(
      'Writes a new key pair in the form of the Solana CLI (64 numbers in JSON), readable by its owner alone. A file that exists is never touched.',
    )
    .argument('<FILE>', 'where to write it')
    .addHelpText(
      'after',
      '\nExample:\n  $ earshot keygen spy.json && earshot spy -u testnet -i spy.json',
    )
    .action((file: string) => {
      const identity = createIdentity();
      writeIdentityFile(file, identity);
      process.stdout.write(`${identity.address}\n`);
    });
}
