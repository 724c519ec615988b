/** The entry files of threads. */
export type WorkerFile = 'gossip' | 'listen' | 'observer' | 'receive' | 'respond' | 'watchdog';

/**
 * Where a compiled worker file lies. Threads run compiled code everywhere: seen from the source, as
 * the tests see it, it lies in `dist`.
 */
export function workerUrl(name: WorkerFile): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(`${isSource ? '../../dist' : '../..'}/workers/${name}.js`, import.meta.url);
}
