import type { Command } from 'commander';
import { createSpy, type Spy } from '../index.ts';
import { createLogger } from '../node/logger.ts';
import { SystemClock } from '../util/clock.ts';
import { ArrivalWatch, DemoCluster } from './demo/cluster.ts';
import { positive, wholeNumber } from './options.ts';
import { OutputFile, writeOut } from './output.ts';
import { Progress } from './progress.ts';
import { renderNodes, renderSummary } from './spy-table.ts';

/** Agave's own test clusters use it, so made-up and real nodes can meet. */
const DEMO_SHRED_VERSION = 20_126;

/** How long the spy may look for all nodes. */
const FIND_MS = 10_000;

/** How often votes are looked for with `--arrivals`. */
const ARRIVALS_MS = 5;

interface DemoFlags {
  nodes: number;
  join?: string;
  shredVersion: number;
  seconds?: number;
  json: boolean;
  dump?: string;
  arrivals?: string;
}

const EXAMPLES = `
Examples:
  $ earshot demo                                  12 made-up nodes and a spy that finds them
  $ earshot demo --nodes 30 --seconds 60          more of them, for a minute
  $ earshot demo --join 127.0.0.1:8001 --shred-version 20126 --nodes 6 --seconds 60`;

/** Adds `earshot demo`. */
export function registerDemo(program: Command): void {
  program
    .command('demo')
    .description(
      'Starts nodes with made-up identities on this machine, which speak real gossip over real sockets, and finds them with a spy. With --join they become part of a cluster that runs already.',
    )
    .option('--nodes <NUM>', 'how many nodes', wholeNumber(1, 200), 12)
    .option('--join <HOST:PORT>', 'join the cluster of this node instead of making one')
    .option(
      '--shred-version <NUMBER>',
      'shred version of the cluster',
      wholeNumber(1, 65535),
      DEMO_SHRED_VERSION,
    )
    .option('--seconds <SECONDS>', 'keep the nodes up for this long', positive)
    .option('--json', 'print JSON: the spy document, or status lines with --seconds', false)
    .option('--dump <FILE>', 'at the end, write the table of every node as JSON lines')
    .option('--arrivals <FILE>', 'write when each vote reached each node, as JSON lines')
    .addHelpText('after', EXAMPLES)
    .action((flags: DemoFlags) => runDemo(flags));
}

async function runDemo(flags: DemoFlags): Promise<void> {
  const progress = new Progress();
  const logger = createLogger('error', () => progress.clear());
  const dump = flags.dump === undefined ? undefined : new OutputFile(flags.dump, '--dump');
  const arrivals =
    flags.arrivals === undefined ? undefined : new OutputFile(flags.arrivals, '--arrivals');
  const { shredVersion, join } = flags;
  const cluster = new DemoCluster({ nodes: flags.nodes, shredVersion, join, logger });
  const ending = new Ending();
  progress.show(`Starting ${flags.nodes} nodes…`);
  await cluster.start();
  const watch = new ArrivalWatch();
  const cancelWatch = SystemClock.every(ARRIVALS_MS, () => {
    if (arrivals) for (const arrival of watch.look(cluster.nodes)) arrivals.line(arrival);
  });
  try {
    if (flags.seconds === undefined && join === undefined) {
      await showSpy(cluster, flags, progress, ending);
    } else {
      await showStatus(cluster, flags, progress, ending);
    }
  } finally {
    ending.stop();
    cancelWatch();
    progress.clear();
    await cluster.stop();
  }
  for (const node of cluster.nodes) {
    if (dump) for (const value of node.dump()) dump.line({ ...value, node: node.identity });
  }
  dump?.close();
  arrivals?.close();
}

/** Spies on the cluster until all its nodes are found, and prints what there is to see. */
async function showSpy(
  cluster: DemoCluster,
  flags: DemoFlags,
  progress: Progress,
  ending: Ending,
): Promise<void> {
  const spy = await createSpy({
    entrypoints: [cluster.entrypoint],
    size: 'small',
    logger: createLogger('error', () => progress.clear()),
  });
  await until(FIND_MS, () => {
    const { proved } = spy.summary();
    progress.show(`Found ${proved} of ${flags.nodes} nodes…`);
    return proved >= flags.nodes || ending.isWanted;
  });
  progress.clear();
  const elapsedMs = Math.round(spy.elapsedMs());
  const nodes = spy.nodes();
  const { identity, shredVersion } = spy;
  const { values, proved } = spy.summary();
  await spy.stop();
  if (flags.json) {
    await writeOut(`${JSON.stringify({ identity, shredVersion, elapsedMs, nodes })}\n`);
    return;
  }
  const columns = process.stdout.columns ?? 140;
  const seconds = (elapsedMs / 1000).toFixed(1);
  const table = nodes.length > 0 ? `${renderNodes(nodes, { columns, elapsedMs })}\n\n` : '';
  await writeOut(`${table}${renderSummary(nodes, values)}\n`);
  if (ending.isWanted) {
    await writeOut(
      `\nInterrupted after ${seconds} s: ${proved} of ${flags.nodes} nodes were found until then.\n`,
    );
    return;
  }
  await writeOut(
    `
Found in ${seconds} s, on a cluster that is made up and a wire that is real. Try next:
  earshot spy -u testnet --timeout 20     who is on testnet
  earshot demo --seconds 300              keep these nodes up, and meanwhile elsewhere:
  earshot spy -n ${cluster.entrypoint} -N ${flags.nodes}\n`,
  );
}

/** Prints a line a second for each node until the time is over or somebody presses Ctrl-C. */
async function showStatus(
  cluster: DemoCluster,
  flags: DemoFlags,
  progress: Progress,
  ending: Ending,
): Promise<void> {
  progress.clear();
  if (!flags.json) {
    await writeOut(
      `Join this cluster at ${cluster.entrypoint}, shred version ${flags.shredVersion}; Ctrl-C ends it.\n`,
    );
  }
  const startedMs = SystemClock.monoMs();
  let printed = 0;
  await until((flags.seconds ?? Number.POSITIVE_INFINITY) * 1000, () => {
    const t = (SystemClock.monoMs() - startedMs) / 1000;
    if (t >= printed + 1) {
      printed = Math.floor(t);
      for (const node of cluster.nodes) process.stdout.write(statusLine(node, t, flags.json));
    }
    return ending.isWanted;
  });
  if (flags.json) return;
  const seconds = ((SystemClock.monoMs() - startedMs) / 1000).toFixed(1);
  const sums = cluster.nodes.map((node) => node.summary());
  const least = Math.min(...sums.map(({ proved }) => proved));
  const packets = sums.reduce((sum, { datagrams }) => sum + datagrams, 0);
  const why = ending.isWanted ? 'Interrupted' : 'The time is over';
  await writeOut(
    `${why} after ${seconds} s: each of ${cluster.nodes.length} nodes found ${least} others or more; ${packets} packets were received.\n`,
  );
}

/** Hears that the demo shall end: the first signal lets it say what there is, the second one ends it at once. */
class Ending {
  isWanted = false;
  readonly #signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  readonly #listener = (): void => {
    this.isWanted = true;
    for (const signal of this.#signals) process.off(signal, this.#listener);
  };

  constructor() {
    for (const signal of this.#signals) process.on(signal, this.#listener);
  }

  /** From now on signals end the process as usual. */
  stop(): void {
    for (const signal of this.#signals) process.off(signal, this.#listener);
  }
}

function statusLine(node: Spy, t: number, json: boolean): string {
  const { proved, values, datagrams } = node.summary();
  const status = { t, id: node.identity, gossip: node.gossip, peers: proved, values, datagrams };
  if (json) return `${JSON.stringify(status)}\n`;
  return `${t.toFixed(1).padStart(7)} s  ${node.gossip.padEnd(21)}  ${proved} peers  ${values} values  ${datagrams} packets\n`;
}

/** Looks every 20 ms until `done` or the time is over. */
function until(limitMs: number, done: () => boolean): Promise<void> {
  const endMs = SystemClock.monoMs() + limitMs;
  return new Promise((resolve) => {
    const cancel = SystemClock.every(20, () => {
      if (!done() && SystemClock.monoMs() < endMs) return;
      cancel();
      resolve();
    });
  });
}
