import { Argument, type Command } from 'commander';
import { describeProgram, SHELLS, type Shell, scriptFor } from './completion/scripts.ts';
import { writeOut } from './output.ts';

const EXAMPLES = `
Examples:
  $ source <(earshot completion bash)                       for this shell; in ~/.bashrc for all
  $ earshot completion bash > ~/.local/share/bash-completion/completions/earshot
  $ earshot completion zsh > "\${fpath[1]}/_earshot"         then begin a new shell
  $ earshot completion fish > ~/.config/fish/completions/earshot.fish

The script knows the commands and flags of this version: write it again after an update.`;

/** Adds `earshot completion`. */
export function registerCompletion(program: Command, loadAll: () => Promise<Command>): void {
  program
    .command('completion')
    .description(
      'Prints a script that lets the Tab key complete commands, flags and their values in a shell.',
    )
    .addArgument(new Argument('<SHELL>', 'shell that will read it').choices(SHELLS))
    .addHelpText('after', EXAMPLES)
    .action(async (shell: Shell) => {
      await writeOut(scriptFor(shell, describeProgram(await loadAll())));
    });
}
