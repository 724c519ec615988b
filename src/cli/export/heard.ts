import type { NodeInfo } from '../../api/nodes.ts';
import type { ValueJson } from '../../api/value-json.ts';
import { createSpy, type Spy } from '../../index.ts';
import { createLogger, type LogLevel } from '../../node/logger.ts';
import { SpyError } from '../../util/assert.ts';
import { SystemClock } from '../../util/clock.ts';
import { orInterrupt } from '../interrupt.ts';
import { entrypointNames, isSpyUrl, joinOptions } from '../options.ts';
import { Progress } from '../progress.ts';
import type { ExportFlags } from './flags.ts';
import { SpyClient } from './spy-client.ts';

/** What somebody has heard, to be exported. */
export interface Heard {
  /** Who heard it and for how long, for the line under a table. */
  readonly source: string;
  /** What a JSON document says of it. */
  readonly head: Readonly<Record<string, unknown>>;
  nodes(): Promise<NodeInfo[]>;
  values(wish: ValueWish): AsyncIterable<ValueJson> | Iterable<ValueJson>;
}

/** What is wanted of values; the rest may be left out where that saves work. */
export interface ValueWish {
  readonly kinds: readonly string[];
  readonly pubkeys: readonly string[];
  /** With the signed bytes. */
  readonly bytes: boolean;
}

/** How often the progress line is renewed. */
const LOOK_MS = 200;

/**
 * Asks the spy that `--url` names, or joins the cluster and listens for a while.
 *
 * @throws SpyError of the spy that is asked, of joining, or NOTHING_HEARD
 */
export async function hear(flags: ExportFlags): Promise<Heard> {
  if (isSpyUrl(flags.url)) return fromSpy(flags.url);
  const progress = new Progress();
  const logger = createLogger(flags.logLevel as LogLevel, () => progress.clear());
  progress.show('Asking the entrypoints for shred version and address…');
  const joining = createSpy(joinOptions(flags, logger));
  const spy = await orInterrupt(joining, 'asking the entrypoints').finally(() => progress.clear());
  const failure = await listen(spy, flags.timeout * 1000, progress);
  progress.clear();
  await spy.stop();
  if (failure) throw failure;
  const elapsedMs = Math.round(spy.elapsedMs());
  if (spy.nodes().length === 0) {
    const names = entrypointNames(flags).join(', ');
    throw new SpyError(
      'NOTHING_HEARD',
      `Nobody answered within ${(elapsedMs / 1000).toFixed(1)} s (entrypoints: ${names || 'none'}). Check that UDP gets out and back in; earshot spy --log-level info tells more.`,
    );
  }
  const { identity, shredVersion } = spy;
  return {
    source: `heard in ${(elapsedMs / 1000).toFixed(1)} s on shred version ${shredVersion}`,
    head: { identity, shredVersion, elapsedMs },
    nodes: async () => spy.nodes(),
    values: (wish) => withoutBytes(spy.dump(), wish.bytes),
  };
}

function fromSpy(url: string): Heard {
  const client = new SpyClient(url);
  return {
    source: `told by the spy at ${url}`,
    head: { spy: url },
    nodes: () => client.nodes(),
    values({ kinds, pubkeys, bytes }) {
      const [kind] = kinds;
      const [from] = pubkeys;
      return client.values({
        ...(kind !== undefined && kinds.length === 1 ? { kind } : {}),
        ...(from !== undefined && pubkeys.length === 1 ? { from } : {}),
        ...(bytes ? { bytes: 'true' } : {}),
      });
    },
  };
}

function* withoutBytes(values: Iterable<ValueJson>, bytes: boolean): Generator<ValueJson> {
  for (const value of values) {
    if (bytes) yield value;
    else {
      const { bytes: _, ...rest } = value;
      yield rest as ValueJson;
    }
  }
}

/** Listens for a time or until a signal, which ends the listening and not the command. */
function listen(spy: Spy, forMs: number, progress: Progress): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const finish = (error?: Error): void => {
      cancel();
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
      resolve(error);
    };
    const interrupt = (): void => finish();
    const cancel = SystemClock.every(LOOK_MS, () => {
      const leftMs = forMs - spy.elapsedMs();
      if (leftMs <= 0) return finish();
      const { proved, unproved, values } = spy.summary();
      const left = (leftMs / 1000).toFixed(0);
      progress.show(
        `${left} s to go: ${proved + unproved} nodes, ${values} values. Ctrl-C takes what there is.`,
      );
    });
    process.once('SIGINT', interrupt);
    process.once('SIGTERM', interrupt);
    spy.onFailure(finish);
  });
}
