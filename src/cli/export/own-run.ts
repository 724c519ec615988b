import type { ValueJson } from '../../api/value-json.ts';
import { createSpy, type Spy } from '../../index.ts';
import { createLogger, type LogLevel } from '../../node/logger.ts';
import { SpyError } from '../../util/assert.ts';
import { SystemClock } from '../../util/clock.ts';
import { orInterrupt } from '../interrupt.ts';
import { entrypointNames, joinOptions } from '../options.ts';
import { Progress } from '../progress.ts';
import type { ExportFlags } from './flags.ts';
import type { Heard } from './heard.ts';

/** How often the progress line is renewed. */
const LOOK_MS = 200;

/** Joins a cluster and listens for a while. @throws SpyError of joining, or NOTHING_HEARD */
export async function hearOurselves(flags: ExportFlags): Promise<Heard> {
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
