/**
 * Where a compiled worker file lies. Threads run compiled code everywhere: seen from the source, as
 * the tests see it, it lies in `dist`.
 */
export function workerUrl(name: 'listen' | 'receive' | 'observer'): URL {
  const isSource = import.meta.url.endsWith('.ts');
  return new URL(`${isSource ? '../../dist' : '../..'}/workers/${name}.js`, import.meta.url);
}
