#!/usr/bin/env node
import { CommanderError } from 'commander';
import { SpyError } from '../util/assert.ts';
import { INTERRUPTED } from './interrupt.ts';
import { checkNode } from './node-version.ts';
import { createProgram, type Program } from './program.ts';

/** Exit status after a bug. @source sysexits.h, EX_SOFTWARE */
const EXIT_BUG = 70;

/** Runs one command line. @returns the exit status */
async function main(argv: readonly string[]): Promise<number> {
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
    throw error; // a bug
  }
}

// A reader that has seen enough (`| head`) is no error; other failures are reported by who writes.
process.stdout.on('error', () => {});

// A bug is never caught: whatever it left behind is not gone on with. Its status tells a supervisor so.
process.once('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(EXIT_BUG);
});

process.exitCode = await main(process.argv);
