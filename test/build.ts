import { execFileSync } from 'node:child_process';

/**
 * Workers and the command line run compiled code, so the tests compile first. Types are checked by
 * `npm run check` and `npm run build`: it takes twice as long.
 */
export default function build(): void {
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noCheck'],
    {
      cwd: new URL('..', import.meta.url).pathname,
      stdio: 'inherit',
    },
  );
}
