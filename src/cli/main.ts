#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { PACKAGE_VERSION } from '../node/version.ts';
import { SpyError } from '../util/assert.ts';
import { registerCapture } from './capture.ts';
import { registerDecode } from './decode.ts';
import { registerDemo } from './demo.ts';
import { registerKeygen } from './keygen.ts';
import { registerReplay } from './replay.ts';
import { registerSpy } from './spy.ts';

const EXAMPLES = `
Start here:
  $ earshot demo                                  made-up nodes on this machine, and a spy on them
  $ earshot spy -u testnet --timeout 20           who is on testnet
  $ earshot decode capture.pcap                   read gossip packets, whoever recorded them

Each command explains itself: earshot spy --help`;

function createProgram(): Command {
  const program = new Command('earshot')
    .description('A spy for the Solana gossip network: joins the mesh, shows what it hears.')
    .version(PACKAGE_VERSION)
    .showHelpAfterError('(add --help for all flags and examples)')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 100) })
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  registerSpy(program);
  registerDecode(program);
  registerCapture(program);
  registerReplay(program);
  registerDemo(program);
  registerKeygen(program);
  for (const command of program.commands) command.exitOverride();
  return program;
}

/** Runs one command line. @returns the exit status */
async function main(argv: readonly string[]): Promise<number> {
  try {
    await createProgram().parseAsync(argv);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (error instanceof SpyError) {
      process.stderr.write(`earshot: ${error.message}\n`);
      return error.exitStatus;
    }
    throw error; // a bug: Node prints it and ends with its own status
  }
}

// A reader that has seen enough (`| head`) is no error; other failures are reported by who writes.
process.stdout.on('error', () => {});

process.exitCode = await main(process.argv);
