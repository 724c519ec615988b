import { execFileSync } from 'node:child_process';

/**
 * `test:system` packs, installs and runs what is published, so it is made as that is: by the compiler, with
 * declarations. Types are checked by `npm run check` and `npm run build`: it takes twice as long.
 */
export default function compile(): void {
  execFileSync(
    process.execPath,
    ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.json', '--noCheck'],
    {
      cwd: new URL('..', import.meta.url).pathname,
      stdio: 'inherit',
    },
  );
}
