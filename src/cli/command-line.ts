import { CommanderError } from 'commander';
import { SpyError } from '../util/assert.ts';
import { INTERRUPTED } from './interrupt.ts';
import { checkNode } from './node-version.ts';
import { createProgram, type Program } from './program.ts';

/**
 * Runs one command line to its end. What the operator can mend is said on stderr; a bug is thrown.
 *
 * @param argv as Node gives it, with the paths of Node and script in front
 * @returns the exit status
 */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  let program: Program | undefined;
  try {
    checkNode(process.versions.node);
    program = await createProgram(argv.slice(2));
    await program.command.parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof SpyError) {
      process.stderr.write(`earshot: ${error.message}\n`);
      const settings = program?.settings();
      if (settings !== undefined) process.stderr.write(`${settings}\n`);
      // What is still under way may take its time, and nobody waits for it any more.
      if (error.code === INTERRUPTED) process.exit(error.exitStatus);
      return error.exitStatus;
    }
    throw error;
  }
}
