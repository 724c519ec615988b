import type { Command } from 'commander';
import { anatomy } from '../api/anatomy.ts';
import type { TrafficStats } from '../api/traffic.ts';
import type { Spy } from '../index.ts';
import { createLogger, type LogLevel } from '../node/logger.ts';
import { SpyError } from '../util/assert.ts';
import { SystemClock } from '../util/clock.ts';
import { renderAnatomy } from './anatomy-text.ts';
import { SpyClient } from './export/spy-client.ts';
import { orInterrupt } from './interrupt.ts';
import {
  addJoinOptions,
  isSpyUrl,
  type JoinFlags,
  joinOptions,
  positive,
  wholeNumber,
} from './options.ts';
import { writeOut } from './output.ts';
import { Progress } from './progress.ts';

interface StatsFlags extends JoinFlags {
  seconds: number;
  warmUp: number;
  sinceStart?: boolean;
  top: number;
  json?: boolean;
}

/** Origins and relayers that a spy names. */
const MOST_NAMED = 20;

/** How often the progress line is renewed. */
const LOOK_MS = 200;

const EXAMPLES = `
Examples:
  $ earshot stats -u http://127.0.0.1:8890        30 seconds of a spy that runs: earshot spy --http
  $ earshot stats -u http://127.0.0.1:8890 --since-start
  $ earshot stats -u testnet --stakes testnet     join, warm up, measure; with classes by stake
  $ earshot stats -u mainnet --seconds 300 --json | jq .validator

What is counted: values of accepted datagrams, by kind, signer and who brought them; datagrams with
the headers of UDP and IP. While a spy fills its table it asks more than a validator does, which is
why it warms up first.

Exit status: 0 when there was something to measure, 1 when not or after an error.`;

/** Adds `earshot stats`. */
export function registerStats(program: Command): void {
  const command = program
    .command('stats')
    .description(
      'Measures what the traffic of gossip is made of: kinds, origins, relayers, duplicates, classes of peers; what a validator would pay for it, and what stays when votes, epoch slots and duplicate shreds leave gossip.',
    );
  addJoinOptions(command, { orSpy: true })
    .option('--seconds <SECONDS>', 'how long to measure', positive, 30)
    .option(
      '--warm-up <SECONDS>',
      'how long to listen before that, where no spy is asked',
      positive,
      15,
    )
    .option('--since-start', 'everything since the start of the spy instead')
    .option('--top <NUM>', 'how many origins and relayers to name', wholeNumber(0, MOST_NAMED), 10)
    .option('--json', 'one JSON document')
    .addHelpText('after', EXAMPLES)
    .action((flags: StatsFlags) => runStats(flags));
}

/** What was counted at a moment, and by whom. */
interface Count {
  readonly identity: string;
  /** In the table. */
  readonly nodes: number;
  readonly traffic: TrafficStats;
}

async function runStats(flags: StatsFlags): Promise<void> {
  const progress = new Progress();
  const measured = isSpyUrl(flags.url)
    ? await askTwice(flags.url, flags, progress)
    : await listen(flags, progress);
  progress.clear();
  const { before, after } = measured;
  const { origins, relayers } = after.traffic;
  const traffic = {
    ...after.traffic,
    origins: origins.slice(0, flags.top),
    relayers: relayers.slice(0, flags.top),
  };
  const found = anatomy(traffic, before?.traffic);
  const { identity, nodes } = after;
  if (flags.json) return writeOut(`${JSON.stringify({ identity, nodes, ...found })}\n`);
  await writeOut(`${renderAnatomy(found, { identity, nodes })}\n`);
}

interface Measured {
  /** Undefined for everything since the start. */
  readonly before: Count | undefined;
  readonly after: Count;
}

async function askTwice(url: string, flags: StatsFlags, progress: Progress): Promise<Measured> {
  const client = new SpyClient(url);
  const ask = async (): Promise<Count> => {
    const { identity, stats, table } = await client.stats();
    return { identity, nodes: table.nodes, traffic: stats.traffic };
  };
  if (flags.sinceStart) return { before: undefined, after: await ask() };
  const before = await ask();
  await wait(flags.seconds, (left) =>
    progress.show(`${left} s to go. Ctrl-C takes what there is.`),
  );
  const after = await ask();
  if (after.identity !== before.identity || after.traffic.seconds < before.traffic.seconds) {
    throw new SpyError(
      'SPY_RESTARTED',
      `The spy at ${url} was started anew meanwhile. Measure again.`,
    );
  }
  return { before, after };
}

async function listen(flags: StatsFlags, progress: Progress): Promise<Measured> {
  const logger = createLogger(flags.logLevel as LogLevel, () => progress.clear());
  progress.show('Asking the entrypoints for shred version and address…');
  const { createSpy } = await import('../index.ts'); // who asks a spy needs none of its own
  const joining = createSpy(joinOptions(flags, logger));
  const spy = await orInterrupt(joining, 'asking the entrypoints').finally(() => progress.clear());
  try {
    let failure: Error | undefined;
    spy.onFailure((error) => {
      failure = error;
    });
    const show = (left: string, doing: string): void => {
      if (failure) throw failure;
      const { proved, values } = spy.summary();
      progress.show(
        `${doing}, ${left} s to go: ${proved} nodes, ${values} values. Ctrl-C goes on.`,
      );
    };
    await wait(flags.warmUp, (left) => show(left, 'Warming up'));
    const before = count(spy);
    await wait(flags.seconds, (left) => show(left, 'Measuring'));
    const after = count(spy);
    if (after.nodes === 0) {
      throw new SpyError(
        'NOTHING_HEARD',
        'Nobody answered. Check that UDP gets out and back in, that the address is an entrypoint of this cluster, and its shred version.',
      );
    }
    return { before: flags.sinceStart ? undefined : before, after };
  } finally {
    await spy.stop();
  }
}

function count(spy: Spy): Count {
  const { proved } = spy.summary();
  return { identity: spy.identity, nodes: proved, traffic: spy.stats().traffic };
}

/** Waits, or until a signal. @throws what `look` throws */
function wait(seconds: number, look: (left: string) => void): Promise<void> {
  const endMs = SystemClock.monoMs() + seconds * 1000;
  return new Promise((resolve, reject) => {
    const finish = (error?: Error): void => {
      cancel();
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      if (error) reject(error);
      else resolve();
    };
    const interrupt = (): void => finish();
    const cancel = SystemClock.every(LOOK_MS, () => {
      const leftMs = endMs - SystemClock.monoMs();
      if (leftMs <= 0) return finish();
      try {
        look((leftMs / 1000).toFixed(0));
      } catch (error) {
        finish(error as Error);
      }
    });
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
  });
}
