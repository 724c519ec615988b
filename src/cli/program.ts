import { Command, CommanderError } from 'commander';
import { COMMANDS } from './commands.ts';
import type { Complain } from './configuration.ts';
import { versionText } from './version.ts';

const EXAMPLES = `
Start here:
  $ earshot demo                                  made-up nodes on this machine, and a spy on them
  $ earshot spy -u testnet --timeout 20           who is on testnet
  $ earshot nodes -u testnet --csv > nodes.csv    the same for a spreadsheet
  $ earshot decode capture.pcap                   read gossip packets, whoever recorded them

Each command explains itself: earshot spy --help

Flags can also be given by the environment (--gossip-port is EARSHOT_GOSSIP_PORT) and by a file in
TOML: --config FILE, EARSHOT_CONFIG, ~/.config/earshot/earshot.toml or /etc/earshot/earshot.toml.
What a flag says goes before the environment, and that before the file.`;

/** What a command line came to. */
export interface Program {
  readonly command: Command;
  /** After parsing: which settings came from elsewhere than flags, for an error that follows. */
  readonly settings: () => string | undefined;
}

/**
 * Makes the whole program, of which only the command that is asked for is loaded; of the others there is
 * what the list of commands says.
 *
 * @param args the command line, without Node and script; undefined loads every command
 */
export async function createProgram(args: readonly string[] | undefined): Promise<Program> {
  let settings: string | undefined;
  const command = new Command('earshot')
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
    .exitOverride()
    .hook('preAction', async (_, action) => {
      const { configure, strayVariables } = await import('./configuration.ts');
      for (const sentence of await strayVariables(action, process.env, complain)) {
        process.stderr.write(`earshot: ${sentence}\n`);
      }
      settings = await configure(action, process.env, complain);
    });
  const names = args?.filter((arg) => !arg.startsWith('-'));
  const asked = names?.[0] === 'help' ? names[1] : names?.[0];
  for (const { name, summary, load } of COMMANDS) {
    if (names === undefined || name === asked) {
      (await load())(command, async () => (await createProgram(undefined)).command);
      command.commands
        .at(-1)
        ?.option('--config <FILE>', 'file with settings for flags that are not given, in TOML')
        .option('--no-config', 'read no such file');
    } else command.command(name);
    command.commands.at(-1)?.summary(summary);
  }
  return { command, settings: () => settings };
}

/** Looks at all commands, which costs as much as a spy: only for names that the command does not know. */
const complain: Complain = async ({ name, table }) => {
  const { isConfigurable } = await import('./configuration.ts');
  const { commands } = (await createProgram(undefined)).command;
  const names = commands.map((command) => command.name());
  if (table !== undefined && !names.includes(table)) {
    return `[${table}] is named after no command. There are ${names.join(', ')}.`;
  }
  if (name === undefined) return undefined;
  const known = commands
    .filter((command) => table === undefined || command.name() === table)
    .flatMap((command) => command.options.filter(isConfigurable))
    .map((option) => option.name());
  if (known.includes(name)) return undefined;
  const where = table === undefined ? '' : ` of earshot ${table}`;
  const close = nearest(name, known);
  const hint = close === undefined ? '' : ` Did you mean ${close}?`;
  return `"${name}" is no setting${where}.${hint} Settings are named as flags, without the dashes in front: see earshot ${table ?? 'spy'} --help.`;
};

/** The word with the fewest letters to change, when they are few. */
function nearest(word: string, words: readonly string[]): string | undefined {
  const distances = [...new Set(words)].map((other) => ({ other, steps: distance(word, other) }));
  const [best] = distances.sort((a, b) => a.steps - b.steps);
  return best && best.steps <= Math.max(1, word.length / 3) ? best.other : undefined;
}

/** Letters to insert, leave out or replace (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const replaced = row[j]! + Number(letter !== b[j]);
      next.push(Math.min(replaced, row[j + 1]! + 1, next[j]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
