#!/usr/bin/env node
import { runCommandLine } from './command-line.ts';

/** Exit status after a bug. @source sysexits.h, EX_SOFTWARE */
const EXIT_BUG = 70;

// A reader that has seen enough (`| head`) is no error; other failures are reported by who writes.
process.stdout.on('error', () => {});

// A bug is never caught: whatever it left behind is not gone on with. Its status tells a supervisor so.
process.once('uncaughtException', (error) => {
  process.stderr.write(`${error.stack ?? error.message}\n`);
  process.exit(EXIT_BUG);
});

process.exitCode = await runCommandLine(process.argv);
