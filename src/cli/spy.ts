import { type Command, Option } from 'commander';
import { parseListenAddress } from '../api/http/settings.ts';
import type { NodeInfo } from '../api/nodes.ts';
import { VERIFIER_NAMES, type VerifierName } from '../crypto/verify.ts';
import { createSpy, type Spy } from '../index.ts';
import { createLogger, type LogLevel } from '../node/logger.ts';
import { LEAST_EGRESS } from '../node/outbox.ts';
import { MAX_POOL_THREADS } from '../node/pools.ts';
import { RECEIVERS, type ReceiverName } from '../node/runtime.ts';
import { ServiceManager } from '../node/systemd.ts';
import { SpyError } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { printChanges } from './follow.ts';
import { orInterrupt } from './interrupt.ts';
import {
  addJoinOptions,
  collectPubkeys,
  entrypointNames,
  forbidBoth,
  isSpyUrl,
  type JoinFlags,
  joinOptions,
  positive,
  wholeNumber,
} from './options.ts';
import { OutputFile, writeOut } from './output.ts';
import { Progress } from './progress.ts';
import { renderNodes, renderSummary } from './spy-table.ts';
import { tooWide } from './table.ts';
import type { Watching } from './watch/watch.ts';

interface SpyFlags extends JoinFlags {
  maxEgress?: number;
  relay: boolean;
  contact?: string;
  numNodes?: number;
  numNodesExactly?: number;
  pubkey: string[];
  timeout?: number;
  json?: boolean;
  follow?: boolean;
  watch?: boolean;
  http?: string;
  dump?: string;
  stats?: string;
  store?: string;
  verify: 'auto' | VerifierName;
  knownKeys?: number;
  knownKeysAfter?: number;
  workers: number | 'auto';
  receiver: ReceiverName;
}

/** `--workers`: a number, or what fits the machine. */
const workerCount = (text: string): number | 'auto' =>
  text === 'auto' ? text : wholeNumber(0, MAX_POOL_THREADS)(text);

/** `--http`: checked before anything else is done. */
function listenAddress(text: string): string {
  parseListenAddress(text);
  return text;
}

/** What ends a spy as it is meant to end: Ctrl-C, a supervisor, a terminal that is closed. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How often the goal is looked at and the progress line renewed. */
const LOOK_MS = 50;

const EXAMPLES = `
Examples:
  $ earshot spy                                   watch mainnet until Ctrl-C, then print the table
  $ earshot spy -u testnet --timeout 30           30 seconds of testnet
  $ earshot spy -u testnet --watch                live, on the whole terminal; q ends it
  $ earshot spy -u http://127.0.0.1:8890 --watch  live view of a spy that runs with --http
  $ earshot spy -n 127.0.0.1:8001 -N 8            until 8 validators of a local cluster are found
  $ earshot spy -u devnet --timeout 20 --json | jq '.nodes[].version'
  $ earshot spy -u testnet --follow | jq 'select(.version)'
                                                  contact infos as they come in and change
  $ earshot spy -u testnet --stakes testnet --timeout 60
                                                  with the stake of each node, largest first
  $ earshot spy -u testnet --timeout 60 --dump table.jsonl --stats stats.json

Exit status: 0 when what was asked for was found, 1 when not or after an error.`;

/** Adds `earshot spy`. @source behaviour 15 */
export function registerSpy(program: Command): void {
  const command = program
    .command('spy')
    .description(
      'Joins the gossip of a cluster as a node of its own and lists who else is there: until Ctrl-C, a timeout, or the nodes that were asked for are found.',
    );
  addJoinOptions(command, { orSpy: true })
    .option(
      '-N, --num-nodes <NUM>',
      'stop when at least NUM validators are found',
      wholeNumber(0, 1e6),
    )
    .option(
      '-E, --num-nodes-exactly <NUM>',
      'the same, and fail if there are more',
      wholeNumber(0, 1e6),
    )
    .addOption(
      new Option('-p, --pubkey <KEY>', 'stop when this node is found; may be given several times')
        .argParser(collectPubkeys)
        .default([], 'none'),
    )
    .option('--timeout <SECONDS>', 'stop after this time', positive)
    .option(
      '--max-egress <BYTES>',
      'most bytes that gossip sends in any second, headers included',
      wholeNumber(LEAST_EGRESS, 1e9),
    )
    .option('--no-relay', 'push nothing of others, only our own contact info')
    .option(
      '--contact <TEXT>',
      'who runs this spy: what its TCP port says to web browsers, as gossip has no field for it',
    );
  addOutputOptions(command)
    .addOption(
      new Option(
        '--verify <NAME>',
        'signature verifier; known makes tables for keys that recur and is the fastest',
      )
        .choices(['auto', ...VERIFIER_NAMES])
        .default('auto'),
    )
    .option(
      '--known-keys <NUM>',
      'most keys with a table, 14 KB each (default: 4096)',
      wholeNumber(4, 65_536),
    )
    .option(
      '--known-keys-after <NUM>',
      'accepted signatures of a key after which it gets a table (default: 4)',
      wholeNumber(1, 255),
    )
    .option(
      '--workers <NUM>',
      'threads that check packets; 0 leaves it to the main thread (default: fits the machine)',
      workerCount,
      'auto',
    )
    .addOption(
      new Option('--receiver <NAME>', 'how datagrams are received; recvmmsg is a thread of its own')
        .choices(RECEIVERS)
        .default('auto'),
    )
    .addHelpText('after', EXAMPLES)
    .action((flags: SpyFlags) => runSpy(flags));
}

/** Adds what decides where goes what was heard. */
function addOutputOptions(command: Command): Command {
  return command
    .option('--json', 'print one JSON document instead of a table')
    .option(
      '--follow',
      'print every change of the table as a JSON line while it happens, instead of a table at the end',
    )
    .option(
      '--watch',
      'show live who comes and goes, versions, rates and drops; ? for its keys; lines where there is no terminal',
    )
    .option(
      '--http <HOST:PORT>',
      'serve what is heard: REST, streams, JSON-RPC, metrics (docs/http.md); 127.0.0.1:8890 for this machine alone',
      listenAddress,
    )
    .option('--dump <FILE>', 'at the end, write every value of the table as JSON lines')
    .option(
      '--store <DIR>',
      'remember peers, sightings and counters in this folder, so that a restart has its peers back within seconds',
    )
    .option('--stats <FILE>', 'at the end, write counters of packets, values and the process');
}

async function runSpy(flags: SpyFlags): Promise<void> {
  forbidBoth(flags.numNodes, flags.numNodesExactly, 'Give either -N or -E, not both.');
  const { json, follow } = flags;
  forbidBoth(json, follow, 'Give either --json or --follow, not both.');
  forbidBoth(json ?? follow, flags.watch, 'Give --watch alone: --json and --follow print, too.');
  if (isSpyUrl(flags.url)) return watchElsewhere(flags.url, flags.watch);
  const progress = new Progress();
  let watching: Watching | undefined;
  const logger = createLogger(
    flags.logLevel as LogLevel,
    () => progress.clear(),
    (sentence) => watching?.log(sentence) ?? false,
  );
  const dump = flags.dump === undefined ? undefined : new OutputFile(flags.dump, '--dump');
  const stats = flags.stats === undefined ? undefined : new OutputFile(flags.stats, '--stats');
  progress.show('Asking the entrypoints for shred version and address…');
  const joining = createSpy({
    ...joinOptions(flags, logger),
    verifier: flags.verify,
    knownKeys: { keys: flags.knownKeys, after: flags.knownKeysAfter },
    workers: flags.workers,
    receiver: flags.receiver,
    maxEgress: flags.maxEgress,
    relays: flags.relay,
    contact: flags.contact,
    store: flags.store,
    http: flags.http,
    supervised: true,
  });
  const spy = await orInterrupt(joining, 'asking the entrypoints').finally(() => progress.clear());
  const manager = ServiceManager.find(process.env, SystemClock, logger);
  manager?.ready(process.env, `${spy.identity} at ${spy.gossip}`, () => spy.isWell);
  if (spy.url !== undefined) process.stderr.write(`HTTP API at ${spy.url}\n`);
  if (flags.watch) {
    const { startWatching } = await import('./watch/watch.ts'); // a spy without need not load it
    watching = startWatching(spy, entrypointNames(flags), flags.url);
  }
  const waiting = waitsFor(flags);
  if (waiting !== undefined && !flags.watch) process.stderr.write(`${waiting}\n`);
  const followed = follow ? printChanges(spy, () => progress.clear()) : watching?.ended;
  const end = await watch(spy, flags, progress, followed);
  progress.clear();
  watching?.close();
  manager?.stopping();
  await spy.stop();
  if (end.error === undefined) await followed; // the last changes are heard when the spy stops
  const counted = spy.stats(); // before writing what was found, which costs more than finding it
  const nodes = spy.nodes();
  if (!follow) await print(spy, flags, nodes);
  if (dump) {
    for (const value of spy.dump()) dump.line(value);
    dump.close();
  }
  stats?.line(counted);
  stats?.close();
  if (end.error) throw end.error;
  judge(flags, end.reason, nodes, spy.summary().validators);
}

/** Shows a spy that runs, over its HTTP API. @throws SpyError WATCH_ONLY, SPY_UNREACHABLE and its like */
async function watchElsewhere(url: string, isWatched = false): Promise<void> {
  if (!isWatched) {
    const words = `There is nothing to join at ${url}, only a spy to look at: add --watch, or list its nodes with earshot nodes -u ${url}.`;
    throw new SpyError('WATCH_ONLY', words);
  }
  const { watchRemote } = await import('./watch/remote.ts');
  await watchRemote(url);
}

type Reason = 'found' | 'timeout' | 'signal' | 'failed';

/** Waits for the goal, the timeout or a signal, or for the end of who follows. */
function watch(
  spy: Spy,
  flags: SpyFlags,
  progress: Progress,
  followed: Promise<void> | undefined,
): Promise<{ reason: Reason; error?: Error }> {
  return new Promise((resolve) => {
    let cancel = (): void => {};
    const finish = (reason: Reason, error?: Error): void => {
      cancel();
      for (const signal of ENDING) process.off(signal, onSignal);
      resolve(error ? { reason, error } : { reason });
    };
    const onSignal = (): void => {
      // A second signal ends the process at once, as the system does by itself.
      finish('signal');
    };
    for (const signal of ENDING) process.once(signal, onSignal);
    let looks = 0;
    cancel = SystemClock.every(LOOK_MS, () => {
      const elapsedMs = spy.elapsedMs();
      if (goalReached(spy, flags)) finish('found');
      else if (flags.timeout !== undefined && elapsedMs >= flags.timeout * 1000) finish('timeout');
      else if (!flags.watch && looks++ % 4 === 0)
        progress.show(progressLine(spy, flags, elapsedMs));
    });
    spy.onFailure((error) => finish('failed', error));
    followed?.then(
      () => finish('signal'),
      (error: Error) => finish('failed', error),
    );
  });
}

function progressLine(
  spy: Spy,
  { numNodes, numNodesExactly }: SpyFlags,
  elapsedMs: number,
): string {
  const wanted = numNodes ?? numNodesExactly;
  const s = spy.summary();
  const seconds = (elapsedMs / 1000).toFixed(1).padStart(5);
  const goal = wanted === undefined ? '' : `  ${s.validators} of ${wanted} validators`;
  return `${seconds} s  ${s.proved + s.unproved} nodes (${s.proved} proved)  ${s.values} values  ${s.datagrams} packets${goal}  Ctrl-C ends and prints`;
}

/** A sentence about a goal that may never be reached; undefined when there is none, or a time limit. */
function waitsFor(flags: SpyFlags): string | undefined {
  if (flags.timeout !== undefined) return undefined;
  const wanted = flags.numNodes ?? flags.numNodesExactly;
  const goals = flags.pubkey.map((key) => `node ${key}`);
  if (wanted !== undefined) goals.unshift(`${wanted} validator${wanted === 1 ? '' : 's'}`);
  if (goals.length === 0) return undefined;
  return `Waiting until found: ${goals.join(', ')}. Ctrl-C ends it and prints who is there; --timeout SECONDS sets a limit.`;
}

/** @source behaviour 15.2 step 4 */
function goalReached(spy: Spy, flags: SpyFlags): boolean {
  const wanted = flags.numNodes ?? flags.numNodesExactly;
  if (wanted === undefined && flags.pubkey.length === 0) return false;
  if (flags.pubkey.length > 0 && !flags.pubkey.every((key) => spy.holdsNode(key))) return false;
  return wanted === undefined || spy.summary().validators >= wanted;
}

async function print(spy: Spy, flags: SpyFlags, nodes: NodeInfo[]): Promise<void> {
  const elapsedMs = Math.round(spy.elapsedMs());
  if (flags.json) {
    const { identity, shredVersion } = spy;
    const coverage = spy.coverage();
    return writeOut(`${JSON.stringify({ identity, shredVersion, elapsedMs, coverage, nodes })}\n`);
  }
  if (flags.watch) {
    const { hasScreen } = await import('./watch/watch.ts');
    return hasScreen() ? writeOut(`${renderSummary(nodes, spy.summary().values)}\n`) : undefined;
  }
  const columns = process.stdout.columns ?? 140;
  const table = nodes.length > 0 ? `${renderNodes(nodes, { columns, elapsedMs })}\n\n` : '';
  await writeOut(`${table}${renderSummary(nodes, spy.summary().values, spy.coverage())}\n`);
  const hint = process.stdout.isTTY ? tooWide(table, columns) : undefined;
  if (hint !== undefined) process.stderr.write(`${hint}\n`);
}

/** @throws SpyError when what was asked for is not there. @source behaviour 15.2 steps 5 and 6 */
function judge(
  flags: SpyFlags,
  reason: Reason,
  nodes: readonly NodeInfo[],
  validators: number,
): void {
  const wanted = flags.numNodes ?? flags.numNodesExactly;
  const longer =
    flags.timeout === undefined ? 'Let it run longer' : 'Give it longer with --timeout';
  if (wanted !== undefined && validators < wanted) {
    const more = flags.numNodesExactly === undefined ? ' or more' : '';
    throw new SpyError(
      'TOO_FEW_NODES',
      `Insufficient validators discovered: ${validators}. Expecting ${wanted}${more}. ${longer}, or check shred version and entrypoints.`,
    );
  }
  for (const key of flags.pubkey) {
    const node = nodes.find((n) => n.pubkey === key);
    if (!node?.proved) {
      throw new SpyError(
        'NODE_NOT_FOUND',
        node
          ? `Could not find node ${key}: others tell of it, but its address ${node.gossip} has not answered. ${longer}.`
          : `Could not find node ${key}. ${longer}, or check that it is on this cluster.`,
      );
    }
  }
  if (flags.numNodesExactly !== undefined && validators > flags.numNodesExactly) {
    throw new SpyError(
      'TOO_MANY_NODES',
      `Extra nodes discovered: ${validators}. Expecting exactly ${flags.numNodesExactly}.`,
    );
  }
  if (reason === 'timeout' && nodes.length === 0) {
    throw new SpyError(
      'NOTHING_HEARD',
      entrypointNames(flags).length > 0
        ? 'Nobody answered. Check that UDP gets out and back in, that the address is an entrypoint of this cluster, and its shred version.'
        : `Nobody spoke to us. Without an entrypoint we only wait: name ${flags.bindAddress}:${flags.gossipPort} to other nodes as theirs, or give one with --entrypoint.`,
    );
  }
}
