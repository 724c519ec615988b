/**
 * Completion scripts out of the commands and flags as they are declared. They are static: asking the
 * program at every press of Tab would take 100 ms each time, and libraries that do so need a hook of theirs
 * in every command.
 */
import type { Command, Option } from 'commander';
import { unreachable } from '../../util/assert.ts';
import { KIND_NAMES, Kind } from '../../wire/limits.ts';

/** Shells that scripts are made for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** One of them. */
export type Shell = (typeof SHELLS)[number];

/** What can stand behind a flag, or as an argument: nothing, anything, a path, or one of some words. */
type Value = 'nothing' | 'anything' | 'file' | 'folder' | readonly string[];

interface FlagModel {
  /** `--entrypoint`, and `-n` where there is one. */
  readonly long: string;
  readonly short: string | undefined;
  readonly words: string;
  readonly value: Value;
}

/** A command as completion sees it. */
export interface CommandModel {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly FlagModel[];
  readonly argument: Value;
}

const CLUSTERS = ['mainnet', 'testnet', 'devnet'];

/** Commands and flags of a program of which everything is loaded. */
export function describeProgram(program: Command): CommandModel[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    flags: [
      ...command.options.filter(({ hidden }) => !hidden).map(flagModel),
      { long: '--help', short: '-h', words: 'show help', value: 'nothing' },
    ],
    argument: argumentValue(command),
  }));
}

function flagModel(option: Option): FlagModel {
  const words = option.description.split(/[;:(]|, /)[0]?.trim() ?? '';
  const { long, short } = option;
  return { long: long ?? '', short, words, value: flagValue(option) };
}

function flagValue(option: Option): Value {
  const [, placeholder = ''] = /[<[](.+)[>\]]/.exec(option.flags) ?? [];
  if (placeholder === '') return 'nothing';
  if (option.argChoices) return option.argChoices;
  if (option.long === '--kind') return Object.values(Kind).map((kind) => KIND_NAMES[kind] ?? '');
  return placeholderValue(placeholder);
}

function argumentValue(command: Command): Value {
  const [argument] = command.registeredArguments;
  if (!argument) return 'nothing';
  return argument.argChoices ?? placeholderValue(argument.name());
}

function placeholderValue(placeholder: string): Value {
  if (/DIR/.test(placeholder)) return 'folder';
  if (/FILE|^(IN|OUT)$/.test(placeholder)) return 'file';
  return /CLUSTER/.test(placeholder) ? CLUSTERS : 'anything';
}

/** A script that a shell reads. */
export function scriptFor(shell: Shell, commands: readonly CommandModel[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
    default:
      return unreachable(shell);
  }
}

const list = (value: readonly string[]): string => value.join(' ');

function bash(commands: readonly CommandModel[]): string {
  const reply = (value: Value): string => {
    if (value === 'file') return 'compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur"))';
    if (value === 'folder') return 'compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur"))';
    return typeof value === 'string' ? ':' : `COMPREPLY=($(compgen -W '${list(value)}' -- "$cur"))`;
  };
  const values = commands.flatMap(({ name, flags }) =>
    flags
      .filter(({ value }) => value !== 'nothing')
      .map(({ long, short, value }) => {
        const patterns = [long, ...(short === undefined ? [] : [short])];
        return `    ${patterns.map((flag) => `'${name} ${flag}'`).join('|')}) ${reply(value)}; return ;;`;
      }),
  );
  const rest = commands.map(({ name, flags, argument }) => {
    const names = list(flags.map(({ long }) => long));
    return `    ${name}) if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '${names}' -- "$cur")); else ${reply(argument)}; fi ;;`;
  });
  return `# bash completion of earshot: source it, or put it where bash-completion looks.
_earshot() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} name='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} != -* ]]; then name=\${COMP_WORDS[i]}; break; fi
  done
  case "$name $prev" in
${values.join('\n')}
  esac
  case $name in
    '') COMPREPLY=($(compgen -W '${list(commands.map(({ name }) => name))} help --help --version' -- "$cur")) ;;
    help) COMPREPLY=($(compgen -W '${list(commands.map(({ name }) => name))}' -- "$cur")) ;;
${rest.join('\n')}
  esac
}
complete -F _earshot earshot
`;
}

function zsh(commands: readonly CommandModel[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''");
  const escaped = (text: string): string => quoted(text.replaceAll(/[[\]:\\]/g, '\\$&'));
  const action = (value: Value): string => {
    if (value === 'file') return '_files';
    if (value === 'folder') return '_files -/';
    return typeof value === 'string' ? ' ' : `(${list(value)})`;
  };
  const spec = ({ long, short, words, value }: FlagModel): string => {
    const behind = `[${escaped(words)}]${value === 'nothing' ? '' : `:value:${action(value)}`}`;
    if (short === undefined) return `'*${long}${behind}'`;
    return `'*${short}${behind}' '*${long}${behind}'`;
  };
  const names = commands.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`);
  const cases = commands.map(({ name, flags, argument }) => {
    const more = argument === 'nothing' ? [] : [`'*:argument:${action(argument)}'`];
    return `    ${name})\n      _arguments -s ${[...flags.map(spec), ...more].join(' \\\n        ')} ;;`;
  });
  return `#compdef earshot
# zsh completion of earshot: put it into a folder of $fpath as _earshot.
_earshot() {
  local -a commands=(
${names.join('\n')}
    'help:show help'
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  shift words
  (( CURRENT-- ))
  case $words[1] in
    help) _describe command commands ;;
${cases.join('\n')}
  esac
}
if [[ $funcstack[1] == _earshot ]]; then
  _earshot "$@"
else
  compdef _earshot earshot
fi
`;
}

function fish(commands: readonly CommandModel[]): string {
  const quoted = (text: string): string =>
    `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const takes = (value: Value): string => {
    if (value === 'nothing') return '';
    if (value === 'file') return ' -r -F';
    if (value === 'folder') return " -x -a '(__fish_complete_directories)'";
    return value === 'anything' ? ' -x' : ` -x -a ${quoted(list(value))}`;
  };
  const lines = commands.flatMap(({ name, summary, flags, argument }) => {
    const inside = `complete -c earshot -n '__fish_seen_subcommand_from ${name}'`;
    return [
      `complete -c earshot -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...flags.map(({ long, short, words, value }) => {
        const letter = short === undefined ? '' : ` -s ${short.slice(1)}`;
        return `${inside} -l ${long.slice(2)}${letter}${takes(value)} -d ${quoted(words)}`;
      }),
      ...(argument === 'nothing' || argument === 'anything' ? [] : [`${inside}${takes(argument)}`]),
    ];
  });
  return `# fish completion of earshot: put it into ~/.config/fish/completions/earshot.fish
complete -c earshot -f
complete -c earshot -n __fish_use_subcommand -a help -d 'show help'
${lines.join('\n')}
`;
}
