import { SpyError } from '../util/assert.ts';

/** What a shell expects of a program that a signal has ended. */
const STATUS = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** Code of the error that a signal makes; whatever is still under way then is not waited for. */
export const INTERRUPTED = 'INTERRUPTED';

/**
 * Waits for something that cannot be broken off, such as a name server that is silent, until a signal.
 *
 * @param doing what a signal interrupts, to stand behind "Interrupted while"
 * @throws SpyError INTERRUPTED
 */
export function orInterrupt<T>(work: Promise<T>, doing: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const listeners = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((signal) => {
      const listener = (): void => {
        const message = `Interrupted while ${doing}. Nothing was heard yet.`;
        reject(new SpyError(INTERRUPTED, message, { exitStatus: STATUS[signal] }));
      };
      process.once(signal, listener);
      return () => process.off(signal, listener);
    });
    work.then(resolve, reject).finally(() => {
      for (const off of listeners) off();
    });
  });
}
