import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { parse, TomlError } from 'smol-toml';
import { SpyError } from '../util/assert.ts';
import { isSwitchedOn, parseTexts } from './option-value.ts';

/** In front of what is asked of the environment: `--gossip-port` is `EARSHOT_GOSSIP_PORT`. */
const PREFIX = 'EARSHOT_';

/** The file itself, and what images and scripts name the version of Earshot. */
const NO_SETTINGS = [`${PREFIX}CONFIG`, `${PREFIX}VERSION`];

/** Settings of one file: those at its top, and those of tables named after commands. */
export interface ConfigFile {
  readonly path: string;
  readonly settings: Readonly<Record<string, unknown>>;
}

/** A setting as somebody wrote it, and where. */
interface Written {
  readonly texts: readonly string[];
  /** As an error names it: `EARSHOT_STAKES=x`, or `stakes = "x" in …/earshot.toml`. */
  readonly place: string;
  readonly source: 'env' | 'config';
  /** In a list of settings: the variable, or the file. */
  readonly origin: string;
}

/** Says what is wrong with the name of a setting, or of a table; nothing when some command knows it. */
export type Complain = (wish: { name?: string; table?: string }) => Promise<string | undefined>;

/** The variable of the environment that stands for a flag. */
export function variableOf(option: Option): string {
  return `${PREFIX}${option.name().replaceAll('-', '_').toUpperCase()}`;
}

/** Where a file is looked for when none is named, the first one counts. */
export function defaultPaths(env: NodeJS.ProcessEnv): string[] {
  const home = env['XDG_CONFIG_HOME'] || join(homedir(), '.config');
  return [join(home, 'earshot', 'earshot.toml'), '/etc/earshot/earshot.toml'];
}

/**
 * Whether a flag can be given by environment or file: not those about help or the file itself, and not
 * `--version` of exports, since EARSHOT_VERSION is what images and scripts name the version of Earshot.
 */
export function isConfigurable(option: Option): boolean {
  return !option.mandatory && !['help', 'config', 'version'].includes(option.attributeName());
}

/**
 * Fills in what no flag gave: from the environment, then from the file. Flags that were given, and what
 * they exclude, stay as they are.
 *
 * @param complain what is wrong with a name that this command has no flag for, or with a table's
 * @returns a sentence about what came from elsewhere than flags, for an error that follows; or nothing
 * @throws SpyError CONFIG_UNREADABLE, CONFIG_MALFORMED, CONFIG_UNKNOWN, CONFIG_VALUE; each names the source
 */
export async function configure(
  command: Command,
  env: NodeJS.ProcessEnv,
  complain: Complain,
): Promise<string | undefined> {
  const file = readConfig(command, env);
  if (file) await checkNames(file, command, complain);
  const origins: string[] = [];
  const sources = [
    (option: Option) => fromEnvironment(option, env),
    (option: Option) => fromFile(option, command.name(), file),
  ];
  for (const find of sources) {
    for (const option of command.options.filter(isConfigurable)) {
      const written = find(option);
      if (!written || isGiven(option, command) || isExcluded(option, command)) continue;
      const value = settingOf(option, written);
      if (value === undefined) continue;
      command.setOptionValueWithSource(option.attributeName(), value, written.source);
      origins.push(`${option.name()} (${written.origin})`);
    }
  }
  return origins.length === 0 ? undefined : `Settings that no flag gave: ${origins.join(', ')}.`;
}

/**
 * Sentences about variables that begin like settings and are none: most likely misspelt, but they may be
 * meant for something else, so that they are no errors.
 */
export async function strayVariables(
  command: Command,
  env: NodeJS.ProcessEnv,
  complain: Complain,
): Promise<string[]> {
  const own = new Set([...command.options.map(variableOf), ...NO_SETTINGS]);
  const stray: string[] = [];
  for (const variable of Object.keys(env).sort()) {
    if (!variable.startsWith(PREFIX) || own.has(variable)) continue;
    const name = variable.slice(PREFIX.length).replaceAll('_', '-').toLowerCase();
    const complaint = await complain({ name });
    if (complaint !== undefined) stray.push(`${variable} is ignored: ${complaint}`);
  }
  return stray;
}

/** Reads the file that `--config` or EARSHOT_CONFIG names, or the first one where files are looked for. */
function readConfig(command: Command, env: NodeJS.ProcessEnv): ConfigFile | undefined {
  const flag = command.getOptionValue('config') as string | false | undefined;
  const variable = env[`${PREFIX}CONFIG`];
  if (flag === false || (flag === undefined && variable === '')) return undefined;
  const named = flag ?? variable;
  for (const path of named === undefined ? defaultPaths(env) : [named]) {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (cause) {
      const { code } = cause as NodeJS.ErrnoException;
      if (named === undefined && (code === 'ENOENT' || code === 'ENOTDIR')) continue;
      const who = flag === undefined && named !== undefined ? `, which ${PREFIX}CONFIG names,` : '';
      throw new SpyError(
        'CONFIG_UNREADABLE',
        `The configuration file ${path}${who} cannot be read (${code}). Check the path and that this user may read it, or leave it out with --no-config.`,
        { cause },
      );
    }
    return { path, settings: parseConfig(path, text) };
  }
  return undefined;
}

function parseConfig(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const [what = ''] = cause.message.replace(/^Invalid TOML document: /, '').split('\n');
    throw new SpyError(
      'CONFIG_MALFORMED',
      `${path}, line ${cause.line}, column ${cause.column} is no TOML: ${what}. Write settings as: gossip-port = 8001`,
      { cause },
    );
  }
}

/** A name that nobody knows is a mistake that would otherwise go unnoticed. */
async function checkNames(
  { path, settings }: ConfigFile,
  command: Command,
  complain: Complain,
): Promise<void> {
  const own = new Set(command.options.filter(isConfigurable).map((option) => option.name()));
  const check = async (wish: Parameters<Complain>[0]): Promise<void> => {
    const complaint = await complain(wish);
    if (complaint !== undefined) throw new SpyError('CONFIG_UNKNOWN', `${path}: ${complaint}`);
  };
  for (const [name, value] of Object.entries(settings)) {
    if (!isTable(value)) {
      if (!own.has(name)) await check({ name });
    } else if (name !== command.name()) await check({ table: name });
    else {
      for (const key of Object.keys(value))
        if (!own.has(key)) await check({ name: key, table: name });
    }
  }
}

function fromEnvironment(option: Option, env: NodeJS.ProcessEnv): Written | undefined {
  const name = variableOf(option);
  const text = env[name];
  if (text === undefined) return undefined;
  return { texts: [text], place: `${name}=${text}`, source: 'env', origin: name };
}

/** The command's own table goes before the top of the file. */
function fromFile(
  option: Option,
  commandName: string,
  file: ConfigFile | undefined,
): Written | undefined {
  if (!file) return undefined;
  const name = option.name();
  const table = file.settings[commandName];
  const [value, where] =
    isTable(table) && name in table
      ? [table[name], `[${commandName}] in ${file.path}`]
      : [file.settings[name], file.path];
  if (value === undefined) return undefined;
  const items = Array.isArray(value) ? (value as unknown[]) : [value];
  const place = `${name} = ${JSON.stringify(value)}, ${where}`;
  for (const item of items) {
    if (!['string', 'number', 'boolean'].includes(typeof item)) {
      throw new SpyError(
        'CONFIG_VALUE',
        `${place}: Give text, a number, true or false, or a list.`,
      );
    }
  }
  return { texts: items.map(String), place, source: 'config', origin: file.path };
}

function settingOf(option: Option, written: Written): unknown {
  try {
    if (option.isBoolean() || option.negate) return isSwitchedOn(written.texts) !== option.negate;
    return parseTexts(option, written.texts);
  } catch (error) {
    const { message } = error as Error;
    throw new SpyError('CONFIG_VALUE', `${written.place}: ${message}`, { cause: error });
  }
}

/** Whether a flag or a setting that counts more excludes this one. */
function isExcluded(option: Option, command: Command): boolean {
  const excludes = (one: Option, other: Option): boolean => {
    const { conflictsWith = [] } = one as { conflictsWith?: readonly string[] };
    return conflictsWith.includes(other.attributeName());
  };
  return command.options.some(
    (other) =>
      other !== option &&
      isGiven(other, command) &&
      (excludes(option, other) || excludes(other, option)),
  );
}

/** Whether something that counts more than what comes now has said it. */
function isGiven(option: Option, command: Command): boolean {
  const source = command.getOptionValueSource(option.attributeName());
  return source !== undefined && source !== 'default';
}

function isTable(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || value instanceof Date) return false;
  return !Array.isArray(value);
}
