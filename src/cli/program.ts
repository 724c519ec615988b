import { type Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.ts';
import { versionText } from './version.ts';

const EXAMPLES = `
Start here:
  $ earshot demo                                  made-up nodes on this machine, and a spy on them
  $ earshot spy -u testnet --timeout 20           who is on testnet
  $ earshot decode capture.pcap                   read gossip packets, whoever recorded them

Each command explains itself: earshot spy --help`;

/**
 * Makes the whole program, of which only the command that is asked for is loaded; of the others there is
 * what the list of commands says.
 *
 * @param args the command line, without Node and script; undefined loads every command
 */
export async function createProgram(
  program: Command,
  args: readonly string[] | undefined,
): Promise<Command> {
  program
    .description('A spy for the Solana gossip network: joins the mesh, shows what it hears.')
    .option('-V, --version', 'print version and commit')
    .on('option:version', () => {
      process.stdout.write(`${versionText()}\n`);
      throw new CommanderError(0, 'commander.version', '');
    })
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for all flags and examples)')
    .configureHelp({ helpWidth: Math.min(process.stdout.columns ?? 100, 100) })
    .addHelpText('after', EXAMPLES)
    .exitOverride();
  const names = args?.filter((arg) => !arg.startsWith('-'));
  const asked = names?.[0] === 'help' ? names[1] : names?.[0];
  for (const { name, summary, load } of COMMANDS) {
    if (names === undefined || name === asked) (await load())(program);
    else program.command(name);
    program.commands.at(-1)?.summary(summary);
  }
  return program;
}
