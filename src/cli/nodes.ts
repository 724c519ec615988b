import type { Command } from 'commander';
import { NODE_COLUMNS, NODE_CSV, NODE_TABLE } from '../api/export-columns.ts';
import { type NodeFilter, nodeTest } from '../api/export-filter.ts';
import type { NodeInfo } from '../api/nodes.ts';
import { addExportOptions, columnsHelp, type ExportFlags, formatOf } from './export/flags.ts';
import { hear } from './export/heard.ts';
import { type Subject, shapeOf, writeRows } from './export/rows.ts';
import { Sink } from './export/sink.ts';
import { sortNodes } from './spy-table.ts';

const EXAMPLES = `
${columnsHelp(NODE_COLUMNS)}

Examples:
  $ earshot nodes -u testnet                                listen for 20 seconds, then list
  $ earshot nodes -u http://127.0.0.1:8890                  ask a spy that runs: earshot spy --http
  $ earshot nodes -u testnet --version ">=4.3,<4.4" --proved
  $ earshot nodes -u testnet --client Firedancer --sort -stake,version --limit 20
  $ earshot nodes -u mainnet --csv -o nodes.csv
  $ earshot nodes -u mainnet --json | jq '.nodes[].gossip'

Exit status: 0 when the list was written, also an empty one; 1 after an error.`;

const NODES: Subject<NodeInfo> = {
  name: 'nodes',
  all: NODE_COLUMNS,
  table: NODE_TABLE,
  csv: NODE_CSV,
  expendable: ['rpc', 'proved', 'life', 'client', 'stake'],
};

/** Adds `earshot nodes`. */
export function registerNodes(program: Command): void {
  addExportOptions(
    program
      .command('nodes')
      .description(
        'Lists the nodes of a cluster as a table, JSON, JSON lines or CSV: those that a running spy has heard of, or that answer within some seconds.',
      ),
  )
    .addHelpText('after', EXAMPLES)
    .action((flags: ExportFlags) => runNodes(flags));
}

async function runNodes(flags: ExportFlags): Promise<void> {
  const format = formatOf(flags, 'table');
  const shape = shapeOf(NODES, flags, format);
  const test = nodeTest(nodeFilter(flags));
  const sink = new Sink(flags.output);
  const heard = await hear(flags);
  const all = await heard.nodes();
  const nodes = sortNodes(all.filter(test));
  const shown = nodes.some(({ stake }) => stake !== null) ? shape : withoutStake(shape);
  const count = await writeRows(nodes, shown, sink, heard.head);
  if (format === 'table') {
    process.stderr.write(`${count} of ${all.length} nodes, ${heard.source}\n`);
  }
}

/** A column in which every cell is unknown says nothing. */
function withoutStake<Shape extends { subject: Subject<NodeInfo> }>(shape: Shape): Shape {
  const table = NODE_TABLE.filter((name) => name !== 'stake');
  return { ...shape, subject: { ...shape.subject, table } };
}

/** What the flags say about nodes. */
export function nodeFilter(flags: ExportFlags): NodeFilter {
  const { pubkey: pubkeys, version, client: clients, proved, unproved } = flags;
  return { pubkeys, version, clients, proved: unproved ? false : proved };
}
