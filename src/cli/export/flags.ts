import { type Command, InvalidArgumentError, Option } from 'commander';
import { versionTest } from '../../api/export-filter.ts';
import { KIND_NAMES, Kind } from '../../wire/limits.ts';
import {
  addJoinOptions,
  collect,
  collectPubkeys,
  type JoinFlags,
  positive,
  wholeNumber,
} from '../options.ts';

/** Flags of every command that exports. */
export interface ExportFlags extends JoinFlags {
  timeout: number;
  json?: boolean;
  jsonl?: boolean;
  csv?: boolean;
  table?: boolean;
  output: string;
  columns?: string[];
  sort?: string[];
  limit?: number;
  pubkey: string[];
  version?: string;
  client: string[];
  proved?: boolean;
  unproved?: boolean;
}

/** Flags of those that export values. */
export interface ValueFlags extends ExportFlags {
  kind: string[];
  bytes?: boolean;
}

/** How rows are written. */
export type ExportFormat = 'table' | 'json' | 'jsonl' | 'csv';

/** The format that was asked for. */
export function formatOf(flags: ExportFlags, otherwise: ExportFormat): ExportFormat {
  const names = ['table', 'json', 'jsonl', 'csv'] as const;
  return names.find((name) => flags[name]) ?? otherwise;
}

/** Names of kinds that still exist, in any case. */
function collectKinds(text: string, previous: string[]): string[] {
  const names = Object.values(Kind).map((kind) => KIND_NAMES[kind] ?? '');
  const wanted = text.split(',').map((part) => {
    const name = names.find((one) => one.toLowerCase() === part.trim().toLowerCase());
    if (name === undefined) {
      throw new InvalidArgumentError(
        `There is no kind "${part}". Choose from ${names.join(', ')}.`,
      );
    }
    return name;
  });
  return [...previous, ...wanted];
}

const list = (text: string, previous: readonly string[] = []): string[] => [
  ...previous,
  ...text.split(',').filter((name) => name.trim() !== ''),
];

function version(text: string): string {
  try {
    versionTest(text);
    return text;
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

/** Adds the flags of `ExportFlags`. */
export function addExportOptions(command: Command): Command {
  const formats = ['table', 'json', 'jsonl', 'csv'];
  const format = (name: string, words: string): Option =>
    new Option(`--${name}`, words).conflicts(formats.filter((other) => other !== name));
  addJoinOptions(command, { orSpy: true });
  return command
    .option('--timeout <SECONDS>', 'how long to listen where no spy is asked', positive, 20)
    .addOption(format('table', 'for people; fitted to the terminal'))
    .addOption(format('json', 'one JSON document'))
    .addOption(format('jsonl', 'one JSON object a line'))
    .addOption(format('csv', 'comma-separated values with a line of names (RFC 4180)'))
    .option('-o, --output <FILE>', 'write there; - for standard output', '-')
    .option('--columns <NAMES>', 'these columns in this order, divided by commas', list)
    .option('--sort <NAMES>', 'by these columns; -NAME for the largest first', list)
    .option('--limit <NUM>', 'only the first so many rows', wholeNumber(0, 1e9))
    .addOption(
      new Option('-p, --pubkey <KEY>', 'only of this node; may be given several times')
        .argParser(collectPubkeys)
        .default([], 'all'),
    )
    .option(
      '--version <CONDITION>',
      'only of nodes on 4.3 (all that begin so), or ">=4.3.0,<4.4"',
      version,
    )
    .addOption(
      new Option('--client <NAME>', 'only of nodes with this client; may be given several times')
        .argParser(collect)
        .default([], 'all'),
    )
    .addOption(
      new Option('--proved', 'only of nodes whose address has answered a ping').conflicts(
        'unproved',
      ),
    )
    .option('--unproved', 'only of nodes whose address has not');
}

/** Adds the flags of `ValueFlags`. */
export function addValueOptions(command: Command): Command {
  return addExportOptions(command).addOption(
    new Option('--kind <NAME>', 'only this kind: Vote, ContactInfo, …; may be given several times')
      .argParser(collectKinds)
      .default([], 'all'),
  );
}

/** Letters of a line of help. */
const HELP_LETTERS = 98;

/** All columns in lines of help. */
export function columnsHelp(columns: readonly { readonly name: string }[]): string {
  const lines = ['Columns:'];
  for (const [i, { name }] of columns.entries()) {
    const word = i === columns.length - 1 ? name : `${name},`;
    const line = `${lines.at(-1)} ${word}`;
    if (line.length > HELP_LETTERS) lines.push(`         ${word}`);
    else lines[lines.length - 1] = line;
  }
  return lines.join('\n');
}
