import type { Command } from 'commander';
import { VALUE_COLUMNS, VALUE_CSV, VALUE_TABLE } from '../api/export-columns.ts';
import { asksForNodes, type ValueFilter, valueTest } from '../api/export-filter.ts';
import type { ValueJson } from '../api/value-json.ts';
import {
  addValueOptions,
  columnsHelp,
  type ExportFormat,
  formatOf,
  type ValueFlags,
} from './export/flags.ts';
import { type Heard, hear } from './export/heard.ts';
import { type Subject, shapeOf, writeRows } from './export/rows.ts';
import { Sink } from './export/sink.ts';
import { nodeFilter } from './nodes.ts';

const VALUES_EXAMPLES = `
${columnsHelp(VALUE_COLUMNS)}
JSON and JSON lines hold all that a value says, unless --columns names some of them.

Examples:
  $ earshot values -u testnet --kind Vote --limit 20       what was voted for
  $ earshot values -u http://127.0.0.1:8890 -p KEY         what a spy that runs has of one node
  $ earshot values -u testnet --kind EpochSlots --client Firedancer --csv -o slots.csv
  $ earshot values -u testnet --bytes --jsonl | earshot verify -

Exit status: 0 when the list was written, also an empty one; 1 after an error.`;

const DUMP_EXAMPLES = `
Bytes are hex: 64 bytes of signature (Ed25519, of the origin's key), then what it signs. SHA-256 of
all of them is the value's identity in the protocol. Whoever has the file can check it, for
example with earshot verify; nobody has to be trusted for it.

Examples:
  $ earshot dump -u testnet --timeout 60 -o table.jsonl
  $ earshot dump -u http://127.0.0.1:8890 | gzip > table.jsonl.gz
  $ earshot dump -u testnet --csv --columns kind,pubkey,sha256,bytes
  $ earshot dump -u testnet --kind Vote | earshot verify -

Exit status: 0 when everything was written, 1 after an error.`;

const VALUES: Subject<ValueJson> = {
  name: 'values',
  all: VALUE_COLUMNS,
  table: VALUE_TABLE,
  csv: VALUE_CSV,
  expendable: ['wallclock', 'length', 'index'],
};

const WITH_BYTES: Subject<ValueJson> = { ...VALUES, csv: [...VALUE_CSV, 'bytes'] };

/** Adds `earshot values`. */
export function registerValues(program: Command): void {
  addValueOptions(
    program
      .command('values')
      .description(
        'Lists values of the gossip table (votes, contact infos, slots, …) as a table, JSON, JSON lines or CSV: of a running spy, or what comes in within some seconds.',
      ),
  )
    .option('--bytes', 'with the signed bytes in hex, so that anyone can verify them')
    .addHelpText('after', VALUES_EXAMPLES)
    .action((flags: ValueFlags) => exportValues(flags, 'table'));
}

/** Adds `earshot dump`. */
export function registerDump(program: Command): void {
  addValueOptions(
    program
      .command('dump')
      .description(
        'Writes the whole gossip table with the signed bytes of every value, as JSON lines unless told otherwise: of a running spy, or what comes in within some seconds.',
      ),
  )
    .addHelpText('after', DUMP_EXAMPLES)
    .action((flags: ValueFlags) => exportValues({ ...flags, bytes: true }, 'jsonl'));
}

async function exportValues(flags: ValueFlags, otherwise: ExportFormat): Promise<void> {
  const format = formatOf(flags, otherwise);
  const shape = shapeOf(flags.bytes ? WITH_BYTES : VALUES, flags, format);
  const filter: ValueFilter = { ...nodeFilter(flags), kinds: flags.kind };
  const sink = new Sink(flags.output);
  const heard = await hear(flags);
  const bytes =
    flags.bytes === true || (shape.chosen?.some(({ name }) => name === 'bytes') ?? false);
  const count = await writeRows(wanted(heard, filter, bytes), shape, sink, heard.head);
  if (format === 'table') process.stderr.write(`${count} values, ${heard.source}\n`);
}

async function* wanted(
  heard: Heard,
  filter: ValueFilter,
  bytes: boolean,
): AsyncGenerator<ValueJson> {
  const { kinds = [], pubkeys = [] } = filter;
  const test = valueTest(filter, asksForNodes(filter) ? await heard.nodes() : []);
  for await (const value of heard.values({ kinds, pubkeys, bytes })) if (test(value)) yield value;
}
